"""The bank's lines and the carriers' cash, written down and booked."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import rfc8785
from django.db.models import Sum

from payments import journal, locks
from payments.models import BankLine, Payment, Remittance, RemittanceLine, Settlement
from timeline.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from timeline.operations import Operation

    class StatementRow(Protocol):
        """One line of a statement."""

        @property
        def day(self) -> date: ...  # noqa: D102 explained in payments.bank_statement
        @property
        def narration(self) -> str: ...  # noqa: D102
        @property
        def utr(self) -> str: ...  # noqa: D102
        @property
        def amount_minor(self) -> int: ...  # noqa: D102
        @property
        def key(self) -> str: ...  # noqa: D102


BANK_STREAM = "bank"
LOOK_BACK = timedelta(days=120)
ROWS_MAX = 5_000
KEYS_MAX = 5_000
_WORD = re.compile(r"[a-z0-9]{6,}")


class RemittanceDiffers(Refused):
    """A remittance of this reference was booked with other lines."""


class BadRemittance(Invalid):
    """The remittance names a parcel twice, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One parcel's cash as the carrier hands it over; no payment when the parcel is not known."""

    tracking_number: str
    paid_minor: int
    payment_id: UUID | None = None


def keep_bank_lines(op: Operation, *, rows: Sequence[StatementRow]) -> int:
    """Write down what is not there yet; how many lines that were. Nothing is booked before it is matched."""
    known: set[str] = set()
    for start in range(0, len(rows), KEYS_MAX):
        keys = [row.key for row in rows[start : start + KEYS_MAX]]
        known.update(BankLine.objects.filter(statement_key__in=keys).values_list("statement_key", flat=True))
    new = [
        BankLine(
            id=op.new_id(), day=row.day, narration=row.narration, utr=row.utr, amount_minor=row.amount_minor,
            statement_key=row.key, booked_at=op.now,
        )
        for row in rows
        if row.key not in known
    ]
    if new:
        op.record(new[0], "bank_statement.imported", stream=BANK_STREAM, facts={"lines": len(new)})
        BankLine.objects.bulk_create(new, batch_size=1000)
    return len(new)


def matches(*, limit: int) -> list[tuple[UUID, Settlement | Remittance]]:
    """Unmatched lines whose payout or remittance is known, each with what it is of."""
    waiting = list(BankLine.objects.filter(settlement=None, remittance=None).order_by("day", "id"))
    if not waiting:
        return []
    since = waiting[0].day - LOOK_BACK
    owners: dict[str, Settlement | Remittance] = {}
    for remittance in Remittance.objects.filter(day__gte=since):
        owners |= {word.lower(): remittance for word in (remittance.reference, remittance.utr) if word}
    for settlement in Settlement.objects.filter(day__gte=since).exclude(utr=""):
        owners[settlement.utr.lower()] = settlement
    found = [(line.pk, owner) for line in waiting if (owner := _owner(line, owners))]
    return found[:limit]


def match_bank_line(op: Operation, *, line_id: UUID, to: Settlement | Remittance) -> BankLine | None:
    """The payout or remittance is at the bank, with what the line says; None when the line was matched before."""
    line = locks.bank_line(line_id)
    if line is None:
        return None
    settlement = to if isinstance(to, Settlement) else None
    remittance = to if isinstance(to, Remittance) else None
    facts = {"amount_minor": line.amount_minor, "utr": line.utr or to.utr, "day": line.day}
    event = op.record(line, "bank_line.matched", stream=to.stream, facts=facts)
    BankLine.objects.filter(pk=line.pk).update(settlement=settlement, remittance=remittance)
    line.settlement, line.remittance = settlement, remittance
    ref = settlement.gateway_settlement_id if settlement else to.pk.hex
    journal.post(
        op, event,
        [
            journal.Line(journal.BANK, line.amount_minor, ref=line.pk.hex),
            journal.Line(journal.SETTLEMENT_TRANSIT, -line.amount_minor, ref=ref),
        ],
    )
    return line


def book_remittance(
    op: Operation, *, carrier: str, reference: str, utr: str, day: date, handed: Sequence[Handed]
) -> Remittance:
    """Write down a batch of cash a carrier handed over; a repeat of the same batch changes nothing.

    What is missing of a parcel's cash stays owed by the carrier. Raises `RemittanceDiffers`, `BadRemittance`.
    """
    _must_be_whole(handed)
    said = sorted(f"{row.tracking_number}\x1f{row.paid_minor}" for row in handed)
    digest = hashlib.sha256(rfc8785.dumps([carrier, reference, utr, day.isoformat(), *said])).hexdigest()
    known = Remittance.objects.filter(carrier=carrier, reference=reference).first()
    if known is not None:
        if known.digest != digest:
            raise RemittanceDiffers
        return known

    remittance = Remittance(
        id=op.new_id(), carrier=carrier, reference=reference, utr=utr, day=day,
        amount_minor=sum(row.paid_minor for row in handed), digest=digest, booked_at=op.now,
    )
    op.open_stream(remittance.stream)
    payments = Payment.objects.in_bulk([row.payment_id for row in handed if row.payment_id])
    facts = {"carrier": carrier, "reference": reference, "amount_minor": remittance.amount_minor, "lines": len(handed)}
    event = op.record(remittance, "remittance.booked", stream=remittance.stream, facts=facts)
    remittance.save(force_insert=True)
    before = _handed_before(payments)
    RemittanceLine.objects.bulk_create(_line(op, remittance, row, payments, before) for row in handed)
    journal.post(
        op, event,
        [
            journal.Line(journal.SETTLEMENT_TRANSIT, remittance.amount_minor, ref=remittance.pk.hex),
            *(_credit(row, payments) for row in handed),
        ],
    )
    return remittance


def _line(
    op: Operation, remittance: Remittance, row: Handed, payments: dict[UUID, Payment], before: dict[UUID, int]
) -> RemittanceLine:
    payment = payments.get(row.payment_id) if row.payment_id else None
    due_minor = max(0, payment.amount_minor - before.get(payment.pk, 0)) if payment else 0
    return RemittanceLine(
        id=op.new_id(), remittance=remittance, tracking_number=row.tracking_number, payment=payment,
        due_minor=due_minor, paid_minor=row.paid_minor,
    )


def _handed_before(payments: Iterable[UUID]) -> dict[UUID, int]:
    """What was handed over for these payments already, in minor units."""
    lines = RemittanceLine.objects.filter(payment__in=list(payments)).order_by()
    return {pk: int(sum_) for pk, sum_ in lines.values_list("payment").annotate(Sum("paid_minor")) if pk}


def _credit(row: Handed, payments: dict[UUID, Payment]) -> journal.Line:
    payment = payments.get(row.payment_id) if row.payment_id else None
    if payment is None:
        return journal.Line(journal.SUSPENSE, -row.paid_minor, ref=row.tracking_number[:64])
    return journal.Line(journal.COD_RECEIVABLE, -row.paid_minor, ref=payment.pk.hex, stream=payment.stream)


def _must_be_whole(handed: Sequence[Handed]) -> None:
    numbers = [row.tracking_number for row in handed]
    if not numbers or len(set(numbers)) < len(numbers) or any(row.paid_minor < 0 for row in handed):
        raise BadRemittance
    if len(numbers) > ROWS_MAX:
        raise BadRemittance(f"A remittance has at most {ROWS_MAX} parcels.")


def _owner(line: BankLine, owners: dict[str, Settlement | Remittance]) -> Settlement | Remittance | None:
    words = {line.utr.lower(), *_WORD.findall(line.narration.lower())}
    return next((owners[word] for word in sorted(words) if word in owners), None)
