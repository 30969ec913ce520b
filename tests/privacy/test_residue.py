"""What a row said leaves the files of PostgreSQL, too; `make erase-proof` searches them (B95, F85)."""

from __future__ import annotations

from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from orders.models import Person
from payments.models import Notice
from tests import makers
from timeline import residue, vault
from timeline.models import SubjectKey
from timeline.operations import operation

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
KEYS, PEOPLE, NOTICES = SubjectKey._meta.db_table, Person._meta.db_table, Notice._meta.db_table
ROLE = "bahi_residue_of_tests"


def told(question: str, table: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {question} FROM pg_class WHERE relname = %s", [table])
        return cursor.fetchone()[0]


def wipe(*words: str) -> str:
    said = StringIO()
    call_command("privacy", "wipe", *words, stdout=said)
    return said.getvalue()


def other_connection() -> psycopg.Connection[Any]:
    where = connection.get_connection_params()
    return psycopg.connect(**{name: where[name] for name in ("host", "port", "user", "password", "dbname") if where.get(name)})


def erase_somebody() -> None:
    order = makers.placed_order()
    with operation("test.erase", actor=makers.TESTER) as op:
        vault.destroy(op, order.person.key)


@pytest.mark.parametrize(("table", "dead"), [(KEYS, 0), (PEOPLE, 0), (NOTICES, residue.DEAD_ROWS_MAX)])
def test_migrate_lets_autovacuum_come_early(table: str, dead: int) -> None:
    """The role that works does not own the tables and could not vacuum them."""
    assert told("reloptions", table) == [f"autovacuum_vacuum_threshold={dead}", "autovacuum_vacuum_scale_factor=0"]


def test_small_tables_are_written_anew_once_after_an_erasure() -> None:
    erase_somebody()
    before = told("relfilenode", KEYS), told("relfilenode", NOTICES)
    assert "5 tables written anew" in wipe()
    after = told("relfilenode", KEYS), told("relfilenode", NOTICES)
    assert (after[0] != before[0], after[1]) == (True, before[1])
    assert "0 tables written anew" in wipe(), "nobody was erased since"
    erase_somebody()
    assert "5 tables written anew" in wipe()


def test_large_tables_are_written_anew_when_that_is_said() -> None:
    before = told("relfilenode", NOTICES)
    assert "in use" not in wipe("--all")
    assert told("relfilenode", NOTICES) != before


def test_a_table_in_use_is_left_for_the_next_time() -> None:
    erase_somebody()
    with other_connection() as other:
        other.execute(f"LOCK TABLE {PEOPLE} IN ACCESS SHARE MODE")
        done = residue.wipe(now=timezone.now())
    assert (KEYS in done.tables, done.busy) == (True, [PEOPLE])
    assert PEOPLE in residue.wipe(now=timezone.now()).tables


def test_nothing_is_written_anew_while_somebody_still_sees_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL would copy the dead rows, too."""
    monkeypatch.setattr(residue, "READERS_WAIT_S", 0.2)
    with other_connection() as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT 1")
        erase_somebody()
        done = residue.wipe(now=timezone.now())
        assert (done.tables, KEYS in done.busy) == ([], True)
    assert KEYS in residue.wipe(now=timezone.now()).tables


def test_who_does_not_own_the_tables_is_told_so() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
        cursor.execute(f"SET ROLE {ROLE}")
        try:
            with pytest.raises(CommandError, match="owns"):
                wipe()
        finally:
            cursor.execute("RESET ROLE")
            cursor.execute(f"DROP OWNED BY {ROLE}")
            cursor.execute(f"DROP ROLE {ROLE}")
