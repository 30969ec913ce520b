"""So many orders, batch by batch."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.utils import timezone

from config.seeding import crowd, patterns, processes, rows
from config.seeding.press import WAITS_MINUTES_MAX, Press
from orders.models import NumberSeries
from orders.operations.numbers import business_day
from timeline import generations
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ORDERS_MAX: Final = 10_000_000
DAYS_MAX: Final = 3650
WORKERS_MAX: Final = 16
BATCH_ORDERS: Final = 500
ORDERS_PER_PERSON: Final = 4
TOLD_EVERY: Final = 20
# So many batches share the days they are spread over, the next the next: of keys that follow one another few pages are touched at once.
ABREAST: Final = 8
_SETTLED: Final = {"called_off", "delivered", "cash_delivered"}


@dataclass(frozen=True, slots=True)
class Turn:
    """One batch: copies of which pattern, how many, from when on and over how long they began."""

    press: Press
    count: int
    since: datetime
    reach: timedelta
    chance: str


def seed(*, orders: int, days: int, chance: int, workers: int = 1) -> Iterator[tuple[int, int]]:
    """Make them; says now and then how many orders and events there are. If it is stopped, what is committed stays.

    Several `workers` (PostgreSQL) are as many processes. Raises `processes.WorkerStopped`.
    """
    luck = random.Random(chance)  # noqa: S311 which orders there are is no secret
    presses = [Press(pattern) for pattern in patterns.live(luck)]
    turns = _turns(presses, orders, days, luck)
    patterns.receive(_units(turns))
    workers = min(workers, len(turns)) if connection.vendor == "postgresql" else 1

    def work(place: int) -> Iterator[tuple[int, int]]:
        rows.begin_session()
        for turn in turns[place::workers]:
            yield turn.count, _take(turn, place)

    done = events = 0
    parts = processes.shared(work, workers) if workers > 1 else work(0)
    for place, (count, written) in enumerate(parts, start=1):
        done, events = done + count, events + written
        if place % TOLD_EVERY == 0 or place == len(turns):
            yield done, events
    rows.end_session()


def _turns(presses: Sequence[Press], orders: int, days: int, luck: random.Random) -> list[Turn]:
    """All batches, oldest first: what is settled over all days, what is on its way over the last one."""
    wanted = Counter(luck.choices(range(len(presses)), [press.pattern.share for press in presses], k=orders))
    parts = [(presses[place], min(BATCH_ORDERS, count - first)) for place, count in sorted(wanted.items()) for first in range(0, count, BATCH_ORDERS)]
    luck.shuffle(parts)
    now, turns = timezone.now(), []
    for is_settled, length in ((True, timedelta(days=days)), (False, timedelta(days=1))):
        these = [part for part in parts if (part[0].pattern.life in _SETTLED) is is_settled]
        for place, (press, count) in enumerate(these):
            last = now - timedelta(minutes=_span(press.pattern.life))
            reach = length * min(1.0, ABREAST / len(these))
            since = last - length + (length - reach) * (place / len(these))
            turns.append(Turn(press, count, since, reach, f"{luck.random()}"))
    return turns


def _units(turns: Sequence[Turn]) -> Counter[str]:
    """What all these orders take from the shelves, by SKU."""
    found: Counter[str] = Counter()
    for turn in turns:
        for sku, quantity in turn.press.units().items():
            found[sku] += quantity * turn.count
    return found


def _take(turn: Turn, worker: int) -> int:
    """Write one batch; returns how many events that were.

    What other operations wait for, levels and counts, comes last and is held for some milliseconds only.
    """
    luck = random.Random(turn.chance)  # noqa: S311 as above
    moments = sorted(turn.since + turn.reach * luck.random() for _ in range(turn.count))
    with operation("seed.numbers", actor=patterns.SEEDER):
        numbers = _numbers(moments)
    with operation("seed.orders", actor=patterns.SEEDER) as op, connection.cursor() as cursor:
        faces = crowd.gather(max(1, turn.count // ORDERS_PER_PERSON), luck, moments[0] - timedelta(minutes=1))
        copies = [turn.press.copy(at, number, luck.choice(faces), luck) for at, number in zip(moments, numbers, strict=True)]
        events = turn.press.print(copies)
        rows.settle()
        turn.press.move_stock(turn.count)
        turn.press.tales.add(op, copies, shard=worker)
        cursor.execute(*generations.upsert())  # what is kept of lists is of the shop before
    return events


def _span(life: str) -> int:
    """How many minutes such a life may take; one that nobody pays is young, for it is called off after an hour."""
    return 30 if life == "unpaid" else WAITS_MINUTES_MAX


def _numbers(moments: Sequence[datetime]) -> list[str]:
    """The next order numbers of each business day."""
    days = Counter(business_day(at) for at in moments)
    following = {}
    for day, count in sorted(days.items()):
        with connection.cursor() as cursor:
            table = NumberSeries._meta.db_table
            cursor.execute(
                f"INSERT INTO {table} (series, last) VALUES (%s, %s)"  # noqa: S608 a constant name
                f" ON CONFLICT (series) DO UPDATE SET last = {table}.last + %s RETURNING last",
                [f"order:{day}", count, count],
            )
            following[day] = int(cursor.fetchone()[0]) - count
    found = []
    for at in moments:
        day = business_day(at)
        following[day] += 1
        found.append(f"ORD-{day}-{following[day]:05d}")
    return found
