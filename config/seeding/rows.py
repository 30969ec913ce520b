"""Many rows at once, with the database's guard on: COPY on PostgreSQL, one prepared INSERT on SQLite.

A sheet is a row with gaps. On PostgreSQL it is one line of text as COPY takes it, filled by one formatting; so every word
that fills a gap is text without tabs, breaks and backslashes, and bytes come as `blob` says them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from django.db import models

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = "\\N"


@dataclass(frozen=True, slots=True)
class Own:
    """A value with words of the copy's own: its text with a `%s` for each, and their places."""

    stencil: str
    holes: tuple[int, ...]


@cache
def is_postgres() -> bool:
    """Asked for every value there is, so it is looked up once."""
    return connection.vendor == "postgresql"


class Sheet:
    """One row of a table, to be written for every copy."""

    def __init__(self, model: type[models.Model], columns: Sequence[str], cells: Sequence[Any]) -> None:
        self.table, self.columns, self.cells = model._meta.db_table, list(columns), list(cells)
        self.holes = [hole for cell in cells if isinstance(cell, Own) for hole in cell.holes]
        self.picked: Any = itemgetter(*self.holes) if self.holes else lambda _: ()
        if is_postgres():
            self.line = "\t".join(cell.stencil if isinstance(cell, Own) else _constant(cell).replace("%", "%%") for cell in cells) + "\n"

    def lines(self, values: Iterable[Sequence[Any]]) -> bytes:
        """A line for each, as COPY takes it."""
        line, picked = self.line, self.picked
        return "".join([line % picked(one) for one in values]).encode()

    def tuples(self, values: Iterable[Sequence[Any]]) -> Iterable[list[Any]]:
        """A row for each, as SQLite takes it."""
        return ([filled(cell, one) for cell in self.cells] for one in values)


def filled(cell: Any, values: Sequence[Any]) -> Any:
    """The cell of one copy."""
    if not isinstance(cell, Own):
        return cell
    words = tuple(values[hole] for hole in cell.holes)
    return words[0] if cell.stencil == "%s" else cell.stencil % words


def insert(sheets: Sequence[Sheet], values: Sequence[Sequence[Any]]) -> None:
    """Write these rows of one table for every copy, with one statement; all copies' first rows come first."""
    names = ", ".join(f'"{name}"' for name in sheets[0].columns)
    table = sheets[0].table
    with connection.cursor() as cursor:
        if is_postgres():
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for sheet in sheets:
                    copy.write(sheet.lines(values))
        else:
            places = ", ".join(["?"] * len(sheets[0].columns))
            for sheet in sheets:
                cursor.connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', sheet.tuples(values))  # noqa: S608 names of models


def put(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows whose every value is its own; bytes as `blob` says them."""
    insert([Sheet(model, columns, [Own("%s", (place,)) for place in range(len(columns))])], rows)


def settle() -> None:
    """Have PostgreSQL check the references of what was written now, before rows are touched that others wait for."""
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def begin_session() -> None:
    """Make this connection one that writes much: it does not wait for the disk at every commit, nor plans for empty tables."""
    if is_postgres():
        with connection.cursor() as cursor:
            for setting in ("synchronous_commit = off", "enable_seqscan = off", "statement_timeout = 0", "lock_timeout = '60s'"):
                cursor.execute(f"SET {setting}")


def end_session() -> None:
    """Make the connection as it was, and have PostgreSQL count anew what the tables hold."""
    with connection.cursor() as cursor:
        if is_postgres():
            cursor.execute("SET statement_timeout = 0")  # the connection may be a new one since the work was shared
        cursor.execute("ANALYZE")
        if is_postgres():
            for setting in ("synchronous_commit", "enable_seqscan", "statement_timeout", "lock_timeout"):
                cursor.execute(f"RESET {setting}")


def raw(model: type[models.Model], pk: Any) -> dict[str, Any]:
    """The row as the database's own text says it."""
    fields = model._meta.concrete_fields
    texts = [f'"{f.column}"' if f.get_internal_type() == "BinaryField" or not is_postgres() else f'"{f.column}"::text' for f in fields]
    with connection.cursor() as cursor:
        key = model._meta.pk.get_db_prep_value(pk, connection)
        cursor.execute(f'SELECT {", ".join(texts)} FROM "{model._meta.db_table}" WHERE "{model._meta.pk.column}" = %s', [key])  # noqa: S608
        return {f.attname: _plain(value) for f, value in zip(fields, cursor.fetchone(), strict=True)}


def escaped(text: str) -> str:
    """Text as a line of COPY has it."""
    return text.translate(_ESCAPED) if is_postgres() else text


def blob(value: bytes) -> Any:
    """Bytes as a gap takes them."""
    return f"\\\\x{value.hex()}" if is_postgres() else value


def time_text(text: str) -> str:
    """A moment in UTC, `2026-11-28 10:00:00.000000+00:00`, as a column takes it."""
    return text if is_postgres() else text[:26]


def null() -> Any:
    """Nothing, as a gap takes it."""
    return NULL if is_postgres() else None


def id_text(pk: UUID) -> str:
    """An id as a column takes it."""
    return str(pk) if is_postgres() else pk.hex


def event_ids(count: int) -> list[int]:
    """So many ids for events, in rising order."""
    with connection.cursor() as cursor:
        if is_postgres():
            cursor.execute("SELECT nextval(pg_get_serial_sequence('timeline_event', 'id')) FROM generate_series(1, %s)", [count])
            return sorted(number for (number,) in cursor.fetchall())
        cursor.execute("SELECT coalesce(max(id), 0) FROM timeline_event")  # nobody else writes meanwhile
        first = int(cursor.fetchone()[0]) + 1
        return list(range(first, first + count))


def _constant(value: Any) -> str:
    if value is None:
        return NULL
    return str(blob(value)) if isinstance(value, bytes) else escaped(str(value))


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
