"""Double entry: each entry made by one event, in its own transaction, never edited, always balanced.

The entry's rules stand in `payments.books` (Note [Sealed by its header]). Amounts are minor units; a debit is positive.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import F, Sum
from django.utils.timezone import localdate, localtime

from payments.books import ASSET, EXPENSE, INCOME, LIABILITY, Account, Entry, Posting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from django.db.models import QuerySet

    from timeline.models import Event
    from timeline.operations import Operation

BANK, GATEWAY_RECEIVABLE, SETTLEMENT_TRANSIT = "bank", "gateway_receivable", "settlement_transit"
COD_RECEIVABLE, DISPUTES_HELD, FEE_GST = "cod_receivable", "disputes_held", "fee_gst"
CHANNEL_RECEIVABLE, CHANNEL_TAX, CHANNEL_SALES = "channel_receivable", "channel_tax", "channel_sales"
CUSTOMERS, CGST_PAYABLE, SGST_PAYABLE, IGST_PAYABLE = "customers", "cgst_payable", "sgst_payable", "igst_payable"
SUSPENSE, EXCHANGES = "suspense", "exchanges"
SALES, SHIPPING, DISCOUNTS, SALES_RETURNS = "sales", "shipping", "discounts", "sales_returns"
CARRIER_CLAIMS = "carrier_claims"
GATEWAY_FEES, DISPUTES, GOODWILL, COD_SHORT, ROUNDING = "gateway_fees", "disputes", "goodwill", "cod_short", "rounding"

PLACES_MAX = 1000
# code, name, kind; their order is the order of every report.
CHART: tuple[tuple[str, str, str], ...] = (
    (BANK, "Bank", ASSET),
    (GATEWAY_RECEIVABLE, "Receivable from the gateway", ASSET),
    (SETTLEMENT_TRANSIT, "Settlements on their way to the bank", ASSET),
    (COD_RECEIVABLE, "Cash on delivery, receivable from carriers", ASSET),
    (CHANNEL_RECEIVABLE, "Receivable from channels that took the money", ASSET),
    (DISPUTES_HELD, "Held back by the gateway for disputes", ASSET),
    (FEE_GST, "GST on gateway fees, input credit", ASSET),
    (CUSTOMERS, "Customers: owed, or paid ahead", LIABILITY),
    (CGST_PAYABLE, "CGST payable", LIABILITY),
    (SGST_PAYABLE, "SGST payable", LIABILITY),
    (IGST_PAYABLE, "IGST payable", LIABILITY),
    (CHANNEL_TAX, "Taxes of orders that channels took", LIABILITY),
    (SUSPENSE, "Suspense: money not yet explained", LIABILITY),
    (EXCHANGES, "Exchanges: credit carried from one order to another", LIABILITY),
    (SALES, "Sales", INCOME),
    (SHIPPING, "Shipping charged", INCOME),
    (CARRIER_CLAIMS, "Paid by carriers for lost and damaged parcels", INCOME),
    (CHANNEL_SALES, "Sales through channels, less tax and discount", INCOME),
    (DISCOUNTS, "Discounts given", EXPENSE),
    (SALES_RETURNS, "Refunds on sales", EXPENSE),
    (GATEWAY_FEES, "Gateway fees", EXPENSE),
    (DISPUTES, "Disputes lost", EXPENSE),
    (GOODWILL, "Goodwill", EXPENSE),
    (COD_SHORT, "Cash short at remittance", EXPENSE),
    (ROUNDING, "Rounding", EXPENSE),
)
CSV_COLUMNS = ("date", "time", "entry", "event", "account", "accountName", "debit", "credit", "currency", "stream", "reference")


class OutOfBalance(ValueError):
    """The lines do not sum to zero: a fault of the caller, refused before the database has to."""


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry: a debit is positive, a credit negative. Lines of zero are left out."""

    account: str
    amount_minor: int
    ref: str = ""
    stream: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """An account as it stood: debits less credits, in minor units."""

    account: str
    name: str
    kind: str
    debit_minor: int
    credit_minor: int

    @property
    def amount_minor(self) -> int:
        """Debits less credits."""
        return self.debit_minor - self.credit_minor


