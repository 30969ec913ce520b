"""What the application's role may do on PostgreSQL: the least its work needs, read off the guard's own triggers.

The owner of the tables migrates; the role that serves and works may read and add everywhere, change what is not
append-only, and delete what no trigger keeps. It cannot drop a trigger, alter a table or empty one.
"""

from __future__ import annotations

from django.db import connection
from psycopg import sql

from timeline import triggers
from timeline.models import Event


def grant(role: str) -> int:
    """Give the role exactly its rights on every table and sequence of the schema; returns how many tables.

    Rights it had before are taken away first: call it in a transaction, or somebody meets the moment between.
    """
    tables = sorted(connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (schema,) = cursor.fetchone() or ("public",)
        for statement in statements(role, str(schema), tables):
            cursor.execute(statement.as_string(connection.connection))
    return len(tables)


def statements(role: str, schema: str, tables: list[str]) -> list[sql.Composed]:
    """The statements, in order. Row locks need a right to change: no locked table is append-only."""
    who, where = sql.Identifier(role), sql.Identifier(schema)
    found = [
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(where, who),
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(where, who),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(where, who),
    ]
    guards = triggers.expected()
    unchanged = {guard.table for guard in guards if guard.name.endswith("_append_only")}
    kept = unchanged | {guard.table for guard in guards if guard.name.endswith("_kept")}
    for table in tables:
        rights = ["SELECT"]
        if table != "django_migrations":
            rights += ["INSERT", *([] if table in unchanged else ["UPDATE"]), *([] if table in kept else ["DELETE"])]
        found.append(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(", ".join(rights)), sql.Identifier(table), who))
    position = str(Event._meta.get_field("position").column)
    found.append(sql.SQL("GRANT UPDATE ({}) ON {} TO {}").format(sql.Identifier(position), sql.Identifier(Event._meta.db_table), who))
    return found
