"""What labels and carriers' pushes say of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipping.models import CarrierNotice, Label, Shipment
from shipping.operations.notices import body_of
from timeline import erasing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from timeline.erasing import Erased
    from timeline.operations import Operation


def find_pushes(erased: Erased) -> list[UUID]:
    """The pushes that name one of the person's parcels. Pushes have no index of what they speak of, so they are read through."""
    needles = [number.encode() for number in _numbers(erased)]
    if not needles:
        return []
    pushes = CarrierNotice.objects.filter(received_at__gte=erased.since).exclude(sealed=b"")
    return [
        notice.pk
        for notice in pushes.iterator(chunk_size=erasing.AT_ONCE)
        if (body := body_of(notice)) and any(needle in body for needle in needles)
    ]


def empty_pushes(op: Operation, erased: Erased, found: Sequence[Any]) -> int:
    """Take the bodies away; that they came and their hash stay."""
    del op, erased
    return sum(CarrierNotice.objects.filter(pk__in=some).update(sealed=b"") for some in erasing.chunks(found))


def empty_labels(op: Operation, erased: Erased, found: Sequence[Any]) -> int:
    """Take the labels' files away; most were sealed, those of before were not."""
    del op, found
    return sum(
        Label.objects.filter(shipment__stream__in=streams).exclude(pdf=b"").update(pdf=b"")
        for streams in erasing.chunks(erased.streams)
    )


def _numbers(erased: Erased) -> set[str]:
    found: set[str] = set()
    for streams in erasing.chunks(erased.streams):
        rows = Shipment.objects.filter(stream__in=streams).exclude(tracking_number="")
        found.update(rows.values_list("tracking_number", flat=True))
        found.update(rows.values_list("reference", flat=True))
    return {text for text in found if text}
