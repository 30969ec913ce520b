"""RELIABILITY 3.3: the role that works is not the owner, and may do the least its work needs."""

from __future__ import annotations

import io

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from timeline import grants

ROLE = "bahi_app_of_tests"


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_role_may_add_and_change_and_cannot_touch_the_past() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE ROLE "{ROLE}"')
        assert grants.grant(ROLE) > 50
        for table in (model._meta.db_table for model in apps.get_models() if getattr(model, "APPEND_ONLY", False)):
            cursor.execute(
                "SELECT has_table_privilege(%s, %s, 'SELECT, INSERT'), has_table_privilege(%s, %s, 'DELETE, TRUNCATE')",
                [ROLE, table] * 2,
            )
            assert cursor.fetchone() == (True, False), f"{table} is append-only"
        for table, rights in (
            ("timeline_event", "SELECT INSERT"),
            ("payments_entry", "SELECT INSERT"),
            ("orders_order", "SELECT INSERT UPDATE"),
            ("orders_checkoutline", "SELECT INSERT UPDATE DELETE"),
            ("django_migrations", "SELECT"),
        ):
            cursor.execute(
                "SELECT string_agg(r, ' ' ORDER BY n) FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','TRIGGER'])"
                " WITH ORDINALITY AS t(r, n) WHERE has_table_privilege(%s, %s, r)", [ROLE, table],
            )
            assert cursor.fetchone() == (rights,), table
        cursor.execute("SELECT has_column_privilege(%s, 'timeline_event', 'position', 'UPDATE')", [ROLE])
        assert cursor.fetchone() == (True,)
        cursor.execute(f'SET LOCAL ROLE "{ROLE}"')
        for forbidden in (
            "UPDATE timeline_event SET kind = 'order.paid'", "DELETE FROM payments_entry", "TRUNCATE orders_order CASCADE",
            "ALTER TABLE orders_order DISABLE TRIGGER ALL", "DROP TRIGGER bahi_timeline_event_append_only ON timeline_event",
            "CREATE TABLE mine (id int)",
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(forbidden)
        cursor.execute("RESET ROLE")


@pytest.mark.django_db
def test_the_command_says_why_it_cannot() -> None:
    with pytest.raises(CommandError, match="Only PostgreSQL|does not exist"):
        call_command("grants", "nobody_of_that_name", stdout=io.StringIO())
