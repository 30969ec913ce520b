"""What an event's columns say, against its canonical bytes.

Note [The quick look]
    PostgreSQL writes down what the columns say, all but the facts, in the form the canonical bytes have; a row whose text is
    those bytes is sound. A text with a quotation mark or a backslash inside a value could be read in two ways, so it is never
    taken for sound. Whatever is not plainly sound is looked at column by column, on SQLite everything: the quick look names
    nothing, and lets nothing pass that the long one would name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from django.db import connection
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from timeline.models import Event, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

CHUNK = 2000
GAPS_MAX = 4
_SORTED = orjson.OPT_SORT_KEYS
_COLUMNS = (
    "id", "position", "stream", "stream_seq", "kind", "subject_type", "subject_id", "from_state", "to_state",
    "sealed", "person_key_id", "public", "channel", "operation_id", "operation", "actor_type", "actor_id", "actor_name",
    "session_id", "request_id", "occurred_at", "recorded_at", "source_key", "canonical", "leaf_hash",
)


# --- The long look --------------------------------------------------------------------------------------------------


def events() -> Any:
    """Rows of all columns that are compared. The facts come as text, which is read several times as fast."""
    return Event.objects.annotate(told=Cast("facts", TextField())).values(*_COLUMNS, "told")


def with_targets(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[list[str]]]]:
    """Each event with its targets in the order they were written: one statement a chunk."""
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield from _joined(chunk)
            chunk = []
    yield from _joined(chunk)


def differs(row: dict[str, Any], targets: list[list[str]]) -> list[str]:
    """The names of what the columns and the canonical bytes say differently."""
    try:
        said = orjson.loads(bytes(row["canonical"]))
    except orjson.JSONDecodeError:
        return ["canonical"]
    here = {
        "stream": row["stream"],
        "seq": row["stream_seq"],
        "kind": row["kind"],
        "subject": [row["subject_type"], row["subject_id"]],
        "from": row["from_state"],
        "to": row["to_state"],
        "facts": orjson.loads(row["told"]),
        "sealed": bytes(row["sealed"]).hex() if row["sealed"] is not None else "",
        "key": row["person_key_id"].hex if row["person_key_id"] else "",
        "public": row["public"],
        "channel": row["channel"],
        "operation": [str(row["operation_id"]), row["operation"]],
        "actor": [row["actor_type"], row["actor_id"], row["actor_name"]],
        "session": row["session_id"],
        "request": row["request_id"],
        "occurred": _moment(row["occurred_at"]),
        "recorded": _moment(row["recorded_at"]),
        "source": row["source_key"] or "",
        "targets": targets,
    }
    return [name for name, value in here.items() if said.get(name) != value]


def _joined(chunk: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[list[str]]]]:
    about: dict[int, list[list[str]]] = defaultdict(list)
    ids = [row["id"] for row in chunk]
    within = Q(event_id__gte=min(ids), event_id__lte=max(ids)) if _is_dense(ids) else Q(event_id__in=ids)
    found = Target.objects.filter(within).order_by("id")
    for event_id, kind, target_id, name in found.values_list("event_id", "type", "target_id", "name"):
        about[event_id].append([kind, target_id, name])
    for row in chunk:
        yield row, about[row["id"]]


def _is_dense(ids: Sequence[int]) -> bool:
    """Events are nearly always sealed in the order of their ids: then one range says as much as thousands of ids."""
    return bool(ids) and max(ids) - min(ids) < len(ids) * GAPS_MAX


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


# --- Note [The quick look] ------------------------------------------------------------------------------------------


# The form of `operations.canonical_bytes`, with what stands in it by the names of columns; of the facts only their place.
_HEAD = '{"actor":["<actor_type>","<actor_id>","<actor_name>"],"channel":"<channel>","facts":'
_MIDDLE = (
    ',"from":"<from_state>","key":"<key>","kind":"<kind>","occurred":"<occurred>","operation":["<operation_id>","<operation>"],"public":<public>,'
    '"recorded":"<recorded>","request":"<request_id>","sealed":"<sealed>","seq":<stream_seq>,"session":"<session_id>","source":"<source_key>",'
    '"stream":"<stream>","subject":["<subject_type>","<subject_id>"],"targets":['
)
_TAIL = '],"to":"<to_state>","v":1}'
_TARGET = '["<type>","<target_id>","<name>"]'
_UTC = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_FORMED = {
    "key": "replace(person_key_id::text, '-', '')", "occurred": _UTC.format("occurred_at"), "recorded": _UTC.format("recorded_at"),
    "public": "public::text", "sealed": "encode(sealed, 'hex')",
}
_MARKED = re.compile(r"<(\w+)>")


def _concat(form: str) -> str:
    """SQL for the text; what is NULL is empty in it, as in the canonical bytes."""
    parts = (_FORMED.get(part, part) if at % 2 else f"'{part}'" for at, part in enumerate(_MARKED.split(form)))
    return f"concat({', '.join(parts)})"


_SOUND = (
    f"SELECT id, position, canonical, leaf_hash, {_concat(_HEAD)}, facts::text, {_concat(_MIDDLE)}, {_concat(_TAIL)}"  # noqa: S608 constants and placeholders
    f" FROM {Event._meta.db_table} WHERE "
)
_ABOUT = f"SELECT event_id, {_concat(_TARGET)} FROM {Target._meta.db_table} WHERE "  # noqa: S608 the same


def sound(first: int, end: int) -> list[bytes]:
    """The leaf hashes of the events from place `first` up to `end`, when none is missing and each is plainly sound; else nothing."""
    rows = _rows(f"{_SOUND} position >= %s AND position < %s ORDER BY position", first, end)
    return _leaves(rows) if [row[1] for row in rows] == list(range(first, end)) else []


def is_waiting_sound(first: int, last: int) -> bool:
    """Whether all events of these ids that have no place yet are plainly sound."""
    return bool(_leaves(_rows(f"{_SOUND} position IS NULL AND id >= %s AND id <= %s", first, last)))


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows in PostgreSQL's binary form, which is read faster than its text; none on SQLite."""
    if connection.vendor != "postgresql":
        return []
    from psycopg import Cursor

    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:
        return cursor.execute(statement, values, binary=True).fetchall()


