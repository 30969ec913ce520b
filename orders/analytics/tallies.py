"""Keep the counts: each event adds what it changes, exactly once, with the mark of its delivery.

Note [No hot row]
    Every order of a day touches the same counts. They are kept in a few shards, chosen by the story, so that orders taken
    at once do not wait for one another; counts of single products have one row each. Rows are written in the order of
    their keys, with one statement that only adds: nothing read is ever written back.
"""

from __future__ import annotations

import zlib
from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.utils import timezone

from orders.analytics.fold import KINDS, Key, Told, added, difference, folded, step
from orders.models import EVER, CustomerTally, Tally
from timeline.models import Event, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timeline.operations import Operation

SHARDS = 4
ROWS_MAX = 400
_BY_PRODUCT = frozenset({"sold", "sold_value", "returned"})
CUSTOMERS, REPEATERS = Key(EVER, "customers"), Key(EVER, "repeaters")
ONCE, AGAIN = 1, 2


def count(op: Operation, *, event: Event) -> None:
    """Add what this event changes to the counts. Note [Counts from a fold] in `orders.analytics.fold`."""
    rows = Event.objects.filter(stream=event.stream, stream_seq__lte=event.stream_seq, kind__in=KINDS)
    events = [told(row) for row in rows.order_by("stream_seq").only("kind", "facts", "occurred_at", "channel", "to_state")]
    state = folded(events[:-1], timezone.get_default_timezone())
    before, stood = added(state), state.stands
    step(state, events[-1])
    add(op, counts=difference(added(state), before), shard=shard_of(event.stream))
    if state.stands != stood:
        count_customers(op, orders={customer_of(event.stream): 1 if state.stands else -1})


def add(op: Operation, *, counts: Mapping[Key, int], shard: int = 0) -> None:
    """Add to the counts of their days and to those of all days. Note [No hot row]."""
    del op  # the capability: a count without its mark would be counted twice
    total: dict[tuple[Key, int], int] = {}
    for key, value in counts.items():
        place = 0 if key.name in _BY_PRODUCT else shard
        for kept in {key, key._replace(day=EVER)}:
            total[kept, place] = total.get((kept, place), 0) + value
    rows = [(*key, place, value) for (key, place), value in sorted(total.items()) if value]
    table = Tally._meta.db_table
    for first in range(0, len(rows), ROWS_MAX):
        part = rows[first : first + ROWS_MAX]
        values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (day, name, label, currency, channel, shard, value) VALUES {values}"  # noqa: S608 placeholders only
                f" ON CONFLICT (day, name, label, currency, channel, shard) DO UPDATE SET value = {table}.value + excluded.value",
                [cell for row in part for cell in row],
            )


def count_customers(op: Operation, *, orders: Mapping[UUID, int]) -> None:
    """So many more orders of these persons stand, or fewer; whether they are customers, and who came again, follows."""
    rows = sorted((person_id, change) for person_id, change in orders.items() if change)
    for first in range(0, len(rows), ROWS_MAX):
        _count_customers(op, dict(rows[first : first + ROWS_MAX]))


def _count_customers(op: Operation, orders: Mapping[UUID, int]) -> None:
    table = CustomerTally._meta.db_table
    is_postgres = connection.vendor == "postgresql"
    values = ", ".join(["(%s, %s)"] * len(orders))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (person_id, orders) VALUES {values}"  # noqa: S608 placeholders only
            f" ON CONFLICT (person_id) DO UPDATE SET orders = {table}.orders + excluded.orders RETURNING person_id, orders",
            [cell for person_id, change in orders.items() for cell in (person_id if is_postgres else person_id.hex, change)],
        )
        found = cursor.fetchall()
    shards: dict[int, Counter[Key]] = {}
    for key, after in found:
        person_id = key if is_postgres else UUID(key)
        before = after - orders[person_id]
        classes = shards.setdefault(person_id.int % SHARDS, Counter())
        classes[CUSTOMERS] += (after >= ONCE) - (before >= ONCE)
        classes[REPEATERS] += (after >= AGAIN) - (before >= AGAIN)
    for shard, counts in sorted(shards.items()):
        add(op, counts=counts, shard=shard)


def told(event: Event) -> Told:
    """What the fold reads of an event."""
    return Told(event.kind, event.facts, event.occurred_at, event.channel, event.to_state)


def shard_of(stream: str) -> int:
    """The shard of a story's counts."""
    return zlib.crc32(stream.encode()) % SHARDS


def customer_of(stream: str) -> UUID:
    """Whose order a story is, as its first event says. One statement."""
    rows = Target.objects.filter(event__stream=stream, event__kind="order.placed", type="customer")
    return UUID(rows.values_list("target_id", flat=True)[0])


def kept() -> Counter[Key]:
    """All counts as they are kept, without zeros: of each day, and of all days."""
    found: Counter[Key] = Counter()
    rows = Tally.objects.values_list("day", "name", "label", "currency", "channel", "value")
    for day, name, label, currency, channel, value in rows.iterator(chunk_size=2000):
        found[Key(day, name, label, currency, channel)] += value
    return Counter({key: value for key, value in found.items() if value})
