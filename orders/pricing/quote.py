"""Price a basket: value, discount, GST and shipping, to the last unit and always adding up.

A price is marked without GST, or with it (as an MRP is). Without: the GST is on the value after discount. With: the
discount comes off the marked price, and rule 35 takes the GST out of what is left, which is what the customer pays. Every
component is rounded on its own; sums are sums of lines. The shipping charge includes its GST and stands outside the
goods' GST, so that every tax adds up to its sum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.pricing.benefits import FreeShipping
from orders.pricing.discounts import Rule, allocate, applies
from orders.pricing.gst import RATE_BP_MAX, Tax, inclusive, is_intra, split_tax
from orders.pricing.money import split

QUANTITY_MAX = 10_000
PRICE_MINOR_MAX = 10**13
# Twice this (a tax of 100 %) and a shipping charge still fit into 2^53, which JSON and RFC 8785 carry exactly.
SUBTOTAL_MINOR_MAX = 10**15
LINES_COUNT_MAX = 1_000

_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class LineInvalid(ValueError):
    """A line has a quantity, price or rate outside its limits."""


class RequestInvalid(ValueError):
    """The lines do not make a basket that can be priced."""


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one SKU at the marked price. `key` is the caller's name for the line. Raises LineInvalid (F66)."""

    key: str
    sku: str
    quantity: int
    price_minor: int
    gst_rate_bp: int
    hsn: str
    name: str
    includes_gst: bool = False

    def __post_init__(self) -> None:
        limits = (
            ("quantity", self.quantity, 1, QUANTITY_MAX),
            ("price", self.price_minor, 0, PRICE_MINOR_MAX),
            ("GST rate", self.gst_rate_bp, 0, RATE_BP_MAX),
        )
        for name, value, least, most in limits:
            if type(value) is not int or not least <= value <= most:
                raise LineInvalid(f"The {name} must be a whole number from {least} to {most}.")
        if self.gross_minor > SUBTOTAL_MINOR_MAX:
            raise LineInvalid(f"Price times quantity must not exceed {SUBTOTAL_MINOR_MAX}.")

    @property
    def gross_minor(self) -> int:
        """Marked price times quantity, before discount."""
        return self.price_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Request:
    """Everything a quote depends on, and nothing else. Raises RequestInvalid.

    `shipping_minor` is the charge with its tax, `now` is aware, states are ISO codes or names; a destination not yet
    known is taken to be the supplier's state. The rule is the code the customer gave, whether it applies or not.
    """

    lines: tuple[Line, ...]
    shipping_minor: int
    supplier_state: str
    destination_state: str | None
    now: datetime
    rule: Rule | None = None
    is_first_order: bool = False
    currency: str = "INR"

    def __post_init__(self) -> None:
        if len(self.lines) > LINES_COUNT_MAX:
            raise RequestInvalid(f"A basket has at most {LINES_COUNT_MAX} lines.")
        if len({line.key for line in self.lines}) < len(self.lines):
            raise RequestInvalid("Each line needs a key of its own.")
        goods = {
            (line.sku, line.price_minor, line.includes_gst, line.gst_rate_bp, line.hsn, line.name) for line in self.lines
        }
        if len({line.sku for line in self.lines}) < len(goods):
            raise RequestInvalid("One SKU has one price, rate, HSN and name within a basket.")
        if sum(line.gross_minor for line in self.lines) > SUBTOTAL_MINOR_MAX:
            raise RequestInvalid(f"The subtotal must not exceed {SUBTOTAL_MINOR_MAX}.")
        if type(self.shipping_minor) is not int or not 0 <= self.shipping_minor <= PRICE_MINOR_MAX:
            raise RequestInvalid(f"The shipping charge must be a whole number from 0 to {PRICE_MINOR_MAX}.")
        if not _CURRENCY.fullmatch(self.currency):
            raise RequestInvalid("A currency is three capital letters (ISO 4217).")
        if self.now.tzinfo is None:
            raise RequestInvalid("A moment needs its time zone.")


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line with its part of the discount and its own tax.

    `gross` is the marked price times quantity. `total = value − discount + gst` and `taxable = value − discount` hold for
    both kinds of price: value is gross where the price is without GST, and total is gross − discount where it is with.
    """

    key: str
    sku: str
    quantity: int
    price_minor: int
    gst_rate_bp: int
    includes_gst: bool
    gross_minor: int
    value_minor: int
    discount_minor: int
    taxable_minor: int
    gst: Tax
    gst_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What the basket costs: `total = subtotal − discount + gst + shipping`, each the sum of its lines (B10).

    The subtotal is the sum of the lines' values.

    `shipping_tax` is the GST contained in `shipping_minor`, for documents; `gst` is of the goods alone.
    `refusal` says why the request's rule does not apply (the reasons are those of `discounts.applies`).
    """

    lines: tuple[QuotedLine, ...]
    subtotal_minor: int
    discount_minor: int
    gst_minor: int
    gst: Tax
    shipping_minor: int
    shipping_tax: Tax
    total_minor: int
    intra: bool
    refusal: str | None = None


