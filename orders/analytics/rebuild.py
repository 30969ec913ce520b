"""The counts summed anew over all stories, compared with those kept event by event, and put right.

Note [Putting right while the shop is open]
    What is kept and what the events say is read in one snapshot, so the differences are exact however busy the shop is.
    They are then added, as any event adds: what was counted meanwhile stays counted. Events whose delivery is still due or
    parked are left out on both sides; they will be counted when they are handed over.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from orders.analytics import tallies
from orders.analytics.fold import KINDS, Key, added, difference, folded
from orders.models import EVER, CustomerTally
from timeline.actors import system
from timeline.models import Delivery, Event, Target
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 2000
COUNTER = "orders.subscribers.counted"
ACTOR = system("metrics")


@dataclass(frozen=True, slots=True)
class Differences:
    """What the events say more than what is kept: by count, and by customer the orders that stand."""

    counts: Counter[Key]
    customers: Counter[UUID]

    def __bool__(self) -> bool:
        return bool(self.counts or self.customers)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Each difference: what is counted, and by how much it is wrong."""
        for key, value in sorted(self.counts.items()):
            day = "ever" if key.day == EVER else str(key.day)
            yield " ".join(word for word in (*key[1:], day) if word), f"is {-value:+d} off"
        for person, value in sorted(self.customers.items()):
            yield f"customer {person}", f"is {-value:+d} orders off"


def compare() -> Differences:
    """The differences at one moment, in a transaction of its own."""
    with transaction.atomic():
        if connection.vendor == "postgresql" and not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return differences()


def differences() -> Differences:
    """The differences as the transaction around it sees them. It reads every story and holds one count a customer."""
    counts, customers = _expected()
    kept = {row.person_id: row.orders for row in CustomerTally.objects.iterator(chunk_size=CHUNK)}
    stand = list(kept.values())
    # What the customers' own rows say they are; where those are wrong, putting them right moves the classes along.
    counts[tallies.CUSTOMERS] = sum(orders >= tallies.ONCE for orders in stand)
    counts[tallies.REPEATERS] = sum(orders >= tallies.AGAIN for orders in stand)
    wrong = Counter(customers)
    wrong.subtract(kept)
    return Differences(
        difference(counts, tallies.kept()), Counter({person: value for person, value in wrong.items() if value})
    )


def apply() -> int:
    """Add what is missing and take off what is too much; returns how many counts were put right. A repeat does no harm."""
    found = compare()
    every = sorted((key, value) for key, value in found.counts.items() if key.day != EVER or key in _CLASSES)
    # A count of all days moves with those of its days; where it alone is wrong, the rest is its own.
    own = Counter({key: value for key, value in found.counts.items() if key.day == EVER and key not in _CLASSES})
    own.subtract(_by_name(every))
    for part in _chunks(every):
        with operation("metrics.rebuild", actor=ACTOR) as op:
            tallies.add(op, counts=dict(part))
    for part in _chunks(sorted(item for item in own.items() if item[1])):
        with operation("metrics.rebuild", actor=ACTOR) as op:
            tallies.add(op, counts=dict(part))
    for persons in _chunks(sorted(found.customers.items())):
        with operation("metrics.rebuild", actor=ACTOR) as op:
            tallies.count_customers(op, orders=dict(persons))
    return len(found.counts) + len(found.customers)


_CLASSES = frozenset({tallies.CUSTOMERS, tallies.REPEATERS})


def _by_name(rows: list[tuple[Key, int]]) -> Counter[Key]:
    """What these days' counts add to those of all days."""
    found: Counter[Key] = Counter()
    for key, value in rows:
        if key.day != EVER:
            found[key._replace(day=EVER)] += value
    return found


def _chunks(rows: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(rows), CHUNK):
        yield rows[first : first + CHUNK]


def _expected() -> tuple[Counter[Key], Counter[UUID]]:
    owed = Delivery.objects.filter(subscriber=COUNTER, state__in=(Delivery.State.DUE, Delivery.State.PARKED))
    uncounted = set(owed.values_list("event_id", flat=True))
    zone = timezone.get_default_timezone()
    counts: Counter[Key] = Counter()
    customers: Counter[UUID] = Counter()
    rows = (
        Event.objects.filter(kind__in=KINDS).order_by("stream", "stream_seq")
        .only("id", "stream", "kind", "facts", "occurred_at", "channel", "to_state").iterator(chunk_size=CHUNK)
    )
    standing: list[str] = []
    for stream, events in groupby(rows, key=lambda event: event.stream):
        state = folded((tallies.told(event) for event in events if event.pk not in uncounted), zone)
        for key, value in added(state).items():
            counts[key] += value
            counts[key._replace(day=EVER)] += value
        if state.stands:
            standing.append(stream)
    for first in range(0, len(standing), CHUNK // 4):
        wanted = Target.objects.filter(event__stream__in=standing[first : first + CHUNK // 4], event__kind="order.placed", type="customer")
        customers.update(UUID(person) for person in wanted.values_list("target_id", flat=True))
    return counts, customers
