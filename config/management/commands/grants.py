"""The rights of the application's role, given anew after every migration."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection, transaction

from timeline import grants


class Command(BaseCommand):
    """`grants ROLE`: run it as the owner of the tables, after `migrate`."""

    help = "Give the application's role the least it needs on PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom."""
        parser.add_argument("role", help="the role that web and workers connect as")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Say how many tables; fails on SQLite, for the owner's own role, and for a role that is not there."""
        if connection.vendor != "postgresql":
            message = "Only PostgreSQL has roles."
            raise CommandError(message)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            row = cursor.fetchone()
        if row is not None and row[0] == options["role"]:
            message = f"{options['role']} owns the tables: the application works as another role."
            raise CommandError(message)
        try:
            with transaction.atomic():
                count = grants.grant(options["role"])
        except ProgrammingError as error:
            raise CommandError(str(error).strip()) from error
        self.stdout.write(f"{count} tables granted to {options['role']}")
