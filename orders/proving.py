"""The address of an order's proof: for whoever has the receipt, without signing in. A proof tells nothing of a person.

What it holds are the order's events as they were sealed: ids, amounts, codes, and what is personal as ciphertext.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

_SALT = "bahi.receipt"
_ID_BYTES, _MARK_BYTES = 16, 17
TOKEN_CHARS = 44


def token_of(order_id: UUID) -> str:
    """The order's token: its id and our mark, unguessable without the shop's secret. Always the same."""
    return base64.urlsafe_b64encode(order_id.bytes + _mark(order_id.bytes)).decode()


def order_of(token: str) -> UUID | None:
    """The order whose token this is; None for anything else."""
    if len(token) != TOKEN_CHARS or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=raw[:_ID_BYTES]) if hmac.compare_digest(raw[_ID_BYTES:], _mark(raw[:_ID_BYTES])) else None


def link_of(order_id: UUID) -> str:
    """What the code on a receipt leads to."""
    return f"{settings.PUBLIC_URL}/receipts/{token_of(order_id)}"


def _mark(raw: bytes) -> bytes:
    return salted_hmac(_SALT, raw.hex(), algorithm="sha256").digest()[:_MARK_BYTES]
