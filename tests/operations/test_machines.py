"""Every pair of state and verb, allowed or refused, against the tables of REQUIREMENTS B16, Z1 and API.md."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django_fsm import can_proceed

from orders.models import Checkout, Fulfilment, Order, OrderEdit
from shipping.models import Shipment
from timeline.transitions import machine

ORDER = {
    ("pending", "confirm"): "confirmed",
    ("confirmed", "start_processing"): "processing",
    ("processing", "ship"): "shipped",
    ("shipped", "deliver"): "delivered",
    ("pending", "cancel"): "cancelled",
    ("confirmed", "cancel"): "cancelled",
    ("processing", "cancel"): "cancelled",
    ("shipped", "cancel"): "cancelled",
    ("confirmed", "refund"): "refunded",
    ("processing", "refund"): "refunded",
    ("shipped", "refund"): "refunded",
    ("delivered", "refund"): "refunded",
}
CHECKOUT = {
    ("open", "complete"): "completed", ("open", "fail"): "failed", ("open", "expire"): "expired", ("open", "abandon"): "abandoned",
    ("abandoned", "resume"): "open", ("abandoned", "expire"): "expired",
}
EDIT = {("staged", "commit"): "committed", ("staged", "discard"): "discarded"}
_MOVING = ("shipped", "in_transit", "out_for_delivery", "attempted")
SHIPMENT = {
    ("booked", "label"): "labelled",
    ("labelled", "dispatch"): "shipped",
    ("booked", "cancel"): "cancelled",
    ("labelled", "cancel"): "cancelled",
    ("returning", "take_back"): "returned",
    ("returning", "lose"): "lost",
    ("returning", "deliver"): "delivered",
    **{(state, "move"): "in_transit" for state in _MOVING},
    **{(state, "go_out"): "out_for_delivery" for state in _MOVING},
    **{(state, "attempt"): "attempted" for state in _MOVING},
    **{(state, "deliver"): "delivered" for state in _MOVING},
    **{(state, "lose"): "lost" for state in _MOVING},
    **{(state, "bring_back"): "returning" for state in _MOVING},
}
_OPEN = ("awaiting_inventory", "scheduled", "released", "picking", "packed")
FULFILMENT = {
    ("awaiting_inventory", "release"): "released",
    ("scheduled", "release"): "released",
    ("released", "schedule"): "scheduled",
    ("awaiting_inventory", "schedule"): "scheduled",
    ("released", "start_picking"): "picking",
    ("picking", "put_back"): "released",
    ("released", "pack"): "packed",
    ("picking", "pack"): "packed",
    ("released", "hand_over"): "handed_over",
    ("picking", "hand_over"): "handed_over",
    ("packed", "hand_over"): "handed_over",
    **{(state, "cancel"): "cancelled" for state in _OPEN},
}
PAIRS = [
    (model, state, verb, table)
    for model, table in (
        (Order, ORDER), (Checkout, CHECKOUT), (OrderEdit, EDIT), (Shipment, SHIPMENT), (Fulfilment, FULFILMENT)
    )
    for state, verb in itertools.product(machine(model).states, machine(model).verbs())
]


@pytest.mark.parametrize(("model", "state", "verb", "table"), PAIRS, ids=lambda value: getattr(value, "__name__", str(value)[:20]))
def test_every_pair_of_state_and_verb(model: Any, state: str, verb: str, table: dict[tuple[str, str], str]) -> None:
    """B16, B17, B19, Z1."""
    assert can_proceed(getattr(model(status=state), verb)) is ((state, verb) in table)


@pytest.mark.parametrize(
    ("model", "table"), [(Order, ORDER), (Checkout, CHECKOUT), (OrderEdit, EDIT), (Shipment, SHIPMENT), (Fulfilment, FULFILMENT)]
)
def test_every_step_leads_where_the_table_says(model: Any, table: dict[tuple[str, str], str]) -> None:
    assert {(step.source, step.verb): step.target for step in machine(model).steps} == table
