"""The own fleet's parcel numbers: S10 in form, with a true check digit, a function of the parcel's id."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def own_number(shipment_id: UUID) -> str:
    """`BH########dIN`: the same parcel always gets the same number, so a repeated booking changes nothing."""
    digits = f"{int.from_bytes(hashlib.sha256(shipment_id.bytes).digest()[:8], 'big') % 10**8:08d}"
    return f"BH{digits}{check_digit(digits)}IN"


def check_digit(serial: str) -> int:
    """The S10 check digit of an eight-digit serial (UPU standard S10)."""
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, serial, strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest)
