"""Price an order anew after an edit: the units that stay keep their price, their share of the discount and their rate.

Note [What an edit does to a line]
    A line that keeps n of its N units keeps its frozen price and rate and n/N of its discount (rounded as the part that is
    taken away rounds); its tax is that rate on what is left. So what goes, goes at exactly what it cost, what stays is
    priced as it was, and each line still is price, quantity, discount and rate and nothing else: every version of an order
    can be computed again from its own snapshot. Units that are added are a line of their own at the price of the day,
    without discount. No rule of a discount is looked at again, and the shipping charge stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orders.pricing.gst import Tax
from orders.pricing.money import round_half_up
from orders.pricing.quote import Line, Quote, QuotedLine, quoted, tax_within
from orders.pricing.snapshot import ENGINE_VERSION, READABLE, SnapshotBroken, rule_hash
from orders.pricing.told import is_told, read


class UnitsInvalid(ValueError):
    """A line cannot keep more units than it has."""


@dataclass(frozen=True, slots=True)
class Term:
    """One line of an order as it is to be: so many units at a frozen price and rate, less a frozen discount."""

    key: str
    sku: str
    name: str
    hsn: str
    quantity: int
    price_minor: int
    includes_gst: bool
    gst_rate_bp: int
    discount_minor: int

    def keeping(self, quantity: int) -> Term:
        """The same line with so many of its units; Note [What an edit does to a line]. Raises UnitsInvalid."""
        if not 0 <= quantity <= self.quantity:
            raise UnitsInvalid(f"The line has {self.quantity} units.")
        if quantity == self.quantity:
            return self
        gone = round_half_up(self.discount_minor * (self.quantity - quantity), self.quantity)
        return replace(self, quantity=quantity, discount_minor=self.discount_minor - gone)


@dataclass(frozen=True, slots=True)
class Revised:
    """What an order comes to after an edit: `total = subtotal − discount + gst + shipping`, each the sum of its lines.

    `lines` are those that have units, in their order. `shipping_tax` is the GST contained in the shipping charge.
    """

    lines: tuple[QuotedLine, ...]
    subtotal_minor: int
    discount_minor: int
    gst: Tax
    shipping_minor: int
    shipping_tax: Tax
    intra: bool

    @property
    def gst_minor(self) -> int:
        """The GST of the goods."""
        return self.gst.total_minor

    @property
    def total_minor(self) -> int:
        """What the order costs."""
        return self.subtotal_minor - self.discount_minor + self.gst_minor + self.shipping_minor

    @property
    def by_key(self) -> dict[str, QuotedLine]:
        """The lines by their key."""
        return {line.key: line for line in self.lines}


def priced(
    terms: Iterable[Term], *, shipping_minor: int, intra: bool, shipping_tax: Tax | None = None
) -> Revised:
    """Price these terms. The tax within shipping follows the goods, unless it is given. Raises quote.LineInvalid."""
    lines = tuple(quoted(_line(term), term.discount_minor, intra) for term in terms if term.quantity)
    return Revised(
        lines=lines,
        subtotal_minor=sum(line.value_minor for line in lines),
        discount_minor=sum(line.discount_minor for line in lines),
        gst=sum((line.gst for line in lines), Tax()),
        shipping_minor=shipping_minor,
        shipping_tax=tax_within(shipping_minor, lines, intra) if shipping_tax is None else shipping_tax,
        intra=intra,
    )


def renamed(
    terms: Iterable[Term], revised: Revised, names: Mapping[str, str]
) -> tuple[list[Term], Revised]:
    """The same with other keys, where `names` has one: what was drawn gets the ids it is written with."""
    lines = tuple(replace(line, key=names.get(line.key, line.key)) for line in revised.lines)
    return [replace(term, key=names.get(term.key, term.key)) for term in terms], replace(revised, lines=lines)


def revision_snapshot(
    terms: Sequence[Term], revised: Revised, *, supplier_state: str, destination_state: str, currency: str, timestamp: str
) -> dict[str, Any]:
    """A version of an order, frozen: enough to compute it again. Amounts are minor units, rates basis points.

    `ruleHash` is SHA-256 in hex over the RFC 8785 form of the lines' terms.
    """
    kept = [_term_json(term) for term in terms if term.quantity]
    by_key = revised.by_key
    return {
        "engineVersion": ENGINE_VERSION,
        "timestamp": timestamp,
        "terms": kept,
        "ruleHash": rule_hash(kept),
        "currency": currency,
        "lines": [_line_json(by_key[term["key"]]) for term in kept],
        "shippingTaxIncluded": _tax_json(revised.shipping_tax),
        "supplierState": supplier_state,
        "destinationState": destination_state,
        "isIntraState": revised.intra,
        "totals": {
            "subtotal": revised.subtotal_minor,
            "discountAmount": revised.discount_minor,
            "gstAmount": revised.gst_minor,
            "gst": _tax_json(revised.gst),
            "shippingCost": revised.shipping_minor,
            "total": revised.total_minor,
        },
    }


def recompute_revision(stored: Mapping[str, Any]) -> Quote | Revised:
    """Price a version of an order again from its own snapshot alone (B26, B28).

    The answer equals what it was taken of. Raises SnapshotBroken when the hash differs or the engine is unknown.
    """
    if stored["engineVersion"] not in READABLE:
        raise SnapshotBroken("No engine of this version is at hand.")
    if is_told(stored):
        return read(stored)
    if stored["ruleHash"] != rule_hash(stored["terms"]):
        raise SnapshotBroken("The hash does not fit the terms.")
    return priced(
        [_term(term) for term in stored["terms"]],
        shipping_minor=stored["totals"]["shippingCost"],
        intra=stored["isIntraState"],
        shipping_tax=tax_of(stored["shippingTaxIncluded"]),
    )


def tax_of(stored: Mapping[str, int]) -> Tax:
    """A tax as a snapshot keeps it."""
    return Tax(cgst_minor=stored["cgst"], sgst_minor=stored["sgst"], igst_minor=stored["igst"])


def _line(term: Term) -> Line:
    return Line(
        key=term.key, sku=term.sku, quantity=term.quantity, price_minor=term.price_minor, gst_rate_bp=term.gst_rate_bp,
        hsn=term.hsn, name=term.name, includes_gst=term.includes_gst,
    )


def _term_json(term: Term) -> dict[str, Any]:
    return {
        "key": term.key,
        "sku": term.sku,
        "name": term.name,
        "hsn": term.hsn,
        "quantity": term.quantity,
        "price": term.price_minor,
        "priceIncludesGst": term.includes_gst,
        "gstRateBp": term.gst_rate_bp,
        "discount": term.discount_minor,
    }


def _term(stored: Mapping[str, Any]) -> Term:
    return Term(
        key=stored["key"], sku=stored["sku"], name=stored["name"], hsn=stored["hsn"], quantity=stored["quantity"],
        price_minor=stored["price"], includes_gst=stored["priceIncludesGst"], gst_rate_bp=stored["gstRateBp"],
        discount_minor=stored["discount"],
    )


def _line_json(line: QuotedLine) -> dict[str, Any]:
    return {
        "key": line.key,
        "sku": line.sku,
        "quantity": line.quantity,
        "price": line.price_minor,
        "gross": line.gross_minor,
        "value": line.value_minor,
        "discount": line.discount_minor,
        "taxable": line.taxable_minor,
        "gst": _tax_json(line.gst),
        "gstAmount": line.gst_minor,
        "total": line.total_minor,
    }


def _tax_json(tax: Tax) -> dict[str, int]:
    return {"cgst": tax.cgst_minor, "sgst": tax.sgst_minor, "igst": tax.igst_minor}
