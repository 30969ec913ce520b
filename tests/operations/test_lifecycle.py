"""Every word of both vocabularies is mapped (Z3, D3)."""

from __future__ import annotations

import itertools

import pytest

from orders import lifecycle
from orders.models import Order


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


def test_a_word_that_is_no_status_has_no_stage() -> None:
    with pytest.raises(LookupError):
        lifecycle.stage("lost", payment_state="paid", fulfilment_state="partial")
