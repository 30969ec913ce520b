"""Erasures, and what a restored backup brought back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.privacy import erasures
from timeline import residue


class Command(BaseCommand):
    """`privacy serve`, `privacy reapply`, `privacy check`, `privacy wipe [--all]`."""

    help = "Do due privacy requests; erase anew who a restored backup brought back."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("verb", choices=["serve", "reapply", "check", "wipe"])
        parser.add_argument("--all", action="store_true", help="with `wipe`: the large tables too; each is locked while it is written")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Do it, and say how many; `check` fails when somebody is back who was erased."""
        if options["verb"] == "serve":
            self.stdout.write(f"{erasures.serve_due(timezone.now())} requests looked at")
        elif options["verb"] == "reapply":
            self.stdout.write(f"{erasures.reapply()} people erased again")
        elif options["verb"] == "wipe":
            self._wipe(everything=options["all"])
        else:
            back = erasures.alive_but_noted()
            self.stdout.write(f"{back} people are back who were erased")
            if back:
                raise SystemExit(1)

    def _wipe(self, *, everything: bool) -> None:
        """As the owner of the tables; one that is in use is left for the next time."""
        try:
            done = residue.wipe(now=timezone.now(), everything=everything)
        except residue.NotOwner as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(done.tables)} tables written anew{', in use: ' if done.busy else ''}{', '.join(done.busy)}")
