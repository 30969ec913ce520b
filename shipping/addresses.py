"""The address as a frozen value, checked before anything is sent to it (B73)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import phonenumbers

from shipping.states import State, state_of

_PIN = re.compile(r"[1-9][0-9]{5}")
_GSTIN = re.compile(r"[0-9]{2}[0-9A-Z]{13}")
_CHARS_MAX = {"name": 100, "line1": 120, "line2": 120, "city": 80}
_WIRE = {"postal_code": "postalCode"}
_KEYS = frozenset({"name", "phone", "line1", "line2", "city", "state", "postalCode", "country", "gstin"})
_HIDDEN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2060\ufeff")


class AddressInvalid(ValueError):
    """The address is incomplete or impossible; `errors` are pairs of a JSON pointer and a sentence."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer}: {detail}" for pointer, detail in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel goes. `phone` is E.164, `state` an ISO 3166-2 code, `country` always IN."""

    name: str
    phone: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str = "IN"
    gstin: str = ""


def check(raw: Mapping[str, Any]) -> Address:
    """The address in its one form. Raises AddressInvalid naming every wrong part."""
    if not isinstance(raw, Mapping):
        raise AddressInvalid([("#", "An address is an object.")])
    errors = [(f"#/{key}", "Unknown field.") for key in sorted(set(map(str, raw)) - _KEYS)]
    parts = {
        key: _text(raw.get(key), f"#/{key}", limit, required=key != "line2", errors=errors)
        for key, limit in _CHARS_MAX.items()
    }
    address = Address(
        **parts,
        phone=_phone(raw.get("phone"), errors),
        state=_state(raw.get("state"), errors),
        postal_code=_pattern(raw.get("postalCode"), "#/postalCode", _PIN, "A PIN code has six digits.", errors),
        country=_country(raw.get("country"), errors),
        gstin=_gstin(raw.get("gstin"), errors),
    )
    if errors:
        raise AddressInvalid(errors)
    return address


def to_wire(address: Address) -> dict[str, Any]:
    """The address as API.md writes it; parts that are not given are null."""
    return {_WIRE.get(key, key): value or None for key, value in asdict(address).items()}


def from_wire(data: Mapping[str, Any]) -> Address:
    """The address of a stored wire form; it was checked when it was stored."""
    return Address(
        name=str(data.get("name") or ""),
        phone=str(data.get("phone") or ""),
        line1=str(data.get("line1") or ""),
        line2=str(data.get("line2") or ""),
        city=str(data.get("city") or ""),
        state=str(data.get("state") or ""),
        postal_code=str(data.get("postalCode") or ""),
        country=str(data.get("country") or "IN"),
        gstin=str(data.get("gstin") or ""),
    )


def _text(value: Any, pointer: str, limit: int, *, required: bool, errors: list[tuple[str, str]]) -> str:
    if value is None or value == "":
        if required:
            errors.append((pointer, "Needed."))
        return ""
    if not isinstance(value, str):
        errors.append((pointer, "A text is needed."))
        return ""
    text = " ".join(unicodedata.normalize("NFC", value).split(" ")).strip()
    if any(letter in _BIDI or unicodedata.category(letter) in _HIDDEN for letter in text):
        errors.append((pointer, "Control and direction characters are not taken."))
    elif not text and required:
        errors.append((pointer, "Needed."))
    elif len(text) > limit:
        errors.append((pointer, f"At most {limit} characters."))
    return text


def _pattern(value: Any, pointer: str, pattern: re.Pattern[str], sentence: str, errors: list[tuple[str, str]]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value.strip()):
        errors.append((pointer, sentence))
        return ""
    return value.strip()


def _phone(value: Any, errors: list[tuple[str, str]]) -> str:
    text = _text(value, "#/phone", 25, required=True, errors=errors)
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, "IN")
    except phonenumbers.NumberParseException:
        errors.append(("#/phone", "Not a phone number."))
        return ""
    if not phonenumbers.is_possible_number(number):
        errors.append(("#/phone", "Not a possible phone number."))
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _state(value: Any, errors: list[tuple[str, str]]) -> str:
    found: State | None = state_of(value) if isinstance(value, str) else None
    if found is None:
        errors.append(("#/state", "A state of India: its ISO 3166-2 code such as IN-KA, or its name."))
        return ""
    return found.code


def _country(value: Any, errors: list[tuple[str, str]]) -> str:
    if value not in (None, "IN"):
        errors.append(("#/country", "The shop delivers in India (IN)."))
    return "IN"


def _gstin(value: Any, errors: list[tuple[str, str]]) -> str:
    if value is None or value == "":
        return ""
    return _pattern(value, "#/gstin", _GSTIN, "A GSTIN has 15 capital letters and digits.", errors)
