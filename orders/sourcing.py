"""Which warehouse ships what, and why: the rule in words (docs/fulfilment.md). Pure: figures in, a sentence out.

1. *Stock*: only a place that has the units can ship them. 2. *One parcel*: a place that has all of them comes before any
split. 3. *Distance*: among those, the nearest by PIN (`shipping.distances`); a place of unknown distance comes last, and
between equals the smaller priority and then the code decide. 4. *Split last*: where no place has everything, as few places
as can be, each giving whole lines where it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FAR_KM = 100_000
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Place:
    """A warehouse as the rule sees it: how far it is (None: unknown) and whether it could give all the units in question."""

    code: str
    km: int | None
    priority: int
    has_all: bool


def rank(*, km: int | None, priority: int, code: str) -> tuple[int, int, str]:
    """The order in which places are asked."""
    return (FAR_KM if km is None else km, priority, code)


def sentence(here: Place, others: Iterable[Place], *, units: int, of_all: int) -> str:
    """Why `units` of the order's `of_all` are shipped from here."""
    rivals = sorted(
        (place for place in others if place.has_all and place.code != here.code),
        key=lambda place: rank(km=place.km, priority=place.priority, code=place.code),
    )
    lie = _lie(units, of_all)
    if not rivals:
        return f"{lie}; no other warehouse has {'it' if units == 1 else 'them'}."
    rival = rivals[0]
    if here.km is None or rival.km is None:
        return f"{lie}; {here.code} comes before {rival.code}."
    nearer = rival.km - here.km
    if nearer > 0:
        return f"{lie}, {nearer} km nearer than {rival.code}."
    if nearer == 0:
        return f"{lie}; {rival.code} is as far, and {here.code} comes first."
    return f"{lie} and are promised here; {rival.code} is {-nearer} km nearer and has them now."


def waiting(units: int) -> str:
    """Why nothing is shipped yet."""
    return f"{_count(units)} {'waits' if units == 1 else 'wait'} for stock; no warehouse has {'it' if units == 1 else 'them'}."


def _lie(units: int, of_all: int) -> str:
    if units < of_all:
        return f"{_count(units)} of {of_all} {'lies' if units == 1 else 'lie'} here"
    if units == 1:
        return "The item lies here"
    return f"All {_number(units)} items lie here"


def _count(units: int) -> str:
    return f"{_number(units).capitalize()} {'item' if units == 1 else 'items'}"


def _number(units: int) -> str:
    return _WORDS[units] if units < len(_WORDS) else str(units)
