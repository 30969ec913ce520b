"""A business day by order and by channel: captured, refunded, charged back, settled, documented, at the bank (D5)."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import rfc8785
from django.db.models import F, Sum

from orders.models import Order
from orders.reconciliation.difference import CHUNK, order_id_of, start_of
from payments import journal
from payments.models import BankLine, Posting, SettlementLine
from timeline.currencies import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

NO_ORDER = "none"
ORDERS_AT_ONCE = 500
_RECEIVABLE = (journal.GATEWAY_RECEIVABLE, journal.COD_RECEIVABLE, journal.CHANNEL_RECEIVABLE)
_TAKEN = (*_RECEIVABLE, journal.EXCHANGES)
# Which postings make which column: kinds of entries, accounts, and the sign they are shown with.
_COLUMNS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], int], ...] = (
    ("captured", ("payment.captured",), _TAKEN, 1),
    ("refunded", ("refund.processed",), (journal.GATEWAY_RECEIVABLE, journal.CHANNEL_RECEIVABLE, journal.BANK, journal.EXCHANGES), -1),
    (
        "charged_back", ("dispute.deducted", "dispute.won", "dispute.lost", "dispute.closed"),
        (journal.DISPUTES_HELD, journal.DISPUTES), 1,
    ),
    ("settled", ("settlement.booked", "settlement.amended", "settlement.matched", "remittance.booked"), _RECEIVABLE, -1),
    (
        "documented", ("invoice.issued", "credit_note.issued", "channel_sale.booked", "channel_sale.reversed"), (journal.CUSTOMERS,), 1,
    ),
)
_WHERE = {(kind, account): (column, sign) for column, kinds, accounts, sign in _COLUMNS for kind in kinds for account in accounts}


@dataclass(slots=True)
class Sums:
    """One order's day, or one channel's; minor units."""

    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    settled: int = 0
    fees: int = 0
    documented: int = 0
    at_bank: int = 0

    def add(self, other: Sums) -> None:
        """Add another's sums."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    def row(self) -> dict[str, int]:
        """As the report says it."""
        return {
            "captured": self.captured, "refunded": self.refunded, "chargedBack": self.charged_back, "settled": self.settled,
            "fees": self.fees, "documented": self.documented, "atBank": self.at_bank,
        }


@dataclass(frozen=True, slots=True)
class OrderDay:
    """What moved for one order on one day."""

    number: str
    channel: str
    sums: Sums
    currency: str = "INR"


def by_channel(day: date) -> list[dict[str, Any]]:
    """Each channel's day in each of its currencies, by name."""
    found: dict[tuple[str, str], Sums] = defaultdict(Sums)
    orders: dict[tuple[str, str], int] = defaultdict(int)
    for row in orders_of(day):
        found[row.channel, row.currency].add(row.sums)
        orders[row.channel, row.currency] += 1
    return [
        {"channel": key[0], "currency": key[1], "orders": orders[key], **found[key].row()} for key in sorted(found)
    ]


def seal_of(day: date) -> dict[str, Any]:
    """How many orders moved, and a digest over their rows: so the closed day holds each of them."""
    digest, count = hashlib.sha256(), 0
    for row in orders_of(day):
        digest.update(rfc8785.dumps([row.number, row.channel, *row.sums.row().values()]) + b"\n")
        count += 1
    return {"count": count, "digest": digest.hexdigest()}


def as_csv(day: date) -> Iterator[str]:
    """A row an order, amounts in its currency, and the same bytes whenever it is asked for."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield str(writer.writerow(["date", "order", "channel", *Sums().row(), "currency"]))
    for row in orders_of(day):
        amounts = [_plain(value, row.currency) for value in row.sums.row().values()]
        yield str(writer.writerow([day.isoformat(), row.number, row.channel, *amounts, row.currency]))


def orders_of(day: date) -> Iterator[OrderDay]:
    """Each order of which anything was booked on a day, by its story; what is of no order comes as one of none."""
    rows = _stories(day)
    while batch := list(islice(rows, ORDERS_AT_ONCE)):
        ids = [pk for pk in (order_id_of(story) for story, _ in batch) if pk is not None]
        known = {
            str(pk): (number, channel, currency)
            for pk, number, channel, currency in Order.objects.filter(pk__in=ids).values_list("pk", "number", "channel", "currency")
        }
        for story, sums in batch:
            number, channel, currency = known.get(story, (story, NO_ORDER, "INR"))
            yield OrderDay(number=number, channel=channel, sums=sums, currency=currency)


def _plain(minor: int, currency: str) -> str:
    """The amount with its currency's own decimals, for files that machines read."""
    places = DECIMALS.get(currency, 2)
    whole, rest = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole}{f'.{rest:0{places}d}' if places else ''}"


def _stories(day: date) -> Iterator[tuple[str, Sums]]:
    fees, at_bank = _fees(day), _at_bank(day)
    posted = (
        Posting.objects.filter(entry__day=day, account__in={account for _, account in _WHERE}).order_by("stream", "id")
        .values_list("stream", "entry__kind", "account", "amount_minor")
    )
    for story, rows in groupby(posted.iterator(CHUNK), key=lambda row: row[0]):
        sums = Sums(fees=fees.pop(story, 0), at_bank=at_bank.pop(story, 0))
        for _, kind, account, amount_minor in rows:
            column, sign = _WHERE.get((kind, account), ("", 0))
            if column:
                setattr(sums, column, getattr(sums, column) + sign * amount_minor)
        if sums != Sums():
            yield story, sums
    for story in sorted(fees.keys() | at_bank.keys()):
        yield story, Sums(fees=fees.get(story, 0), at_bank=at_bank.get(story, 0))


def _fees(day: date) -> dict[str, int]:
    """What the gateway kept of each order's payments in the lines written down on a day."""
    lines = SettlementLine.objects.filter(
        booked_at__gte=start_of(day), booked_at__lt=start_of(day + timedelta(days=1)), payment__isnull=False, occurrence=1
    )
    rows = lines.values("payment__stream").annotate(sum=Sum("fee_minor")).exclude(sum=0).order_by()
    return dict(rows.values_list("payment__stream", "sum"))


def _at_bank(day: date) -> dict[str, int]:
    """Each order's share of the payouts that were met at the bank on a day."""
    met = Posting.objects.filter(entry__day=day, entry__kind="bank_line.matched", account=journal.SETTLEMENT_TRANSIT)
    payouts = BankLine.objects.filter(settlement__gateway_settlement_id__in=met.values("ref")).values("settlement_id")
    found: dict[str, int] = defaultdict(int)
    for owner in ("payment", "refund", "dispute"):
        lines = SettlementLine.objects.filter(settlement__in=payouts, **{f"{owner}__isnull": False}, occurrence=1)
        rows = lines.values(f"{owner}__stream").annotate(sum=Sum(F("credit_minor") - F("debit_minor"))).order_by()
        for story, sum_minor in rows.values_list(f"{owner}__stream", "sum"):
            found[story] += sum_minor
    return {story: sum_minor for story, sum_minor in found.items() if sum_minor}


class _Echo:
    """A file for `csv.writer` that hands each row on."""

    def write(self, row: str) -> str:
        return row


def summed(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The totals under the channels' table, of rupees: no sum is of two currencies."""
    names = ("orders", *Sums().row())
    return {name: sum(row[name] for row in rows if row.get("currency", "INR") == "INR") for name in names}
