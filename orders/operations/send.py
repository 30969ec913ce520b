"""A parcel that goes out in one step: booked, numbered and, when asked, handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.operations import fulfil
from shipping import operations as parcels
from shipping.models import Shipment
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from timeline.operations import Operation


class NotNumbered(Invalid):
    """The carrier numbers this parcel after it is booked; hand it over then, or name the number it has."""


def send(
    op: Operation, *, order_id: UUID, carrier: str, items: Mapping[UUID, int] | None = None, service: str | None = None,
    warehouse: str | None = None, tracking_number: str | None = None, dispatch: bool = False, at: datetime | None = None,
) -> Shipment:
    """Book a parcel; with `dispatch` it is numbered and handed over in the same breath, `at` that moment or now.

    With `tracking_number` it was labelled elsewhere. Raises what `fulfil.book` and `fulfil.dispatch` raise, and
    NotNumbered when it is to leave before its carrier gave it a number.
    """
    if dispatch and tracking_number is None and carrier != fulfil.OWN_FLEET:
        raise NotNumbered(errors=[("#/trackingNumber", "A parcel of another carrier leaves with a number.")])

    shipment = fulfil.book(
        op, order_id=order_id, items=items, carrier=carrier, service=service, warehouse=warehouse,
        tracking_number=tracking_number,
    )
    return hand_over(op, order_id=order_id, shipment_id=shipment.pk, at=at) if dispatch else shipment


def hand_over(op: Operation, *, order_id: UUID, shipment_id: UUID, at: datetime | None = None) -> Shipment:
    """A parcel that is booked gets its number, by hand, and leaves. Raises what `fulfil.dispatch` raises."""
    if Shipment.objects.filter(pk=shipment_id, status=Shipment.Status.BOOKED).exists():
        parcels.label_by_hand(op, shipment_id=shipment_id)
    return fulfil.dispatch(op, order_id=order_id, shipment_id=shipment_id, at=at)
