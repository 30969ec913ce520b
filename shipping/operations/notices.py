"""What a carrier pushed, kept before anything is done about it; and that a carrier was asked."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from django.db.models import F

from shipping.models import CarrierNotice, Shipment
from timeline import vault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from timeline.operations import Operation


def take_notice(op: Operation, *, carrier: str, body: bytes) -> CarrierNotice:
    """Keep a carrier's webhook in a story of its own; it is read afterwards (exchanges).

    The body is sealed under the house key. It is unique per carrier: a repeat ends in IntegrityError.
    """
    notice = CarrierNotice(
        id=op.new_id(), carrier=carrier, body_sha256=hashlib.sha256(body).digest(), received_at=op.now,
    )
    notice.sealed = vault.seal(vault.house_key(), _context(notice), {"raw": base64.b64encode(body).decode()})
    op.open_stream(notice.stream)
    op.record(notice, "carrier_notice.taken", stream=notice.stream, facts={"carrier": carrier, "bytes": len(body)})
    notice.save(force_insert=True)
    return notice


def repeat_notice(op: Operation, *, notice_id: UUID) -> None:
    """Count that the notice came again; it is the same one, so nothing is recorded."""
    del op  # the capability: only an operation may write
    CarrierNotice.objects.filter(pk=notice_id).update(repeats=F("repeats") + 1)


def handle_notice(op: Operation, *, notice_id: UUID, sightings: int, parcels: int) -> None:
    """Note that the notice was read, and what it was about."""
    CarrierNotice.objects.filter(pk=notice_id, handled_at=None).update(
        handled_at=op.now, sightings=sightings, parcels=parcels
    )


def body_of(notice: CarrierNotice) -> bytes:
    """The raw body as it came; empty once a person it spoke of was erased."""
    if not notice.sealed:
        return b""
    data = vault.unseal(vault.house_key(), _context(notice), bytes(notice.sealed))
    return base64.b64decode(data["raw"]) if data else b""


def mark_asked(op: Operation, *, shipment_id: UUID) -> bool:
    """Note that the carrier is about to be asked to take the parcel on; whether it was asked before."""
    return not Shipment.objects.filter(pk=shipment_id, asked_at=None).update(asked_at=op.now)


def unmark_asked(op: Operation, *, shipment_id: UUID) -> None:
    """The carrier was not reached: the next try is the first."""
    del op  # the capability: only an operation may write
    Shipment.objects.filter(pk=shipment_id).update(asked_at=None)


def mark_tracked(op: Operation, *, shipment_ids: Sequence[UUID]) -> None:
    """Note that the carrier is about to be asked where these are."""
    Shipment.objects.filter(pk__in=shipment_ids).update(tracked_at=op.now)


def _context(notice: CarrierNotice) -> str:
    return f"carrier-notice:{notice.id}"
