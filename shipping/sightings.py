"""A carrier's sighting of a parcel, in our words: a frozen value, made by the adapters and by people, believed by nobody yet.

`meaning` is one of the words below, or empty: a code nobody has mapped is kept and flagged, never guessed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

ANNOUNCED = "announced"  # the carrier knows of it and does not have it: manifested, pickup planned, out for pickup
PICKED_UP = "picked_up"
IN_TRANSIT = "in_transit"
OUT_FOR_DELIVERY = "out_for_delivery"
ATTEMPTED = "attempted"
DELIVERED = "delivered"
RETURNING = "returning"
BACK = "back"  # the carrier says it gave the parcel back to the sender; only a person takes it into stock (Z4)
LOST = "lost"
DAMAGED = "damaged"
CALLED_OFF = "called_off"  # the carrier will not carry it: cancelled, not picked up
REMARK = "remark"  # known and without meaning for where the parcel is: audits, photographs, e-way bills
UNKNOWN = ""

MEANINGS = (
    ANNOUNCED, PICKED_UP, IN_TRANSIT, OUT_FOR_DELIVERY, ATTEMPTED, DELIVERED, RETURNING, BACK, LOST, DAMAGED, CALLED_OFF, REMARK,
)
# The carrier has the parcel in its hands, or had: so it has left our building.
HELD = frozenset({PICKED_UP, IN_TRANSIT, OUT_FOR_DELIVERY, ATTEMPTED, DELIVERED, RETURNING, BACK})

UNAVAILABLE, REFUSED, ADDRESS, CASH, LATER, OTHER = "unavailable", "refused", "address", "cash", "later", "other"
REASONS = {
    UNAVAILABLE: "Nobody was there",
    REFUSED: "Refused at the door",
    ADDRESS: "Address not found or incomplete",
    CASH: "The cash was not ready",
    LATER: "The customer asked for another time",
    OTHER: "Another reason",
}
RETRY, CALL, MEND_ADDRESS, SEND_BACK = "retry", "call_customer", "mend_address", "send_back"
NEXT_STEPS = {
    RETRY: "Try again",
    CALL: "Call the customer",
    MEND_ADDRESS: "Mend the address",
    SEND_BACK: "Send it back",
}
NEXT_BY_REASON = {UNAVAILABLE: RETRY, REFUSED: CALL, ADDRESS: MEND_ADDRESS, CASH: RETRY, LATER: RETRY, OTHER: CALL}

CODE_CHARS_MAX, PLACE_CHARS_MAX = 40, 120


@dataclass(frozen=True, slots=True)
class Sighting:
    """One line of a carrier's record of a parcel. `at` is UTC to the second, `code` the carrier's own.

    `reason` is a word of `REASONS` for an attempt; `taken_by` is who took the parcel in, and personal.
    """

    tracking_number: str
    code: str
    meaning: str
    at: datetime
    place: str = ""
    reason: str = ""
    taken_by: str = ""

    @property
    def key(self) -> str:
        """The same sighting from a push and from a track answer has the same key."""
        said = "|".join((self.code, self.meaning, self.at.astimezone(UTC).strftime("%Y%m%d%H%M%S")))
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def sighting(
    *, tracking_number: str, code: str, meaning: str, at: datetime, place: str = "", reason: str = "", taken_by: str = ""
) -> Sighting:
    """A sighting with its words cut to what is kept, its time in UTC to the second."""
    return Sighting(
        tracking_number=tracking_number.strip(),
        code=_clean(code)[:CODE_CHARS_MAX],
        meaning=meaning,
        at=at.astimezone(UTC).replace(microsecond=0),
        place=_clean(place)[:PLACE_CHARS_MAX],
        reason=reason,
        taken_by=_clean(taken_by)[:100],
    )


def _clean(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
