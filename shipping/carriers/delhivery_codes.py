"""Delhivery's scans in our words: `StatusType` is read first, then the word, then the NSL code that says it finer.

UD forward, DL ended, RT on its way back, PP and PU a pickup at a customer's, CN called off. "In Transit" of type RT is the way back;
"Dispatched" is out for delivery; "Pending" lies at the destination. Audits of the proof of delivery come days later and say nothing of
where the parcel is. A pair that is not here is unknown.
"""

from __future__ import annotations

from shipping import sightings as words

PAIRS: dict[tuple[str, str], str] = {
    ("UD", "manifested"): words.ANNOUNCED,
    ("UD", "not picked"): words.ANNOUNCED,
    ("UD", "open"): words.ANNOUNCED,
    ("UD", "scheduled"): words.ANNOUNCED,
    ("UD", "picked up"): words.PICKED_UP,
    ("UD", "in transit"): words.IN_TRANSIT,
    ("UD", "pending"): words.IN_TRANSIT,
    ("UD", "dispatched"): words.OUT_FOR_DELIVERY,
    ("DL", "delivered"): words.DELIVERED,
    ("DL", "dto"): words.DELIVERED,  # a pickup that reached its origin: us
    ("DL", "rto"): words.BACK,
    ("RT", "in transit"): words.RETURNING,
    ("RT", "pending"): words.RETURNING,
    ("RT", "dispatched"): words.RETURNING,
    ("PP", "open"): words.ANNOUNCED,
    ("PP", "scheduled"): words.ANNOUNCED,
    ("PP", "dispatched"): words.ANNOUNCED,  # on the way to the customer's door
    ("PU", "in transit"): words.IN_TRANSIT,
    ("PU", "pending"): words.IN_TRANSIT,
    ("PU", "dispatched"): words.OUT_FOR_DELIVERY,
    ("CN", "canceled"): words.CALLED_OFF,
    ("CN", "cancelled"): words.CALLED_OFF,
    ("CN", "closed"): words.CALLED_OFF,
    ("LT", "lost"): words.LOST,
}
CODES: dict[tuple[str, str], str] = {
    ("UD", "X-UCI"): words.ANNOUNCED,
    ("UD", "X-PPOM"): words.PICKED_UP,
    ("UD", "X-DDD3FD"): words.OUT_FOR_DELIVERY,
    **{("DL", f"EOD-{number}"): words.DELIVERED for number in (36, 37, 38, 135, 136, 141)},
}
ATTEMPTS: dict[str, str] = {
    "EOD-3": words.LATER, "EOD-6": words.REFUSED, "EOD-11": words.UNAVAILABLE, "EOD-40": words.OTHER, "EOD-43": words.CASH,
    "EOD-74": words.ADDRESS, "EOD-86": words.CASH, "EOD-15": words.ADDRESS, "EOD-69": words.OTHER, "EOD-104": words.OTHER,
}
AUDITS = ("B2BPOD-", "CP-101")
FAILED_PICKUPS = ("FMEOD-",)


def meaning_of(status_type: str, status: str, code: str) -> tuple[str, str]:
    """The meaning, and for an attempt why."""
    kind, word, nsl = status_type.upper(), " ".join(status.casefold().split()), code.upper()
    if nsl.startswith(AUDITS):
        return words.REMARK, ""
    if nsl.startswith(FAILED_PICKUPS):
        return words.ANNOUNCED, ""
    if kind == "UD" and nsl in ATTEMPTS:
        return words.ATTEMPTED, ATTEMPTS[nsl]
    return PAIRS.get((kind, word)) or CODES.get((kind, nsl), words.UNKNOWN), ""
