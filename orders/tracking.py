"""The address of a parcel's page: signed, for whoever has the link, and for a while only (UX B7)."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from shipping.models import Shipment

_SALT = "bahi.tracking"
_ID_BYTES, _MARK_BYTES = 16, 17
TOKEN_CHARS = 44
OPEN_FOR = timedelta(days=180)
OPEN_AFTER_DELIVERY = timedelta(days=60)


def token_of(shipment_id: UUID) -> str:
    """The parcel's token: its id and our mark, unguessable without the shop's secret. Always the same."""
    return base64.urlsafe_b64encode(shipment_id.bytes + _mark(shipment_id.bytes)).decode()


def parcel_of(token: str) -> UUID | None:
    """The parcel whose token this is; None for anything else."""
    if len(token) != TOKEN_CHARS or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(raw[_ID_BYTES:], _mark(raw[:_ID_BYTES])):
        return None
    return UUID(bytes=raw[:_ID_BYTES])


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


def _mark(raw: bytes) -> bytes:
    return salted_hmac(_SALT, raw.hex(), algorithm="sha256").digest()[:_MARK_BYTES]
