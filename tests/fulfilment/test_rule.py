"""The rule one can read: distances by PIN, the order of places, and the sentence that says why (D6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import sourcing
from orders.sourcing import Place
from shipping.distances import REGIONS, kilometres
from shipping.states import STATES

PINS = st.sampled_from(sorted(REGIONS)).map(lambda region: f"{region}0001")


def test_every_region_of_every_state_has_a_middle() -> None:
    used = {f"{prefix:03d}"[:2] for state in STATES for first, last in state.pins for prefix in range(first, last + 1)}
    assert used <= set(REGIONS) | {"35"}, "no PIN of India Post begins with 35"


@pytest.mark.parametrize(
    ("here", "there", "low", "high"),
    [("560001", "560100", 0, 0), ("560001", "110001", 1600, 1850), ("400001", "380001", 350, 500), ("744101", "600001", 1200, 1500)],
)
def test_distances_are_about_right(here: str, there: str, low: int, high: int) -> None:
    assert low <= (kilometres(here, there) or 0) <= high


@pytest.mark.parametrize("pin", ["", "56001", "056001", "900001", "99", "५६०००१", "560001 "])
def test_what_is_no_pin_has_no_distance(pin: str) -> None:
    assert kilometres(pin, "560001") is None
    assert kilometres("560001", pin) is None


@given(PINS, PINS)
def test_a_distance_is_the_same_both_ways_and_steps_of_ten(here: str, there: str) -> None:
    km = kilometres(here, there)
    assert km == kilometres(there, here)
    assert km is not None
    assert km % 10 == 0


@pytest.mark.parametrize(
    ("here", "others", "units", "of_all", "said"),
    [
        (Place("BLR-1", 0, 1, True), [], 3, 3, "All three items lie here; no other warehouse has them."),
        (Place("BLR-1", 0, 1, True), [Place("DEL-1", 140, 1, True)], 3, 3, "All three items lie here, 140 km nearer than DEL-1."),
        (Place("BLR-1", 0, 1, True), [Place("DEL-1", 140, 1, False)], 1, 1, "The item lies here; no other warehouse has it."),
        (Place("BLR-1", 0, 1, True), [Place("BLR-2", 0, 2, True)], 12, 12, "All 12 items lie here; BLR-2 is as far, and BLR-1 comes first."),
        (Place("BLR-1", None, 1, True), [Place("DEL-1", 5, 2, True)], 2, 2, "All two items lie here; BLR-1 comes before DEL-1."),
        (Place("BLR-1", 900, 1, True), [Place("DEL-1", 100, 1, True)], 2, 2, "All two items lie here and are promised here; DEL-1 is 800 km nearer and has them now."),
        (Place("BLR-1", 0, 1, True), [], 2, 5, "Two items of 5 lie here; no other warehouse has them."),
        (Place("BLR-1", 0, 1, True), [Place("X", 9, 1, True), Place("DEL-1", 30, 1, True)], 1, 2, "One item of 2 lies here, 9 km nearer than X."),
    ],
)
def test_why_says_the_reason_in_one_sentence(here: Place, others: list[Place], units: int, of_all: int, said: str) -> None:
    assert sourcing.sentence(here, others, units=units, of_all=of_all) == said


def test_nearer_comes_first_then_priority_then_code_and_the_unknown_last() -> None:
    places = [("Z", None, 1), ("B", 10, 5), ("A", 10, 5), ("C", 10, 1), ("D", 5, 9)]
    ranked = sorted(places, key=lambda place: sourcing.rank(code=place[0], km=place[1], priority=place[2]))
    assert [code for code, _, _ in ranked] == ["D", "C", "A", "B", "Z"]
