"""A business day in five books side by side, by channel and by order, and what of it nobody has explained.

Note [Why a closed day's report never changes]
    Every figure counts on the day it was booked: entries by their day, rows and lines by the instant they were written, so
    nothing that comes later moves it, and nothing can be booked into a closed day. A case counts on one day for good; once
    its day is closed it is not touched again (`operations.cases`). So the same report can be made again at any time.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import rfc8785
from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from orders.models import Case, Document
from orders.reconciliation import balances, channels
from orders.reconciliation.difference import hex_of, start_of
from payments import journal
from payments.models import BankLine, ClosedDay, Payment, Posting, Refund, Remittance, SettlementLine
from timeline.models import Event

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.db.models import QuerySet

VERSION = 1
ORDERS, GATEWAY, SETTLEMENT, BANK, LEDGER = "orders", "gateway", "settlement", "bank", "ledger"
BOOKS = (ORDERS, GATEWAY, SETTLEMENT, BANK, LEDGER)
HOUSE = "INR"  # the currency of the books that are compared; what channels sell in others is told by channel
_RECEIVABLE = (journal.GATEWAY_RECEIVABLE, journal.COD_RECEIVABLE, journal.EXCHANGES, journal.CHANNEL_RECEIVABLE)
_GIVERS = (journal.GATEWAY_RECEIVABLE, journal.CHANNEL_RECEIVABLE, journal.BANK, journal.EXCHANGES)
_PAPER = ("invoice.issued", "credit_note.issued")
_SETTLED = ("settlement.booked", "settlement.amended")
_DISPUTED = ("dispute.deducted", "dispute.won", "dispute.lost", "dispute.closed")
_EXPLAINING = {"captured": "books_differ", "refunded": "books_differ", "documented": "documents_differ"}


def of_day(day: date) -> dict[str, Any]:
    """The report of a business day; amounts are minor units. A dozen statements, however much was sold."""
    closed = ClosedDay.objects.filter(day=day).first()
    cases = cases_of(day, closed)
    rows = [_measured(name, figures, cases) for name, figures in _figures(day).items()]
    held = balances.of_day(day, explained_until=closed.closed_at if closed else None)
    residual = sum(abs(row["residual"]) for row in rows) + sum(row["unexplained"] for row in held)
    return {
        "version": VERSION,
        "day": day.isoformat(),
        "currency": HOUSE,
        "books": rows,
        "balances": held,
        "channels": channels.by_channel(day),
        "orders": channels.seal_of(day),
        "causes": _causes(cases),
        "openCases": 0 if closed else Case.objects.filter(status=Case.Status.OPEN, day__lte=day).count(),
        "residual": residual,
    }


def digest_of(report: dict[str, Any]) -> str:
    """SHA-256 in hex over the report's RFC 8785 form."""
    return hashlib.sha256(rfc8785.dumps(report)).hexdigest()


def cases_of(day: date, closed: ClosedDay | None) -> QuerySet[Case]:
    """The cases that count on a day; of a closed day those it was closed with."""
    cases = Case.objects.filter(day=day)
    return cases.filter(opened_at__lte=closed.closed_at) if closed else cases


