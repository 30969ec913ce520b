"""Examine the shop: every invariant, every row that breaks one."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import doctor


class Command(BaseCommand):
    """Exit 0 when the shop is sound; otherwise name the rows and exit 1."""

    help = "Check the invariants of the shop."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """`--json` for machines."""
        parser.add_argument("--json", action="store_true", help="one JSON list of findings")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Print the findings."""
        findings = doctor.examine()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
        else:
            for finding in findings:
                self.stdout.write(f"{finding.check}: {finding.row} {finding.says}")
            if not findings:
                self.stdout.write(f"{len(doctor.CHECKS)} checks, nothing found.")
        if findings:
            message = f"{len(findings)} findings"
            raise CommandError(message)
