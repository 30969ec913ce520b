"""Parcels: shipped without a number, missing, or arrived without the order knowing (B50, B51)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from orders.models import Fulfilment, Order
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of
from shipping.models import Shipment

if TYPE_CHECKING:
    from collections.abc import Iterator

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
