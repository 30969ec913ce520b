"""Parcels: without a number, missing, late, flagged, arrived without the order knowing or against it; claims that wait (B50, B51)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from orders.models import Fulfilment, Order
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of
from shipping.models import Claim, Shipment
from shipping.projection import DELIVERED_UNCONFIRMED
from shipping.queries import late

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKED_FOR = timedelta(days=1)
_LEFT = (*Shipment.MOVING, Shipment.Status.DELIVERED, Shipment.Status.RETURNING)
_NO_LONGER = (Shipment.Status.DELIVERED, Shipment.Status.CANCELLED)


def check(window: Window) -> Iterator[Difference]:
    """Orders and their parcels tell the same journey."""
    nameless = Shipment.objects.filter(status__in=_LEFT, tracking_number="")
    for parcel in nameless.defer("sealed", "contents", "origin").iterator(CHUNK):
        yield Difference(
            cause="shipped_without_awb", key=parcel.pk.hex, amount_minor=0, day=day_of(parcel.shipped_at or parcel.created_at),
            stream=parcel.stream, ours={"parcel": str(parcel.pk), "status": str(parcel.status)},
            theirs={"carrier": parcel.carrier, "trackingNumber": ""},
        )
    yield from _missing(window)
    yield from _arrived(window)
    yield from _late(window)
    yield from _flagged(window)
    yield from _claims(window)
    yield from _kept(window)


def _missing(window: Window) -> Iterator[Difference]:
    parcels = Fulfilment.objects.filter(order=OuterRef("pk"), shipment__isnull=False).exclude(
        shipment__status=Shipment.Status.CANCELLED
    )
    gone = Order.objects.filter(
        ~Exists(parcels), status__in=[Order.Status.SHIPPED, Order.Status.DELIVERED], state_since__gte=window.start,
        state_since__lt=window.settled,
    )
    for pk, number, status, since in gone.values_list("pk", "number", "status", "state_since").iterator(CHUNK):
        yield Difference(
            cause="parcel_missing", key=pk.hex, amount_minor=0, day=day_of(since), stream=str(pk),
            ours={"order": number, "status": status}, theirs={"parcels": 0},
        )


def _arrived(window: Window) -> Iterator[Difference]:
    of_order = Fulfilment.objects.filter(order=OuterRef("pk")).exclude(status=Fulfilment.Status.CANCELLED)
    arrived = of_order.filter(shipment__status=Shipment.Status.DELIVERED, shipment__delivered_at__lt=window.settled)
    under_way = of_order.filter(Q(shipment=None) | ~Q(shipment__status__in=_NO_LONGER))
    waiting = Order.objects.filter(
        Exists(arrived), ~Exists(under_way), status=Order.Status.SHIPPED, stream__at__lt=window.settled
    )
    for pk, number, since in waiting.values_list("pk", "number", "state_since").iterator(CHUNK):
        yield Difference(
            cause="delivered_parcel_open_order", key=pk.hex, amount_minor=0, day=day_of(since), stream=str(pk),
            ours={"order": number, "status": "shipped"}, theirs={"parcels": "delivered"},
        )


def _late(window: Window) -> Iterator[Difference]:
    waiting = Shipment.objects.filter(late(day_of(window.now)))
    for parcel in waiting.only("pk", "promised_on", "stream", "status", "carrier", "tracking_number").iterator(CHUNK):
        promised = parcel.promised_on or window.last
        yield Difference(
            cause="parcel_late", key=parcel.pk.hex, amount_minor=0, day=promised, stream=parcel.stream,
            ours={"parcel": str(parcel.pk), "promised": promised.isoformat()},
            theirs={"carrier": parcel.carrier, "trackingNumber": parcel.tracking_number, "status": str(parcel.status)},
        )


def _flagged(window: Window) -> Iterator[Difference]:
    """A delivery that was only pushed is asked about within hours: it counts when that has not helped."""
    quiet = Q(seen_at=None) | Q(seen_at__lt=window.settled)
    rows = Shipment.objects.filter(quiet, is_flagged=True)
    fields = ("pk", "flags", "stream", "carrier", "tracking_number", "seen_at", "created_at", "status")
    for parcel in rows.only(*fields).iterator(CHUNK):
        since = parcel.seen_at or parcel.created_at
        if set(parcel.flags) <= {DELIVERED_UNCONFIRMED} and since > window.now - ASKED_FOR:
            continue
        yield Difference(
            cause="parcel_flagged", key=parcel.pk.hex, amount_minor=0, day=day_of(since), stream=parcel.stream,
            ours={"parcel": str(parcel.pk), "status": str(parcel.status)},
            theirs={"carrier": parcel.carrier, "trackingNumber": parcel.tracking_number, "flags": list(parcel.flags)},
        )


def _claims(window: Window) -> Iterator[Difference]:
    too_long = window.now - timedelta(days=settings.CLAIM_DAYS)
    waiting = Q(status=Claim.Status.OPEN, created_at__lt=too_long) | Q(status=Claim.Status.FILED, filed_at__lt=too_long)
    for claim in Claim.objects.filter(waiting).iterator(CHUNK):
        yield Difference(
            cause="claim_waits", key=claim.pk.hex, amount_minor=claim.amount_minor, day=day_of(claim.filed_at or claim.created_at),
            stream=claim.stream, currency=claim.currency,
            ours={"claim": str(claim.pk), "status": str(claim.status), "withinDays": settings.CLAIM_DAYS},
            theirs={"carrier": claim.carrier, "reference": claim.reference},
        )


def _kept(window: Window) -> Iterator[Difference]:
    """Parcels of cancelled orders that arrived: the customer has the goods, and the money too."""
    arrived = Fulfilment.objects.filter(
        order__status=Order.Status.CANCELLED, shipment__status=Shipment.Status.DELIVERED,
        shipment__delivered_at__gte=window.start, shipment__delivered_at__lt=window.settled,
    )
    columns = ("order_id", "order__number", "shipment_id", "shipment__tracking_number", "shipment__delivered_at")
    for order_id, number, parcel_id, tracking_number, at in arrived.values_list(*columns).iterator(CHUNK):
        yield Difference(
            cause="delivered_though_cancelled", key=parcel_id.hex, amount_minor=0, day=day_of(at), stream=str(order_id),
            ours={"order": number, "status": "cancelled"},
            theirs={"parcel": str(parcel_id), "trackingNumber": tracking_number, "status": "delivered"},
        )
