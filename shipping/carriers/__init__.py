"""The carriers this shop works with, by code."""

from __future__ import annotations

from shipping.carriers.base import Carrier, CarrierRefused
from shipping.carriers.own_fleet import OwnFleet

_CARRIERS: dict[str, Carrier] = {fleet.code: fleet for fleet in (OwnFleet(),)}


class UnknownCarrier(CarrierRefused):
    """No carrier has this code."""


def carrier(code: str) -> Carrier:
    """The carrier of this code. Raises UnknownCarrier."""
    try:
        return _CARRIERS[code]
    except KeyError:
        raise UnknownCarrier(code) from None


def codes() -> tuple[str, ...]:
    """Every code."""
    return tuple(_CARRIERS)
