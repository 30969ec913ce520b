"""The states and union territories of India: ISO code, name, GST state code, PIN ranges, other names.

State codes are those of the GST network, ISO codes those of ISO 3166-2 as of November 2023, PIN ranges India Post's. The one
table of the project: addresses are checked against it here, place of supply is read from it in `orders.pricing`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_PIN = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_ARMY_POST = "9"


@dataclass(frozen=True, slots=True)
class State:
    """A state or union territory. `has_utgst`: it has no legislature, so its half of the tax is called UTGST."""

    code: str
    name: str
    gst_code: str
    pins: tuple[tuple[int, int], ...]
    also: tuple[str, ...] = ()
    has_utgst: bool = False


STATES: tuple[State, ...] = (
    State("IN-JK", "Jammu and Kashmir", "01", ((180, 194),), ("J&K", "Jammu & Kashmir")),
    State("IN-HP", "Himachal Pradesh", "02", ((171, 177),)),
    State("IN-PB", "Punjab", "03", ((140, 160),)),
    State("IN-CH", "Chandigarh", "04", ((160, 160),), has_utgst=True),
    State("IN-UK", "Uttarakhand", "05", ((244, 263),), ("IN-UT", "UT", "Uttaranchal")),
    State("IN-HR", "Haryana", "06", ((121, 136),)),
    State("IN-DL", "Delhi", "07", ((110, 110),), ("NCT of Delhi", "New Delhi", "National Capital Territory of Delhi")),
    State("IN-RJ", "Rajasthan", "08", ((301, 345),)),
    State("IN-UP", "Uttar Pradesh", "09", ((201, 285),)),
    State("IN-BR", "Bihar", "10", ((800, 855),)),
    State("IN-SK", "Sikkim", "11", ((737, 737),)),
    State("IN-AR", "Arunachal Pradesh", "12", ((790, 792),)),
    State("IN-NL", "Nagaland", "13", ((797, 798),)),
    State("IN-MN", "Manipur", "14", ((795, 795),)),
    State("IN-MZ", "Mizoram", "15", ((796, 796),)),
    State("IN-TR", "Tripura", "16", ((799, 799),)),
    State("IN-ML", "Meghalaya", "17", ((793, 794),)),
    State("IN-AS", "Assam", "18", ((781, 788),)),
    State("IN-WB", "West Bengal", "19", ((700, 743),)),
    State("IN-JH", "Jharkhand", "20", ((813, 835),)),
    State("IN-OD", "Odisha", "21", ((751, 770),), ("IN-OR", "OR", "Orissa")),
    State("IN-CG", "Chhattisgarh", "22", ((490, 497),), ("IN-CT", "CT", "Chattisgarh", "Chhatisgarh")),
    State("IN-MP", "Madhya Pradesh", "23", ((450, 488),)),
    State("IN-GJ", "Gujarat", "24", ((360, 396),)),
    State(
        "IN-DH", "Dadra and Nagar Haveli and Daman and Diu", "26", ((362, 362), (396, 396)),
        ("IN-DN", "DN", "IN-DD", "DD", "Dadra and Nagar Haveli", "Daman and Diu"), has_utgst=True,
    ),
    State("IN-MH", "Maharashtra", "27", ((400, 445),)),
    State("IN-KA", "Karnataka", "29", ((560, 591),)),
    State("IN-GA", "Goa", "30", ((403, 403),)),
    State("IN-LD", "Lakshadweep", "31", ((682, 682),), ("Lakshadweep Islands",), has_utgst=True),
    State("IN-KL", "Kerala", "32", ((670, 695),)),
    State("IN-TN", "Tamil Nadu", "33", ((600, 643),), ("Tamilnadu",)),
    State(
        "IN-PY", "Puducherry", "34", ((533, 533), (605, 605), (607, 607), (609, 609), (673, 673)), ("Pondicherry",)
    ),
    State(
        "IN-AN", "Andaman and Nicobar Islands", "35", ((744, 744),), ("Andaman and Nicobar", "Andaman"), has_utgst=True
    ),
    State("IN-TS", "Telangana", "36", ((500, 509),), ("IN-TG", "TG")),
    State("IN-AP", "Andhra Pradesh", "37", ((500, 535),), ("Andhra",)),
    State("IN-LA", "Ladakh", "38", ((194, 194),), has_utgst=True),
)


def _plain(text: str) -> str:
    """How names are compared: case, spacing, ampersands and dots do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ").replace(".", "")
    return " ".join(folded.split())


_BY_NAME: dict[str, State] = {
    _plain(word): state
    for state in STATES
    for word in (state.code, state.code.removeprefix("IN-"), state.name, state.gst_code, *state.also)
}


def state_of(text: str) -> State | None:
    """The state by ISO code (`IN-KA`, `KA`, old ones too), name or former name, or GST code; None if none is meant."""
    return _BY_NAME.get(_plain(text))


def pin_matches(pin: str, state: State) -> bool:
    """Whether India Post uses such a PIN in the state: ground for a warning only, never for choosing a tax.

    Ranges overlap (160 is Punjab and Chandigarh); army post (9…) belongs to no state and matches each.
    """
    if not _PIN.fullmatch(pin):
        return False
    return pin.startswith(_ARMY_POST) or any(first <= int(pin[:3]) <= last for first, last in state.pins)
