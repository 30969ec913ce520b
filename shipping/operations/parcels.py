"""Book, label, hand over, deliver, lose, bring back: what happens to a parcel, written down. No network."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localdate

from shipping import locks
from shipping.addresses import to_wire
from shipping.awb import own_number
from shipping.models import Label, Scan, Shipment
from shipping.sightings import DELIVERED, sighting
from timeline import vault
from timeline.errors import Invalid, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from shipping.addresses import Address
    from timeline.models import SubjectKey
    from timeline.operations import Operation

# Days from the label to the door where the carrier names no day itself; the promise the customer is told.
SERVICE_DAYS = {"standard": 5, "express": 2}
SERVICE_DAYS_ELSE = 7


class CollectsNothing(Invalid):
    """A parcel that comes back from the customer collects no cash."""


class BeforeItLeft(Invalid):
    """A parcel arrives after it has left."""


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

    take_on(
        op, shipment=shipment, tracking_number=tracking_number, service=service or shipment.service,
        estimated_delivery=estimated_delivery, labelled_elsewhere=labelled_elsewhere,
    )
    if label_pdf is not None:
        keep_label(op, shipment_id=shipment_id, label_pdf=label_pdf)
    return shipment


def label_by_hand(op: Operation, *, shipment_id: UUID) -> Shipment:
    """Number the parcel at once: with the number it came with, or with one of the own fleet (any carrier's, by hand)."""
    shipment = locks.shipment(shipment_id)

    number_by_hand(op, shipment=shipment)
    return shipment


def number_by_hand(op: Operation, *, shipment: Shipment) -> None:
    """The same for a locked parcel. Raises TransitionRefused."""
    take_on(op, shipment=shipment, labelled_elsewhere=shipment.labelled_elsewhere)


def take_on(
    op: Operation, *, shipment: Shipment, tracking_number: str = "", service: str = "", estimated_delivery: date | None = None,
    labelled_elsewhere: bool,
) -> None:
    """Advance a locked parcel to labelled, with the day that is promised from here on. Raises TransitionRefused."""
    service = service or shipment.service
    days = SERVICE_DAYS.get(service, SERVICE_DAYS_ELSE)
    advance(
        op, shipment.label, stream=shipment.stream, at=op.now, service=service, labelled_elsewhere=labelled_elsewhere,
        tracking_number=tracking_number or shipment.tracking_number or own_number(shipment.pk),
        estimated_delivery=estimated_delivery,
        promised_on=estimated_delivery or localdate(op.now) + timedelta(days=days),
    )


def keep_label(op: Operation, *, shipment_id: UUID, label_pdf: bytes) -> None:
    """Keep the label's file, sealed; the first one stays."""
    key = Shipment.objects.select_related("key").get(pk=shipment_id).key
    sealed = vault.seal_bytes(key, f"label:{shipment_id}", label_pdf)
    Label.objects.get_or_create(shipment_id=shipment_id, defaults={"pdf": sealed, "created_at": op.now})


def dispatch(op: Operation, *, shipment_id: UUID, at: datetime | None = None) -> Shipment:
    """The parcel is handed over (A14). Raises TransitionRefused unless it is labelled."""
    shipment = locks.shipment(shipment_id)

    leave(op, shipment=shipment, at=at)
    return shipment


def leave(op: Operation, *, shipment: Shipment, at: datetime | None = None) -> None:
    """Advance a locked parcel to shipped. Raises TransitionRefused."""
    advance(
        op, shipment.dispatch, stream=shipment.stream, occurred_at=at, at=at or op.now, carrier=shipment.carrier,
        tracking_number=shipment.tracking_number, warehouse=shipment.warehouse_code,
        estimated_delivery=shipment.estimated_delivery,
    )


def deliver(
    op: Operation, *, shipment_id: UUID, delivered_to: str | None = None, signature_required: bool | None = None,
    photo_url: str | None = None, at: datetime | None = None,
) -> Shipment:
    """The parcel arrived, by a person's word; who took it in is sealed (A15).

    Raises TransitionRefused unless it is on its way, BeforeItLeft.
    """
    shipment = locks.shipment(shipment_id)

    hand_in(
        op, shipment=shipment, delivered_to=delivered_to, signature_required=signature_required, photo_url=photo_url, at=at
    )
    return shipment


def hand_in(
    op: Operation, *, shipment: Shipment, delivered_to: str | None = None, signature_required: bool | None = None,
    photo_url: str | None = None, at: datetime | None = None,
) -> None:
    """The same for a locked parcel. Raises TransitionRefused, BeforeItLeft."""
    at = _after_it_left(shipment, at or op.now)

    arrive(
        op, shipment=shipment, at=at, delivered_to=delivered_to or "", photo_url=photo_url or "",
        signature_required=shipment.signature_required if signature_required is None else signature_required,
    )
    said = sighting(tracking_number=shipment.tracking_number, code=DELIVERED, meaning=DELIVERED, at=at)
    key = f"{said.key}:c"
    if not Scan.objects.filter(shipment=shipment, source_key=key).exists():
        Scan.objects.create(
            shipment=shipment, source_key=key, code=said.code, meaning=said.meaning, at=said.at, source=Scan.Source.HAND, is_confirmed=True
        )


def _after_it_left(shipment: Shipment, at: datetime) -> datetime:
    """A minute is a coarse word: within the one in which it left it means no earlier than that. Raises BeforeItLeft."""
    left = shipment.shipped_at
    if left is None or at >= left:
        return at
    if at < left.replace(second=0, microsecond=0):
        raise BeforeItLeft(errors=[("#/at", f"The parcel left at {left:%Y-%m-%dT%H:%M:%SZ}.")])
    return left


def arrive(
    op: Operation, *, shipment: Shipment, at: datetime, delivered_to: str, signature_required: bool, photo_url: str,
    **facts: Any,
) -> None:
    """Advance a locked parcel to delivered and seal who took it in. Raises TransitionRefused."""
    advance(
        op, shipment.deliver, stream=shipment.stream, occurred_at=at, at=at, tracking_number=shipment.tracking_number,
        private={"delivered_to": delivered_to} if delivered_to else None, person=shipment.key,
        signature_required=signature_required, photo_url=photo_url, **facts,
    )
    if delivered_to:
        shipment.sealed = shipment.seal_private({**shipment.private(), "deliveredTo": delivered_to})
        Shipment.objects.filter(pk=shipment.pk).update(sealed=shipment.sealed)


def give_up(op: Operation, *, shipment_id: UUID) -> Shipment:
    """The carrier gave the parcel up. Raises TransitionRefused."""
    shipment = locks.shipment(shipment_id)
    advance(op, shipment.lose, stream=shipment.stream, at=op.now, tracking_number=shipment.tracking_number)
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


def cancel(op: Operation, *, shipment_id: UUID, code: str = "", why: str = "") -> Shipment:
    """The parcel does not leave; `why` may be a carrier's own words and is sealed. Raises AlreadyShipped once it has."""
    shipment = locks.shipment(shipment_id)
    if shipment.shipped_at is not None:
        raise AlreadyShipped

    advance(
        op, shipment.cancel, stream=shipment.stream, tracking_number=shipment.tracking_number or None, code=code or None,
        private={"reason": why} if why else None, person=shipment.key,
    )
    return shipment
