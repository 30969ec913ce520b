"""Snapshots are frozen, recomputable, and what refunds read (B23–B28, STYLE rule 13)."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.benefits import FreeShipping, Percentage
from orders.pricing.discounts import Rule
from orders.pricing.quote import Request, quote
from orders.pricing.snapshot import (
    ENGINE_VERSION,
    SnapshotBroken,
    UnitsInvalid,
    discount_snapshot,
    line_refund_minor,
    pricing_snapshot,
    recompute,
    refund_share,
    rule_hash,
)
from tests.pricing.baskets import line, request, requests

DIWALI = Rule(code="DIWALI10", benefit=Percentage(bp=1000))


def both(asked: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both snapshots as they come back from a JSON column."""
    found = quote(asked)
    stored = json.dumps([pricing_snapshot(asked, found), discount_snapshot(asked, found)])
    pricing, discount = json.loads(stored)
    return pricing, discount


def leaves(data: Any) -> Iterator[Any]:
    if isinstance(data, dict):
        for value in data.values():
            yield from leaves(value)
    elif isinstance(data, list):
        for value in data:
            yield from leaves(value)
    else:
        yield data


@pytest.fixture
def ordinary() -> Request:
    return request(
        line(quantity=2, price_minor=99_900), line("DIYA-6", 3, 14_950, gst_rate_bp=1800, hsn="6912"), rule=DIWALI,
        shipping_minor=4_900,
    )


@given(requests())
def test_b26_b28_an_order_is_recomputed_from_its_snapshots_alone(asked: Request) -> None:
    assert recompute(*both(asked)) == quote(asked)


@given(requests())
def test_snapshots_hold_integers_and_text_alone(asked: Request) -> None:
    assert {type(leaf) for snapshot in both(asked) for leaf in leaves(snapshot)} <= {int, str, bool, type(None)}


@given(requests())
def test_the_snapshot_says_the_totals_of_the_quote(asked: Request) -> None:
    totals = both(asked)[0]["totals"]
    whole = totals["subtotal"] - totals["discountAmount"] + totals["gstAmount"] + totals["shippingCost"]
    assert totals["total"] == whole == quote(asked).total_minor


def test_b24_the_discount_snapshot(ordinary: Request) -> None:
    found = both(ordinary)[1]
    assert found == {
        "engineVersion": ENGINE_VERSION,
        "timestamp": "2026-01-15T09:30:00.000000Z",
        "rules": [
            {
                "code": "DIWALI10", "kind": "percentage", "bp": 1000, "maxMinor": None, "minSubtotalMinor": 0,
                "minQuantity": 0, "validFrom": None, "validUntil": None, "skus": [], "hsnPrefixes": [],
                "firstOrderOnly": False,
            }
        ],
        "ruleHash": found["ruleHash"],
        "appliedDiscounts": [
            {
                "code": "DIWALI10", "kind": "percentage", "amount": 24_465, "shippingWaived": 0,
                "lines": [
                    {"key": "line-KURTA-M", "sku": "KURTA-M", "amount": 19_980},
                    {"key": "line-DIYA-6", "sku": "DIYA-6", "amount": 4_485},
                ],
            }
        ],
    }


def test_b25_the_pricing_snapshot_maps_variants(ordinary: Request) -> None:
    found = both(ordinary)[0]
    assert {"engineVersion", "timestamp", "variants", "ruleHash"} <= set(found)
    assert found["variants"] == {
        "KURTA-M": {
            "name": "The KURTA-M", "hsn": "6205", "price": 99_900, "priceIncludesGst": False, "gstRateBp": 500,
            "quantity": 2,
        },
        "DIYA-6": {
            "name": "The DIYA-6", "hsn": "6912", "price": 14_950, "priceIncludesGst": False, "gstRateBp": 1800,
            "quantity": 3,
        },
    }


def test_b26_a_snapshot_of_the_first_engine_gives_its_own_total(ordinary: Request) -> None:
    pricing, discount = json.loads((Path(__file__).parent / "snapshot_1.json").read_text())
    assert (pricing["engineVersion"], pricing["totals"]["total"]) == ("1", 241_343)
    assert recompute(pricing, discount) == quote(ordinary)
    assert recompute(pricing, discount).total_minor == 241_343


