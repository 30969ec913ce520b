"""Every pair of state and verb of a return, allowed or refused (STYLE 5)."""

from __future__ import annotations

import itertools

import pytest
from django_fsm import can_proceed

from orders.models import Return
from timeline.transitions import machine

TABLE = {
    ("requested", "approve"): "approved",
    ("requested", "decline"): "declined",
    ("requested", "cancel"): "cancelled",
    ("approved", "cancel"): "cancelled",
    ("pickup_booked", "cancel"): "cancelled",
    ("approved", "expire"): "expired",
    ("approved", "book_pickup"): "pickup_booked",
    ("pickup_booked", "lose_pickup"): "approved",
    ("approved", "pick_up"): "on_the_way",
    ("pickup_booked", "pick_up"): "on_the_way",
    ("approved", "receive"): "received",
    ("pickup_booked", "receive"): "received",
    ("on_the_way", "receive"): "received",
    ("received", "inspect"): "inspected",
    ("approved", "close"): "closed",
    ("on_the_way", "close"): "closed",
    ("inspected", "close"): "closed",
}
PAIRS = list(itertools.product(machine(Return).states, machine(Return).verbs()))


@pytest.mark.parametrize(("state", "verb"), PAIRS)
def test_every_pair_of_state_and_verb(state: str, verb: str) -> None:
    """E21, E24."""
    assert can_proceed(getattr(Return(status=state), verb)) is ((state, verb) in TABLE)


def test_every_step_leads_where_the_table_says() -> None:
    assert {(step.source, step.verb): step.target for step in machine(Return).steps} == TABLE
