"""Speak to carriers with no transaction open, then write the answer down."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from shipping import operations
from shipping.addresses import from_wire
from shipping.awb import own_number
from shipping.carriers import carrier
from shipping.carriers.base import BookingRequest, CarrierRefused
from shipping.label import label_pdf
from shipping.models import Label, Shipment
from timeline.actors import system
from timeline.operations import operation
from timeline.subscriptions import exchange

if TYPE_CHECKING:
    from timeline.models import Event

CARRIERS = system("shipping")


@exchange("shipment.booked")
def ask_for_label(event: Event, delivery_id: int) -> None:
    """Ask the carrier for a number and a label. The shipment's own id is the key, so a repeat gets the same."""
    del delivery_id
    shipment = Shipment.objects.select_related("key").get(pk=UUID(event.subject_id))
    if shipment.status != Shipment.Status.BOOKED:
        return
    if shipment.labelled_elsewhere:
        with operation("shipment.label", actor=CARRIERS, stream=shipment.stream) as op:
            operations.label_by_hand(op, shipment_id=shipment.pk)
        return
    try:
        booking = carrier(shipment.carrier).book(request=request_for(shipment))
    except CarrierRefused:
        with operation("shipment.refused", actor=CARRIERS, stream=shipment.stream) as op:
            operations.cancel(op, shipment_id=shipment.pk)
        return
    with operation("shipment.label", actor=CARRIERS, stream=shipment.stream) as op:
        operations.label(
            op, shipment_id=shipment.pk, tracking_number=booking.tracking_number, label_pdf=booking.label_pdf,
            service=booking.service, estimated_delivery=booking.estimated_delivery,
        )


@exchange("shipment.labelled")
def print_label(event: Event, delivery_id: int) -> None:
    """A parcel of the own fleet that was numbered by hand gets its label printed afterwards."""
    del delivery_id
    shipment = Shipment.objects.select_related("key").get(pk=UUID(event.subject_id))
    mine = shipment.tracking_number == own_number(shipment.pk)
    if not mine or shipment.labelled_elsewhere or Label.objects.filter(shipment=shipment).exists():
        return
    pdf = label_pdf(request_for(shipment), shipment.tracking_number, carrier(shipment.carrier).name)
    with operation("shipment.print", actor=CARRIERS, stream=shipment.stream) as op:
        operations.keep_label(op, shipment_id=shipment.pk, label_pdf=pdf)


@exchange("shipment.cancelled", "shipment.returning")
def tell_carrier(event: Event, delivery_id: int) -> None:
    """The parcel is not to go, or to come back: tell the carrier who has it."""
    del delivery_id
    shipment = Shipment.objects.get(pk=UUID(event.subject_id))
    if not shipment.tracking_number or shipment.labelled_elsewhere:
        return
    there = carrier(shipment.carrier)
    if event.kind == "shipment.cancelled":
        there.cancel(tracking_number=shipment.tracking_number)
    else:
        there.bring_back(tracking_number=shipment.tracking_number)


def request_for(shipment: Shipment) -> BookingRequest:
    """What a carrier is asked for this parcel. Raises CarrierRefused once the customer's data is erased."""
    customer = shipment.private().get("destination")
    if customer is None:
        raise CarrierRefused("the customer's address is erased")
    ends = (from_wire(shipment.origin), from_wire(customer))
    origin, destination = reversed(ends) if shipment.is_reverse else ends
    return BookingRequest(
        reference=shipment.reference, shipment_id=str(shipment.pk), idempotency_key=shipment.pk.hex,
        origin=origin, destination=destination, weight_g=shipment.weight_g,
        items=tuple((str(i["sku"]), str(i.get("name") or i["sku"]), int(i["quantity"])) for i in shipment.contents),
        service=shipment.service, cod_amount_minor=shipment.cod_amount_minor, currency=shipment.currency,
        now=timezone.now(), is_pickup=shipment.is_reverse,
    )
