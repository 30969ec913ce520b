"""What an external warehouse system counted and what left there, brought in from a file (B81)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from config.management.files import read_text, said
from inventory import sync
from timeline.actors import system
from timeline.errors import DomainError


class Command(BaseCommand):
    """`warehouse counts BLR-1 counts.csv --taken-at 2026-11-28T09:00:00+05:30`, `warehouse dispatches BLR-1 left.csv`."""

    help = "Bring in an external warehouse's counts or dispatches; what is known already is passed over."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which file, of which warehouse."""
        parser.add_argument("what", choices=["counts", "dispatches"])
        parser.add_argument("code", help="the warehouse")
        parser.add_argument("file", help="CSV, UTF-8")
        parser.add_argument("--taken-at", default="", help="when the count was taken; now when absent")
        parser.add_argument("--reference", default="", help="the warehouse's own reference of the count")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Bring it in, and say what did not fit."""
        text, code, actor = read_text(options["file"]), options["code"].upper(), system("warehouses")
        try:
            if options["what"] == "counts":
                found = sync.take(
                    text, warehouse_code=code, actor=actor, reference=options["reference"], taken_at=_at(options["taken_at"])
                )
                self.stdout.write(f"{len(found.changed)} levels changed.")
                refused = found.refused
            else:
                taken, refused = sync.take_dispatches(text, warehouse_code=code, actor=actor)
                self.stdout.write(f"{taken} dispatches taken.")
        except DomainError as error:
            raise said(error) from error
        for about, why in sorted(refused.items()):
            self.stdout.write(f"{about}: {why}")


def _at(text: str) -> Any:
    if not text:
        return None
    found = parse_datetime(text)
    if found is None:
        raise CommandError(f"{text} is no date and time.")
    return timezone.make_aware(found) if timezone.is_naive(found) else found
