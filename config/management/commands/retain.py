"""Let go of what was kept long enough."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from orders.privacy import retention


class Command(BaseCommand):
    """`retain`, `retain --dry-run`."""

    help = "Let go of what was kept long enough; events, books and invoices are never touched."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--dry-run` counts and does nothing."""
        parser.add_argument("--dry-run", action="store_true", help="count and show, do nothing")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """One line a kind."""
        now = timezone.now()
        if options["dry_run"]:
            for line in retention.preview(now):
                kept = f"{line.oldest_kept:%Y-%m-%d}" if line.oldest_kept is not None else "-"
                days = "at their end" if line.days < 0 else f"{line.days} days" if line.days else "for ever"
                self.stdout.write(f"{line.name:<20} {days:>14}  to go {line.over:>8}  oldest kept {kept}")
            return
        for name, count in retention.apply(now).items():
            self.stdout.write(f"{name:<20} {count:>8} let go of")
