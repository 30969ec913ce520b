"""Blue Dart's scans in our words: a code is the triple number, group (S or T), type (UD, DL, RT, RD, PU).

The same number means different things by its group: 002-S is out for delivery, 002-T out of the delivery area. What is not in the table
is unknown.
"""

from __future__ import annotations

from shipping import sightings as words

_TRIPLES: dict[tuple[str, str], tuple[str, str]] = {
    ("501", "S"): (words.ANNOUNCED, ""),
    ("015", "S"): (words.PICKED_UP, ""),
    ("001", "S"): (words.IN_TRANSIT, ""),
    ("003", "S"): (words.IN_TRANSIT, ""),
    ("002", "T"): (words.IN_TRANSIT, ""),
    ("002", "S"): (words.OUT_FOR_DELIVERY, ""),
    ("000", "T"): (words.DELIVERED, ""),
    ("011", "T"): (words.ATTEMPTED, words.REFUSED),
    ("013", "T"): (words.ATTEMPTED, words.UNAVAILABLE),
    **dict.fromkeys((("016", "T"), ("074", "T"), ("104", "T"), ("105", "T"), ("123", "T")), (words.RETURNING, "")),
    **dict.fromkeys((("118", "T"), ("188", "T")), (words.BACK, "")),
    ("021", "T"): (words.LOST, ""),
    **dict.fromkeys((("129", "T"), ("130", "T"), ("178", "T")), (words.DAMAGED, "")),
}
_WAY_BACK = {"RT", "RD"}


def meaning_of(number: str, group: str, kind: str) -> tuple[str, str]:
    """The meaning, and for an attempt why. Movements of a parcel on its way back (RT, RD) are its way back."""
    meaning, reason = _TRIPLES.get((number.zfill(3), group.upper()), (words.UNKNOWN, ""))
    if kind.upper() in _WAY_BACK and meaning in (words.PICKED_UP, words.IN_TRANSIT, words.OUT_FOR_DELIVERY, words.ATTEMPTED):
        return words.RETURNING, ""
    if kind.upper() in _WAY_BACK and meaning == words.DELIVERED:
        return words.BACK, ""
    return meaning, reason
