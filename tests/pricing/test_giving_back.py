"""Refunds from the frozen prices: exact sums, every tax to zero, in any order (B27; PAINS rows 4 and 6)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.giving_back import BeyondRemaining, Part, Remaining, by_amount, by_items, shipping_of
from orders.pricing.quote import Request, quote
from orders.pricing.snapshot import pricing_snapshot
from tests.pricing.baskets import line, request, requests

NAMES = ("taxable_minor", "cgst_minor", "sgst_minor", "igst_minor", "total_minor")


def remaining(asked: Request) -> tuple[list[Remaining], Remaining]:
    """All of an order, nothing given back: its lines and its shipping."""
    found = quote(asked)
    lines = [
        Remaining(row.key, row.quantity, row.total_minor - row.gst_minor, row.gst.cgst_minor, row.gst.sgst_minor,
                  row.gst.igst_minor, row.total_minor)
        for row in found.lines
    ]
    return lines, shipping_of(json.loads(json.dumps(pricing_snapshot(asked, found))))


def worth(key: str | None, units: int, taxable: int, state_tax: int = 0) -> Remaining:
    """Of the same CGST and SGST, and nothing else."""
    return Remaining(key, units, taxable, state_tax, state_tax, 0, taxable + 2 * state_tax)


def less(lines: list[Remaining], shipping: Remaining, parts: list[Part]) -> tuple[list[Remaining], Remaining]:
    return [left.less(parts) for left in lines], shipping.less(parts)


def total(parts: list[Part]) -> int:
    return sum(part.total_minor for part in parts)


@given(requests(), st.booleans())
def test_b27_all_units_and_the_shipping_give_back_everything(asked: Request, with_shipping: bool) -> None:
    lines, shipping = remaining(asked)
    parts = by_items(lines, shipping, {str(left.key): left.units for left in lines}, with_shipping=with_shipping)
    emptied, still = less(lines, shipping, parts)
    assert all(getattr(left, name) == 0 for left in emptied for name in ("units", *NAMES))
    assert still.total_minor == (0 if with_shipping else shipping.total_minor)


@given(requests(), st.data())
def test_b27_any_sequence_of_units_and_amounts_gives_back_exactly_the_total(asked: Request, data: st.DataObject) -> None:
    lines, shipping = remaining(asked)
    parts_all: list[Part] = []
    for _ in range(data.draw(st.integers(1, 6))):
        parts, asked_minor = drawn(data, lines, shipping)
        assert asked_minor is None or total(parts) == asked_minor
        assert all(part.taxable_minor + part.cgst_minor + part.sgst_minor + part.igst_minor == part.total_minor
                   and min(part.taxable_minor, part.cgst_minor, part.sgst_minor, part.igst_minor) >= 0 for part in parts)
        assert len({part.key for part in parts}) == len(parts)
        assert all(abs(part.cgst_minor - part.sgst_minor) <= 1 for part in parts)
        lines, shipping = less(lines, shipping, parts)  # refuses whatever is above the line
        assert all(abs(left.cgst_minor - left.sgst_minor) <= 1 for left in (*lines, shipping))
        parts_all += parts

    whole = sum(left.total_minor for left in lines) + shipping.total_minor
    if whole:
        parts_all += by_amount(lines, shipping, whole)
    untouched, charge = remaining(asked)
    assert total(parts_all) == quote(asked).total_minor
    for left in (*untouched, charge):
        assert all(getattr(left.less(parts_all), name) == 0 for name in NAMES)


def drawn(data: st.DataObject, lines: list[Remaining], shipping: Remaining) -> tuple[list[Part], int | None]:
    """One refund of either kind that the order still allows, and the amount it must make."""
    units = {
        str(left.key): data.draw(st.integers(1, left.units)) for left in lines if left.units and data.draw(st.booleans())
    }
    with_shipping = data.draw(st.booleans())
    most = sum(left.total_minor for left in lines) + (shipping.total_minor if with_shipping else 0)
    if not most or data.draw(st.booleans()):
        return by_items(lines, shipping, units, with_shipping=with_shipping), None
    amount = data.draw(st.integers(1, most) | st.integers(1, min(most, 9)))
    return by_amount(lines, shipping, amount, with_shipping=with_shipping, prefer=units), amount


@given(requests(), st.data())
def test_more_than_remains_is_refused(asked: Request, data: st.DataObject) -> None:
    lines, shipping = remaining(asked)
    whole = sum(left.total_minor for left in lines)
    for wrong, with_shipping in ((0, True), (-1, True), (whole + 1, False), (whole + shipping.total_minor + 1, True)):
        with pytest.raises(BeyondRemaining):
            by_amount(lines, shipping, wrong, with_shipping=with_shipping)
    if lines:
        one = data.draw(st.sampled_from(lines))
        for units in (0, -1, one.units + 1):
            with pytest.raises(BeyondRemaining):
                by_items(lines, shipping, {str(one.key): units}, with_shipping=False)


def test_a_line_nobody_bought_is_refused() -> None:
    lines, shipping = remaining(request(line()))
    with pytest.raises(BeyondRemaining, match="no-such-line"):
        by_items(lines, shipping, {"no-such-line": 1}, with_shipping=False)


def test_units_one_by_one_take_the_taxes_with_them() -> None:
    """Three at 999.00 and 5 % within the state: 2997.00 + 74.93 + 74.93 = 3146.86."""
    lines, shipping = remaining(request(line(quantity=3, price_minor=99_900)))
    found = []
    for _ in range(3):
        parts = by_items(lines, shipping, {"line-KURTA-M": 1}, with_shipping=True)
        lines, shipping = less(lines, shipping, parts)
        found.append([getattr(part, name) for part in parts for name in NAMES])
    assert found == [
        [99_899, 2_498, 2_498, 0, 104_895], [99_900, 2_498, 2_498, 0, 104_896], [99_901, 2_497, 2_497, 0, 104_895],
    ]


def test_an_amount_goes_to_what_is_preferred_then_shipping_then_the_rest_by_value() -> None:
    lines = [worth("a", 2, 20_000, 500), worth("b", 1, 10_000), worth("c", 1, 30_000)]
    shipping = worth(None, 0, 4_750, 125)
    parts = by_amount(lines, shipping, 10_500 + 5_000 + 5_050, prefer={"a": 1})
    assert [(part.key, part.units, part.total_minor) for part in parts] == [
        ("a", 1, 10_500 + 1_050), ("b", 0, 1_000), ("c", 0, 3_000), (None, 0, 5_000),
    ]


def test_an_amount_below_what_is_preferred_brings_no_units_back() -> None:
    lines, shipping = remaining(request(line(quantity=2), shipping_minor=4_900))
    parts = by_amount(lines, shipping, 100, prefer={"line-KURTA-M": 1})
    assert [(part.key, part.units, part.total_minor) for part in parts] == [("line-KURTA-M", 0, 100)]


def test_after_an_amount_each_unit_is_worth_its_share_of_what_remains() -> None:
    lines, shipping = remaining(request(line(quantity=2)))
    lines, shipping = less(lines, shipping, by_amount(lines, shipping, 10_001))
    first = by_items(lines, shipping, {"line-KURTA-M": 1}, with_shipping=False)
    assert total(first) == 100_000  # 210000 - 10001 = 199999; half of it, rounded up
    second = by_items(*less(lines, shipping, first), {"line-KURTA-M": 1}, with_shipping=False)
    assert total(second) == 99_999


def test_where_a_paisa_cannot_be_halved_the_taxes_differ_by_one_and_meet_again() -> None:
    left = worth("a", 1, 0, 3)
    first = by_amount([left], worth(None, 0, 0), 3)
    assert [(part.cgst_minor, part.sgst_minor) for part in first] == [(2, 1)]
    second = by_amount([left.less(first)], worth(None, 0, 0), 1)
    assert [(part.cgst_minor, part.sgst_minor) for part in second] == [(0, 1)]


def test_a_unit_that_cost_nothing_comes_back_for_nothing() -> None:
    lines, shipping = remaining(request(line(price_minor=0, quantity=2)))
    assert by_items(lines, shipping, {"line-KURTA-M": 1}, with_shipping=True) == [Part("line-KURTA-M", 1, 0, 0, 0, 0, 0)]


def test_the_shipping_carries_the_tax_within_it() -> None:
    asked = request(line(), shipping_minor=10_500)
    assert remaining(asked)[1] == worth(None, 0, 10_000, 250)


@pytest.mark.parametrize("wrong", [(1, 10, 0, 0, 0, 9), (-1, 10, 0, 0, 0, 10), (1, -10, 5, 5, 0, 0)])
def test_what_remains_adds_up_and_is_never_below_zero(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(BeyondRemaining):
        Remaining("a", *wrong)
