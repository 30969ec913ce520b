"""A bank's statement, brought in from a file."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.management.files import read_text, said
from payments import bank_statement
from timeline.actors import system
from timeline.errors import DomainError


class Command(BaseCommand):
    """`bank statement.csv`; a line that is here already is passed over."""

    help = "Import a bank's statement and match its lines to payouts and remittances."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which file."""
        parser.add_argument("file", help="the bank's CSV export, UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Import all of it or nothing, and say what was new."""
        text = read_text(options["file"])
        try:
            new, matched = bank_statement.take(text, actor=system("console"))
        except DomainError as error:
            raise said(error) from error
        self.stdout.write(f"{new} lines are new, {matched} found their payout.")