def quote(request: Request) -> Quote:
    """Price the request. A rule that does not apply is left out and named in `refusal`. Raises gst.UnknownState."""
    intra = is_intra(request.supplier_state, request.destination_state)
    rule, refusal = request.rule, None
    if rule is not None:
        refusal = applies(rule, request.lines, request.now, request.is_first_order)
        rule = rule if refusal is None else None

    discounts = [0] * len(request.lines) if rule is None else allocate(rule, request.lines)
    lines = tuple(quoted(line, off, intra) for line, off in zip(request.lines, discounts, strict=True))
    is_free = rule is not None and isinstance(rule.benefit, FreeShipping)
    shipping = 0 if is_free else request.shipping_minor

    subtotal = sum(line.value_minor for line in lines)
    discount = sum(line.discount_minor for line in lines)
    gst = sum((line.gst for line in lines), Tax())
    return Quote(
        lines=lines,
        subtotal_minor=subtotal,
        discount_minor=discount,
        gst_minor=gst.total_minor,
        gst=gst,
        shipping_minor=shipping,
        shipping_tax=tax_within(shipping, lines, intra),
        total_minor=subtotal - discount + gst.total_minor + shipping,
        intra=intra,
        refusal=refusal,
    )


def quoted(line: Line, discount_minor: int, intra: bool) -> QuotedLine:
    """The line with this discount, taxed for a supply within the state or beyond it."""
    taxable = line.gross_minor - discount_minor
    if line.includes_gst:
        taxable, gst = inclusive(taxable, line.gst_rate_bp, intra)
    else:
        gst = split_tax(taxable, line.gst_rate_bp, intra)
    return QuotedLine(
        key=line.key,
        sku=line.sku,
        quantity=line.quantity,
        price_minor=line.price_minor,
        gst_rate_bp=line.gst_rate_bp,
        includes_gst=line.includes_gst,
        gross_minor=line.gross_minor,
        value_minor=taxable + discount_minor,
        discount_minor=discount_minor,
        taxable_minor=taxable,
        gst=gst,
        gst_minor=gst.total_minor,
        total_minor=taxable + gst.total_minor,
    )


def tax_within(shipping_minor: int, lines: Sequence[QuotedLine], intra: bool) -> Tax:
    """The GST in the shipping charge: delivery follows the goods (composite supply), by value where rates differ."""
    values: dict[int, int] = {}
    for line in lines:
        values[line.gst_rate_bp] = values.get(line.gst_rate_bp, 0) + line.taxable_minor
    if not values:
        return Tax()
    rates = sorted(values)
    parts = split(shipping_minor, [values[rate] for rate in rates])
    return sum((inclusive(part, rate, intra)[1] for part, rate in zip(parts, rates, strict=True)), Tax())
