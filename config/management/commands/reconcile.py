"""Compare all books of business days, say what each day came to and what is left unexplained, and close days."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localdate

from orders.models import Case
from orders.reconciliation import closing, report, runs
from timeline.actors import system
from timeline.errors import DomainError
from timeline.operations import operation
from timeline.vocabulary import money

CONSOLE = system("console")


class Command(BaseCommand):
    """`reconcile`, `reconcile --date 2026-11-20 --close`, `reconcile --from 2026-11-01 --to 2026-11-20 --json`."""

    help = "Compare orders, gateway, settlements, bank and ledger; exit 1 while something is unexplained."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which days, and what to do."""
        parser.add_argument("--date", type=date.fromisoformat, help="one day, YYYY-MM-DD; yesterday when nothing is named")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="the first of several days")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="the last of several days; yesterday when left out")
        parser.add_argument("--close", action="store_true", help="close every day of them that can be closed")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Run, print, and close."""
        last = options["date"] or options["last"] or localdate() - timedelta(days=1)
        first = options["date"] or options["first"] or last
        try:
            run = runs.perform(runs.ask(first=first, last=last).pk)
        except DomainError as error:
            raise CommandError(error.detail) from error
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        kept_open = [words for day in days if (words := _close(day))] if options["close"] else []
        waiting = list(Case.objects.filter(status=Case.Status.OPEN).order_by("day", "opened_at"))
        reports = [report.of_day(day) for day in days]
        if options["json"]:
            self.stdout.write(json.dumps(_said(run, waiting, reports), indent=2))
        else:
            self.stdout.write("\n".join(_lines(run, waiting, reports)))
        residual = sum(said["residual"] for said in reports)
        if waiting or residual or kept_open:
            raise CommandError("\n".join([*kept_open, f"{len(waiting)} differences are unexplained, {money(residual)} in these days."]))


def _close(day: date) -> str:
    try:
        with operation("day.close", actor=CONSOLE) as op:
            closing.close_day(op, day=day)
    except DomainError as error:
        return f"{day} stays open: {error.detail}"
    return ""


def _lines(run: Any, waiting: list[Case], reports: list[dict[str, Any]]) -> list[str]:
    lines = [f"{run.first_day} to {run.last_day}: {run.found} differences, {len(waiting)} unexplained"]
    for said in reports:
        lines += ["", f"{said['day']}  residual {money(said['residual'])}", f"  {'':16}" + "".join(f"{book:>16}" for book in report.BOOKS)]
        lines += [
            f"  {row['measure']:16}" + "".join(f"{'' if row[book] is None else money(row[book]):>16}" for book in report.BOOKS)
            for row in said["books"]
        ]
        lines += [f"  {row['cause']:28} {row['cases']:4} {money(row['amount']):>16}  {row['open']} open" for row in said["causes"]]
    if waiting:
        lines += ["", "Open:"]
    return lines + [
        f"  {case.day}  {case.severity:6}  {case.cause:28} {money(case.amount_minor):>16}  {case.owner:11}  {case.pk}" for case in waiting
    ]


def _said(run: Any, waiting: list[Case], reports: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "firstDay": run.first_day.isoformat(), "lastDay": run.last_day.isoformat(), "found": run.found,
        "unexplained": len(waiting), "counts": run.counts, "amounts": run.amounts, "days": reports,
        "open": [
            {"id": str(case.pk), "day": case.day.isoformat(), "cause": case.cause, "amount": case.amount_minor, "owner": case.owner}
            for case in waiting
        ],
    }
