"""What an operation writes at its close, in one statement; SQLite, which changes one table in a statement, takes one for each.

What its events are about, who must hear of them, how long its stories are now, and the version of the shop (`timeline.kept`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from timeline import generations
from timeline.models import Delivery, Stream, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from django.db import models

ROWS_MAX = 1000  # of one statement: SQLite takes 32,766 values
_TARGET = ("event_id", "type", "target_id", "name")
_DELIVERY = ("event_id", "stream", "subscriber", "state", "attempts", "due_at", "error")

Rows = list[tuple[Any, ...]]
Statement = tuple[str, list[Any]]


def write(*, streams: Mapping[str, int], at: datetime, targets: Rows, deliveries: Rows) -> None:
    """`streams` with their lengths; `targets` as (event, type, id, name), `deliveries` as (event, stream, subscriber), due at once."""
    now = connection.ops.adapt_datetimefield_value(at)
    owed = [(*row, Delivery.State.DUE, 0, now, "") for row in deliveries]
    parts = [*_inserts(Target, _TARGET, targets), *_inserts(Delivery, _DELIVERY, owed), generations.upsert()]
    last = _lengths(streams, now)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            named = ", ".join(f"part_{place} AS ({statement})" for place, (statement, _) in enumerate(parts))
            cursor.execute(f"WITH {named} {last[0]}", [value for _, values in (*parts, last) for value in values])
        else:
            for statement, values in (*parts, last):
                cursor.execute(statement, values)


def _inserts(model: type[models.Model], columns: Sequence[str], rows: Rows) -> Iterator[Statement]:
    row = f"({', '.join(['%s'] * len(columns))})"
    for start in range(0, len(rows), ROWS_MAX):
        batch = rows[start : start + ROWS_MAX]
        statement = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES {', '.join([row] * len(batch))}"  # noqa: S608
        yield statement, [value for values in batch for value in values]


def _lengths(streams: Mapping[str, int], now: Any) -> Statement:
    cases = " ".join(["WHEN %s THEN %s"] * len(streams))
    places = ", ".join(["%s"] * len(streams))
    numbers = [value for length in streams.items() for value in length]
    statement = (
        f"UPDATE {Stream._meta.db_table} SET seq = CASE stream {cases} END, at = %s"  # noqa: S608 placeholders only
        f" WHERE stream IN ({places})"
    )
    return statement, [*numbers, now, *streams]
