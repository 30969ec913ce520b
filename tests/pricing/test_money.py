"""One rounding function, one way to share, one way to show (STYLE rule 12)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.money import round_half_up, split
from timeline.vocabulary import money

amounts = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (-4, 3, -1), (5, 3, 2), (0, 7, 0), (1, 2, 1), (49, 100, 0), (50, 100, 1)],
)
def test_rounding_is_half_up_and_mirrored(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(amounts, st.integers(1, 10**9))
def test_rounding_is_never_off_by_more_than_a_half(numerator: int, denominator: int) -> None:
    assert abs(Fraction(numerator, denominator) - round_half_up(numerator, denominator)) <= Fraction(1, 2)


@pytest.mark.parametrize("denominator", [0, -1])
def test_rounding_refuses_a_denominator_that_is_not_positive(denominator: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        round_half_up(1, denominator)


@given(amounts, st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_shares_always_add_up(total: int, weights: list[int]) -> None:
    assert sum(split(total, weights)) == total


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40), st.data())
def test_no_share_exceeds_its_weight_while_the_total_fits(weights: list[int], data: st.DataObject) -> None:
    shares = split(data.draw(st.integers(0, sum(weights))), weights)
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_each_share_is_within_one_unit_of_its_exact_part(total: int, weights: list[int]) -> None:
    weights = weights if any(weights) else [1] * len(weights)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    assert all(abs(share - part) < 1 for share, part in zip(split(total, weights), exact, strict=True))


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [1, 2, 4], [1, 3, 6]),
        (5, [0, 0, 0], [2, 2, 1]),
        (7, [0, 3, 0], [0, 7, 0]),
        (0, [], []),
        (0, [0, 5], [0, 0]),
    ],
)
def test_split_by_largest_remainder_ties_by_position(total: int, weights: list[int], shares: list[int]) -> None:
    assert split(total, weights) == shares


def test_split_refuses_a_negative_weight() -> None:
    with pytest.raises(ValueError, match="negative"):
        split(10, [3, -1])


def test_split_refuses_a_total_without_anybody_to_take_it() -> None:
    with pytest.raises(ValueError, match="nothing"):
        split(1, [])


@pytest.mark.parametrize(
    ("minor", "shown"),
    [
        (0, "₹0.00"),
        (5, "₹0.05"),
        (99_999, "₹999.99"),
        (100_000, "₹1,000.00"),
        (31_842_099, "₹3,18,420.99"),
        (-31_842_099, "\u2212₹3,18,420.99"),
        (1_234_567_890_00, "₹1,23,45,67,890.00"),
    ],
)
def test_amounts_are_shown_with_lakh_grouping(minor: int, shown: str) -> None:
    assert money(minor) == shown


@given(amounts)
def test_a_shown_amount_reads_back(minor: int) -> None:
    plain = money(minor).replace("\u2212", "-").replace("₹", "").replace(",", "")
    assert Fraction(plain) * 100 == minor
