"""Manifests: which parcels a driver takes, and that they were taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.timezone import localdate

from shipping import locks
from shipping.models import Manifest, ManifestParcel, Shipment
from timeline.errors import Invalid
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from timeline.operations import Operation

PARCELS_MAX = 200


class NotForManifest(Invalid):
    """A manifest lists parcels that are labelled, of one carrier and one warehouse, and on no other manifest."""


def open_manifest(op: Operation, *, shipment_ids: Sequence[UUID]) -> Manifest:
    """List these parcels for their carrier's driver. Raises NotForManifest naming each that does not fit."""
    rows = locks.shipments(shipment_ids[: PARCELS_MAX + 1])

    found = {row.pk: row for row in rows}
    errors = [
        (f"#/shipmentIds/{place}", why)
        for place, pk in enumerate(shipment_ids)
        if (why := _unfit(found.get(pk), first=rows[0] if rows else None))
    ]
    if not shipment_ids or len(shipment_ids) > PARCELS_MAX:
        errors = [("#/shipmentIds", f"Between 1 and {PARCELS_MAX} parcels.")]
    taken = set(ManifestParcel.objects.filter(shipment__in=found, is_live=True).values_list("shipment_id", flat=True))
    errors += [
        (f"#/shipmentIds/{place}", "It stands on another manifest.") for place, pk in enumerate(shipment_ids) if pk in taken
    ]
    if errors:
        raise NotForManifest(errors=errors)

    manifest = Manifest(
        id=op.new_id(), carrier=rows[0].carrier, warehouse_code=rows[0].warehouse_code, day=localdate(op.now), parcels_count=len(rows),
        created_at=op.now,
    )
    op.open_stream(manifest.stream)
    begin(
        op, manifest, "manifest.opened", stream=manifest.stream, targets=[("shipment", row.pk) for row in rows],
        facts={"carrier": manifest.carrier, "warehouse": manifest.warehouse_code, "parcels": len(rows), "number": manifest.number},
    )
    ManifestParcel.objects.bulk_create([ManifestParcel(manifest=manifest, shipment=row) for row in rows])
    return manifest


def close_manifest(op: Operation, *, manifest_id: UUID) -> Manifest:
    """The driver has signed: what has left stays on the list, what stayed here is off it. Raises TransitionRefused."""
    manifest = locks.manifest(manifest_id)

    rows = ManifestParcel.objects.filter(manifest=manifest, is_live=True)
    stayed = rows.filter(shipment__status__in=[Shipment.Status.BOOKED, Shipment.Status.LABELLED, Shipment.Status.CANCELLED])
    left_here = list(stayed.values_list("shipment_id", flat=True))
    rows.filter(shipment_id__in=left_here).update(is_live=False)
    advance(
        op, manifest.hand_over, stream=manifest.stream, at=op.now, parcels=manifest.parcels_count - len(left_here),
        carrier=manifest.carrier, warehouse=manifest.warehouse_code, number=manifest.number, stayed=left_here or None,
    )
    return manifest


def drop_manifest(op: Operation, *, manifest_id: UUID) -> Manifest:
    """Nobody came: its parcels may stand on another. Raises TransitionRefused."""
    manifest = locks.manifest(manifest_id)

    advance(op, manifest.drop, stream=manifest.stream, carrier=manifest.carrier, number=manifest.number)
    ManifestParcel.objects.filter(manifest=manifest).update(is_live=False)
    return manifest


def _unfit(row: Shipment | None, *, first: Shipment | None) -> str:
    if row is None or first is None:
        return "There is no such parcel."
    if row.status != Shipment.Status.LABELLED:
        return f"It is {row.status}; a driver takes labelled parcels."
    if row.is_reverse:
        return "It is picked up at the customer's."
    if (row.carrier, row.warehouse_code) != (first.carrier, first.warehouse_code):
        return f"It is of {row.carrier} at {row.warehouse_code}, the first of {first.carrier} at {first.warehouse_code}."
    return ""
