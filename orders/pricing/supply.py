"""What a document lists: an order's lines and delivery, less what has gone back, each tax to the paisa.

Delivery is part of one composite supply with the goods (CGST Act s. 8): it carries their rates, by value where they
differ, and the HSN of the goods of the greatest value at each rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap

from orders.pricing.gst import inclusive
from orders.pricing.money import round_half_up, split

SHIPPING = "shipping"
UNIT_QUANTITY_CODE = "NOS"


@dataclass(frozen=True, slots=True)
class Amounts:
    """A value and its taxes, in minor units."""

    taxable_minor: int = 0
    cgst_minor: int = 0
    sgst_minor: int = 0
    igst_minor: int = 0

    @property
    def total_minor(self) -> int:
        """The value with its taxes."""
        return self.taxable_minor + self.cgst_minor + self.sgst_minor + self.igst_minor

    @property
    def columns(self) -> tuple[int, int, int, int]:
        """The four amounts in their order."""
        return self.taxable_minor, self.cgst_minor, self.sgst_minor, self.igst_minor

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*(one + two for one, two in zip(self.columns, other.columns, strict=True)))

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(*(one - two for one, two in zip(self.columns, other.columns, strict=True)))

    def within(self, limit: Amounts) -> Amounts:
        """Each amount, but not more than the limit's and not less than nothing."""
        return Amounts(*(max(0, min(one, two)) for one, two in zip(self.columns, limit.columns, strict=True)))


@dataclass(frozen=True, slots=True)
class Bought:
    """A line of an order as it was frozen; `units` are those not cancelled."""

    key: str
    sku: str
    name: str
    hsn: str
    quantity: int
    units: int
    price_minor: int
    rate_bp: int
    discount_minor: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a document: `value − discount = taxable`, `taxable + taxes = total`. `key` is the line's id, or shipping."""

    key: str
    sku: str
    description: str
    hsn: str
    quantity: int
    uqc: str
    price_minor: int
    value_minor: int
    discount_minor: int
    rate_bp: int
    taxable_minor: int
    cgst_minor: int
    sgst_minor: int
    igst_minor: int
    total_minor: int

    @property
    def amounts(self) -> Amounts:
        """The value and its taxes."""
        return Amounts(self.taxable_minor, self.cgst_minor, self.sgst_minor, self.igst_minor)


def supplied(
    lines: Sequence[Bought], shipping: Amounts, given_back: Mapping[str, Amounts], *, delivery: str
) -> list[Row]:
    """The rows of an invoice: what was bought less what was given back; rows of which nothing is left are left out.

    What was free from the beginning stays, as a value with as much discount.
    """
    goods = [(line, _goods(line, line.amounts - given_back.get(line.key, Amounts()))) for line in lines]
    rows = [row for line, row in goods if row.total_minor or (line.units and not line.amounts.total_minor)]
    by_rate = _by_rate(lines, shipping)
    left = share(shipping - given_back.get(SHIPPING, Amounts()), [amounts for _, _, amounts in by_rate])
    rows += [
        row_of(SHIPPING, amounts, description=delivery, hsn=hsn, rate_bp=rate)
        for (rate, hsn, _), amounts in zip(by_rate, left, strict=True)
        if amounts.total_minor
    ]
    return rows


def taken_off(rows: Iterable[Row], parts: Mapping[str, tuple[int, Amounts]]) -> list[Row]:
    """The rows of a credit note: so many units and so much of each of the invoice's rows as `parts` say by key.

    Of a key with several rows (delivery at several rates) each gives its share.
    """
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    found = []
    for key, (units, amounts) in parts.items():
        own = by_key.get(key, [])
        shares = share(amounts, [row.amounts for row in own]) if own else []
        found += [
            row_of(
                key, part, sku=row.sku, description=row.description, hsn=row.hsn, rate_bp=row.rate_bp, quantity=units,
                price_minor=row.price_minor,
            )
            for row, part in zip(own, shares, strict=True)
            if part.total_minor
        ]
    return found


def row_of(
    key: str, amounts: Amounts, *, description: str, hsn: str, rate_bp: int, sku: str = "", quantity: int = 0,
    price_minor: int = 0, discount_minor: int = 0,
) -> Row:
    """A row whose value before discount follows from its taxable value."""
    return Row(
        key=key, sku=sku, description=description, hsn=hsn, quantity=quantity, uqc=UNIT_QUANTITY_CODE if quantity else "",
        price_minor=price_minor, value_minor=amounts.taxable_minor + discount_minor, discount_minor=discount_minor,
        rate_bp=rate_bp, taxable_minor=amounts.taxable_minor, cgst_minor=amounts.cgst_minor,
        sgst_minor=amounts.sgst_minor, igst_minor=amounts.igst_minor, total_minor=amounts.total_minor,
    )


def total(rows: Iterable[Row]) -> Amounts:
    """The sum of the rows."""
    return sum((row.amounts for row in rows), Amounts())


def by_key(rows: Iterable[Row]) -> dict[str, Amounts]:
    """The sums of the rows of each key."""
    found: dict[str, Amounts] = {}
    for row in rows:
        found[row.key] = found.get(row.key, Amounts()) + row.amounts
    return found


def share(whole: Amounts, weights: Sequence[Amounts]) -> list[Amounts]:
    """Share each of the four amounts by its own weights; the shares add up to it."""
    if not weights:
        return []
    columns = zip(*(weight.columns for weight in weights), strict=True)
    shares = [split(amount, column) for amount, column in zip(whole.columns, columns, strict=True)]
    return list(starmap(Amounts, zip(*shares, strict=True)))


def _goods(line: Bought, left: Amounts) -> Row:
    value = round_half_up((line.amounts.taxable_minor + line.discount_minor) * line.units, line.quantity)
    return row_of(
        line.key, left, sku=line.sku, description=line.name, hsn=line.hsn, rate_bp=line.rate_bp, quantity=line.units,
        price_minor=line.price_minor, discount_minor=max(0, value - left.taxable_minor),
    )


def _by_rate(lines: Sequence[Bought], shipping: Amounts) -> list[tuple[int, str, Amounts]]:
    """The delivery charge by rate and HSN, shared as it was when it was priced (`quote.shipping_tax`)."""
    values: dict[int, int] = {}
    heaviest: dict[int, Bought] = {}
    for line in lines:
        value = line.amounts.taxable_minor
        values[line.rate_bp] = values.get(line.rate_bp, 0) + value
        known = heaviest.get(line.rate_bp)
        if known is None or value > known.amounts.taxable_minor:
            heaviest[line.rate_bp] = line
    if not values or not shipping.total_minor:
        return [(0, "", shipping)] if shipping.total_minor else []
    rates = sorted(values)
    weights = []
    for rate, part in zip(rates, split(shipping.total_minor, [values[rate] for rate in rates]), strict=True):
        taxable, tax = inclusive(part, rate, intra=not shipping.igst_minor)
        weights.append(Amounts(taxable, tax.cgst_minor, tax.sgst_minor, tax.igst_minor))
    return [
        (rate, heaviest[rate].hsn, amounts) for rate, amounts in zip(rates, share(shipping, weights), strict=True)
    ]
