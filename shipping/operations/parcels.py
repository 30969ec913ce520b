"""Book, label, hand over, deliver, lose, bring back: what happens to a parcel, written down. No network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipping import locks
from shipping.addresses import to_wire
from shipping.awb import own_number
from shipping.models import Label, Scan, Shipment
from timeline.errors import Invalid, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from shipping.addresses import Address
    from timeline.models import SubjectKey
    from timeline.operations import Operation

SCANS = {"in_transit": "move", "out_for_delivery": "go_out", "attempted": "attempt"}


class CollectsNothing(Invalid):
    """A parcel that comes back from the customer collects no cash."""


class AlreadyShipped(Refused):
    """The parcel has left the building; it can only be called back."""


def book(
    op: Operation, *, stream: str, reference: str, carrier: str, service: str, warehouse_code: str,
    origin: Mapping[str, Any], destination: Address, key: SubjectKey, weight_g: int,
    contents: Sequence[Mapping[str, Any]], cod_amount_minor: int, currency: str, tracking_number: str | None = None,
    direction: str = Shipment.Direction.FORWARD,
) -> Shipment:
    """A parcel to be: the carrier is asked for its label afterwards, unless it was labelled elsewhere already.

    `origin` is the warehouse's address and `destination` the customer's, also with `direction="reverse"`, when the parcel is
    picked up at the customer's and brought to the warehouse. Raises CollectsNothing for a reverse parcel with cash to collect.
    """
    if direction == Shipment.Direction.REVERSE and cod_amount_minor:
        raise CollectsNothing

    shipment = Shipment(
        id=op.new_id(), stream=stream, reference=reference, carrier=carrier, service=service,
        tracking_number=tracking_number or "", labelled_elsewhere=bool(tracking_number), warehouse_code=warehouse_code,
        weight_g=weight_g, cod_amount_minor=cod_amount_minor, currency=currency, origin=dict(origin), key=key,
        contents=[dict(item) for item in contents], created_at=op.now, direction=direction,
    )
    shipment.sealed = shipment.seal_private({"destination": to_wire(destination)})
    begin(
        op, shipment, "shipment.booked", stream=stream,
        facts={
            "carrier": carrier, "service": service, "warehouse": warehouse_code, "weight_g": weight_g,
            "contents": shipment.contents, "cod_amount_minor": cod_amount_minor or None,
            "direction": direction if shipment.is_reverse else None,
        },
    )
    return shipment


def label(
    op: Operation, *, shipment_id: UUID, tracking_number: str, label_pdf: bytes | None, service: str | None = None,
    estimated_delivery: date | None = None, labelled_elsewhere: bool = False,
) -> Shipment:
    """The parcel has its number and, unless it was labelled elsewhere, its label. Raises TransitionRefused."""
    shipment = locks.shipment(shipment_id)

    advance(
        op, shipment.label, stream=shipment.stream, at=op.now, tracking_number=tracking_number,
        service=service or shipment.service, estimated_delivery=estimated_delivery,
        labelled_elsewhere=labelled_elsewhere,
    )
    if label_pdf is not None:
        keep_label(op, shipment_id=shipment_id, label_pdf=label_pdf)
    return shipment


def label_by_hand(op: Operation, *, shipment_id: UUID) -> Shipment:
    """Number the parcel at once: with the number it came with, or with one of the own fleet (any carrier's, by hand)."""
    shipment = locks.shipment(shipment_id)

    return label(
        op, shipment_id=shipment_id, tracking_number=shipment.tracking_number or own_number(shipment.pk), label_pdf=None,
        labelled_elsewhere=shipment.labelled_elsewhere,
    )


def keep_label(op: Operation, *, shipment_id: UUID, label_pdf: bytes) -> None:
    """Keep the label's file; the first one stays."""
    Label.objects.get_or_create(shipment_id=shipment_id, defaults={"pdf": label_pdf, "created_at": op.now})


def dispatch(op: Operation, *, shipment_id: UUID, at: datetime | None = None) -> Shipment:
    """The parcel is handed over (A14). Raises TransitionRefused unless it is labelled."""
    shipment = locks.shipment(shipment_id)

    advance(
        op, shipment.dispatch, stream=shipment.stream, occurred_at=at, at=at or op.now, carrier=shipment.carrier,
        tracking_number=shipment.tracking_number, warehouse=shipment.warehouse_code,
        estimated_delivery=shipment.estimated_delivery,
    )
    return shipment


def scan(
    op: Operation, *, shipment_id: UUID, status: str, code: str, at: datetime, source_key: str, place: str = ""
) -> Shipment:
    """The carrier saw the parcel; the same sighting twice is one. Raises TransitionRefused."""
    shipment = locks.shipment(shipment_id)
    if Scan.objects.filter(shipment=shipment, source_key=source_key).exists():
        return shipment

    verb: Callable[..., None] = getattr(shipment, SCANS[status])
    advance(
        op, verb, stream=shipment.stream, occurred_at=at, scan=status, code=code,
        tracking_number=shipment.tracking_number,
    )
    Scan.objects.create(shipment=shipment, code=code, place=place, at=at, source_key=source_key)
    return shipment


def deliver(
    op: Operation, *, shipment_id: UUID, delivered_to: str | None = None, signature_required: bool | None = None,
    photo_url: str | None = None, at: datetime | None = None,
) -> Shipment:
    """The parcel arrived; who took it in is sealed (A15). Raises TransitionRefused unless it is on its way."""
    shipment = locks.shipment(shipment_id)

    private = {"delivered_to": delivered_to} if delivered_to else None
    advance(
        op, shipment.deliver, stream=shipment.stream, occurred_at=at, private=private, person=shipment.key,
        at=at or op.now, tracking_number=shipment.tracking_number,
        signature_required=shipment.signature_required if signature_required is None else signature_required,
        photo_url=photo_url or "",
    )
    if delivered_to:
        shipment.sealed = shipment.seal_private({**shipment.private(), "deliveredTo": delivered_to})
        Shipment.objects.filter(pk=shipment.pk).update(sealed=shipment.sealed)
    return shipment


def lose(op: Operation, *, shipment_id: UUID) -> Shipment:
    """The carrier gave the parcel up. Raises TransitionRefused."""
    shipment = locks.shipment(shipment_id)
    advance(op, shipment.lose, stream=shipment.stream, tracking_number=shipment.tracking_number)
    return shipment


def bring_back(op: Operation, *, shipment_id: UUID) -> Shipment:
    """Ask for the parcel back; the carrier is told afterwards (Z4). Raises TransitionRefused."""
    shipment = locks.shipment(shipment_id)
    advance(op, shipment.bring_back, stream=shipment.stream, tracking_number=shipment.tracking_number)
    return shipment


def take_back(op: Operation, *, shipment_id: UUID) -> Shipment:
    """The parcel was received back. Raises TransitionRefused unless it was coming back."""
    shipment = locks.shipment(shipment_id)
    advance(op, shipment.take_back, stream=shipment.stream, tracking_number=shipment.tracking_number)
    return shipment


def cancel(op: Operation, *, shipment_id: UUID) -> Shipment:
    """The parcel does not leave. Raises AlreadyShipped once it has."""
    shipment = locks.shipment(shipment_id)
    if shipment.shipped_at is not None:
        raise AlreadyShipped

    advance(op, shipment.cancel, stream=shipment.stream, tracking_number=shipment.tracking_number or None)
    return shipment
