"""Rows of shipping, fetched under their lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipping.models import Shipment
from timeline.errors import Missing

if TYPE_CHECKING:
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
