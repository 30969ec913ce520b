"""Rules: their bounds, their conditions, what lands on each line, their stored form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given

from orders.pricing.discounts import (
    Benefit,
    CodeInvalid,
    Fixed,
    FreeShipping,
    Percentage,
    Rule,
    RuleInvalid,
    allocate,
    applies,
    kind_of,
    normal_code,
    rule_from_json,
    rule_to_json,
)
from orders.pricing.moments import InstantInvalid, instant, instant_text
from orders.pricing.quote import Request
from tests.pricing.baskets import NOW, line, requests, rules

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
    ("benefit", "kind"), [(Percentage(bp=1), "percentage"), (Fixed(1), "fixed"), (FreeShipping(), "free_shipping")]
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
