"""India's states and union territories: ISO 3166-2 code, name, GST state code, ranges of PIN prefixes, other names.

GST codes are those of the NIC, PIN prefixes India Post's. A prefix may belong to several states (160 is Punjab's and
Chandigarh's), so it warns and never decides.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """One state. `pins` are ranges of the first three digits, both ends included."""

    iso: str
    name: str
    gst_code: str
    pins: tuple[tuple[int, int], ...]
    others: tuple[str, ...] = ()

    def has_pin(self, pin: str) -> bool:
        """Whether the PIN may be in this state."""
        prefix = int(pin[:3])
        return any(first <= prefix <= last for first, last in self.pins)


STATES: tuple[State, ...] = (
    State("IN-AN", "Andaman and Nicobar Islands", "35", ((744, 744),), ("Andaman & Nicobar Islands", "Andaman and Nicobar")),
    State("IN-AP", "Andhra Pradesh", "37", ((500, 535),), ()),
    State("IN-AR", "Arunachal Pradesh", "12", ((790, 792),), ()),
    State("IN-AS", "Assam", "18", ((781, 788),), ()),
    State("IN-BR", "Bihar", "10", ((800, 855),), ()),
    State("IN-CH", "Chandigarh", "04", ((160, 160),), ()),
    State("IN-CG", "Chhattisgarh", "22", ((490, 497),), ("IN-CT",)),
    State("IN-DH", "Dadra and Nagar Haveli and Daman and Diu", "26", ((362, 362), (396, 396)), ("IN-DN", "IN-DD", "Daman and Diu", "Dadra and Nagar Haveli")),
    State("IN-DL", "Delhi", "07", ((110, 110),), ("NCT of Delhi", "New Delhi")),
    State("IN-GA", "Goa", "30", ((403, 403),), ()),
    State("IN-GJ", "Gujarat", "24", ((360, 396),), ()),
    State("IN-HR", "Haryana", "06", ((121, 136),), ()),
    State("IN-HP", "Himachal Pradesh", "02", ((171, 177),), ()),
    State("IN-JK", "Jammu and Kashmir", "01", ((180, 194),), ("Jammu & Kashmir",)),
    State("IN-JH", "Jharkhand", "20", ((813, 835),), ()),
    State("IN-KA", "Karnataka", "29", ((560, 591),), ()),
    State("IN-KL", "Kerala", "32", ((670, 695),), ()),
    State("IN-LA", "Ladakh", "38", ((194, 194),), ()),
    State("IN-LD", "Lakshadweep Islands", "31", ((682, 682),), ("Lakshadweep",)),
    State("IN-MP", "Madhya Pradesh", "23", ((450, 488),), ()),
    State("IN-MH", "Maharashtra", "27", ((400, 445),), ()),
    State("IN-MN", "Manipur", "14", ((795, 795),), ()),
    State("IN-ML", "Meghalaya", "17", ((793, 794),), ()),
    State("IN-MZ", "Mizoram", "15", ((796, 796),), ()),
    State("IN-NL", "Nagaland", "13", ((797, 798),), ()),
    State("IN-OD", "Odisha", "21", ((751, 770),), ("Orissa", "IN-OR")),
    State("IN-PY", "Puducherry", "34", ((533, 533), (605, 605), (607, 607), (609, 609), (673, 673)), ("Pondicherry",)),
    State("IN-PB", "Punjab", "03", ((140, 160),), ()),
    State("IN-RJ", "Rajasthan", "08", ((301, 345),), ()),
    State("IN-SK", "Sikkim", "11", ((737, 737),), ()),
    State("IN-TN", "Tamil Nadu", "33", ((600, 643),), ()),
    State("IN-TS", "Telangana", "36", ((500, 509),), ("IN-TG",)),
    State("IN-TR", "Tripura", "16", ((799, 799),), ()),
    State("IN-UP", "Uttar Pradesh", "09", ((201, 285),), ()),
    State("IN-UK", "Uttarakhand", "05", ((244, 263),), ("Uttaranchal", "IN-UT")),
    State("IN-WB", "West Bengal", "19", ((700, 743),), ()),
)

_BY_WORD: dict[str, State] = {
    word.casefold(): state for state in STATES for word in (state.iso, state.name, state.gst_code, *state.others)
}


def state_of(text: str) -> State | None:
    """The state of an ISO code (`IN-KA`), a name in any case, or a GST code; None when there is none."""
    return _BY_WORD.get(" ".join(text.split()).casefold())
