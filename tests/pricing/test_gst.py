"""Rates by day, the taxes of a place of supply, and how they round (Z7, PROTOCOLS section 4)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.gst import (
    NoRate,
    Rate,
    RateInvalid,
    RateTable,
    Tax,
    UnknownState,
    inclusive,
    is_intra,
    split_tax,
)
from tests.pricing.baskets import RATES_BP

REFORM = date(2025, 9, 22)
EVE = date(2025, 9, 21)
START = date(2017, 7, 1)

values = st.integers(0, 10**15)
rates = st.sampled_from(RATES_BP)


@pytest.fixture
def table() -> RateTable:
    return RateTable(
        [
            Rate("61", 1200, START, EVE),
            Rate("61", 500, REFORM),
            Rate("6101", 1800, REFORM),
            Rate("71", 300, START),
        ]
    )


@pytest.mark.parametrize(
    ("hsn", "day", "rate_bp"),
    [
        ("6109", EVE, 1200),
        ("6109", REFORM, 500),
        ("61012000", EVE, 1200),
        ("61012000", REFORM, 1800),
        ("7117", date(2030, 1, 1), 300),
    ],
)
def test_the_longest_prefix_in_force_on_the_day_holds(table: RateTable, hsn: str, day: date, rate_bp: int) -> None:
    assert table.rate_bp(hsn, day) == rate_bp


@pytest.mark.parametrize(("hsn", "day"), [("8471", REFORM), ("61", date(2017, 6, 30)), ("6", REFORM)])
def test_no_rate_is_said_and_not_guessed(table: RateTable, hsn: str, day: date) -> None:
    with pytest.raises(NoRate, match=hsn):
        table.rate_bp(hsn, day)


@pytest.mark.parametrize(
    "rates",
    [
        [Rate("61", 500, START), Rate("61", 1200, REFORM)],
        [Rate("61", 500, REFORM), Rate("61", 1200, START, REFORM)],
    ],
)
def test_two_answers_for_one_day_are_refused(rates: list[Rate]) -> None:
    with pytest.raises(RateInvalid, match="Two rates"):
        RateTable(rates)


def test_a_rate_may_not_end_before_it_begins() -> None:
    with pytest.raises(RateInvalid, match="end before"):
        Rate("61", 500, REFORM, EVE)


@pytest.mark.parametrize("rate_bp", [-1, 10_001])
def test_a_rate_has_bounds(rate_bp: int) -> None:
    with pytest.raises(RateInvalid, match="basis points"):
        Rate("61", rate_bp, START)


@pytest.mark.parametrize(
    ("taxable", "rate_bp", "intra", "tax"),
    [
        (100_000, 500, True, Tax(2_500, 2_500, 0)),
        (100_000, 500, False, Tax(0, 0, 5_000)),
        (99_990, 1800, True, Tax(8_999, 8_999, 0)),
        (10_100, 25, True, Tax(13, 13, 0)),  # 0.125 % of 101.00 is 12.625 paise
        (10_100, 25, False, Tax(0, 0, 25)),
        (20, 500, True, Tax(1, 1, 0)),  # exactly half a paisa each goes up
        (20, 500, False, Tax(0, 0, 1)),
        (12_345, 0, True, Tax()),
    ],
)
def test_tax_on_exclusive_prices(taxable: int, rate_bp: int, intra: bool, tax: Tax) -> None:
    assert split_tax(taxable, rate_bp, intra) == tax


@pytest.mark.parametrize(
    ("gross", "rate_bp", "intra", "taxable", "tax"),
    [
        (99_900, 500, True, 95_142, Tax(2_379, 2_379, 0)),
        (40_000, 1800, True, 33_898, Tax(3_051, 3_051, 0)),
        (99_900, 500, False, 95_143, Tax(0, 0, 4_757)),
        (118_00, 1800, False, 100_00, Tax(0, 0, 18_00)),
        (0, 1800, True, 0, Tax()),
    ],
)
def test_rule_35_takes_the_tax_out_of_inclusive_prices(
    gross: int, rate_bp: int, intra: bool, taxable: int, tax: Tax
) -> None:
    assert inclusive(gross, rate_bp, intra) == (taxable, tax)


@given(values, rates)
def test_within_a_state_cgst_equals_sgst_and_there_is_no_igst(value: int, rate_bp: int) -> None:
    for tax in (split_tax(value, rate_bp, intra=True), inclusive(value, rate_bp, intra=True)[1]):
        assert (tax.cgst_minor, tax.igst_minor) == (tax.sgst_minor, 0)


@given(values, rates)
def test_between_states_there_is_igst_alone(value: int, rate_bp: int) -> None:
    for tax in (split_tax(value, rate_bp, intra=False), inclusive(value, rate_bp, intra=False)[1]):
        assert (tax.cgst_minor, tax.sgst_minor) == (0, 0)


@given(values, rates, st.booleans())
def test_the_parts_of_an_inclusive_price_make_it_again(gross: int, rate_bp: int, intra: bool) -> None:
    taxable, tax = inclusive(gross, rate_bp, intra)
    assert taxable + tax.total_minor == gross
    assert taxable >= 0


@given(values, rates)
def test_both_places_of_supply_differ_by_rounding_alone(value: int, rate_bp: int) -> None:
    within, between = split_tax(value, rate_bp, intra=True), split_tax(value, rate_bp, intra=False)
    assert abs(within.total_minor - between.total_minor) <= 1


@pytest.mark.parametrize(
    ("supplier", "destination", "intra"),
    [
        ("IN-KA", "IN-KA", True),
        ("IN-KA", "karnataka", True),
        ("29", "KA", True),
        ("IN-KA", "IN-MH", False),
        ("IN-KA", None, True),
        ("IN-TG", "Telangana", True),
    ],
)
def test_place_of_supply(supplier: str, destination: str | None, intra: bool) -> None:
    assert is_intra(supplier, destination) is intra


@pytest.mark.parametrize(("supplier", "destination"), [("Atlantis", None), ("IN-KA", "Atlantis")])
def test_an_unknown_state_is_refused(supplier: str, destination: str | None) -> None:
    with pytest.raises(UnknownState):
        is_intra(supplier, destination)
