"""UUIDv7 (RFC 9562): ids that sort by the time they were made."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

_RANDOM_BITS = 74
_LOW_BITS = 62


def uuid7(at: datetime, bits: int | None = None) -> UUID:
    """A UUIDv7 of the moment `at`; `bits` (74 of them) instead of chance makes it a function of its input."""
    chance = secrets.randbits(_RANDOM_BITS) if bits is None else bits & ((1 << _RANDOM_BITS) - 1)
    milliseconds = int(at.timestamp() * 1000)
    high = chance >> _LOW_BITS
    low = chance & ((1 << _LOW_BITS) - 1)
    return UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
