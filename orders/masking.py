"""What staff see of a person who may not see all of them: enough to recognise, too little to use (B67, B70).

The right `customers:read` decides, for roles and for API keys (`timeline.rights`): without it names, e-mail addresses, phone numbers,
streets and GSTINs are masked. To see one order's customer in full is a call of its own, with a reason, and recorded.

What an outside app keeps in an event is masked by the names it gave it, whatever their spelling, and e-mail addresses and phone
numbers anywhere in it: its words are its own, so what it calls `said` is read as staff's own free words are.

Labels and packing slips must show the recipient: `labels:read` prints them. Invoices, credit notes and GSTR-1 are for who sees customers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from timeline import rights, sight
from timeline.ingest import SERVICES
from timeline.redaction import redacted

DOTS = "•••"
_TAIL_CHARS = 2
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
_OF_PEOPLE = frozenset({
    "name", "names", "firstname", "lastname", "fullname", "surname", "email", "emails", "mail", "phone", "phones", "mobile", "telephone",
    "tel", "whatsapp", "contact", "contacts", "customer", "buyer", "shopper", "recipient", "recipients", "consignee", "receiver",
    "driver", "agent", "address", "addresses", "street", "line", "landmark", "gstin", "pan", "aadhaar", "passport", "birthday", "birthdate", "dob",
    "signature",
})
_OF_THINGS = frozenset({
    "product", "item", "items", "sku", "variant", "warehouse", "carrier", "service", "file", "event", "store", "channel", "shop", "station",
    "host", "app", "plan", "campaign", "machine", "id", "ids", "count", "quantity", "type",
})
sees_customers = sight.sees_people


class MayNotPrint(rights.RightMissing):
    """Labels and packing slips name customers."""

    slug = "may-not-print"
    title = "May not print"
    right = "labels:read"


def require_labels(request: Any) -> None:
    """Raises MayNotPrint."""
    if MayNotPrint.right not in rights.of(request):
        raise MayNotPrint


def name(text: Any) -> Any:
    """`Meera Nair` is `M••• N•••`."""
    return " ".join(f"{word[0]}{DOTS}" for word in str(text).split()) if text else text


def email(text: Any) -> Any:
    """`meera@example.com` is `m•••@e•••.com`."""
    if not text:
        return text
    local, _, domain = str(text).partition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{local[:1]}{DOTS}@{host[:1]}{DOTS}{dot}{ending}"


def tail(text: Any) -> Any:
    """`+919845012345` is `•••45`."""
    return f"{DOTS}{str(text)[-_TAIL_CHARS:]}" if text else text


def hidden(text: Any) -> Any:
    """Nothing of it."""
    return DOTS if text else text


def address(value: Mapping[str, Any]) -> dict[str, Any]:
    """A city, a PIN code and a state stay: parcels are planned by them."""
    return {part: _ADDRESS.get(part, _same)(text) for part, text in value.items()}


def profile(value: Mapping[str, Any]) -> dict[str, Any]:
    """E-mail, phone and name."""
    return {part: _ANYWHERE.get(part, name if part == "name" else _same)(text) for part, text in value.items()}


def answer(value: Any, *, within: str = "") -> Any:
    """An answer of the API with everything personal masked. `within` is the key it stands under."""
    if isinstance(value, list):
        return [answer(item, within=within) for item in value]
    if not isinstance(value, dict):
        return value
    is_person = within in ("customer", "buyer") or value.get("type") in ("customer", "guest")
    if "line1" in value or "postalCode" in value:
        return address(value)
    if "app" in value and "actorType" in value:
        return told_event(value)
    return {
        key: name(item) if key == "name" and is_person
        else _ANYWHERE[key](item) if key in _ANYWHERE and not isinstance(item, (dict, list))
        else answer(item, within=key)
        for key, item in value.items()
    }


def told_event(value: Mapping[str, Any]) -> dict[str, Any]:
    """What an app told, on an order's timeline: its words masked, and the names of whoever acted and is named."""
    masks: dict[str, Callable[[Any], Any]] = {"metadata": told, "names": _all_hidden, "ids": _all_hidden, "actorId": redacted}
    if value["actorType"] not in SERVICES:
        masks["actorName"] = name
    return {key: masks.get(key, _same)(item) for key, item in value.items()}


def told(value: Any) -> Any:
    """An app's own words with what is personal of them masked: by how it is called, and by what it looks like."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, list):
        return [told(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _all_hidden(item) if _is_of_people(key) else told(item) for key, item in value.items()}


def _is_of_people(key: str) -> bool:
    words = {word.lower() for word in _WORD.findall(key)}
    return bool(words & _OF_PEOPLE) and not words & _OF_THINGS


def _all_hidden(value: Any) -> Any:
    """Every text and number below, however deep."""
    if isinstance(value, dict):
        return {key: _all_hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_all_hidden(item) for item in value]
    return value if value is None or isinstance(value, bool) else DOTS


def _same(text: Any) -> Any:
    return text


_ADDRESS: dict[str, Callable[[Any], Any]] = {"name": name, "phone": tail, "line1": hidden, "line2": hidden, "gstin": tail}
_ANYWHERE: dict[str, Callable[[Any], Any]] = {
    "email": email, "phone": tail, "gstin": tail, "deliveredTo": name, "customerName": name, "customerEmail": email,
    "customerPhone": tail,
}
