"""Rows of our own events as PostgreSQL puts them together: the cells that `timeline.exports.events` makes of the columns, sooner.

The rows come while the statement still runs, so the next ones are put together as the last are written; the connection is
free when they are at their end.
"""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
from django.db import connection
from django.db.models.expressions import RawSQL

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from django.db.models import QuerySet

ROWS_AT_ONCE = 500
CURRENCY = "INR"
_AMOUNTS = ("amount_minor", "total_minor", "refund_amount", "amount", "total")
_SORTED = orjson.OPT_SORT_KEYS
# `ids.dashed`; a regular expression takes six times as long.
_DASHED = "CASE WHEN length({0}) = 32 AND translate({0}, '0123456789abcdefABCDEF', '') = '' THEN {0}::uuid::text ELSE {0} END"
# `ids.uuid7` of the time and the first ten bytes of the hash; the milliseconds by the same binary fractions.
_PUBLIC_ID = """concat(
    lpad(to_hex(floor(extract(epoch FROM timeline_event.recorded_at)::float8 * 1000)::bigint), 12, '0'),
    to_hex(28672 | ((get_byte(timeline_event.leaf_hash, 0) & 3) << 10) | (get_byte(timeline_event.leaf_hash, 1) << 2)
           | (get_byte(timeline_event.leaf_hash, 2) >> 6)),
    to_hex(128 | (get_byte(timeline_event.leaf_hash, 2) & 63)), encode(substr(timeline_event.leaf_hash, 4, 7), 'hex'))::uuid::text"""
_TARGETS = f"""concat('[', (
    SELECT string_agg(concat('{{"id":', to_json({_DASHED.format("t.target_id")}), ',"name":', coalesce(to_json(nullif(t.name, ''))::text, 'null'),
                             ',"type":', to_json(t.type), '}}'), ',' ORDER BY t.id)
    FROM timeline_target t WHERE t.event_id = timeline_event.id), ']')"""  # noqa: S608 constants
_CELLS = (
    "timeline_event.position", _PUBLIC_ID, "timeline_event.recorded_at", "timeline_event.occurred_at", "timeline_event.kind",
    "split_part(timeline_event.subject_type, '.', -1)", _DASHED.format("timeline_event.subject_id"), "timeline_event.stream",
    "timeline_event.stream_seq", "nullif(timeline_event.from_state, '')", "nullif(timeline_event.to_state, '')", "timeline_event.actor_id",
    "timeline_event.actor_type", "nullif(timeline_event.actor_name, '')", "nullif(timeline_event.session_id, '')",
    "nullif(timeline_event.request_id, '')", "timeline_event.channel", _TARGETS, "encode(timeline_event.leaf_hash, 'hex')", "timeline_event.facts::text",
)


def read(wanted: QuerySet[Any]) -> Generator[list[tuple[Any, ...]], None, None]:
    """The rows, some hundred at a time, in the order asked for. The connection is in use until it is at its end or closed."""
    from psycopg import Cursor, capabilities

    cells = {f"c{at}": RawSQL(cell, ()) for at, cell in enumerate(_CELLS)}  # noqa: S611 constants
    with connection.cursor() as texts:
        statement = texts.mogrify(*wanted.annotate(**cells).values_list(*cells).query.sql_with_params())
    with Cursor(connection.connection) as cursor:
        at_once = ROWS_AT_ONCE if capabilities.has_stream_chunked() else 1  # an older libpq hands over row by row
        stream: Any = cursor.stream(statement, binary=True, size=at_once)
        with contextlib.closing(stream) as rows:
            while some := [_row(row) for row in islice(rows, ROWS_AT_ONCE)]:
                yield some


def _row(row: Sequence[Any]) -> tuple[Any, ...]:
    (position, id_, recorded_at, occurred_at, kind, resource, resource_id, stream, stream_seq, from_state, to_state, actor_id, actor_type,
     actor_name, session_id, request_id, channel, targets, leaf, said) = row
    facts = orjson.loads(said)
    who = (actor_id, actor_type, actor_name)
    return (
        position, id_, recorded_at, occurred_at, kind, kind, None, resource, resource_id, stream, stream_seq, from_state, to_state,
        *amount_of(facts, told_by_app=False), *who, *who, session_id, request_id, channel, orjson.Fragment(targets),
        orjson.Fragment(orjson.dumps(facts, option=_SORTED)), leaf,
    )


def amount_of(metadata: Mapping[str, Any], *, told_by_app: bool) -> tuple[int | None, str | None]:
    """The amount that is told, and its currency; what we tell without one is in rupees."""
    amount = next((value for name in _AMOUNTS if type(value := metadata.get(name)) is int and abs(value) < 1 << 63), None)
    currency = metadata.get("currency")
    if amount is None or not isinstance(currency, str):
        currency = CURRENCY if amount is not None and not told_by_app else None
    return amount, currency
