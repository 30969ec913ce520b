"""Every word of both vocabularies is mapped (Z3, D3)."""

from __future__ import annotations

import itertools

import pytest

from orders import lifecycle
from orders.models import Fulfilment, Order
from shipping.models import Shipment


def test_every_status_has_a_stage_in_every_state_and_every_stage_is_reached() -> None:
    reached = {
        lifecycle.stage(status, payment_state=paid, fulfilment_state=fulfilled)
        for status, paid, fulfilled in itertools.product(Order.Status, Order.PaymentState, Order.FulfilmentState)
    }
    assert reached == set(lifecycle.STAGES)
    assert tuple(Order.Status.values) == lifecycle.STATUSES


@pytest.mark.parametrize(
    ("status", "paid", "fulfilled", "stage"),
    [
        ("pending", "unpaid", "unfulfilled", "received"), ("pending", "authorized", "unfulfilled", "validated"),
        ("confirmed", "paid", "unfulfilled", "reserved"), ("processing", "paid", "unfulfilled", "picked"),
        ("processing", "paid", "partial", "packed"), ("shipped", "paid", "fulfilled", "shipped"),
        ("delivered", "paid", "delivered", "delivered"), ("refunded", "refunded", "delivered", "closed"),
        ("cancelled", "refunded", "unfulfilled", "closed"),
    ],
)
def test_stages(status: str, paid: str, fulfilled: str, stage: str) -> None:
    assert lifecycle.stage(status, payment_state=paid, fulfilment_state=fulfilled) == stage


def test_a_fulfilment_says_its_own_word_until_its_parcel_has_one() -> None:
    """E16 to E20, PAINS 14: one table, every state of both machines in it."""
    assert tuple(Fulfilment.Status.values) == lifecycle.WAREHOUSE_WORDS
    assert set(lifecycle.PARCEL_WORDS) == set(Shipment.Status.values) - {"booked"}
    words = {
        lifecycle.fulfilment_word(own, parcel)
        for own, parcel in itertools.product(Fulfilment.Status, ("", *Shipment.Status))
    }
    assert words == set(lifecycle.FULFILMENT_WORDS)
    assert lifecycle.fulfilment_word("packed", "booked") == "packed"
    assert lifecycle.fulfilment_word("handed_over", "returning") == "coming_back"
    assert lifecycle.fulfilment_word("cancelled", "labelled") == "cancelled"
    with pytest.raises(LookupError):
        lifecycle.fulfilment_word("lost", "")


def test_a_word_that_is_no_status_has_no_stage() -> None:
    with pytest.raises(LookupError):
        lifecycle.stage("lost", payment_state="paid", fulfilment_state="partial")
