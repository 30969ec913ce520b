"""So many orders, batch by batch."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.utils import timezone

from config.seeding import crowd, patterns
from config.seeding.press import WAITS_MINUTES_MAX, Copy, Press
from orders.analytics import rebuild
from orders.models import NumberSeries
from orders.operations.numbers import business_day
from timeline import generations
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ORDERS_MAX: Final = 10_000_000
DAYS_MAX: Final = 3650
BATCH_ORDERS: Final = 500
ORDERS_PER_PERSON: Final = 4
TOLD_EVERY: Final = 20
_SETTLED: Final = {"called_off", "delivered", "cash_delivered"}


def seed(*, orders: int, days: int, chance: int) -> Iterator[tuple[int, int]]:
    """Make them; says now and then how many orders and events there are.

    If it is stopped, what is committed stays, and `manage.py metrics rebuild --apply` counts it.
    """
    luck = random.Random(chance)  # noqa: S311 which orders there are is no secret
    presses = [Press(pattern) for pattern in patterns.live(luck, orders=orders)]
    shares = [press.pattern.share for press in presses]
    done = events = 0
    wanted = Counter(luck.choices(range(len(presses)), shares, k=orders))
    left = [(presses[place], count) for place, count in sorted(wanted.items())]
    turns = [(press, min(BATCH_ORDERS, count - first)) for press, count in left for first in range(0, count, BATCH_ORDERS)]
    luck.shuffle(turns)
    for turn, (press, count) in enumerate(turns, start=1):
        with operation("seed.orders", actor=patterns.SEEDER), connection.cursor() as cursor:
            events += _batch(press, count, luck, days, serial=done)
            cursor.execute(*generations.upsert())  # what is kept of lists is of the shop before
        done += count
        if turn % TOLD_EVERY == 0 or turn == len(turns):
            yield done, events
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        cursor.execute("ANALYZE")
    rebuild.apply()  # the counts, as no subscriber heard of these events


def _batch(press: Press, count: int, luck: random.Random, days: int, *, serial: int) -> int:
    now = timezone.now()
    last = now - timedelta(minutes=_span(press.pattern.life))
    reach = timedelta(days=days if press.pattern.life in _SETTLED else 1)
    moments = sorted(last - reach * luck.random() for _ in range(count))
    faces = crowd.gather(max(1, count // ORDERS_PER_PERSON), luck, moments[0] - timedelta(minutes=1), f"{serial}")
    numbers = _numbers(moments)
    copies = [Copy(at, number, luck.choice(faces)) for at, number in zip(moments, numbers, strict=True)]
    return press.print(copies, luck)


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
