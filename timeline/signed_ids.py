"""An id and our mark as one word for an address: whoever has the link may look, and nobody can make one up."""

from __future__ import annotations

import base64
import binascii
import hmac
from uuid import UUID

from django.utils.crypto import salted_hmac

_ID_BYTES, _MARK_BYTES = 16, 17
CHARS = 44


def token_of(pk: UUID, *, salt: str) -> str:
    """The token of this id for one purpose (`salt`), unguessable without the shop's secret. Always the same."""
    return base64.urlsafe_b64encode(pk.bytes + _mark(pk.bytes, salt)).decode()


def id_of(token: str, *, salt: str) -> UUID | None:
    """The id whose token for this purpose it is; None for anything else."""
    if len(token) != CHARS or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=raw[:_ID_BYTES]) if hmac.compare_digest(raw[_ID_BYTES:], _mark(raw[:_ID_BYTES], salt)) else None


def _mark(raw: bytes, salt: str) -> bytes:
    return salted_hmac(salt, raw.hex(), algorithm="sha256").digest()[:_MARK_BYTES]
