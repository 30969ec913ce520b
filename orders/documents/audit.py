"""Whether the documents are sound: numbered without gap, and the same sums as the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Max, Min, Sum

from orders.models import Document, DocumentSeries
from payments import journal
from payments.books import Posting

if TYPE_CHECKING:
    from collections.abc import Iterator

_VALUE = (journal.SALES, journal.SALES_RETURNS, journal.DISCOUNTS, journal.SHIPPING)
# What a document says, and the accounts that say it in the books; a document's taxes are owed to others (credit).
_COLUMNS = (
    ("total_minor", (journal.CUSTOMERS,), 1),
    ("taxable_minor", _VALUE, -1),
    ("cgst_minor", (journal.CGST_PAYABLE,), -1),
    ("sgst_minor", (journal.SGST_PAYABLE,), -1),
    ("igst_minor", (journal.IGST_PAYABLE,), -1),
)


def differences() -> Iterator[str]:
    """What is wrong, in words; nothing for sound documents. Four statements, however many documents there are."""
    yield from _gaps()
    yield from _unlike_the_ledger()


def _gaps() -> Iterator[str]:
    counted = Document.objects.values("series").annotate(n=Count("id"), low=Min("seq"), high=Max("seq"))
    found = {row["series"]: (row["low"], row["high"], row["n"]) for row in counted.order_by("series")}
    last = dict(DocumentSeries.objects.order_by("series").values_list("series", "last"))
    for series in sorted(found.keys() | {name for name, number in last.items() if number}):
        low, high, count = found.get(series, (0, 0, 0))
        if (low, high, last.get(series)) != (1, count, count):
            yield f"{series} has {count} documents numbered {low} to {high} and gave out {last.get(series)}"


def _unlike_the_ledger() -> Iterator[str]:
    names = [name for name, _, _ in _COLUMNS]
    sums = Document.objects.values_list("kind").annotate(*(Sum(name) for name in names)).order_by("kind")
    said = {(kind, name): int(amount) for kind, *amounts in sums for name, amount in zip(names, amounts, strict=True)}
    kinds = [f"{kind}.issued" for kind in Document.Kind.values]
    booked = Posting.objects.filter(entry__kind__in=kinds).values_list("entry__kind", "account_id").annotate(Sum("amount_minor"))
    books = {(kind, account): int(amount) for kind, account, amount in booked.order_by("entry__kind", "account_id")}
    for kind in Document.Kind.values:
        for name, accounts, sign in _COLUMNS:
            mine = said.get((kind, name), 0) * (sign if kind == Document.Kind.INVOICE else -sign)
            ledger = sum(books.get((f"{kind}.issued", account), 0) for account in accounts)
            if mine != ledger:
                yield f"of kind {kind} say {mine} of {name}, the ledger says {ledger}"
