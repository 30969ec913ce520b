"""A carrier's list of cash, brought in from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandParser

from config.management.files import read_text, said
from orders.operations import remittances
from payments import bank_statement, journal, remittance_file
from payments.operations import BANK_STREAM
from timeline.actors import system
from timeline.errors import DomainError
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from payments.models import Remittance

ACTOR = system("console")


class Command(BaseCommand):
    """`remittance list.csv`; a batch that is booked already is passed over."""

    help = "Book the cash a carrier or a driver hands over; columns carrier, reference, utr, date, awb, amount."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which file."""
        parser.add_argument("file", help="the carrier's CSV, UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Book all of it or nothing, and say what was booked."""
        text = read_text(options["file"])
        try:
            booked = _book(text)
        except DomainError as error:
            raise said(error) from error
        bank_statement.match_waiting(actor=ACTOR)
        for remittance in booked:
            self.stdout.write(f"{remittance.carrier} {remittance.reference}: {journal.rupees(remittance.amount_minor)}")


@retried
def _book(text: str) -> list[Remittance]:
    batches = remittance_file.read(text)
    with operation("remittance.book", actor=ACTOR, stream=BANK_STREAM) as op:
        return remittances.book_batches(op, batches=batches)
