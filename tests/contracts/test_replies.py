"""The provider's samples contradict one another; reading them must not break, and must not invent money."""

from __future__ import annotations

from typing import Any

import pytest

from payments.gateways import razorpay_replies as replies
from payments.gateways.base import InDoubt

PAYMENT: dict[str, Any] = {
    "id": "pay_Ab12Cd34Ef56Gh", "entity": "payment", "amount": 59_000, "currency": "INR", "status": "captured",
    "order_id": "order_Zy98Xw76Vu54Ts", "method": "card", "amount_refunded": 0, "captured": True, "notes": [],
    "fee": 1_392, "tax": 212, "acquirer_data": {"rrn": "303107535132"}, "created_at": 1_795_000_000,
}  # fmt: skip
REFUND: dict[str, Any] = {
    "id": "rfnd_Ab12Cd34Ef56Gh", "entity": "refund", "amount": 500, "currency": "INR", "payment_id": PAYMENT["id"],
    "status": "processed", "created_at": 1_795_000_000, "acquirer_data": {"arn": "74119663031031075351326"},
}  # fmt: skip


@pytest.mark.parametrize("notes", [[], {}, None, {"a": "b"}, ["odd"]])
def test_notes_of_every_shape_are_survived(notes: Any) -> None:
    assert replies.payment({**PAYMENT, "notes": notes}).amount_minor == 59_000


def test_a_failed_payment_that_says_captured_brought_no_money() -> None:
    odd = {**PAYMENT, "status": "failed", "captured": True, "error_code": "", "error_reason": None}
    payment = replies.payment(odd)
    assert (payment.status, payment.captured, payment.captured_minor, payment.error_code) == ("failed", False, 0, "")


def test_an_authorisation_that_lapsed_was_never_money() -> None:
    lapsed = {**PAYMENT, "status": "refunded", "captured": False, "amount_refunded": 59_000}
    assert replies.payment(lapsed).captured_minor == 0
    assert replies.payment({**lapsed, "captured": True}).captured_minor == 59_000


def test_the_tax_is_found_under_its_old_name() -> None:
    older = {name: value for name, value in PAYMENT.items() if name != "tax"}
    assert replies.payment({**older, "service_tax": 200}).tax_minor == 200


def test_a_bare_payment_is_read() -> None:
    bare = {name: PAYMENT[name] for name in ("id", "amount", "currency", "status")}
    payment = replies.payment(bare)
    assert (payment.order_id, payment.fee_minor, payment.created_at, payment.references) == (None, None, None, {})
    assert (payment.method, payment.error_reason, payment.facts) == ("", "", {})


@pytest.mark.parametrize("name", ["id", "amount", "currency", "status"])
@pytest.mark.parametrize("value", [None, "", [], True, -1, 1.5, "Neither"])
def test_without_what_decides_about_money_the_outcome_is_in_doubt(name: str, value: Any) -> None:
    if name in {"id", "currency"} and value == "Neither":
        return
    with pytest.raises(InDoubt, match=f"no readable {name}"):
        replies.payment({**PAYMENT, name: value})


def test_no_personal_data_is_kept_of_the_references() -> None:
    told = {**PAYMENT, "acquirer_data": {"rrn": "1", "customer_name": "A Person", "arn": None}, "email": "a@b.example"}
    assert replies.payment(told).facts == {"fee_minor": 1_392, "tax_minor": 212, "rrn": "1"}


def test_a_refund_gives_the_banks_reference() -> None:
    assert replies.refund(REFUND).reference == "74119663031031075351326"
    assert replies.refund({**REFUND, "acquirer_data": {"arn": None, "rrn": "77"}}).reference == "77"
    assert replies.refund({**REFUND, "acquirer_data": []}).reference is None


@pytest.mark.parametrize("reply", [None, "{}", [], {}, {"items": None}, {"items": [1]}])
def test_what_is_no_collection_is_in_doubt(reply: Any) -> None:
    with pytest.raises(InDoubt):
        replies.items(reply)


@pytest.mark.parametrize("read", [replies.order, replies.payment, replies.refund])
def test_what_is_no_entity_is_in_doubt(read: Any) -> None:
    """The SDK answers a 204 with the text of an empty object."""
    with pytest.raises(InDoubt):
        read("{}")
