"""The own fleet's parcel numbers: S10 in form, with a true check digit, a function of the parcel's id."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from shipping.check_digits import s10_digit

if TYPE_CHECKING:
    from uuid import UUID

def own_number(shipment_id: UUID) -> str:
    """`BH########dIN`: the same parcel always gets the same number, so a repeated booking changes nothing."""
    digits = f"{int.from_bytes(hashlib.sha256(shipment_id.bytes).digest()[:8], 'big') % 10**8:08d}"
    return f"BH{digits}{s10_digit(digits)}IN"
