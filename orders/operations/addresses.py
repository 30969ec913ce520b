"""Addresses as the shop takes them: complete, possible, and with a GSTIN that is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders.pricing.india import check_gstin
from shipping import addresses
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping


def checked(value: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The address in its one form. Raises Invalid naming every wrong part below the pointer."""
    try:
        address = addresses.to_wire(addresses.check(value))
    except addresses.AddressInvalid as error:
        raise Invalid(
            "The address is not complete or not possible; the errors name the parts.",
            errors=[(f"{pointer}{part.removeprefix('#')}", detail) for part, detail in error.errors],
        ) from error
    require_gstin(str(address.get("gstin") or ""), f"{pointer}/gstin")
    return address


def require_gstin(text: str, pointer: str) -> None:
    """The form and the check character; no GSTIN is none wrong. Raises Invalid."""
    if text and not check_gstin(text):
        raise Invalid("This is not a GSTIN: the check digit or the form is wrong.", errors=[(pointer, "Not valid.")])
