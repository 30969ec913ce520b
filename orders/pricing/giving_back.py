"""What a refund consists of: so much of each line and of the shipping, with its own taxes, from the frozen prices (B27).

Everything here starts from what *remains* of a line: its frozen amounts less all parts given back before. So units and
plain amounts may be given back in any order, and however it is done the last part takes exactly the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orders.pricing.money import round_half_up, split


class BeyondRemaining(ValueError):
    """More is asked for than has not been given back yet, or something that was never bought."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one line (or the shipping, whose key is None) contributes to a refund: `total = taxable + cgst + sgst + igst`.

    `units` are those whose whole worth this is; a part of a plain amount has none.
    """

    key: str | None
    units: int
    taxable_minor: int
    cgst_minor: int
    sgst_minor: int
    igst_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class Remaining:
    """What of one line (or of the shipping, whose key is None) has not been given back; the parts make the total."""

    key: str | None
    units: int
    taxable_minor: int
    cgst_minor: int
    sgst_minor: int
    igst_minor: int
    total_minor: int

    def __post_init__(self) -> None:
        parts = (self.taxable_minor, self.cgst_minor, self.sgst_minor, self.igst_minor)
        if min(self.units, *parts) < 0 or sum(parts) != self.total_minor:
            raise BeyondRemaining("More has been given back than there was, or the parts do not make the total.")

    def less(self, parts: Iterable[Part]) -> Remaining:
        """What remains after these parts; parts of other lines change nothing. Raises BeyondRemaining."""
        left = self
        for part in parts:
            if part.key == self.key:
                left = replace(
                    left,
                    units=left.units - part.units,
                    taxable_minor=left.taxable_minor - part.taxable_minor,
                    cgst_minor=left.cgst_minor - part.cgst_minor,
                    sgst_minor=left.sgst_minor - part.sgst_minor,
                    igst_minor=left.igst_minor - part.igst_minor,
                    total_minor=left.total_minor - part.total_minor,
                )
        return left


def shipping_of(pricing: Mapping[str, Any]) -> Remaining:
    """The shipping charge of a pricing snapshot with the GST it contains, before anything is given back."""
    tax, charge = pricing["shippingTaxIncluded"], pricing["totals"]["shippingCost"]
    return Remaining(
        key=None, units=0, taxable_minor=charge - sum(tax.values()), cgst_minor=tax["cgst"], sgst_minor=tax["sgst"],
        igst_minor=tax["igst"], total_minor=charge,
    )


def by_items(
    lines: Sequence[Remaining], shipping: Remaining, items: Mapping[str, int], *, with_shipping: bool
) -> list[Part]:
    """The parts that give back so many units of each line named, and the rest of the shipping charge if asked.

    k of the n units that remain are worth the remaining total x k / n, rounded; so the last unit takes the rest, also
    where plain amounts were given back between. A line that cost nothing gives a part of zero: its units are back.
    Raises BeyondRemaining for a line that is not there, for no units, and for more than remain.
    """
    _require_known(lines, items)
    parts = [
        _part(line, items[line.key], _worth(line, items[line.key]))
        for line in lines
        if line.key is not None and line.key in items
    ]
    if with_shipping and shipping.total_minor:
        parts.append(_part(shipping, 0, shipping.total_minor))
    return parts


def by_amount(
    lines: Sequence[Remaining],
    shipping: Remaining,
    amount_minor: int,
    *,
    with_shipping: bool = True,
    prefer: Mapping[str, int] | None = None,
) -> list[Part]:
    """The parts that make exactly this amount, at most one per line.

    First the units preferred, then the shipping if asked, then what else remains, by value. Units count as given back
    only where the amount covers all that is preferred; otherwise the money comes off their line and they stay. Raises BeyondRemaining for no amount, for more than remains, and as `by_items` does.
    """
    wanted = dict(prefer or {})
    _require_known(lines, wanted)
    within = sum(line.total_minor for line in lines) + (shipping.total_minor if with_shipping else 0)
    if not 1 <= amount_minor <= within:
        raise BeyondRemaining(f"The amount must be 1 to {within}; that is what remains.")

    units = [0 if line.key is None else wanted.get(line.key, 0) for line in lines]
    worths = [_worth(line, some) if some else 0 for line, some in zip(lines, units, strict=True)]
    first = min(amount_minor, sum(worths))
    is_covered = first == sum(worths)
    amounts = split(first, worths) if first else [0] * len(lines)
    of_shipping = min(amount_minor - first, shipping.total_minor) if with_shipping else 0
    rest = amount_minor - first - of_shipping
    if rest:
        left = [line.total_minor - amount for line, amount in zip(lines, amounts, strict=True)]
        amounts = [amount + more for amount, more in zip(amounts, split(rest, left), strict=True)]

    back = units if is_covered else [0] * len(lines)
    parts = [
        _part(line, some, amount) for line, some, amount in zip(lines, back, amounts, strict=True) if some or amount
    ]
    if of_shipping:
        parts.append(_part(shipping, 0, of_shipping))
    return parts


def divide(part: Part, first_minor: int) -> tuple[Part, Part]:
    """Two parts that make this one: of so much, and of the rest, each tax in the proportion it has in the whole.

    The second keeps the units. Raises BeyondRemaining for more than the part.
    """
    if not 0 <= first_minor <= part.total_minor:
        raise BeyondRemaining(f"A part of {part.total_minor} cannot give {first_minor}.")
    whole = Remaining(
        key=part.key, units=part.units, taxable_minor=part.taxable_minor, cgst_minor=part.cgst_minor,
        sgst_minor=part.sgst_minor, igst_minor=part.igst_minor, total_minor=part.total_minor,
    )
    first = _part(whole, 0, first_minor)
    rest = whole.less([first])
    return first, Part(
        key=rest.key, units=rest.units, taxable_minor=rest.taxable_minor, cgst_minor=rest.cgst_minor,
        sgst_minor=rest.sgst_minor, igst_minor=rest.igst_minor, total_minor=rest.total_minor,
    )


def keep(parts: Sequence[Part], fees: Mapping[str, int]) -> tuple[list[Part], list[Part]]:
    """What is given of these parts, and what is kept of them as a fee by line; together they are the parts."""
    divided = [divide(part, min(fees.get(part.key or "", 0), part.total_minor)) for part in parts]
    return [given for _, given in divided], [kept for kept, _ in divided if kept.total_minor]


def _require_known(lines: Sequence[Remaining], items: Mapping[str, int]) -> None:
    units = {line.key: line.units for line in lines}
    for key, wanted in items.items():
        if not 1 <= wanted <= units.get(key, 0):
            raise BeyondRemaining(f"The line {key} has {units.get(key, 0)} units that are not given back.")


def _worth(line: Remaining, units: int) -> int:
    return round_half_up(line.total_minor * units, line.units)


def _part(line: Remaining, units: int, total_minor: int) -> Part:
    """So much of a line, each tax in the proportion in which it remains, and the taxable value is what is left of it.

    CGST and SGST stay equal wherever a whole paisa allows; where it cannot, they differ by one, and the next part
    makes up for it.
    """
    worth = max(line.total_minor, 1)
    state_tax = line.cgst_minor + line.sgst_minor
    igst = _between(
        total_minor - line.taxable_minor - state_tax,
        round_half_up(line.igst_minor * total_minor, worth),
        min(line.igst_minor, total_minor),
    )
    least, most = max(0, total_minor - igst - line.taxable_minor), min(state_tax, total_minor - igst)
    near = _between(least, round_half_up(state_tax * total_minor, worth), most)
    apart = line.cgst_minor - line.sgst_minor
    both = min(
        (sum_ for sum_ in (near, near - 1, near + 1) if least <= sum_ <= most),
        key=lambda sum_: ((sum_ - apart) % 2, abs(sum_ * worth - state_tax * total_minor)),
    )
    cgst = _between(both - line.sgst_minor, (both + apart + 1) // 2, min(line.cgst_minor, both))
    return Part(
        key=line.key,
        units=units,
        taxable_minor=total_minor - both - igst,
        cgst_minor=cgst,
        sgst_minor=both - cgst,
        igst_minor=igst,
        total_minor=total_minor,
    )


def _between(least: int, wish: int, most: int) -> int:
    return min(max(least, wish, 0), most)