def _figures(day: date) -> dict[str, dict[str, int]]:
    start, end = start_of(day), start_of(day + timedelta(days=1))
    told = _told(start, end)
    paper = Document.objects.filter(day=day)
    taken_off = paper.filter(kind=Document.Kind.CREDIT_NOTE)
    lines = SettlementLine.objects.filter(booked_at__gte=start, booked_at__lt=end)
    booked = Posting.objects.filter(entry__day=day, account=journal.BANK, ref=OuterRef("name_"))
    at_bank = BankLine.objects.annotate(name_=hex_of()).filter(Exists(booked))
    cash = Remittance.objects.filter(booked_at__gte=start, booked_at__lt=end)
    return {
        "captured": {
            ORDERS: told.get("payment.captured", 0),
            GATEWAY: _sum(Payment.objects.filter(captured_at__gte=start, captured_at__lt=end, currency=HOUSE), "captured_minor"),
            LEDGER: _posted(day, ["payment.captured"], _RECEIVABLE),
        },
        "refunded": {
            ORDERS: told.get("refund.processed", 0),
            GATEWAY: _sum(Refund.objects.filter(processed_at__gte=start, processed_at__lt=end, currency=HOUSE), "amount_minor"),
            LEDGER: -_posted(day, ["refund.processed"], _GIVERS),
        },
        "chargedBack": {
            ORDERS: told.get("dispute.deducted", 0) - told["given_back"],
            LEDGER: _posted(day, _DISPUTED, (journal.DISPUTES_HELD, journal.DISPUTES)),
        },
        "documented": {
            ORDERS: _sum(paper, "total_minor") - 2 * _sum(taken_off, "total_minor"),
            LEDGER: _posted(day, _PAPER, (journal.CUSTOMERS,)),
        },
        "settled": {
            SETTLEMENT: _sum(lines, F("credit_minor") - F("debit_minor")),
            LEDGER: _posted(day, _SETTLED, (journal.SETTLEMENT_TRANSIT,)),
        },
        "cashHandedOver": {
            SETTLEMENT: _sum(cash, "amount_minor"),
            LEDGER: _posted(day, ["remittance.booked"], (journal.SETTLEMENT_TRANSIT,)),
        },
        "atBank": {
            BANK: _sum(at_bank, "amount_minor"),
            LEDGER: _posted(day, ["bank_line.matched"], (journal.BANK,)),
        },
    }


def _measured(name: str, figures: dict[str, int], cases: QuerySet[Case]) -> dict[str, Any]:
    """One measure: what each book says, how far it is from the ledger, and what of that no case explains."""
    ledger = figures[LEDGER]
    cause = _EXPLAINING.get(name)
    explained = 0
    if cause is not None:
        about = cases.filter(cause=cause, status=Case.Status.RESOLVED, currency=HOUSE)
        if cause == "books_differ":
            about = about.filter(**{f"theirs__{'payment' if name == 'captured' else 'refund'}__isnull": False})
        explained = _sum(about, "amount_minor")
    gaps = [figures[book] - ledger for book in BOOKS if book in figures and figures[book] != ledger]
    return {
        "measure": name,
        **{book: figures.get(book) for book in BOOKS},
        "difference": max(gaps, key=abs, default=0),
        "explained": explained if gaps else 0,
        "residual": max((gap - explained for gap in gaps), key=abs, default=0),
    }


def _told(start: datetime, end: datetime) -> dict[str, int]:
    """What the timeline says happened: the order's own book, which no row can change."""
    kinds = ("payment.captured", "refund.processed", "dispute.deducted", "dispute.won", "dispute.closed")
    told = Event.objects.filter(kind__in=kinds, recorded_at__gte=start, recorded_at__lt=end)
    told = told.filter(Q(facts__currency=HOUSE) | Q(facts__currency__isnull=True))  # channels sell in other currencies too
    amount = Cast(KT("facts__amount_minor"), BigIntegerField())
    back = Cast(KT("facts__given_back_minor"), BigIntegerField())
    rows = told.values("kind").annotate(sum=Sum(amount), back=Coalesce(Sum(back), 0)).order_by()
    found = {row["kind"]: (int(row["sum"] or 0), int(row["back"])) for row in rows}
    return {**{kind: sums[0] for kind, sums in found.items()}, "given_back": sum(sums[1] for sums in found.values())}


def _posted(day: date, kinds: tuple[str, ...] | list[str], accounts: tuple[str, ...]) -> int:
    return _sum(Posting.objects.filter(entry__day=day, entry__kind__in=kinds, account__in=accounts, entry__currency=HOUSE), "amount_minor")


def _sum(rows: QuerySet[Any], what: Any) -> int:
    return int(rows.aggregate(sum=Sum(what))["sum"] or 0)


def _causes(cases: QuerySet[Case]) -> list[dict[str, Any]]:
    rows = cases.values("cause", "kind", "owner").annotate(
        cases=Count("pk"), open=Count("pk", filter=Q(status=Case.Status.OPEN)),
        amount=Coalesce(Sum("amount_minor", filter=Q(currency=HOUSE)), 0),
    )
    return [{**row, "amount": int(row["amount"])} for row in rows.order_by("kind", "cause", "owner")]
