"""Rows of shipping, fetched under their lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipping.models import Claim, Manifest, Shipment
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


def shipment(shipment_id: UUID) -> Shipment:
    """The parcel with its key. Raises Missing."""
    found = (
        Shipment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("key")
        .filter(pk=shipment_id)
        .first()
    )
    if found is None:
        raise Missing
    return found


def shipments(shipment_ids: Sequence[UUID]) -> list[Shipment]:
    """These parcels in the order of their ids; what is not there is left out."""
    return list(
        Shipment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("key")
        .filter(pk__in=list(shipment_ids))
        .order_by("pk")
    )


def claim(claim_id: UUID) -> Claim:
    """One claim. Raises Missing."""
    found = Claim.objects.select_for_update(no_key=True, of=("self",)).filter(pk=claim_id).first()
    if found is None:
        raise Missing
    return found


def manifest(manifest_id: UUID) -> Manifest:
    """One manifest. Raises Missing."""
    found = Manifest.objects.select_for_update(no_key=True, of=("self",)).filter(pk=manifest_id).first()
    if found is None:
        raise Missing
    return found
