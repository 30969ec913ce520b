"""What the customer saw, frozen: the figures and rules of a quote, hashed, and read by every later refund (B23–B28)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

from orders.pricing.benefits import kind_of
from orders.pricing.discounts import rule_from_json, rule_to_json
from orders.pricing.gst import Tax
from orders.pricing.moments import instant, instant_text
from orders.pricing.money import round_half_up
from orders.pricing.quote import Line, Quote, Request, quote
from orders.pricing.told import TOLD_VERSION, is_told, read

# Raised whenever the arithmetic of this package gives another figure for the same request, or a snapshot says something
# it did not say before. Version 1 knew only prices without GST, and for those this engine's figures are the same: its
# snapshots are read by it, with that one word added.
ENGINE_VERSION = "2"
READABLE = ("1", ENGINE_VERSION, TOLD_VERSION)


class SnapshotBroken(ValueError):
    """The snapshot is not what the engine wrote: a hash differs, or the engine is unknown."""


class UnitsInvalid(ValueError):
    """More units are asked for than the line has left."""


def pricing_snapshot(request: Request, quote: Quote) -> dict[str, Any]:
    """The prices, rates, states and sums of a quote, as stored with the order (B25): enough to compute it again.

    Amounts are integers of minor units, rates basis points; `ruleHash` is SHA-256 in hex over the RFC 8785 form of
    `variants`. `shippingTaxIncluded` is the GST within `shippingCost`, `shippingCharge` the charge before a code
    for free shipping.
    """
    variants = _variants(request)
    return {
        "engineVersion": ENGINE_VERSION,
        "timestamp": instant_text(request.now),
        "variants": variants,
        "ruleHash": rule_hash(variants),
        "currency": request.currency,
        "lines": [
            {
                "key": line.key,
                "sku": line.sku,
                "quantity": line.quantity,
                "price": line.price_minor,
                "gross": line.gross_minor,
                "value": line.value_minor,
                "discount": line.discount_minor,
                "taxable": line.taxable_minor,
                "gst": _tax(line.gst),
                "gstAmount": line.gst_minor,
                "total": line.total_minor,
            }
            for line in quote.lines
        ],
        "shippingCharge": request.shipping_minor,
        "shippingTaxIncluded": _tax(quote.shipping_tax),
        "supplierState": request.supplier_state,
        "destinationState": request.destination_state,
        "isIntraState": quote.intra,
        "isFirstOrder": request.is_first_order,
        "totals": {
            "subtotal": quote.subtotal_minor,
            "discountAmount": quote.discount_minor,
            "gstAmount": quote.gst_minor,
            "gst": _tax(quote.gst),
            "shippingCost": quote.shipping_minor,
            "total": quote.total_minor,
        },
    }


def discount_snapshot(request: Request, quote: Quote) -> dict[str, Any]:
    """The rules a quote was made under and what they took off, line by line (B24).

    A rule that did not apply stands in `rules`, for it was asked for, and not in `appliedDiscounts`. `ruleHash` is
    SHA-256 in hex over the RFC 8785 form of `rules`.
    """
    rules = [] if request.rule is None else [rule_to_json(request.rule)]
    applied = []
    if request.rule is not None and quote.refusal is None:
        applied.append(
            {
                "code": request.rule.code,
                "kind": kind_of(request.rule.benefit),
                "amount": quote.discount_minor,
                "shippingWaived": request.shipping_minor - quote.shipping_minor,
                "lines": [
                    {"key": line.key, "sku": line.sku, "amount": line.discount_minor}
                    for line in quote.lines
                    if line.discount_minor
                ],
            }
        )
    return {
        "engineVersion": ENGINE_VERSION,
        "timestamp": instant_text(request.now),
        "rules": rules,
        "ruleHash": rule_hash(rules),
        "appliedDiscounts": applied,
    }


def rule_hash(data: Any) -> str:
    """SHA-256, in hex, of the data's canonical JSON (RFC 8785); no order of keys changes it."""
    return hashlib.sha256(rfc8785.dumps(data)).hexdigest()


def recompute(pricing: Mapping[str, Any], discount: Mapping[str, Any]) -> Quote:
    """Price an order again from its own snapshots alone, whatever prices and rules are today (B26, B28).

    The answer equals the quote they were taken of. Raises SnapshotBroken when a hash differs or the engine is unknown.
    """
    for found, content in ((pricing, "variants"), (discount, "rules")):
        if found["engineVersion"] not in READABLE:
            raise SnapshotBroken("No engine of this version is at hand.")
        if found["ruleHash"] != rule_hash(found[content]):
            raise SnapshotBroken(f"The hash does not fit the {content}.")
    if is_told(pricing):
        return read(pricing)
    rules = [rule_from_json(rule) for rule in discount["rules"]]
    return quote(
        Request(
            lines=tuple(_line(line, pricing["variants"][line["sku"]]) for line in pricing["lines"]),
            rule=rules[0] if rules else None,
            shipping_minor=pricing["shippingCharge"],
            supplier_state=pricing["supplierState"],
            destination_state=pricing["destinationState"],
            now=instant(pricing["timestamp"]),
            is_first_order=pricing["isFirstOrder"],
            currency=pricing["currency"],
        )
    )


def refund_share(*, total_minor: int, quantity: int, units: int, already: int) -> int:
    """What `units` more of a line's `quantity` are worth when `already` many have been refunded (B27).

    The share of the first k units is total x k / quantity, rounded; a refund is the difference of two such shares. So
    however the units come back, one by one or at once, all of them give back exactly the total. Raises UnitsInvalid.
    """
    if min(already, units) < 0 or already + units > quantity or quantity < 1:
        raise UnitsInvalid(f"The line has {quantity} units, of which {already} are refunded already.")
    upto = round_half_up(total_minor * (already + units), quantity)
    return upto - round_half_up(total_minor * already, quantity)


def line_refund_minor(line: Mapping[str, Any], quantity: int, already_refunded_quantity: int) -> int:
    """What `quantity` units of a line of the pricing snapshot give back: after its discount, with its GST (B27).

    Raises UnitsInvalid.
    """
    return refund_share(
        total_minor=line["total"], quantity=line["quantity"], units=quantity, already=already_refunded_quantity
    )


def _variants(request: Request) -> dict[str, dict[str, Any]]:
    variants: dict[str, dict[str, Any]] = {}
    for line in request.lines:
        found = variants.setdefault(
            line.sku,
            {
                "name": line.name,
                "hsn": line.hsn,
                "price": line.price_minor,
                "priceIncludesGst": line.includes_gst,
                "gstRateBp": line.gst_rate_bp,
                "quantity": 0,
            },
        )
        found["quantity"] += line.quantity
    return variants


def _line(line: Mapping[str, Any], variant: Mapping[str, Any]) -> Line:
    return Line(
        key=line["key"],
        sku=line["sku"],
        quantity=line["quantity"],
        price_minor=variant["price"],
        gst_rate_bp=variant["gstRateBp"],
        hsn=variant["hsn"],
        name=variant["name"],
        includes_gst=variant.get("priceIncludesGst", False),
    )


def _tax(tax: Tax) -> dict[str, int]:
    return {"cgst": tax.cgst_minor, "sgst": tax.sgst_minor, "igst": tax.igst_minor}
