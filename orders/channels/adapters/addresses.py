"""An address in the one form, of whatever country: the parts as they were told, none of them judged. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orders.channels.reading import first, text

PART_CHARS_MAX = 200


def address(
    said: Mapping[str, Any], *, line1: tuple[str, ...], line2: tuple[str, ...] = (), city: tuple[str, ...] = ("city",),
    state: tuple[str, ...], zip_: tuple[str, ...], country: tuple[str, ...], name: str = "",
    phone: tuple[str, ...] = ("phone",),
) -> dict[str, str]:
    """The parts under our names; each of the wanted keys is tried in turn, those of `line2` are joined. Empty when all are."""
    found = {
        "name": name or person(said),
        "phone": _part(said, phone),
        "line1": _part(said, line1),
        "line2": ", ".join(filter(None, (text(said.get(key), PART_CHARS_MAX) for key in line2)))[: 2 * PART_CHARS_MAX],
        "city": _part(said, city),
        "state": _part(said, state),
        "postalCode": _part(said, zip_),
        "country": _part(said, country),
        "gstin": "",
    }
    return found if any(found[key] for key in ("line1", "line2", "city", "postalCode")) else {}


def person(said: Mapping[str, Any]) -> str:
    """A whole name, or first and last."""
    whole = text(first(said, "name", "fullName", "Name"), PART_CHARS_MAX)
    parts = (text(said.get(key), PART_CHARS_MAX) for key in ("first_name", "firstname", "firstName", "last_name", "lastname", "lastName"))
    return whole or " ".join(filter(None, parts))


def _part(said: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return text(first(said, *names), PART_CHARS_MAX)
