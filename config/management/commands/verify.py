"""Prove the book: every event, every tile, every checkpoint, against what was signed."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from timeline.log.audit import audit
from timeline.log.checkpoint import known_keys


class Command(BaseCommand):
    """Exit 0 when the book is what was signed; otherwise name each break and exit 1."""

    help = "Check the sealed log."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """`--json` for machines, `--keys` prints the public keys and stops."""
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--keys", action="store_true", help="print the keys that sign, for `timeline/verifier.py`")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Print what was found."""
        if options["keys"]:
            for key in known_keys():
                self.stdout.write(str(key))
            return
        started = time.monotonic()
        found = audit()
        seconds = max(time.monotonic() - started, 1e-6)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), ensure_ascii=False))
        else:
            for broken in found.breaks:
                self.stdout.write(f"{broken.kind}: {broken.where}: {broken.says}")
            self.stdout.write(
                f"{found.events} sealed events, {found.pending} waiting, {found.checkpoints} checkpoints,"
                f" {len(found.breaks)} breaks; {found.events / seconds:,.0f} events a second."
            )
        if found.breaks:
            message = f"{len(found.breaks)} breaks"
            raise CommandError(message)
