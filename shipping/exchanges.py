"""Speak to carriers with no transaction open, then write the answer down.

Note [Asked before it is sent again]
    A booking whose answer was cut may have been made. That the carrier was asked is written down before it is, so whoever tries next,
    whatever became of the first, looks for the parcel by our reference first. What a carrier pushed is a hint: who signs nothing is
    asked again before a delivery is believed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.utils import timezone

from shipping import carriers, operations, projection, queries
from shipping.addresses import from_wire
from shipping.awb import own_number
from shipping.carriers import base, carrier
from shipping.carriers.base import BookingRequest, CarrierError, CarrierRefused, CarrierUntouched
from shipping.label import label_pdf
from shipping.models import CarrierNotice, Label, Scan, Shipment
from shipping.sightings import DELIVERED, UNKNOWN
from timeline.actors import system
from timeline.errors import TransitionRefused
from timeline.operations import operation
from timeline.retries import retried
from timeline.subscriptions import exchange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shipping.carriers.base import Booking, Carrier
    from shipping.sightings import Sighting
    from timeline.models import Event

CARRIERS = system("shipping")
SWEEP_ROWS_MAX = 100
AHEAD_MAX = timedelta(hours=1)

log = structlog.get_logger("bahi.shipping")


@exchange("shipment.booked")
def ask_for_label(event: Event, delivery_id: int) -> None:
    """Ask the carrier for a number and a label; Note [Asked before it is sent again]."""
    del delivery_id
    shipment = Shipment.objects.select_related("key").get(pk=event.subject_uuid)
    if shipment.status != Shipment.Status.BOOKED:
        return
    if shipment.labelled_elsewhere:
        with operation("shipment.label", actor=CARRIERS, stream=shipment.stream) as op:
            operations.label_by_hand(op, shipment_id=shipment.pk)
        return
    with operation("shipment.ask", actor=CARRIERS) as op:
        is_repeat = operations.mark_asked(op, shipment_id=shipment.pk)
    try:
        there = carrier(shipment.carrier)
        booking = there.book(request=request_for(shipment, is_repeat=is_repeat))
    except CarrierUntouched:
        if not is_repeat:
            with operation("shipment.unask", actor=CARRIERS) as op:
                operations.unmark_asked(op, shipment_id=shipment.pk)
        raise
    except CarrierRefused as error:
        with operation("shipment.refused", actor=CARRIERS, stream=shipment.stream) as op:
            operations.cancel(op, shipment_id=shipment.pk, code="carrier_refused", why=str(error))
        return
    _write_label(there, shipment, booking)


@exchange("shipment.labelled")
def print_label(event: Event, delivery_id: int) -> None:
    """A parcel of the own fleet that was numbered by hand gets its label printed afterwards."""
    del delivery_id
    shipment = Shipment.objects.select_related("key").get(pk=event.subject_uuid)
    mine = shipment.tracking_number == own_number(shipment.pk)
    if not mine or shipment.labelled_elsewhere or Label.objects.filter(shipment=shipment).exists():
        return
    pdf = label_pdf(request_for(shipment), shipment.tracking_number, carrier(shipment.carrier).name)
    with operation("shipment.print", actor=CARRIERS, stream=shipment.stream) as op:
        operations.keep_label(op, shipment_id=shipment.pk, label_pdf=pdf)


@exchange("shipment.cancelled", "shipment.returning")
def tell_carrier(event: Event, delivery_id: int) -> None:
    """The parcel is not to go, or to come back: tell the carrier who has it. What it refuses, a person is told."""
    del delivery_id
    shipment = Shipment.objects.get(pk=event.subject_uuid)
    there = carriers.named(shipment.carrier)
    if there is None or shipment.labelled_elsewhere or event.facts.get("by") or event.facts.get("code") == "carrier_refused":
        return
    number = shipment.tracking_number or (there.find(reference=_reference(shipment)) if shipment.asked_at else "")
    if not number:
        return
    called_off = event.kind == "shipment.cancelled"
    try:
        if called_off:
            there.cancel(tracking_number=number)
        else:
            there.bring_back(tracking_number=number)
    except CarrierRefused as error:
        word = projection.CANCEL_REFUSED if called_off else projection.RETURN_REFUSED
        with operation("shipment.flag", actor=CARRIERS, stream=shipment.stream) as op:
            operations.flag(op, shipment_id=shipment.pk, word=word, why=str(error))


@exchange("carrier_notice.taken")
def read_notice(event: Event, delivery_id: int) -> None:
    """Keep what a push says of each parcel of ours; of a delivery the carrier is asked before it is believed."""
    del delivery_id
    notice = CarrierNotice.objects.get(pk=event.subject_uuid)
    there = carriers.named(notice.carrier)
    seen = there.read_push(body=operations.body_of(notice)) if there is not None else ()
    of_number: dict[str, list[Sighting]] = defaultdict(list)
    for one in seen:
        of_number[one.tracking_number].append(one)
    found = queries.numbered(notice.carrier, of_number)
    for shipment in found:
        said = of_number[shipment.tracking_number]
        _take(shipment, said, Scan.Source.PUSH)
        if there is not None and base.TRACK in there.can and any(one.meaning == DELIVERED for one in said):
            ask_where(there, shipment)
    with operation("carrier_notice.handle", actor=CARRIERS) as op:
        operations.handle_notice(op, notice_id=notice.pk, sightings=len(seen), parcels=len(found))
    if not found:
        log.warning("carrier_notice.stray", carrier=notice.carrier, notice=str(notice.pk), sightings=len(seen))


def ask_where(there: Carrier, shipment: Shipment) -> None:
    """Ask the carrier what it has seen of the parcel, and write it down. A number it does not know changes nothing."""
    try:
        tracked = there.track(tracking_number=shipment.tracking_number)
    except CarrierRefused as error:
        log.warning("track.refused", shipment=str(shipment.pk), carrier=there.code, why=type(error).__name__)
        return
    _take(shipment, tracked.sightings, Scan.Source.TRACK, tracked.estimated_delivery)


def track_quiet(limit: int = SWEEP_ROWS_MAX) -> int:
    """Ask about parcels nobody has heard of for some hours, so that a lost push loses nothing; returns how many."""
    able = {one.code: one for one in carriers.connected() if base.TRACK in one.can}
    names = [*able, *(one.name for one in able.values())]
    rows = queries.quiet(now=timezone.now(), carriers=names, limit=limit) if able else []
    if not rows:
        return 0
    with operation("shipments.mark_tracked", actor=CARRIERS) as op:
        operations.mark_tracked(op, shipment_ids=[row.pk for row in rows])
    for row in rows:
        there = carriers.named(row.carrier)
        if there is None:
            continue
        try:
            ask_where(there, row)
        except CarrierError as error:  # one carrier's trouble does not keep the others waiting
            log.warning("sweep.unanswered", carrier=there.code, kind=type(error).__name__)
    return len(rows)


def _write_label(there: Carrier, shipment: Shipment, booking: Booking) -> None:
    try:
        with operation("shipment.label", actor=CARRIERS, stream=shipment.stream) as op:
            operations.label(
                op, shipment_id=shipment.pk, tracking_number=booking.tracking_number, label_pdf=booking.label_pdf or None,
                service=booking.service, estimated_delivery=booking.estimated_delivery,
            )
    except TransitionRefused:
        if Shipment.objects.values_list("status", flat=True).get(pk=shipment.pk) != Shipment.Status.CANCELLED:
            raise
        there.cancel(tracking_number=booking.tracking_number)  # it was called off while the carrier was asked


@retried
def _take(shipment: Shipment, seen: Sequence[Sighting], source: str, estimated_delivery: date | None = None) -> None:
    limit = timezone.now() + AHEAD_MAX
    honest = [one if one.at <= limit else replace(one, meaning=UNKNOWN) for one in seen]  # what is yet to come is not known
    with operation("shipment.sight", actor=CARRIERS, stream=shipment.stream) as op:
        operations.sight(
            op, shipment_id=shipment.pk, sightings=honest, source=source, estimated_delivery=estimated_delivery
        )


def _reference(shipment: Shipment) -> str:
    return f"{shipment.reference}-{shipment.pk.hex[-base.REFERENCE_CHARS:]}"


def request_for(shipment: Shipment, *, is_repeat: bool = False) -> BookingRequest:
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
        now=timezone.now(), is_pickup=shipment.is_reverse, is_repeat=is_repeat, warehouse_code=shipment.warehouse_code,
        value_minor=sum(int(i.get("value_minor") or 0) for i in shipment.contents),
    )
