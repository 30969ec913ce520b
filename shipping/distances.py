"""How far it is between two PIN codes, roughly: from the middle of one postal region to the middle of the other.

An approximation one can read. The first two digits of a PIN are a region of India Post; the table holds the middle of
each in hundredths of a degree. The distance is the great circle between two middles, rounded to ten kilometres; within one
region it is nothing. It serves to choose between warehouses, never to charge for a journey.
"""

from __future__ import annotations

import re
from math import asin, cos, radians, sin, sqrt

_PIN = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_EARTH_KM = 6371
_STEP_KM = 10
_HUNDREDTHS = 100
_ANDAMAN = (1170, 9270)  # shares its first two digits with West Bengal

# First two digits of the PIN: latitude north, longitude east, in hundredths of a degree.
REGIONS: dict[str, tuple[int, int]] = {
    "11": (2865, 7720), "12": (2840, 7690), "13": (2970, 7690), "14": (3100, 7570), "15": (3020, 7500),
    "16": (3070, 7680), "17": (3170, 7700), "18": (3300, 7490), "19": (3410, 7480), "20": (2780, 7830),
    "21": (2540, 8180), "22": (2640, 8190), "23": (2510, 8310), "24": (2890, 7920), "25": (2930, 7800),
    "26": (2760, 8060), "27": (2670, 8310), "28": (2660, 7860), "30": (2680, 7560), "31": (2480, 7420),
    "32": (2560, 7630), "33": (2790, 7430), "34": (2640, 7250), "36": (2210, 7060), "37": (2300, 7010),
    "38": (2320, 7260), "39": (2180, 7300), "40": (1910, 7300), "41": (1830, 7420), "42": (2020, 7410),
    "43": (1970, 7580), "44": (2080, 7850), "45": (2280, 7580), "46": (2310, 7750), "47": (2560, 7860),
    "48": (2330, 8020), "49": (2130, 8180), "50": (1760, 7880), "51": (1480, 7810), "52": (1600, 8020),
    "53": (1740, 8270), "56": (1310, 7750), "57": (1310, 7570), "58": (1540, 7520), "59": (1610, 7480),
    "60": (1270, 7980), "61": (1060, 7910), "62": (930, 7800), "63": (1180, 7840), "64": (1100, 7700),
    "67": (1140, 7590), "68": (1010, 7640), "69": (870, 7680), "70": (2257, 8836), "71": (2270, 8780),
    "72": (2250, 8720), "73": (2610, 8850), "74": (2330, 8850), "75": (2040, 8580), "76": (2030, 8430),
    "77": (2150, 8420), "78": (2630, 9220), "79": (2560, 9310), "80": (2550, 8520), "81": (2480, 8640),
    "82": (2410, 8560), "83": (2310, 8560), "84": (2610, 8560), "85": (2560, 8730),
}


# The zonal councils of India (States Reorganisation Act 1956, North Eastern Council Act 1971), and the islands with the South.
COUNCILS: dict[str, str] = {
    **dict.fromkeys(("IN-CH", "IN-DL", "IN-HP", "IN-HR", "IN-JK", "IN-LA", "IN-PB", "IN-RJ"), "north"),
    **dict.fromkeys(("IN-CG", "IN-MP", "IN-UK", "IN-UP"), "centre"),
    **dict.fromkeys(("IN-BR", "IN-JH", "IN-OD", "IN-WB"), "east"),
    **dict.fromkeys(("IN-DH", "IN-GA", "IN-GJ", "IN-MH"), "west"),
    **dict.fromkeys(("IN-AN", "IN-AP", "IN-KA", "IN-KL", "IN-LD", "IN-PY", "IN-TN", "IN-TS"), "south"),
    **dict.fromkeys(("IN-AR", "IN-AS", "IN-ML", "IN-MN", "IN-MZ", "IN-NL", "IN-SK", "IN-TR"), "north_east"),
}
ZONES = ("same_state", "same_region", "elsewhere")


def zone(here: str, there: str) -> str:
    """How far one state is from another, for waves: the same state, the same region of states, or elsewhere."""
    if here == there:
        return "same_state"
    return "same_region" if here in COUNCILS and COUNCILS[here] == COUNCILS.get(there) else "elsewhere"


def kilometres(here: str, there: str) -> int | None:
    """The rough distance between two PIN codes; None where one is none, or of the army's post."""
    middles = _middle(here), _middle(there)
    if middles[0] is None or middles[1] is None:
        return None
    (north, east), (north_2, east_2) = ([radians(part / _HUNDREDTHS) for part in middle] for middle in middles if middle)
    arc = sin((north_2 - north) / 2) ** 2 + cos(north) * cos(north_2) * sin((east_2 - east) / 2) ** 2
    return round(2 * _EARTH_KM * asin(sqrt(arc)) / _STEP_KM) * _STEP_KM


def _middle(pin: str) -> tuple[int, int] | None:
    if not _PIN.fullmatch(pin):
        return None
    return _ANDAMAN if pin.startswith("744") else REGIONS.get(pin[:2])
