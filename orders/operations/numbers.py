"""Order numbers `ORD-YYYYMMDD-XXXXX` (Z5): the business day, and a sequence that never repeats.

A number is taken in a short operation of its own, so nobody waits for another's commit; an order that fails leaves a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from orders.models import NumberSeries
from timeline.operations import operation

if TYPE_CHECKING:
    from datetime import datetime

    from timeline.actors import Actor
    from timeline.operations import Operation


@dataclass(frozen=True, slots=True)
class Number:
    """One order number: its text, its business day and its place in the day."""

    text: str
    day: str
    seq: int


def take(*, actor: Actor) -> Number:
    """The next number of the business day."""
    with operation("order.number", actor=actor) as op:
        day = business_day(op.now)
        seq = _next(f"order:{day}")
    return Number(text=f"ORD-{day}-{seq:05d}", day=day, seq=seq)


def take_rma(op: Operation) -> str:
    """The next return's number of the business day, `RMA-YYYYMMDD-XXXXX`, within the operation that books the return."""
    day = business_day(op.now)
    return f"RMA-{day}-{_next(f'return:{day}'):05d}"


def business_day(at: datetime) -> str:
    """`20261121`: the day in the shop's own time zone, not in UTC."""
    return at.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y%m%d")


def _next(series: str) -> int:
    table = NumberSeries._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (series, last) VALUES (%s, 1)"  # noqa: S608 a constant name
            f" ON CONFLICT (series) DO UPDATE SET last = {table}.last + 1 RETURNING last",
            [series],
        )
        return int(cursor.fetchone()[0])
