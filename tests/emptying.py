"""After a test that committed: take its rows out again, past the database's own guard.

Django would truncate every table, and the guard would have to be made anew for all of them: a second a test. Most tests
touch a few tables, so only those that have rows are opened, emptied and closed again. Production has no such switch.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.db import connection, transaction

from payments import journal
from timeline import triggers, vault

if TYPE_CHECKING:
    from collections.abc import Sequence

# What migrations and `post_migrate` put there, and no test changes.
KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission", "payments_account"})


def empty() -> None:
    """Delete every row but those that were there before the first test."""
    filled = _filled()
    if filled:
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA defer_foreign_keys = ON")
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
    if connection.vendor == "postgresql":
        return [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in filled]
    return [f"DROP TRIGGER IF EXISTS {trigger.name}" for trigger in _guard() if trigger.table in filled]


def _closed(filled: Sequence[str]) -> list[str]:
    if connection.vendor == "postgresql":
        here = {name for name, table in triggers._present() if table in filled}
        return [
            "SET CONSTRAINTS ALL IMMEDIATE",  # no table is altered while its foreign keys are yet to be looked at
            *(f'ALTER TABLE "{trigger.table}" ENABLE ALWAYS TRIGGER {trigger.name}' for trigger in _guard() if trigger.name in here),
        ]
    return [statement for trigger in _guard() if trigger.table in filled for statement in trigger.statements]


@cache
def _guard() -> tuple[triggers.Trigger, ...]:
    return tuple(triggers.expected())
