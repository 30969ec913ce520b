"""The snapshot of an order that a channel priced: its figures as they were told. There is no engine to compute them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orders.pricing.gst import Tax
from orders.pricing.moments import instant_text
from orders.pricing.quote import Quote, QuotedLine

TOLD_VERSION = "told-1"


def pricing_snapshot(
    *, now: datetime, currency: str, lines: Sequence[Mapping[str, Any]], totals: Mapping[str, Any], destination: str,
    rule_hash: str,
) -> dict[str, Any]:
    """What a channel told, in the form of every pricing snapshot. `lines` and `totals` have the words of that form.

    A line's `taxable` is what is left of its total without Indian GST; other taxes are in it.
    """
    return {
        "engineVersion": TOLD_VERSION,
        "timestamp": instant_text(now),
        "variants": {},
        "ruleHash": rule_hash,
        "currency": currency,
        "lines": [dict(line) for line in lines],
        "shippingCharge": totals["shippingCost"],
        "shippingTaxIncluded": {"cgst": 0, "sgst": 0, "igst": 0},
        "supplierState": "",
        "destinationState": destination,
        "isIntraState": False,
        "isFirstOrder": False,
        "totals": dict(totals),
    }


def discount_snapshot(*, now: datetime, rule_hash: str) -> dict[str, Any]:
    """No rule of ours took anything off."""
    return {
        "engineVersion": TOLD_VERSION, "timestamp": instant_text(now), "rules": [], "ruleHash": rule_hash, "appliedDiscounts": [],
    }


def is_told(pricing: Mapping[str, Any]) -> bool:
    """Whether a channel priced it."""
    return bool(pricing["engineVersion"] == TOLD_VERSION)


def read(pricing: Mapping[str, Any]) -> Quote:
    """The figures as a quote: what was told, read back."""
    totals = pricing["totals"]
    return Quote(
        lines=tuple(_line(line) for line in pricing["lines"]),
        subtotal_minor=totals["subtotal"],
        discount_minor=totals["discountAmount"],
        gst_minor=totals["gstAmount"],
        gst=_tax(totals["gst"]),
        shipping_minor=totals["shippingCost"],
        shipping_tax=_tax(pricing["shippingTaxIncluded"]),
        total_minor=totals["subtotal"] - totals["discountAmount"] + totals["gstAmount"] + totals["shippingCost"],
        intra=False,
    )


def _line(line: Mapping[str, Any]) -> QuotedLine:
    return QuotedLine(
        key=line["key"], sku=line["sku"], quantity=line["quantity"], price_minor=line["price"], gst_rate_bp=line["gstRateBp"],
        includes_gst=line["includesTax"], gross_minor=line["gross"], value_minor=line["value"], discount_minor=line["discount"],
        taxable_minor=line["taxable"], gst=_tax(line["gst"]), gst_minor=line["gstAmount"], total_minor=line["total"],
    )


def _tax(said: Mapping[str, int]) -> Tax:
    return Tax(cgst_minor=said["cgst"], sgst_minor=said["sgst"], igst_minor=said["igst"])
