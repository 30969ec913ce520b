"""After a test that committed: take its rows out again, past the database's own guard.

Django would truncate every table, and the guard would have to be made anew for all of them: a second a test. SQLite in memory is
written over with a copy of what it was before the first test; on PostgreSQL the tables that have rows are opened, emptied and
closed again. Production has no such switch.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import TYPE_CHECKING

from django.db import connection, transaction

from payments import journal
from timeline import triggers, vault

if TYPE_CHECKING:
    from collections.abc import Sequence

# What migrations and `post_migrate` put there, and no test changes.
KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission", "payments_account"})


_copies: list[sqlite3.Connection] = []


def remember() -> None:
    """Copy the database as it is before the first test."""
    if connection.vendor == "sqlite":
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        connection.connection.backup(copy)
        _copies.append(copy)


def empty() -> None:
    """Take out every row but those that were there before the first test."""
    if _copies:
        _copies[0].backup(connection.connection)
        return
    filled = _filled()
    if filled:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in [*_opened(filled), *(f'DELETE FROM "{table}"' for table in filled), *_closed(filled)]:
                cursor.execute(statement)
    if triggers.missing():
        triggers.attach()
    vault.after_migrate()
    journal.keep_chart()


def _filled() -> list[str]:
    """The tables that have rows: one statement."""
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in _tables())
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [str(row[0]) for row in cursor.fetchall()]


@cache
def _tables() -> tuple[str, ...]:
    return tuple(sorted(set(connection.introspection.table_names()) - KEPT))


def _opened(filled: Sequence[str]) -> list[str]:
    return [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in filled]


def _closed(filled: Sequence[str]) -> list[str]:
    here = {name for name, table in triggers._present() if table in filled}
    return [
        "SET CONSTRAINTS ALL IMMEDIATE",  # no table is altered while its foreign keys are yet to be looked at
        *(f'ALTER TABLE "{trigger.table}" ENABLE ALWAYS TRIGGER {trigger.name}' for trigger in _guard() if trigger.name in here),
    ]


@cache
def _guard() -> tuple[triggers.Trigger, ...]:
    return tuple(triggers.expected())
