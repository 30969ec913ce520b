"""The quote adds up, always (B10, B26, F66)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given

from orders.pricing.benefits import Fixed, FreeShipping, Percentage
from orders.pricing.discounts import Rule
from orders.pricing.gst import Tax, UnknownState
from orders.pricing.quote import (
    LINES_COUNT_MAX,
    SUBTOTAL_MINOR_MAX,
    LineInvalid,
    Request,
    RequestInvalid,
    quote,
)
from tests.pricing.baskets import NOW, line, request, requests

DIWALI = Rule(code="DIWALI10", benefit=Percentage(bp=1000))


@given(requests())
def test_b10_the_total_is_subtotal_less_discount_plus_gst_plus_shipping(asked: Request) -> None:
    found = quote(asked)
    assert found.total_minor == found.subtotal_minor - found.discount_minor + found.gst_minor + found.shipping_minor


@given(requests())
def test_every_sum_is_the_sum_of_its_lines(asked: Request) -> None:
    found = quote(asked)
    assert found.subtotal_minor == sum(row.value_minor for row in found.lines)
    assert found.discount_minor == sum(row.discount_minor for row in found.lines)
    assert found.gst_minor == sum(row.gst_minor for row in found.lines) == found.gst.total_minor
    assert found.gst == sum((row.gst for row in found.lines), Tax())
    assert found.total_minor == sum(row.total_minor for row in found.lines) + found.shipping_minor


@given(requests())
def test_every_line_adds_up(asked: Request) -> None:
    for found in quote(asked).lines:
        assert found.gross_minor == found.price_minor * found.quantity
        assert found.taxable_minor == found.value_minor - found.discount_minor >= 0
        assert found.total_minor == found.taxable_minor + found.gst_minor
        marked = found.total_minor if found.includes_gst else found.taxable_minor
        assert marked == found.gross_minor - found.discount_minor
        assert found.gst_minor == found.gst.total_minor


@given(requests())
def test_the_goods_pay_one_kind_of_tax(asked: Request) -> None:
    found = quote(asked)
    for tax in (found.gst, found.shipping_tax, *(row.gst for row in found.lines)):
        assert tax.cgst_minor == tax.sgst_minor
        assert (tax.igst_minor if found.intra else tax.cgst_minor) == 0


@given(requests())
def test_the_tax_within_shipping_is_less_than_the_charge(asked: Request) -> None:
    found = quote(asked)
    assert 0 <= found.shipping_tax.total_minor <= found.shipping_minor


@given(requests())
@example(request(shipping_minor=4_900))
def test_lines_come_back_in_order_and_by_key(asked: Request) -> None:
    assert [row.key for row in quote(asked).lines] == [row.key for row in asked.lines]


def test_an_ordinary_basket_within_the_state() -> None:
    found = quote(
        request(
            line(quantity=2, price_minor=99_900),
            line("DIYA-6", 3, 14_950, gst_rate_bp=1800, hsn="6912"),
            rule=DIWALI,
            shipping_minor=4_900,
        )
    )
    # 1998.00 and 448.50, less 10 %: 1798.20 at 2.5 % twice is 44.955, up to 44.96; 403.65 at 9 % twice is 36.3285.
    assert [row.discount_minor for row in found.lines] == [19_980, 4_485]
    assert [row.gst for row in found.lines] == [Tax(4_496, 4_496, 0), Tax(3_633, 3_633, 0)]
    assert (found.subtotal_minor, found.discount_minor, found.gst_minor) == (244_650, 24_465, 16_258)
    assert found.total_minor == 244_650 - 24_465 + 16_258 + 4_900


def test_a_price_marked_with_gst_is_what_the_customer_pays() -> None:
    """Rule 35: 999.00 at 5 % within the state is 951.42 + 23.79 + 23.79 (Z7)."""
    row = quote(request(line(price_minor=99_900, includes_gst=True))).lines[0]
    assert (row.value_minor, row.taxable_minor, row.gst, row.total_minor) == (95_142, 95_142, Tax(2_379, 2_379, 0), 99_900)


def test_a_discount_comes_off_the_marked_price_before_the_tax_is_taken_out() -> None:
    found = quote(request(line(price_minor=99_900, includes_gst=True), line("DIYA-6"), rule=DIWALI, shipping_minor=4_900))
    # 899.10 contains 21.41 twice, which leaves 856.28; the value before the discount of 99.90 is 956.18.
    assert [row.total_minor for row in found.lines] == [89_910, 94_500]
    assert (found.lines[0].taxable_minor, found.lines[0].gst, found.lines[0].value_minor) == (
        85_628, Tax(2_141, 2_141, 0), 95_618,
    )
    assert found.total_minor == found.subtotal_minor - found.discount_minor + found.gst_minor + 4_900


def test_the_same_basket_to_another_state_pays_igst() -> None:
    found = quote(request(line(quantity=2, price_minor=99_900), rule=DIWALI, destination_state="Maharashtra"))
    assert found.gst == Tax(0, 0, 8_991)


def test_shipping_follows_the_rates_of_the_goods_by_value() -> None:
    found = quote(
        request(
            line(price_minor=30_000),
            line("DIYA-6", 1, 10_000, gst_rate_bp=1800),
            shipping_minor=4_000,
            destination_state="IN-MH",
        )
    )
    # 30.00 of the charge at 5 % contains 1.43, 10.00 at 18 % contains 1.53.
    assert found.shipping_tax == Tax(0, 0, 143 + 153)
    assert found.gst == Tax(0, 0, 1_500 + 1_800)


def test_free_shipping_is_a_charge_of_zero_and_no_discount() -> None:
    found = quote(request(line(), rule=Rule(code="SHIPFREE", benefit=FreeShipping()), shipping_minor=4_900))
    assert (found.shipping_minor, found.discount_minor, found.refusal) == (0, 0, None)


def test_free_shipping_that_does_not_apply_leaves_the_charge() -> None:
    rule = Rule(code="SHIPFREE", benefit=FreeShipping(), min_subtotal_minor=100_001)
    found = quote(request(line(), rule=rule, shipping_minor=4_900))
    assert (found.shipping_minor, found.refusal) == (4_900, "subtotal_too_low")


def test_a_discount_above_the_value_takes_all_of_the_goods_and_no_more() -> None:
    found = quote(request(line(), rule=Rule(code="GIFT", benefit=Fixed(10**9)), shipping_minor=4_900))
    assert (found.discount_minor, found.gst_minor, found.total_minor) == (100_000, 0, 4_900)


def test_a_rule_that_has_ended_is_named_and_takes_nothing() -> None:
    found = quote(request(line(), rule=Rule(code="OLD", benefit=Fixed(100), valid_until=NOW - timedelta(days=1))))
    assert (found.refusal, found.discount_minor) == ("expired", 0)


def test_an_empty_basket_costs_its_shipping() -> None:
    found = quote(request(shipping_minor=4_900))
    assert (found.total_minor, found.shipping_tax) == (4_900, Tax())


def test_without_a_destination_the_supplier_state_is_taken() -> None:
    assert quote(request(line(), destination_state=None)).gst == Tax(2_500, 2_500, 0)


def test_the_largest_basket_is_exact_in_json() -> None:
    found = quote(request(line(price_minor=10**11, quantity=10_000, gst_rate_bp=10_000), shipping_minor=10**13))
    assert found.subtotal_minor == SUBTOTAL_MINOR_MAX
    assert found.total_minor < 2**53


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 10_001},
        {"quantity": True},
        {"quantity": "1"},
        {"price_minor": -1},
        {"price_minor": 10**13 + 1},
        {"price_minor": 10**13, "quantity": 10_000},
        {"gst_rate_bp": -1},
        {"gst_rate_bp": 10_001},
    ],
    ids=repr,
)
def test_f66_a_line_outside_its_limits_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(LineInvalid):
        line(**wrong)


def test_two_lines_of_one_key_are_refused() -> None:
    with pytest.raises(RequestInvalid, match="key"):
        request(line(), line("DIYA-6", key="line-KURTA-M"))


def test_one_sku_at_two_prices_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="one price"):
        request(line(), line(key="other", price_minor=1))


def test_one_sku_marked_both_ways_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="one price"):
        request(line(), line(key="other", includes_gst=True))


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(RequestInvalid, match="at most"):
        request(*(line(f"SKU-{place}") for place in range(LINES_COUNT_MAX + 1)))


def test_f66_a_subtotal_that_is_too_large_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="subtotal"):
        request(line(price_minor=10**13, quantity=100), line("DIYA-6", price_minor=1))


@pytest.mark.parametrize("charge", [-1, 10**13 + 1, False])
def test_a_shipping_charge_outside_its_limits_is_refused(charge: int) -> None:
    with pytest.raises(RequestInvalid, match="shipping"):
        request(line(), shipping_minor=charge)


@pytest.mark.parametrize("currency", ["", "inr", "INRS", "₹"])
def test_a_currency_is_three_capitals(currency: str) -> None:
    with pytest.raises(RequestInvalid, match="currency"):
        request(line(), currency=currency)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="time zone"):
        request(line(), now=NOW.replace(tzinfo=None))


def test_an_unknown_destination_is_refused() -> None:
    with pytest.raises(UnknownState):
        quote(request(line(), destination_state="Atlantis"))
