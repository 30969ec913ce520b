"""Check digits of tracking numbers: a hint for who types one, never a reason to refuse (the carrier a person chose always wins).

The forms and weights are those of jkeen/tracking_number_data (MIT): UPS, FedEx, USPS, and the postal S10 of the Universal Postal
Union, which the own fleet's numbers follow too. Carriers without a published digit (most Indian ones) are never warned about.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

NUMBER_CHARS_MAX = 60
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_SPACES = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Form:
    """One way a carrier writes its numbers: the pattern's groups are the serial and its check digit."""

    carrier: str
    name: str
    pattern: re.Pattern[str]
    digit: Callable[[str], int]


def plain(number: str) -> str:
    """The number without spaces and dashes, in capitals: how it is compared."""
    return _SPACES.sub("", number).upper()


def warnings_of(number: str, carrier: str = "") -> list[str]:
    """What looks wrong about a number of this carrier, in words; empty when nothing does, or nothing is known of it."""
    text, chosen = plain(number), _carrier_of(carrier)
    if not text:
        return []
    mine = [form for form in FORMS if form.carrier == chosen]
    if mine:
        return _against(mine, text)
    if chosen:
        return []
    fitting = [form for form in FORMS if form.pattern.fullmatch(text)]
    if fitting and not any(is_sound(form, text) for form in fitting):
        return _against(fitting[:1], text)
    return []


def is_sound(form: Form, number: str) -> bool:
    """Whether the number has this form and its check digit is right."""
    found = form.pattern.fullmatch(plain(number))
    return found is not None and form.digit(found["serial"]) == int(found["check"])


def s10_digit(serial: str) -> int:
    """The check digit of an eight-digit serial (UPU S10)."""
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(_S10_WEIGHTS, serial, strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest)


def _against(forms: list[Form], text: str) -> list[str]:
    if any(is_sound(form, text) for form in forms):
        return []
    name = _NAMES[forms[0].carrier]
    if any(form.pattern.fullmatch(text) for form in forms):
        return [f"The check digit of this number of {name} is not right; compare it with the label."]
    return [f"This does not look like a number of {name}; compare it with the label."]


def _carrier_of(text: str) -> str:
    word = re.sub(r"[^a-z0-9]", "", text.casefold()).removeprefix("karrio")
    return _ALSO.get(word, word)


def _mod10(serial: str, *, even: int, odd: int, backwards: bool = False) -> int:
    """Digits times two weights in turn; a letter counts as (its code - 3) mod 10."""
    signs = serial[::-1] if backwards else serial
    total = sum(
        (int(sign) if sign.isdigit() else (ord(sign) - 3) % 10) * (odd if place % 2 else even)
        for place, sign in enumerate(signs)
    )
    return -total % 10


def _weighted(serial: str, *, weights: tuple[int, ...]) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, serial, strict=True)) % 11 % 10


def _form(carrier: str, name: str, pattern: str, digit: Callable[[str], int]) -> Form:
    return Form(carrier, name, re.compile(pattern, re.ASCII), digit)


_FROM_RIGHT_11, _FROM_RIGHT_13 = (3, 1, 7) * 3 + (3, 1), (1, 7, 3) * 4 + (1,)
_ups = partial(_mod10, even=1, odd=2)
_ground = partial(_mod10, even=1, odd=3)
_postal = partial(_mod10, even=3, odd=1)
_impb = partial(_mod10, even=3, odd=1, backwards=True)
_SERIAL, _CHECK = r"(?P<serial>[0-9]{%d})", r"(?P<check>[0-9])"

FORMS: tuple[Form, ...] = (
    _form("ups", "UPS 1Z", r"1Z(?P<serial>[0-9A-Z]{15})" + _CHECK, _ups),
    _form("ups", "UPS waybill", r"[AHJKTV](?P<serial>[0-9]{9})" + _CHECK, _ups),
    _form("fedex", "FedEx Express 12", _SERIAL % 11 + _CHECK, partial(_weighted, weights=_FROM_RIGHT_11)),
    _form("fedex", "FedEx Express 34", r"1[0-9]{19}" + _SERIAL % 13 + _CHECK, partial(_weighted, weights=_FROM_RIGHT_13)),
    _form("fedex", "FedEx Ground GSN", r"96[0-9]{18}" + _SERIAL % 13 + _CHECK, partial(_weighted, weights=_FROM_RIGHT_13)),
    _form("fedex", "FedEx ASTRA 32", r"[0-9]{16}" + _SERIAL % 11 + _CHECK + r"[0-9]{4}", partial(_weighted, weights=_FROM_RIGHT_11)),
    _form("fedex", "FedEx Ground 15", _SERIAL % 14 + _CHECK, _ground),
    _form("fedex", "FedEx Ground 18", r"00" + _SERIAL % 15 + _CHECK, _postal),
    _form("fedex", "FedEx Ground 96", r"96[0-9]{5}" + _SERIAL % 14 + _CHECK, _ground),
    _form("usps", "USPS 20", _SERIAL % 19 + _CHECK, _postal),
    _form("usps", "USPS 20 of old", r"(?P<serial>7[0-9]{18})" + _CHECK, lambda serial: _impb(f"91{serial}")),
    _form("usps", "USPS 22", r"(?:420[0-9]{5}(?:[0-9]{4})?)?(?P<serial>9[0-9]{20})" + _CHECK, _impb),
    _form("usps", "USPS S10", r"[A-Z]{2}" + _SERIAL % 8 + _CHECK + "US", s10_digit),
    _form("s10", "S10", r"[A-Z]{2}" + _SERIAL % 8 + _CHECK + r"(?!XX)[A-Z]{2}", s10_digit),
    _form("indiapost", "India Post S10", r"[A-Z]{2}" + _SERIAL % 8 + _CHECK + "IN", s10_digit),
    _form("ownfleet", "own fleet", r"BH" + _SERIAL % 8 + _CHECK + "IN", s10_digit),
)
_NAMES = {
    "ups": "UPS", "fedex": "FedEx", "usps": "USPS", "s10": "a postal service", "indiapost": "India Post", "ownfleet": "the own fleet",
}
_ALSO = {"speedpost": "indiapost", "unitedparcelservice": "ups", "federalexpress": "fedex"}
