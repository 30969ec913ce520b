"""Many rows at once, with the database's guard on: COPY on PostgreSQL, one prepared INSERT on SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from django.db import models


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write them. Values are as the database's own text says them; bytes are bytes."""
    names = ", ".join(f'"{name}"' for name in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["?"] * len(columns))
            cursor.connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', rows)  # noqa: S608 names of models


def move(model: type[models.Model], pks: Sequence[UUID], before: str, after: Mapping[str, Any]) -> None:
    """Bring these rows from one state to the next; the event that says so is written."""
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sets = ", ".join(f'"{name}" = %s' for name in after)
            cursor.execute(f'UPDATE "{table}" SET {sets} WHERE status = %s AND "{key}" = ANY(%s)', [*after.values(), before, list(pks)])  # noqa: S608
        else:
            sets = ", ".join(f'"{name}" = ?' for name in after)
            statement = f'UPDATE "{table}" SET {sets} WHERE status = ? AND "{key}" = ?'  # noqa: S608
            cursor.connection.executemany(statement, [(*after.values(), before, pk.hex) for pk in pks])


def raw(model: type[models.Model], pks: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    """These rows as the database's own text says them, by key."""
    found = {}
    fields = model._meta.concrete_fields
    for pk in pks:
        texts = [f'"{f.column}"' if f.get_internal_type() == "BinaryField" or connection.vendor != "postgresql" else f'"{f.column}"::text' for f in fields]
        with connection.cursor() as cursor:
            key = model._meta.pk.get_db_prep_value(pk, connection)
            cursor.execute(f'SELECT {", ".join(texts)} FROM "{model._meta.db_table}" WHERE "{model._meta.pk.column}" = %s', [key])  # noqa: S608
            found[pk] = {f.attname: _plain(value) for f, value in zip(fields, cursor.fetchone(), strict=True)}
    return found


def time_text(text: str) -> str:
    """A moment in UTC, `2026-11-28 10:00:00.000000`, as a column takes it."""
    return f"{text}+00" if connection.vendor == "postgresql" else text


def id_text(pk: UUID) -> str:
    """An id as a column takes it."""
    return str(pk) if connection.vendor == "postgresql" else pk.hex


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def event_ids(count: int) -> list[int]:
    """So many ids for events, in rising order."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence('timeline_event', 'id')) FROM generate_series(1, %s)", [count])
            return sorted(number for (number,) in cursor.fetchall())
        cursor.execute("SELECT coalesce(max(id), 0) FROM timeline_event")  # nobody else writes meanwhile
        first = int(cursor.fetchone()[0]) + 1
        return list(range(first, first + count))
