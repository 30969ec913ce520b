"""UUIDv7 (RFC 9562): ids that sort by the time they were made."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

_RANDOM_BITS = 74
_LOW_BITS = 62
_STEP_BITS = 48
_HEX = re.compile("[0-9a-fA-F]{32}")


def rising(last: int | None) -> int:
    """Random bits for the next id of the same moment: greater than the last ones, by a chance nobody can guess (RFC 9562, 6.2)."""
    if last is None:
        return secrets.randbits(_RANDOM_BITS - 1)  # the highest bit is left for those that follow
    return last + 1 + secrets.randbits(_STEP_BITS)


def uuid7(at: datetime, bits: int | None = None) -> UUID:
    """A UUIDv7 of the moment `at`; `bits` (74 of them) instead of chance makes it a function of its input."""
    chance = secrets.randbits(_RANDOM_BITS) if bits is None else bits & ((1 << _RANDOM_BITS) - 1)
    milliseconds = int(at.timestamp() * 1000)
    high = chance >> _LOW_BITS
    low = chance & ((1 << _LOW_BITS) - 1)
    return UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def dashed(text: str) -> str:
    """An id as it is written outside: one that the timeline keeps as 32 hex digits, with its hyphens."""
    return str(UUID(hex=text)) if _HEX.fullmatch(text) else text
