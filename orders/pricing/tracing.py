"""Where each figure of a quote comes from: every tax before and after its one rounding."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from orders.pricing.gst import BASIS_POINTS
from orders.pricing.money import round_half_up, split

if TYPE_CHECKING:
    from orders.pricing.quote import Quote, QuotedLine
    from orders.pricing.revision import Revised


@dataclass(frozen=True, slots=True)
class Component:
    """One tax of one amount: `base x rate`, or of a price that includes tax `base x rate / (100 % + whole rate)`.

    `exact` is what that is in minor units before rounding, `rounded_minor` what is charged.
    """

    tax: str
    rate: Fraction
    base_minor: int
    is_within: bool
    exact: Fraction
    rounded_minor: int

    @property
    def exact_text(self) -> str:
        """The exact amount in minor units, a whole number and a fraction: `2378 4/7`."""
        whole, rest = divmod(self.exact.numerator, self.exact.denominator)
        if not rest:
            return str(whole)
        return f"{whole} {rest}/{self.exact.denominator}" if whole else f"{rest}/{self.exact.denominator}"

    @property
    def rate_text(self) -> str:
        """The rate in percent: `2.5`."""
        # Half a basis point is the finest rate there is, so that four decimals are exact.
        whole, part = divmod(1_000_000 * self.rate.numerator // self.rate.denominator, 10_000)
        return f"{whole}.{part:04d}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class ShippingShare:
    """The part of the shipping charge that follows the goods of one rate, with the taxes it contains."""

    rate_bp: int
    amount_minor: int
    components: tuple[Component, ...]


def of_line(line: QuotedLine, *, intra: bool) -> tuple[Component, ...]:
    """The taxes of a line."""
    base = line.gross_minor - line.discount_minor
    sums = (line.gst.cgst_minor, line.gst.sgst_minor, line.gst.igst_minor)
    return _components(base, line.gst_rate_bp, sums, intra=intra, is_within=line.includes_gst)


def of_shipping(quote: Quote | Revised) -> tuple[ShippingShare, ...]:
    """The taxes within the shipping charge: it follows the goods, by value where rates differ."""
    values: dict[int, int] = {}
    for line in quote.lines:
        values[line.gst_rate_bp] = values.get(line.gst_rate_bp, 0) + line.taxable_minor
    rates = sorted(values)
    parts = split(quote.shipping_minor, [values[rate] for rate in rates]) if rates else []
    return tuple(
        ShippingShare(rate, part, _components(part, rate, None, intra=quote.intra, is_within=True))
        for rate, part in zip(rates, parts, strict=True)
    )


def _components(
    base_minor: int, rate_bp: int, sums: tuple[int, int, int] | None, *, intra: bool, is_within: bool
) -> tuple[Component, ...]:
    names = ("CGST", "SGST") if intra else ("IGST",)
    rate = Fraction(rate_bp, BASIS_POINTS * len(names))
    exact = base_minor * rate
    if is_within:
        exact *= Fraction(BASIS_POINTS, BASIS_POINTS + rate_bp)
    found = sums or (round_half_up(exact.numerator, exact.denominator),) * 3
    given = found[:2] if intra else found[2:]
    return tuple(
        Component(name, rate, base_minor, is_within, exact, rounded) for name, rounded in zip(names, given, strict=True)
    )
