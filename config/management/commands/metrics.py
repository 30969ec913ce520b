"""The counts of metrics and reports against the events that explain them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.analytics import rebuild

LINES_MAX = 200


class Command(BaseCommand):
    """`metrics rebuild --check` compares; `metrics rebuild --apply` adds what is missing, also while the shop is open."""

    help = "Compare the counts of metrics with the events, and rebuild them from the events."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("what", choices=["rebuild"])
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--check", action="store_true", help="say what differs, change nothing")
        way.add_argument("--apply", action="store_true", help="put right what differs")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Say the differences; fail when one is left."""
        if options["apply"]:
            self.stdout.write(f"{rebuild.apply()} counts put right.")
        found = rebuild.compare()
        for number, (what, says) in enumerate(found.lines()):
            if number == LINES_MAX:
                self.stdout.write("… and more")
                break
            self.stdout.write(f"{what} {says}")
        if found:
            raise CommandError("The counts are not what the events say; put them right with metrics rebuild --apply.")
        self.stdout.write("Every count is what the events say.")
