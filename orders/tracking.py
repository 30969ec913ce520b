"""The address of a parcel's page: signed, for whoever has the link, and for a while only (UX B7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from timeline import signed_ids

if TYPE_CHECKING:
    from uuid import UUID

    from shipping.models import Shipment

_SALT = "bahi.tracking"
OPEN_FOR = timedelta(days=180)
OPEN_AFTER_DELIVERY = timedelta(days=60)


def token_of(shipment_id: UUID) -> str:
    """The parcel's token. Always the same."""
    return signed_ids.token_of(shipment_id, salt=_SALT)


def parcel_of(token: str) -> UUID | None:
    """The parcel whose token this is; None for anything else."""
    return signed_ids.id_of(token, salt=_SALT)


def path_of(shipment_id: UUID) -> str:
    """`/t/<token>`."""
    return f"/t/{token_of(shipment_id)}"


def link_of(shipment_id: UUID) -> str:
    """The same as customers are sent it."""
    return f"{settings.PUBLIC_URL}{path_of(shipment_id)}"


def is_open(shipment: Shipment, *, now: datetime) -> bool:
    """Whether the page is still shown: some weeks after the delivery, half a year after the booking."""
    ended = shipment.delivered_at
    return now < (ended + OPEN_AFTER_DELIVERY if ended is not None else shipment.created_at + OPEN_FOR)