def post(op: Operation, event: Event, lines: Iterable[Line], *, currency: str = "INR") -> Entry | None:
    """Book what an event of this operation means in money; None when no line moves any.

    Lines without a stream are of the event's. Raises `OutOfBalance`; the database refuses a closed day and an event that
    is booked already.
    """
    moving = [line for line in lines if line.amount_minor]
    if sum(line.amount_minor for line in moving):
        raise OutOfBalance(f"{event.kind}: the lines sum to {sum(line.amount_minor for line in moving)}.")
    if not moving:
        return None
    entry = Entry(
        id=op.new_id(), event=event, stream=event.stream, kind=event.kind, day=localdate(op.now), at=op.now,
        currency=currency,
    )
    Posting.objects.bulk_create(
        Posting(
            entry_id=entry.pk, account_id=line.account, amount_minor=line.amount_minor,
            stream=line.stream or event.stream, ref=line.ref,
        )
        for line in moving
    )
    entry.save(force_insert=True)
    return entry


def balance(
    account: str, *, at: datetime | None = None, stream: str | None = None, ref: str | None = None
) -> int:
    """Debits less credits of one account, as of any instant, of one story or of one reference."""
    wanted = {"entry__at__lte": at, "stream": stream, "ref": ref}
    rows = Posting.objects.filter(account_id=account, **{word: value for word, value in wanted.items() if value is not None})
    return int(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def trial_balance(*, at: datetime | None = None, currency: str = "INR") -> list[Balance]:
    """Every account in one currency as of an instant, in the chart's order; all together sum to zero. Two statements."""
    rows = Posting.objects.filter(entry__currency=currency)
    rows = rows.filter(entry__at__lte=at) if at is not None else rows
    debits = dict(rows.filter(amount_minor__gt=0).values_list("account_id").annotate(Sum("amount_minor")).order_by())
    credits_ = dict(rows.filter(amount_minor__lt=0).values_list("account_id").annotate(Sum("amount_minor")).order_by())
    return [
        Balance(code, name, kind, int(debits.get(code, 0)), -int(credits_.get(code, 0))) for code, name, kind in CHART
    ]


def of_stream(stream: str) -> QuerySet[Posting]:
    """The postings of one story, oldest first."""
    return Posting.objects.filter(stream=stream).select_related("entry").order_by("entry__at", "id")


def export(*, first: date, last: date) -> Iterator[str]:
    """The general journal of these business days as CSV, a row a posting, oldest first; the same days give the same bytes.

    Amounts are rupees with two decimals, debit and credit in columns of their own. No person's data is in it.
    """
    names = {code: name for code, name, _ in CHART}
    yield _row(CSV_COLUMNS)
    rows = (
        Posting.objects.filter(entry__day__range=(first, last)).select_related("entry").order_by("entry__day", "entry_id", "id")
    )
    for posting in rows.iterator(chunk_size=2000):
        entry, amount = posting.entry, posting.amount_minor
        moment = localtime(entry.at)
        yield _row(
            (
                entry.day.isoformat(), f"{moment:%H:%M:%S}", entry.pk, entry.kind, posting.account_id,
                names[posting.account_id], rupees(amount) if amount > 0 else "", rupees(-amount) if amount < 0 else "",
                entry.currency, posting.stream, posting.ref,
            )
        )


def rupees(minor: int) -> str:
    """`1234.50`: plain digits for files that machines read."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def keep_chart(**_: object) -> None:
    """Receiver of `post_migrate`: the accounts are the chart's; none is ever taken away."""
    if Account._meta.db_table not in connection.introspection.table_names():
        return
    if set(Account.objects.values_list("code", flat=True)) != {code for code, _, _ in CHART}:
        # A new account in the middle moves those behind it; places are unique, so all step aside first.
        Account.objects.update(place=F("place") + PLACES_MAX)
        Account.objects.bulk_create(
            [Account(code=code, place=place, name=name, kind=kind) for place, (code, name, kind) in enumerate(CHART, 1)],
            update_conflicts=True, unique_fields=["code"], update_fields=["place", "name", "kind"],
        )


class _Echo:
    """A file for `csv.writer` that hands each row on."""

    def write(self, row: str) -> str:
        return row


def _row(values: Sequence[object]) -> str:
    return str(csv.writer(_Echo(), lineterminator="\r\n").writerow(values))
