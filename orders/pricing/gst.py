"""GST on goods: which rate holds on a day, which taxes a place of supply asks for, and how they round.

Sources: CGST Act s. 15 (value), IGST Act s. 10 (place of supply), CGST Rules rule 35 (prices that include tax).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from orders.pricing.india import State, state_of
from orders.pricing.money import round_half_up

BASIS_POINTS = 10_000
RATE_BP_MAX = 10_000


class NoRate(ValueError):
    """No rate is known for this HSN on this day."""


class RateInvalid(ValueError):
    """The rate is not one a table can hold."""


class UnknownState(ValueError):
    """The text names no state or union territory of India."""


@dataclass(frozen=True, slots=True)
class Tax:
    """The three taxes of one supply, in minor units: CGST and SGST (UTGST in some territories), or IGST alone."""

    cgst_minor: int = 0
    sgst_minor: int = 0
    igst_minor: int = 0

    @property
    def total_minor(self) -> int:
        """The sum of the three."""
        return self.cgst_minor + self.sgst_minor + self.igst_minor

    def __add__(self, other: Tax) -> Tax:
        return Tax(
            self.cgst_minor + other.cgst_minor, self.sgst_minor + other.sgst_minor, self.igst_minor + other.igst_minor
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate of all goods whose HSN begins so, from one day to another, both included; None has no end."""

    hsn_prefix: str
    rate_bp: int
    valid_from: date
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.rate_bp <= RATE_BP_MAX:
            raise RateInvalid(f"A rate is 0 to {RATE_BP_MAX} basis points.")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise RateInvalid("A rate must not end before it begins.")

    def holds_on(self, day: date) -> bool:
        """Whether the rate is in force on the day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: Rate) -> bool:
        """Whether some day would have two answers for the same goods."""
        meet = self.holds_on(other.valid_from) or other.holds_on(self.valid_from)
        return self.hsn_prefix == other.hsn_prefix and meet


class RateTable:
    """Rates by HSN and day. Rates are data and change by notification (the slabs last on 2025-09-22), never code."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        """Hold these rates. Raises RateInvalid when two of one prefix hold on the same day."""
        self._rates = tuple(rates)
        for one, other in combinations(self._rates, 2):
            if one.overlaps(other):
                raise RateInvalid(f"Two rates hold for HSN {one.hsn_prefix} on one day.")

    def rate_bp(self, hsn: str, day: date) -> int:
        """The rate in basis points: that of the longest prefix in force on the day of supply. Raises NoRate.

        A credit note asks with the day of the original supply.
        """
        found = [rate for rate in self._rates if hsn.startswith(rate.hsn_prefix) and rate.holds_on(day)]
        if not found:
            raise NoRate(f"No rate for HSN {hsn} on {day.isoformat()}.")
        return max(found, key=lambda rate: len(rate.hsn_prefix)).rate_bp


def split_tax(taxable_minor: int, rate_bp: int, intra: bool) -> Tax:
    """The tax on a value that excludes it; each component is rounded half up on its own, so CGST equals SGST."""
    if intra:
        half = round_half_up(taxable_minor * rate_bp, 2 * BASIS_POINTS)
        return Tax(cgst_minor=half, sgst_minor=half)
    return Tax(igst_minor=round_half_up(taxable_minor * rate_bp, BASIS_POINTS))


def inclusive(gross_minor: int, rate_bp: int, intra: bool) -> tuple[int, Tax]:
    """Take the tax out of a price that includes it: the taxable value, and the tax (rule 35).

    Component = gross x its rate / (100 + the sum of rates), each rounded; the taxable value is what remains, so that
    the parts make the gross again: 999.00 at 5 % within a state is 951.42 + 23.79 + 23.79.
    """
    if intra:
        half = round_half_up(gross_minor * rate_bp, 2 * (BASIS_POINTS + rate_bp))
        tax = Tax(cgst_minor=half, sgst_minor=half)
    else:
        tax = Tax(igst_minor=round_half_up(gross_minor * rate_bp, BASIS_POINTS + rate_bp))
    return gross_minor - tax.total_minor, tax


def is_intra(supplier_state: str, destination_state: str | None) -> bool:
    """Whether goods stay in the supplier's state: CGST + SGST then, IGST otherwise (IGST Act s. 8, s. 10(1)(ca)).

    States may be given by ISO code, name or GST code. No destination means the supplier's own. Raises UnknownState.
    """
    supplier = _state(supplier_state)
    return destination_state is None or _state(destination_state) == supplier


def _state(text: str) -> State:
    found = state_of(text)
    if found is None:
        raise UnknownState("This is no state or union territory of India.")
    return found
