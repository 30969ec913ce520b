"""A month's GSTR-1, for the portal or for the accountant."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.documents import gstr1
from timeline.errors import DomainError


class Command(BaseCommand):
    """`gstr1 2026-11`, `gstr1 2026-11 --csv`."""

    help = "Print a month's outward supplies in the sections of GSTR-1."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which month, and how."""
        parser.add_argument("month", help="such as 2026-11")
        parser.add_argument("--csv", action="store_true", help="one table instead of the portal's JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Print it."""
        try:
            found = gstr1.gather(options["month"])
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(gstr1.as_csv(found) if options["csv"] else gstr1.as_json(found))
