"""Compare all books of business days, and say what is left unexplained."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localdate

from orders.models import Case
from orders.reconciliation import runs
from timeline.errors import DomainError
from timeline.vocabulary import money


class Command(BaseCommand):
    """`reconcile`, `reconcile --date 2026-11-20`, `reconcile --from 2026-11-01 --to 2026-11-20 --json`."""

    help = "Compare orders, gateway, settlements, bank and ledger; exit 1 while something is unexplained."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which days, and how to say it."""
        parser.add_argument("--date", type=_day, help="one day, YYYY-MM-DD; yesterday when nothing is named")
        parser.add_argument("--from", dest="first", type=_day, help="the first of several days")
        parser.add_argument("--to", dest="last", type=_day, help="the last of several days; today when left out")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Run, and print."""
        today = localdate()
        last = options["date"] or options["last"] or (today if options["first"] else today - timedelta(days=1))
        first = options["date"] or options["first"] or last
        try:
            run = runs.perform(runs.ask(first=first, last=last).pk)
        except DomainError as error:
            raise CommandError(error.detail) from error
        waiting = Case.objects.filter(status=Case.Status.OPEN).order_by("day", "opened_at")
        if options["json"]:
            self.stdout.write(json.dumps(_said(run, list(waiting)), indent=2))
        else:
            self.stdout.write(f"{first} to {last}: {run.found} differences, {run.unexplained} unexplained")
            for case in waiting:
                self.stdout.write(f"  {case.day}  {case.severity:6}  {case.cause:26} {money(case.amount_minor):>16}  {case.owner:11}  {case.pk}")
        if run.unexplained:
            raise CommandError(f"{run.unexplained} differences are unexplained.")


def _said(run: Any, waiting: list[Case]) -> dict[str, Any]:
    return {
        "firstDay": run.first_day.isoformat(), "lastDay": run.last_day.isoformat(), "found": run.found,
        "unexplained": run.unexplained, "counts": run.counts, "amounts": run.amounts,
        "open": [
            {"id": str(case.pk), "day": case.day.isoformat(), "cause": case.cause, "amountMinor": case.amount_minor, "owner": case.owner}
            for case in waiting
        ],
    }


def _day(text: str) -> date:
    return date.fromisoformat(text)
