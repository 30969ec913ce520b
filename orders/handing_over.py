"""A driver has signed a manifest: every parcel on it leaves, each order in an operation of its own.

One order on hold keeps its own parcel here and no other. Asked again after a crash it goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from orders.operations import fulfil
from shipping import operations as parcels
from shipping.models import Manifest, ManifestParcel, Shipment
from timeline.errors import DomainError
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from timeline.actors import Actor


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What came of it: how many left, and which stayed with the reason."""

    manifest: Manifest
    left: int
    stayed: tuple[tuple[UUID, str, str], ...]


def hand_over(manifest_id: UUID, *, actor: Actor) -> HandedOver:
    """Dispatch every parcel that still is here, then close the list. Raises Missing, TransitionRefused for one that was dropped."""
    rows = ManifestParcel.objects.filter(manifest_id=manifest_id, is_live=True).select_related("shipment").order_by("pk")
    stayed = []
    for row in rows:
        if row.shipment.status != Shipment.Status.LABELLED:
            continue
        try:
            _dispatch(row.shipment, actor)
        except DomainError as error:
            stayed.append((row.shipment_id, row.shipment.tracking_number, error.detail))
    manifest = _close(manifest_id, actor)
    return HandedOver(manifest=manifest, left=manifest.parcels_count, stayed=tuple(stayed))


@retried
def _dispatch(shipment: Shipment, actor: Actor) -> None:
    with operation("shipment.dispatch", actor=actor, stream=shipment.stream) as op:
        fulfil.dispatch(op, order_id=UUID(shipment.stream), shipment_id=shipment.pk)


@retried
def _close(manifest_id: UUID, actor: Actor) -> Manifest:
    found = Manifest.objects.filter(pk=manifest_id).first()
    if found is not None and found.status == Manifest.Status.HANDED_OVER:
        return found
    with operation("manifest.hand_over", actor=actor, stream=f"manifest:{manifest_id}") as op:
        return parcels.close_manifest(op, manifest_id=manifest_id)
