"""Sightings in any order end in one state (E16 to E20): every permutation of six, and what is never guessed."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping import projection, sightings
from shipping.models import Shipment
from shipping.projection import FLAGS, Seen, project, route
from timeline.transitions import machine

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
TARGET = {(step.source, step.verb): step.target for step in machine(Shipment).steps}


def seen(meaning: str, hours: int = 0, *, confirmed: bool = True, code: str = "", reason: str = "", answered: bool = False) -> Seen:
    at = NOON + timedelta(hours=hours)
    return Seen(meaning=meaning, code=code or meaning or "X-9", at=at, is_confirmed=confirmed, reason=reason, is_answered=answered)


def moved(status: str, state: str) -> str:
    """Where the machine's own table leads; a verb it refuses is a KeyError."""
    for verb in route(status, state):
        status = TARGET[status, verb]
    return status


# Late, repeated and contradictory: two hubs, a delivery before an attempt, an audit after days, a way back, losses, strangers.
JOURNEY = [
    seen("picked_up"), seen("in_transit", 3), seen("in_transit", 2), seen("out_for_delivery", 9), seen("attempted", 10, reason="unavailable"),
    seen("delivered", 8, confirmed=False), seen("delivered", 8), seen("delivered", 50), seen("returning", 11), seen("back", 60),
    seen("lost", 20), seen("", 4), seen("announced", -5), seen("remark", 80),
]


def test_every_permutation_of_up_to_six_sightings_ends_in_the_same_state() -> None:
    """Exhaustive: the states that any order of a set can lead to are those of its parts, each followed by one more sighting."""
    reached: dict[frozenset[Seen], set[str]] = {frozenset(): {"labelled"}}
    for size in range(1, 7):
        for group in itertools.combinations(JOURNEY, size):
            whole = frozenset(group)
            state = project(whole).state
            reached[whole] = {moved(status, state) for last in group for status in reached[whole - {last}]}
            assert len(reached[whole]) == 1, (group, reached[whole])
    assert len(reached) == sum(len(list(itertools.combinations(JOURNEY, size))) for size in range(7))


@given(st.lists(st.sampled_from(JOURNEY), min_size=7, max_size=40), st.randoms(use_true_random=False))
def test_longer_journeys_end_in_the_same_state_too(journey: list[Seen], chance: object) -> None:
    """Random, with repetitions."""
    ends = set()
    for _ in range(2):
        chance.shuffle(journey)  # type: ignore[attr-defined]
        status = "labelled"
        for count in range(1, len(journey) + 1):
            status = moved(status, project(journey[:count]).state)
        ends.add((status, project(journey)))
    assert len(ends) == 1


def test_the_first_delivery_is_its_time() -> None:
    """Audits arrive days later (PROTOCOLS 3.2)."""
    found = project([seen("delivered", 50), seen("delivered", 8), seen("remark", 80)])
    assert (found.state, found.delivered_at) == ("delivered", NOON + timedelta(hours=8))


def test_a_delivery_that_was_only_pushed_is_flagged_and_moves_nothing() -> None:
    found = project([seen("out_for_delivery", 1), seen("delivered", 2, confirmed=False)])
    assert (found.state, found.flags) == ("out_for_delivery", ("delivered_unconfirmed",))
    assert project([seen("delivered", 2, confirmed=False), seen("delivered", 2)]).flags == ()


@pytest.mark.parametrize(("meaning", "flag"), [("lost", "says_lost"), ("damaged", "says_damaged"), ("called_off", "says_called_off"), ("", "unknown_code")])
def test_what_a_person_has_to_decide_is_flagged_and_moves_nothing(meaning: str, flag: str) -> None:
    found = project([seen("in_transit"), seen(meaning, 5)])
    assert (found.state, found.flags) == ("in_transit", (flag,))
    assert project([seen("in_transit"), seen(meaning, 5, answered=True)]).flags == ()


def test_a_carrier_that_says_the_parcel_is_back_with_us_is_not_believed() -> None:
    """Z4: only a person takes goods into stock."""
    found = project([seen("in_transit"), seen("back", 5)])
    assert (found.state, found.flags) == ("returning", ("says_back",))


def test_a_way_back_is_not_turned_round_by_a_hub_but_ends_at_a_door() -> None:
    back = [seen("returning", 5), seen("in_transit", 7)]
    assert project(back).state == "returning"
    assert project([*back, seen("delivered", 9)]).state == "delivered"


def test_what_is_seen_after_the_end_is_flagged() -> None:
    assert project([seen("delivered", 5), seen("out_for_delivery", 9)]).flags == ("contradicted",)


def test_attempts_are_counted_once_each_with_the_last_reason() -> None:
    journey = [seen("attempted", 5, reason="unavailable"), seen("attempted", 30, reason="address"), seen("attempted", 5, reason="unavailable")]
    found = project(journey)
    assert (found.attempts, found.attempt_reason, found.state) == (2, "address", "attempted")


def test_nothing_seen_is_nowhere() -> None:
    assert project([]) == projection.Projection()
    assert project([seen("announced")]).state == ""


@pytest.mark.parametrize("status", ["delivered", "lost", "returned", "cancelled"])
def test_what_a_person_ended_stays_so(status: str) -> None:
    assert all(route(status, state) == () for state in ("shipped", "in_transit", "delivered", "returning"))


def test_a_hand_over_nobody_noted_is_caught_up_with() -> None:
    assert route("labelled", "delivered") == ("dispatch", "deliver")
    assert route("booked", "shipped") == ("label", "dispatch")


def test_every_word_has_its_sentence() -> None:
    said = {flag for flag in vars(projection).values() if isinstance(flag, str) and flag.startswith("says_")}
    assert said <= set(FLAGS)
    assert set(sightings.NEXT_BY_REASON) == set(sightings.REASONS)
    assert set(sightings.NEXT_BY_REASON.values()) <= set(sightings.NEXT_STEPS)
