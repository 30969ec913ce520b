"""Free units and sets, from the code to the order's rows and back out of the snapshot (B23, B24, B26)."""

from __future__ import annotations

from typing import Any

import pytest

from config import doctor
from orders.checkout import DiscountRefused
from orders.pricing import snapshot
from tests.flows import makers

pytestmark = pytest.mark.django_db(transaction=True)

TWO_PLUS_ONE = {"kind": "buy_x_get_y", "buyQuantity": 2, "getQuantity": 1, "skus": ["TEA-1"]}
SET = {"kind": "bundle", "items": [{"sku": "TEA-1", "quantity": 1}, {"sku": "POT-1", "quantity": 1}], "priceMinor": 50_000}


@pytest.mark.parametrize(
    ("rule", "basket", "off"),
    [
        (TWO_PLUS_ONE, {"TEA-1": 3, "POT-1": 1}, {"TEA-1": 10_000, "POT-1": 0}),
        (SET, {"TEA-1": 2, "POT-1": 1}, {"TEA-1": 1_667, "POT-1": 8_333}),
    ],
)
def test_b23_what_the_code_takes_off_stands_on_the_lines(
    rule: dict[str, Any], basket: dict[str, int], off: dict[str, int]
) -> None:
    makers.product("TEA-1", price_minor=10_000)
    makers.product("POT-1", price_minor=50_000)
    makers.discount("SETTE", rule=rule)

    placed = makers.complete(makers.ready_checkout(basket, discountCode="SETTE"))

    order = placed.order
    assert {line.sku: line.discount_minor for line in placed.lines} == off
    assert order.discount_minor == sum(off.values())
    assert snapshot.recompute(order.pricing_snapshot, order.discount_snapshot).total_minor == order.total_minor
    assert list(doctor.orders_add_up()) == []


@pytest.mark.parametrize(("rule", "reason"), [(TWO_PLUS_ONE, "quantity_too_low"), (SET, "bundle_incomplete")])
def test_a_code_whose_goods_are_not_all_there_is_refused(rule: dict[str, Any], reason: str) -> None:
    makers.product("TEA-1")
    makers.discount("SETTE", rule=rule)
    with pytest.raises(DiscountRefused) as caught:
        makers.complete(makers.ready_checkout({"TEA-1": 2}, discountCode="SETTE"))
    assert caught.value.extra["reason"] == reason
