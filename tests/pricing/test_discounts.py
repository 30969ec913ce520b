"""Rules: their bounds, their conditions, what lands on each line, their stored form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.benefits import (
    Benefit,
    Bundle,
    BuyXGetY,
    Fixed,
    FreeShipping,
    Percentage,
    RuleInvalid,
    kind_of,
)
from orders.pricing.discounts import CodeInvalid, Rule, allocate, applies, normal_code, rule_from_json, rule_to_json
from orders.pricing.moments import InstantInvalid, instant, instant_text
from orders.pricing.quote import Request, quote
from tests.pricing.baskets import NOW, SKUS, line, request, requests, rules

IST = timezone(timedelta(hours=5, minutes=30))


def rule(benefit: Benefit | None = None, **wish: Any) -> Rule:
    return Rule(code="DIWALI10", benefit=benefit or Percentage(bp=1000), **wish)


@pytest.mark.parametrize(
    ("text", "code"), [("diwali10", "DIWALI10"), ("  Diwali-10 ", "DIWALI-10"), ("A" * 40, "A" * 40)]
)
def test_a_code_has_one_form(text: str, code: str) -> None:
    assert normal_code(text) == code


@pytest.mark.parametrize(
    "text", ["", " ", "DIWALI 10", "DÎWALI", "dıwali", "\u017fale", "A" * 41, "A\u202eB", "A\u200bB", "दीवाली"]
)
def test_f67_a_code_of_other_characters_is_refused(text: str) -> None:
    with pytest.raises(CodeInvalid):
        normal_code(text)


@pytest.mark.parametrize(
    ("wish", "basket", "is_first", "reason"),
    [
        ({}, [line()], False, None),
        ({"valid_from": NOW}, [line()], False, None),
        ({"valid_from": NOW + timedelta(microseconds=1)}, [line()], False, "not_yet_valid"),
        ({"valid_until": NOW}, [line()], False, "expired"),
        ({"valid_until": NOW + timedelta(microseconds=1)}, [line()], False, None),
        ({"first_order_only": True}, [line()], False, "not_first_order"),
        ({"first_order_only": True}, [line()], True, None),
        ({}, [], False, "no_matching_items"),
        ({"skus": ("CHAI-250",)}, [line()], False, "no_matching_items"),
        ({"skus": ("KURTA-M",)}, [line()], False, None),
        ({"hsn_prefixes": ("62",)}, [line()], False, None),
        ({"hsn_prefixes": ("61",)}, [line()], False, "no_matching_items"),
        ({"skus": ("CHAI-250",), "hsn_prefixes": ("62",)}, [line()], False, None),
        ({"min_quantity": 3}, [line(quantity=2)], False, "quantity_too_low"),
        ({"min_quantity": 3, "skus": ("KURTA-M",)}, [line(quantity=2), line("CHAI-250", 9)], False, "quantity_too_low"),
        ({"min_quantity": 3}, [line(quantity=2), line("CHAI-250")], False, None),
        ({"min_subtotal_minor": 100_001}, [line()], False, "subtotal_too_low"),
        ({"min_subtotal_minor": 100_001, "skus": ("KURTA-M",)}, [line(), line("CHAI-250", price_minor=1)], False, None),
    ],
)
def test_when_a_rule_applies(wish: dict[str, Any], basket: list[Any], is_first: bool, reason: str | None) -> None:
    assert applies(rule(**wish), basket, NOW, is_first) == reason


@pytest.mark.parametrize(
    ("benefit", "wish", "shares"),
    [
        (Percentage(bp=1000), {}, [10_000, 5_000]),
        (Percentage(bp=1000, max_minor=100), {}, [67, 33]),
        (Percentage(bp=1000, max_minor=10**6), {}, [10_000, 5_000]),
        (Percentage(bp=1000), {"skus": ("CHAI-250",)}, [0, 5_000]),
        (Percentage(bp=10_000), {}, [100_000, 50_000]),
        (Fixed(amount_minor=15_001), {}, [10_001, 5_000]),
        (Fixed(amount_minor=10**9), {}, [100_000, 50_000]),
        (Fixed(amount_minor=10**9), {"skus": ("CHAI-250",)}, [0, 50_000]),
        (FreeShipping(), {}, [0, 0]),
    ],
)
def test_what_lands_on_each_line(benefit: Benefit, wish: dict[str, Any], shares: list[int]) -> None:
    basket = [line(), line("CHAI-250", 2, 25_000)]
    assert allocate(rule(benefit, **wish), basket) == shares


@given(requests(), rules())
def test_a_discount_never_exceeds_its_line_nor_touches_others(request_: Request, drawn: Rule) -> None:
    for item, share in zip(request_.lines, allocate(drawn, request_.lines), strict=True):
        assert 0 <= share <= (item.gross_minor if drawn.covers(item) else 0)


@given(rules())
def test_a_rule_comes_back_from_its_stored_form(drawn: Rule) -> None:
    assert rule_from_json(rule_to_json(drawn)) == drawn


def test_a_stored_rule_may_leave_conditions_out() -> None:
    assert rule_from_json({"code": "diwali10", "kind": "percentage", "bp": 1000}) == rule()


def test_a_stored_moment_may_have_any_offset() -> None:
    stored = {"code": "X", "kind": "fixed", "amountMinor": 5, "validFrom": "2026-01-15T15:00:00+05:30"}
    assert rule_from_json(stored).valid_from == NOW


@pytest.mark.parametrize(
    ("benefit", "kind"),
    [
        (Percentage(bp=1), "percentage"),
        (Fixed(1), "fixed"),
        (FreeShipping(), "free_shipping"),
        (BuyXGetY(2, 1), "buy_x_get_y"),
        (Bundle((("KURTA-M", 1),), 1), "bundle"),
    ],
)
def test_each_benefit_has_its_word(benefit: Benefit, kind: str) -> None:
    assert kind_of(benefit) == kind


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "bogof"},
        {"kind": None},
        {"bp": "1000"},
        {"bp": True},
        {"bp": None},
        {"bp": 0},
        {"bp": 10_001},
        {"maxMinor": 0},
        {"amountMinor": 5},
        {"code": None},
        {"code": "no such code"},
        {"minSubtotalMinor": -1},
        {"minQuantity": 10_001},
        {"skus": "KURTA-M"},
        {"skus": [1]},
        {"skus": [""]},
        {"hsnPrefixes": ["61"] * 1_001},
        {"firstOrderOnly": "yes"},
        {"validFrom": "tomorrow"},
        {"validFrom": "2026-01-15T15:00:00"},
        {"validUntil": 5},
        {"validFrom": "2026-01-15T00:00:00Z", "validUntil": "2026-01-15T00:00:00Z"},
        {"stackable": True},
    ],
    ids=repr,
)
def test_a_stored_rule_that_says_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RuleInvalid):
        rule_from_json({"code": "DIWALI10", "kind": "percentage", "bp": 1000, **wrong})


def test_a_fixed_rule_takes_off_something() -> None:
    with pytest.raises(RuleInvalid, match="amountMinor"):
        Fixed(amount_minor=0)


def test_a_rule_knows_no_naive_moment() -> None:
    with pytest.raises(RuleInvalid, match="time zone"):
        rule(valid_from=NOW.replace(tzinfo=None))


def test_a_rule_knows_no_code_in_small_letters() -> None:
    with pytest.raises(CodeInvalid):
        Rule(code="diwali10", benefit=FreeShipping())


def test_a_moment_is_one_text_whatever_its_zone() -> None:
    assert instant_text(NOW.astimezone(IST)) == instant_text(NOW) == "2026-01-15T09:30:00.000000Z"


def test_a_moment_comes_back_from_its_text() -> None:
    moment = datetime(2026, 1, 15, 9, 30, 0, 123456, tzinfo=UTC)
    assert instant(instant_text(moment)) == moment


def test_a_naive_moment_has_no_text() -> None:
    with pytest.raises(InstantInvalid):
        instant_text(NOW.replace(tzinfo=None))


TWO_PLUS_ONE = BuyXGetY(buy=2, get=1)
SET = Bundle(items=(("KURTA-M", 1), ("CHAI-250", 2)), price_minor=120_000)


@pytest.mark.parametrize(
    ("benefit", "wish", "basket", "shares"),
    [
        (TWO_PLUS_ONE, {}, [line(quantity=3)], [100_000]),
        (TWO_PLUS_ONE, {}, [line(quantity=5)], [100_000]),
        (TWO_PLUS_ONE, {}, [line(quantity=6)], [200_000]),
        (BuyXGetY(2, 1, times_max=1), {}, [line(quantity=6)], [100_000]),
        (TWO_PLUS_ONE, {}, [line(quantity=2), line("CHAI-250", 1, 25_000)], [0, 25_000]),
        (TWO_PLUS_ONE, {}, [line("CHAI-250", 1, 25_000), line(quantity=5)], [25_000, 100_000]),
        (TWO_PLUS_ONE, {"skus": ("KURTA-M",)}, [line(quantity=3), line("CHAI-250", 1, 25_000)], [100_000, 0]),
        (BuyXGetY(1, 1, get_bp=5_000), {}, [line(quantity=2, price_minor=99_999)], [50_000]),
        (TWO_PLUS_ONE, {}, [line(), line(key="gift", quantity=2)], [100_000, 0]),
        (SET, {}, [line(), line("CHAI-250", 2, 25_000)], [20_000, 10_000]),
        (SET, {}, [line(), line("CHAI-250", 3, 25_000), line("DIYA-6", 9)], [20_000, 10_000, 0]),
        (SET, {}, [line(quantity=3), line("CHAI-250", 4, 25_000)], [40_000, 20_000]),
        (Bundle(SET.items, 120_000, times_max=1), {}, [line(quantity=3), line("CHAI-250", 4, 25_000)], [20_000, 10_000]),
        (SET, {}, [line(), line("CHAI-250", 1, 25_000), line("CHAI-250", 2, 25_000, key="gift")], [20_000, 5_000, 5_000]),
        (Bundle(SET.items, 150_001), {}, [line(), line("CHAI-250", 2, 25_000)], [0, 0]),
        (Bundle(SET.items, 0), {}, [line(), line("CHAI-250", 2, 25_000)], [100_000, 50_000]),
    ],
)
def test_what_free_units_and_sets_take_off(
    benefit: Benefit, wish: dict[str, Any], basket: list[Any], shares: list[int]
) -> None:
    assert allocate(rule(benefit, **wish), basket) == shares


@pytest.mark.parametrize(
    ("benefit", "wish", "basket", "reason"),
    [
        (TWO_PLUS_ONE, {}, [line(quantity=2)], "quantity_too_low"),
        (TWO_PLUS_ONE, {}, [line(quantity=2), line("CHAI-250")], None),
        (TWO_PLUS_ONE, {"skus": ("KURTA-M",)}, [line(quantity=2), line("CHAI-250")], "quantity_too_low"),
        (TWO_PLUS_ONE, {"skus": ("DIYA-6",)}, [line(quantity=3)], "no_matching_items"),
        (TWO_PLUS_ONE, {"min_quantity": 4}, [line(quantity=3)], "quantity_too_low"),
        (SET, {}, [line()], "bundle_incomplete"),
        (SET, {}, [line(), line("CHAI-250")], "bundle_incomplete"),
        (SET, {}, [line(), line("CHAI-250"), line("CHAI-250", key="gift")], None),
        (SET, {}, [line("DIYA-6")], "no_matching_items"),
    ],
)
def test_when_free_units_and_sets_apply(
    benefit: Benefit, wish: dict[str, Any], basket: list[Any], reason: str | None
) -> None:
    assert applies(rule(benefit, **wish), basket, NOW, is_first_order=False) == reason


@given(requests(), st.integers(1, 9), st.integers(1, 4), st.none() | st.integers(1, 3))
def test_the_free_units_are_the_cheapest_as_often_as_it_fits(
    asked: Request, buy: int, get: int, times_max: int | None
) -> None:
    prices = sorted(item.price_minor for item in asked.lines for _ in range(item.quantity))
    times = min(len(prices) // (buy + get), len(prices) if times_max is None else times_max)
    shares = allocate(rule(BuyXGetY(buy, get, times_max=times_max)), asked.lines)
    assert sum(shares) == sum(prices[: times * get])


@given(requests(), st.integers(1, 9_999))
def test_units_that_are_cheaper_are_off_by_rounding_alone(asked: Request, bp: int) -> None:
    whole = allocate(rule(BuyXGetY(1, 1)), asked.lines)
    part = allocate(rule(BuyXGetY(1, 1, get_bp=bp)), asked.lines)
    assert all(abs(10_000 * some - bp * all_) <= 5_000 for some, all_ in zip(part, whole, strict=True))


@given(requests(), st.integers(1, 3), st.integers(1, 3), st.integers(0, 10**7))
def test_every_set_costs_its_price(asked: Request, shirts: int, teas: int, price_minor: int) -> None:
    bundle = Bundle(items=(("KURTA-M", shirts), ("CHAI-250", teas)), price_minor=price_minor)
    units = {sku: sum(item.quantity for item in asked.lines if item.sku == sku) for sku in SKUS}
    prices = {item.sku: item.price_minor for item in asked.lines}
    times = min(units["KURTA-M"] // shirts, units["CHAI-250"] // teas)
    worth = shirts * prices.get("KURTA-M", 0) + teas * prices.get("CHAI-250", 0)
    assert sum(allocate(rule(bundle), asked.lines)) == times * max(0, worth - price_minor)


def test_a_set_marked_with_gst_costs_the_customer_exactly_its_price() -> None:
    basket = (line(price_minor=99_900, includes_gst=True), line("CHAI-250", 2, 25_000, includes_gst=True))
    assert quote(request(*basket, rule=rule(SET))).total_minor == SET.price_minor


def test_stored_free_units_may_leave_figures_out() -> None:
    stored = {"code": "DIWALI10", "kind": "buy_x_get_y", "buyQuantity": 2, "getQuantity": 1}
    assert rule_from_json(stored) == rule(TWO_PLUS_ONE)
    assert rule_to_json(rule(TWO_PLUS_ONE)) | {"getBp": 10_000, "timesMax": None} == rule_to_json(rule(TWO_PLUS_ONE))


@pytest.mark.parametrize(
    "wrong",
    [
        {"buyQuantity": 0},
        {"buyQuantity": None},
        {"buyQuantity": "2"},
        {"getQuantity": 10_001},
        {"getBp": 0},
        {"getBp": 10_001},
        {"getBp": None},
        {"timesMax": 0},
        {"timesMax": True},
        {"bp": 1_000},
        {"items": []},
    ],
    ids=repr,
)
def test_stored_free_units_that_say_nonsense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RuleInvalid):
        rule_from_json({"code": "X", "kind": "buy_x_get_y", "buyQuantity": 2, "getQuantity": 1, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": []},
        {"items": None},
        {"items": ["KURTA-M"]},
        {"items": [{"sku": "KURTA-M"}]},
        {"items": [{"sku": "KURTA-M", "quantity": 0}]},
        {"items": [{"sku": "KURTA-M", "quantity": True}]},
        {"items": [{"sku": "", "quantity": 1}]},
        {"items": [{"sku": 5, "quantity": 1}]},
        {"items": [{"sku": "KURTA-M", "quantity": 1, "price": 1}]},
        {"items": [{"sku": "KURTA-M", "quantity": 1}] * 2},
        {"items": [{"sku": f"SKU-{place}", "quantity": 1} for place in range(101)]},
        {"priceMinor": -1},
        {"priceMinor": None},
        {"timesMax": 0},
        {"skus": ["KURTA-M"]},
        {"hsnPrefixes": ["62"]},
        {"amountMinor": 5},
    ],
    ids=repr,
)
def test_a_stored_set_that_says_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    stored = {"code": "X", "kind": "bundle", "items": [{"sku": "KURTA-M", "quantity": 1}], "priceMinor": 1}
    rule_from_json(stored)
    with pytest.raises(RuleInvalid):
        rule_from_json({**stored, **wrong})
