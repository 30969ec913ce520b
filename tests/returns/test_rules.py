"""The rules of returns as a table: window, final sale, condition, not twice; fees and what approves itself (E21, B27)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import eligibility
from orders.eligibility import OUR_FAULT, REASONS, RULES, Asked, Bought, Policy, broken, fee_bp
from orders.pictures import media_of
from tests.returns import makers

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
POLICY = Policy(window_days=14, instant_reasons=frozenset({"size"}), instant_minor_max=1000, fees_bp={"size": 500, "defective": 900})


def bought(**words: Any) -> Bought:
    return Bought(**{"delivered": 3, "returned": 0, "asked": 0, "delivered_at": NOW - timedelta(days=5), **words})


def codes(found: Bought, asked: Asked, now: datetime = NOW) -> list[str]:
    return [rule.code for rule in broken(found, asked, POLICY, now)]


@pytest.mark.parametrize(
    ("found", "asked", "expected"),
    [
        (bought(), Asked(3, "other"), []),
        (bought(delivered=0, delivered_at=None), Asked(1, "other"), ["not_delivered", "not_twice", "too_late"]),
        (bought(returned=2), Asked(2, "other"), ["not_twice"]),
        (bought(asked=3), Asked(1, "defective"), ["not_twice"]),
        (bought(returned=1, asked=1), Asked(1, "defective"), []),
        (bought(delivered_at=NOW - timedelta(days=14)), Asked(1, "other"), []),
        (bought(delivered_at=NOW - timedelta(days=14, seconds=1)), Asked(1, "defective"), ["too_late"]),
        (bought(window_days=30, delivered_at=NOW - timedelta(days=20)), Asked(1, "other"), []),
        (bought(window_days=0), Asked(1, "no_longer_wanted"), ["final_sale"]),
        (bought(window_days=0), Asked(1, "wrong_item"), []),
        (bought(window_days=0, delivered_at=NOW - timedelta(days=15)), Asked(1, "defective"), ["too_late"]),
        (bought(), Asked(1, "no_longer_wanted", "used"), ["condition"]),
        (bought(), Asked(1, "damaged_in_transit", "broken"), []),
    ],
)
def test_each_rule_says_what_does_not_hold(found: Bought, asked: Asked, expected: list[str]) -> None:
    assert codes(found, asked) == expected


BOUGHT = st.builds(
    Bought, delivered=st.integers(0, 5), returned=st.integers(0, 5), asked=st.integers(0, 5),
    delivered_at=st.none() | st.integers(0, 60).map(lambda days: NOW - timedelta(days=days)),
    window_days=st.none() | st.integers(0, 60),
)
ASKED = st.builds(
    Asked, units=st.integers(0, 6), reason=st.sampled_from(REASONS), condition=st.sampled_from(eligibility.CONDITIONS)
)


@given(found=BOUGHT, asked=ASKED)
def test_what_is_allowed_is_there_in_time_and_never_twice(found: Bought, asked: Asked) -> None:
    if codes(found, asked):
        return
    assert 1 <= asked.units <= found.delivered - found.returned - found.asked
    assert found.delivered_at is not None
    assert NOW - found.delivered_at <= timedelta(days=max(found.window_days or 0, POLICY.window_days))
    if asked.reason not in OUR_FAULT:
        assert found.window_days != 0
        assert asked.condition in ("unopened", "opened")


@given(found=BOUGHT, asked=ASKED, days=st.integers(0, 60))
def test_waiting_makes_nothing_possible(found: Bought, asked: Asked, days: int) -> None:
    if codes(found, asked):
        assert codes(found, asked, NOW + timedelta(days=days))


def test_staff_are_bound_by_the_units_alone() -> None:
    assert [rule.code for rule in RULES if rule.binds_staff] == ["not_delivered", "not_twice"]


def test_a_fault_of_ours_costs_no_fee_whatever_is_agreed() -> None:
    assert {reason: fee_bp(reason, POLICY) for reason in ("defective", "size", "other")} == {"defective": 0, "size": 500, "other": 0}


@pytest.mark.parametrize(
    ("reasons", "worth", "overruled", "expected"),
    [({"size"}, 1000, False, True), ({"size"}, 1001, False, False), ({"size", "other"}, 5, False, False), ({"size"}, 5, True, False)],
)
def test_what_approves_itself(reasons: set[str], worth: int, overruled: bool, expected: bool) -> None:
    assert eligibility.approves_itself(frozenset(reasons), worth, POLICY, broken_codes=overruled) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (makers.png(), "image/png"), (makers.jpeg(), "image/jpeg"), (makers.webp(), "image/webp"), (b"", None),
        (b"GIF89a" + b"\0" * 20, None), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None), (makers.png()[:30], None),
        (makers.jpeg()[:-2], None), (b"\xff\xd8\xff", None), (makers.webp() + b"<script>", None), (makers.png(0, 1), None),
        (b"RIFF\x04\0\0\0WEBP", None), (b"%PDF-1.7", None),
    ],
)
def test_a_picture_is_what_its_bytes_are(data: bytes, expected: str | None) -> None:
    assert media_of(data) == expected


@given(st.binary(max_size=200))
def test_no_bytes_trouble_it(data: bytes) -> None:
    for head in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"):
        assert media_of(head + data) in (None, "image/png", "image/jpeg", "image/webp")