def _leaves(rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
    """The leaf hashes of events of which every one is plainly sound; else nothing."""
    if not rows:
        return []
    pks, _, canonicals, kept, heads, facts, middles, tails = zip(*rows, strict=True)
    targets = _targets_said(pks)
    about: dict[int, str] = {}
    for pk, target in targets:
        about[pk] = f"{about[pk]},{target}" if pk in about else target
    texts = ((heads, _HEAD), (middles, _MIDDLE), (tails, _TAIL), ([target for _, target in targets], _TARGET))
    if not all(_is_plain(written, form) for written, form in texts):
        return []
    said = [
        f"{head}{orjson.dumps(orjson.loads(told), option=_SORTED).decode()}{middle}{about.get(pk, '')}{tail}".encode()
        for pk, head, told, middle, tail in zip(pks, heads, facts, middles, tails, strict=True)
    ]
    leaves = [sha256(b"\0" + canonical).digest() for canonical in canonicals]
    return leaves if said == list(canonicals) and leaves == list(kept) else []


def _targets_said(pks: Sequence[int]) -> list[tuple[Any, ...]]:
    if _is_dense(pks):
        return _rows(f"{_ABOUT} event_id >= %s AND event_id <= %s ORDER BY id", min(pks), max(pks))
    return _rows(f"{_ABOUT} event_id = ANY(%s) ORDER BY id", list(pks))


def _is_plain(texts: Sequence[str], form: str) -> bool:
    """No value has a quotation mark or a backslash in it: each text has at least its form's marks, so their sum is that of each."""
    whole = "".join(texts)
    return whole.count('"') == form.count('"') * len(texts) and "\\" not in whole
