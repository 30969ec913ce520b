"""Indexes for a part of a word, on PostgreSQL where its extension pg_trgm is (B36, B61).

Apps name what they search in. `migrate` ends by making what is missing, beside running writes, so the indexes come by
themselves once the extension does. Without it, and on SQLite, the same rows are found, only slower; a system check says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTENSION = "pg_trgm"


@dataclass(frozen=True, slots=True)
class Trigram:
    """One index: its name, the table, and the expression as the search writes it."""

    name: str
    table: str
    expression: str


_WANTED: dict[str, Trigram] = {}


def register(*wanted: Trigram) -> None:
    """Ask for indexes. Called as an app starts."""
    _WANTED.update({one.name: one for one in wanted})


def wanted() -> list[Trigram]:
    """Every index that was asked for."""
    return list(_WANTED.values())


def missing() -> list[str]:
    """Names of those that are not there and whole; empty on SQLite, which has none."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE i.indisvalid AND n.nspname = current_schema() AND c.relname = ANY(%s)",
            [list(_WANTED)],
        )
        here = {name for (name,) in cursor.fetchall()}
    return [name for name in _WANTED if name not in here]


def after_migrate(**_: Any) -> None:
    """Receiver of `post_migrate`: make the extension if that is allowed, and the indexes if it is there."""
    if connection.vendor != "postgresql":
        return
    _write_at_once()
    gone = missing()
    if gone and _has_extension():
        tables = set(connection.introspection.table_names())
        for statement in _statements([_WANTED[name] for name in gone if _WANTED[name].table in tables]):
            with connection.cursor() as cursor:
                cursor.execute(statement)


def _write_at_once() -> None:
    """Let no index of before put rows aside for later: a search reads all that was put aside, or the whole table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
            " AND c.relname = ANY(%s) AND NOT coalesce(c.reloptions, '{}') @> '{fastupdate=off}'",
            [list(_WANTED)],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER INDEX "{name}" SET (fastupdate = off)')
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [name])


def _has_extension() -> bool:
    """Whether it is there now. Who may not make it is not stopped: the search works without."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [EXTENSION])
        if cursor.fetchone():
            return True
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {EXTENSION}")
    except DatabaseError:
        return False
    return True


def _statements(indexes: list[Trigram]) -> Iterator[str]:
    """One that a broken attempt left behind is dropped first. Making one may take longer than a statement otherwise may."""
    aside = "" if connection.in_atomic_block else " CONCURRENTLY"
    yield from ("SET statement_timeout = 0", "SET lock_timeout = 0")  # behind a backup, say
    for index in indexes:
        yield f'DROP INDEX{aside} IF EXISTS "{index.name}"'
        yield f'CREATE INDEX{aside} "{index.name}" ON "{index.table}" USING gin (({index.expression}) gin_trgm_ops) WITH (fastupdate = off)'
    yield from ("RESET statement_timeout", "RESET lock_timeout")
