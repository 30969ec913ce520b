"""Rows and documents against the ledger: what a payment, a refund or an invoice says is what was booked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, Exists, F, OuterRef, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from orders.models import Document, Order
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of, hex_of, order_id_of
from payments import journal
from payments.models import Payment, Posting, Refund
from shipping.models import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

STREAMS_AT_ONCE = 500
_ENDED = (Order.Status.DELIVERED, Order.Status.REFUNDED, Order.Status.CANCELLED)
_WAITING = (Refund.Status.PENDING, Refund.Status.IN_DOUBT, Refund.Status.FAILED)


def check(window: Window) -> Iterator[Difference]:
    """I3: captured, refunded, documented and paid by carriers, each as booked; and what customers owe comes to nothing at the end."""
    span = (window.start, window.end)
    captured = Payment.objects.filter(captured_at__range=span).annotate(
        name_=hex_of(), booked=-_booked([journal.CUSTOMERS], "payment.captured")
    )
    for payment in captured.exclude(booked=F("captured_minor")).iterator(CHUNK):
        yield _differs("payment", payment.pk.hex, payment, payment.captured_minor, day_of(payment.captured_at or window.now))
    processed = Refund.objects.filter(processed_at__range=span).annotate(
        name_=hex_of(), booked=_booked([journal.CUSTOMERS, journal.GOODWILL], "refund.processed")
    )
    for refund in processed.exclude(booked=F("amount_minor")).iterator(CHUNK):
        yield _differs("refund", refund.pk.hex, refund, refund.amount_minor, day_of(refund.processed_at or window.now))
    paid = Claim.objects.filter(status=Claim.Status.PAID, decided_at__range=span).annotate(
        name_=hex_of(), booked=-_booked([journal.CARRIER_CLAIMS], "claim.paid")
    )
    for claim in paid.exclude(booked=F("paid_minor")).iterator(CHUNK):
        yield _differs("claim", claim.pk.hex, claim, claim.paid_minor, day_of(claim.decided_at or window.now))
    yield from _documents(window)
    yield from _accounts(window)


def _booked(accounts: Sequence[str], kind: str) -> Coalesce:
    rows = Posting.objects.filter(account__in=accounts, ref=OuterRef("name_"), entry__kind=kind)
    return Coalesce(Subquery(rows.values("ref").annotate(sum=Sum("amount_minor")).values("sum")), 0)


def _differs(what: str, key: str, row: Any, said_minor: int, day: date) -> Difference:
    return Difference(
        cause="books_differ", key=key, amount_minor=said_minor - row.booked, day=day, stream=row.stream, currency=row.currency,
        ours={"ledgerMinor": row.booked}, theirs={what: key, "amountMinor": said_minor},
    )


def _documents(window: Window) -> Iterator[Difference]:
    posted = Posting.objects.filter(account=journal.CUSTOMERS, ref=OuterRef("number"))
    issued = Document.objects.filter(day__range=(window.first, window.last)).annotate(
        booked=Coalesce(Subquery(posted.values("ref").annotate(sum=Sum("amount_minor")).values("sum")), 0),
        asks=F("total_minor") * Case(When(kind=Document.Kind.INVOICE, then=Value(1)), default=Value(-1)),
    )
    for document in issued.exclude(booked=F("asks")).defer("content", "sealed").iterator(CHUNK):
        booked, asks = int(getattr(document, "booked")), int(getattr(document, "asks"))  # noqa: B009 annotations
        yield Difference(
            cause="documents_differ", key=document.number, amount_minor=asks - booked, day=document.day,
            stream=str(document.order_id), currency=document.currency, ours={"ledgerMinor": booked},
            theirs={"document": document.number, "amountMinor": asks},
        )


def _accounts(window: Window) -> Iterator[Difference]:
    """A customer's account is even once the order has ended and nothing is on its way.

    What was paid too much and the customer's bank has taken back is not owed any more: the dispute's case names it.
    """
    uneven = (
        Posting.objects.filter(account=journal.CUSTOMERS).values("stream").annotate(sum=Sum("amount_minor")).exclude(sum=0)
    )
    batch: dict[str, int] = {}
    for stream, left_minor in uneven.order_by().values_list("stream", "sum").iterator(CHUNK):
        batch[stream] = left_minor
        if len(batch) == STREAMS_AT_ONCE:
            yield from _uneven(batch, window)
            batch = {}
    yield from _uneven(batch, window)


def _uneven(batch: dict[str, int], window: Window) -> Iterator[Difference]:
    ids = [pk for pk in map(order_id_of, batch) if pk is not None]
    if not ids:
        return
    waiting = Refund.objects.filter(stream=OuterRef("stream_id"), status__in=_WAITING)
    ended = Order.objects.filter(~Exists(waiting), pk__in=ids, status__in=_ENDED, stream__at__lt=window.settled)
    taken = dict(
        Payment.objects.filter(stream__in=batch, disputed_minor__gt=0)
        .order_by().values("stream").annotate(sum=Sum("disputed_minor")).values_list("stream", "sum")
    )
    for pk, number, currency, since in ended.values_list("pk", "number", "currency", "state_since"):
        left = batch[str(pk)]
        if left < 0:
            left = min(0, left + taken.get(str(pk), 0))
        if not left:
            continue
        yield Difference(
            cause="underpaid" if left > 0 else "overpaid", key=pk.hex, amount_minor=-left, day=day_of(since), stream=str(pk),
            currency=currency, ours={"order": number, "accountMinor": left}, theirs={"accountMinor": 0},
        )
