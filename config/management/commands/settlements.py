"""The gateway's settlement report, read now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from payments import settlements
from payments.gateways.base import GatewayError


class Command(BaseCommand):
    """`settlements` reads the last eight days again, `settlements --date 2026-11-20` one day."""

    help = "Read the gateway's settlements and write down what is new."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which day."""
        parser.add_argument("--date", help="such as 2026-11-20; without it the last eight days")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Read, and say how many lines the report has."""
        try:
            lines = settlements.read_due() if options["date"] is None else settlements.read_day(_day(options["date"]))
        except GatewayError as error:
            raise CommandError(f"The gateway does not answer: {error}") from error
        self.stdout.write(f"{lines} lines read.")


def _day(text: str) -> Any:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError("A day is written as 2026-11-20.")
    return day