def test_a_sku_on_two_lines_is_one_variant_of_all_units() -> None:
    found = both(request(line(quantity=2), line(key="gift-wrapped", quantity=3)))[0]
    assert found["variants"]["KURTA-M"]["quantity"] == 5


def test_the_hash_is_sha_256_over_canonical_json() -> None:
    assert rule_hash({"b": 1, "a": ["é"]}) == hashlib.sha256('{"a":["é"],"b":1}'.encode()).hexdigest()


def test_no_rule_leaves_an_empty_discount_snapshot() -> None:
    found = both(request(line()))[1]
    assert (found["rules"], found["appliedDiscounts"]) == ([], [])


def test_a_refused_rule_is_remembered_and_not_applied() -> None:
    refused = Rule(code="BIG", benefit=Percentage(bp=1000), min_subtotal_minor=100_001)
    found = both(request(line(), rule=refused))[1]
    assert ([rule["code"] for rule in found["rules"]], found["appliedDiscounts"]) == (["BIG"], [])


def test_free_shipping_shows_what_it_waived() -> None:
    asked = request(line(), rule=Rule(code="SHIPFREE", benefit=FreeShipping()), shipping_minor=4_900)
    applied = both(asked)[1]["appliedDiscounts"]
    assert applied == [{"code": "SHIPFREE", "kind": "free_shipping", "amount": 0, "shippingWaived": 4_900, "lines": []}]


def test_the_tax_within_shipping_is_reported() -> None:
    found = both(request(line(), shipping_minor=10_500))[0]
    assert found["shippingTaxIncluded"] == {"cgst": 250, "sgst": 250, "igst": 0}


@pytest.mark.parametrize("which", ["price", "rule", "engine"])
def test_a_snapshot_somebody_touched_is_refused(ordinary: Request, which: str) -> None:
    pricing, discount = copy.deepcopy(both(ordinary))
    if which == "price":
        pricing["variants"]["KURTA-M"]["price"] -= 1
    elif which == "rule":
        discount["rules"][0]["bp"] = 9_000
    else:
        pricing["engineVersion"] = "0"

    with pytest.raises(SnapshotBroken):
        recompute(pricing, discount)


@given(st.integers(0, 10**12), st.lists(st.integers(1, 20), min_size=1, max_size=12))
def test_b27_all_units_back_is_exactly_the_line_however_they_come(total: int, batches: list[int]) -> None:
    quantity, already, given_back = sum(batches), 0, 0
    for units in batches:
        share = refund_share(total_minor=total, quantity=quantity, units=units, already=already)
        assert share >= 0
        given_back, already = given_back + share, already + units
    assert given_back == total


@given(requests())
def test_b27_refunding_every_line_gives_back_the_goods(asked: Request) -> None:
    pricing = both(asked)[0]
    one_by_one = sum(
        line_refund_minor(row, 1, already) for row in pricing["lines"] for already in range(row["quantity"])
    )
    assert one_by_one == pricing["totals"]["total"] - pricing["totals"]["shippingCost"]


def test_b27_a_refund_is_after_the_discount_and_with_the_tax(ordinary: Request) -> None:
    kurta = both(ordinary)[0]["lines"][0]
    assert kurta["total"] == 188_812
    assert [line_refund_minor(kurta, 1, 0), line_refund_minor(kurta, 1, 1)] == [94_406, 94_406]


@pytest.mark.parametrize(
    ("quantity", "units", "already"), [(3, 4, 0), (3, 1, 3), (3, -1, 1), (3, 1, -1), (0, 0, 0)]
)
def test_units_the_line_has_not_are_refused(quantity: int, units: int, already: int) -> None:
    with pytest.raises(UnitsInvalid):
        refund_share(total_minor=100, quantity=quantity, units=units, already=already)


def test_no_units_are_worth_nothing() -> None:
    assert refund_share(total_minor=100, quantity=3, units=0, already=1) == 0
