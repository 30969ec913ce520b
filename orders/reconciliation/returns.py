"""Returns: goods that came and wait for their money, parcels that arrived and were never received, exchanges that are uneven."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, Sum

from orders.models import Return, ReturnParcel
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of
from payments import journal
from payments.models import Posting, Refund
from shipping.models import Shipment

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAITS = (Return.Status.RECEIVED, Return.Status.INSPECTED)
_UNDER_WAY = (Return.Status.PICKUP_BOOKED, Return.Status.ON_THE_WAY)
_GIVEN = (Refund.Status.REQUESTED, Refund.Status.PENDING, Refund.Status.IN_DOUBT, Refund.Status.FAILED, Refund.Status.PROCESSED)


def check(window: Window) -> Iterator[Difference]:
    """What a return promised is kept within the days that are agreed. A refund that failed is named by its own cause."""
    yield from _unpaid(window)
    yield from _arrived(window)
    yield from _uneven()


def _unpaid(window: Window) -> Iterator[Difference]:
    late = window.now - timedelta(days=settings.RETURN_LATE_DAYS)
    given = Refund.objects.filter(return_id=OuterRef("pk"), status__in=_GIVEN)
    waiting = Return.objects.filter(~Exists(given), status__in=_WAITS, received_at__lt=late, exchange_order=None)
    for ret in waiting.defer("sealed").iterator(CHUNK):
        yield Difference(
            cause="return_unpaid", key=ret.pk.hex, amount_minor=ret.worth_minor - ret.fee_minor,
            day=day_of(ret.received_at or ret.created_at), stream=str(ret.order_id), currency=ret.currency,
            ours={"return": ret.number, "status": str(ret.status)}, theirs={"given": "nothing"},
        )


def _arrived(window: Window) -> Iterator[Difference]:
    late = window.now - timedelta(days=settings.RETURN_LATE_DAYS)
    there = Q(
        shipment__direction=Shipment.Direction.REVERSE, shipment__status=Shipment.Status.DELIVERED,
        shipment__delivered_at__lt=late,
    )
    parcels = ReturnParcel.objects.filter(there, ret__status__in=_UNDER_WAY).select_related("ret", "shipment")
    for parcel in parcels.defer("shipment__sealed", "ret__sealed").iterator(CHUNK):
        yield Difference(
            cause="return_arrived", key=parcel.shipment_id.hex, amount_minor=0,
            day=day_of(parcel.shipment.delivered_at or parcel.created_at), stream=str(parcel.ret.order_id),
            ours={"return": parcel.ret.number, "status": str(parcel.ret.status)},
            theirs={"parcel": str(parcel.shipment_id), "trackingNumber": parcel.shipment.tracking_number, "status": "delivered"},
        )


def _uneven() -> Iterator[Difference]:
    """The credit of each order's exchanges: what its refunds took out, and what the new orders' payments put in."""
    taken, put = _posted("refund.processed"), _posted("payment.captured")
    of_order: dict[str, list[tuple[str, str]]] = defaultdict(list)
    pairs = Return.objects.filter(exchange_order__isnull=False).values_list("order_id", "exchange_order_id", "number")
    for old, new, number in pairs.order_by("id").iterator(CHUNK):
        of_order[str(old)].append((str(new), number))
    for stream in sorted({*taken, *of_order}):
        paid = [put[new] for new, _ in of_order[stream] if new in put]
        came, went = sum(amount for amount, _ in paid), taken[stream][0] if stream in taken else 0
        if went + came:
            day = taken[stream][1] if stream in taken else max(day for _, day in paid)
            yield Difference(
                cause="exchange_uneven", key=stream, amount_minor=went + came, day=day, stream=stream,
                ours={"returns": [number for _, number in of_order[stream]], "takenMinor": -went}, theirs={"putMinor": came},
            )


def _posted(kind: str) -> dict[str, tuple[int, date]]:
    rows = Posting.objects.filter(account=journal.EXCHANGES, entry__kind=kind).order_by()
    return {
        row["stream"]: (int(row["sum"]), row["day"])
        for row in rows.values("stream").annotate(sum=Sum("amount_minor"), day=Max("entry__day"))
    }
