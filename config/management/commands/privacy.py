"""Erasures, and what a restored backup brought back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from orders.privacy import erasures


class Command(BaseCommand):
    """`privacy serve`, `privacy reapply`, `privacy check`."""

    help = "Do due privacy requests; erase anew who a restored backup brought back."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("verb", choices=["serve", "reapply", "check"])

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Do it, and say how many; `check` fails when somebody is back who was erased."""
        if options["verb"] == "serve":
            self.stdout.write(f"{erasures.serve_due(timezone.now())} requests looked at")
        elif options["verb"] == "reapply":
            self.stdout.write(f"{erasures.reapply()} people erased again")
        else:
            back = erasures.alive_but_noted()
            self.stdout.write(f"{back} people are back who were erased")
            if back:
                raise SystemExit(1)
