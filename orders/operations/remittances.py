"""Cash that was collected at doors: which payment each parcel's is, and the batch booked with it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from payments import operations as money
from payments.models import COD, Payment
from payments.operations import Handed
from shipping.models import Shipment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from uuid import UUID

    from payments.models import Remittance
    from payments.remittance_file import Batch
    from timeline.operations import Operation


def book_batches(op: Operation, *, batches: Sequence[Batch]) -> list[Remittance]:
    """Book every batch of a carrier's list, all of them or none. Raises what `book_remittance` raises."""
    return [
        book_remittance(
            op, carrier=batch.carrier, reference=batch.reference, utr=batch.utr, day=batch.day, rows=batch.rows
        )
        for batch in batches
    ]


def book_remittance(
    op: Operation, *, carrier: str, reference: str, utr: str, day: date, rows: Sequence[tuple[str, int]]
) -> Remittance:
    """Book a batch of tracking numbers and what was handed over for each, in minor units; a repeat changes nothing.

    A parcel nobody here knows is kept, its money stands on suspense. Raises `RemittanceDiffers`, `BadRemittance`.
    """
    payments = _payments_of(carrier, [number for number, _ in rows])
    handed = [Handed(number, paid_minor, payments.get(number)) for number, paid_minor in rows]
    return money.book_remittance(op, carrier=carrier, reference=reference, utr=utr, day=day, handed=handed)


def _payments_of(carrier: str, numbers: Iterable[str]) -> dict[str, UUID]:
    """The cash payment behind each tracking number: of this carrier's parcel, else of the only parcel so numbered."""
    parcels: dict[str, list[Shipment]] = defaultdict(list)
    wanted = Shipment.objects.filter(tracking_number__in=list(numbers)).exclude(status=Shipment.Status.CANCELLED)
    for shipment in wanted.only("id", "stream", "carrier", "tracking_number"):
        parcels[shipment.tracking_number].append(shipment)
    stories = {number: story for number, found in parcels.items() if (story := _story(found, carrier))}
    payments = Payment.objects.filter(stream__in=set(stories.values()), gateway=COD).order_by("created_at", "id")
    by_story = {payment.stream: payment.pk for payment in payments}
    return {number: by_story[story] for number, story in stories.items() if story in by_story}


def _story(parcels: Sequence[Shipment], carrier: str) -> str | None:
    said = _plain(carrier)
    stories = {parcel.stream for parcel in parcels if _plain(parcel.carrier) == said} or {parcel.stream for parcel in parcels}
    return stories.pop() if len(stories) == 1 else None


def _plain(carrier: str) -> str:
    return "".join(letter for letter in carrier.casefold() if letter.isalnum())
