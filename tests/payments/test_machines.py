"""Every state and every step of both machines: allowed or refused, against the tables of the design (B31, B32)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import Error, transaction
from django_fsm import can_proceed

from payments import operations
from payments.models import Payment, Refund
from tests.payments import makers
from timeline.errors import TransitionRefused
from timeline.models import Event
from timeline.transitions import machine

pytestmark = pytest.mark.django_db

PAYMENT = {
    "accept": ({"opening", "in_doubt"}, "created", "payment.accepted"),
    "authorise": ({"created", "failed", "in_doubt"}, "authorized", "payment.authorized"),
    "capture": ({"created", "authorized", "failed", "in_doubt"}, "captured", "payment.captured"),
    "fail": ({"opening", "created", "authorized", "in_doubt"}, "failed", "payment.failed"),
    "doubt": ({"opening", "authorized"}, "in_doubt", "payment.doubted"),
    "retry": ({"failed"}, "created", "payment.retried"),
    "reopen": ({"failed"}, "opening", "payment.retried"),
    "supersede": ({"opening", "created"}, "failed", "payment.superseded"),
}
REFUND = {
    "approve": ({"requested"}, "pending", "refund.asked"),
    "decline": ({"requested"}, "declined", "refund.declined"),
    "accept": ({"pending", "in_doubt"}, "pending", "refund.issued"),
    "finish": ({"pending", "in_doubt"}, "processed", "refund.processed"),
    "fail": ({"pending", "in_doubt"}, "failed", "refund.failed"),
    "doubt": ({"pending"}, "in_doubt", "refund.doubted"),
    "retry": ({"failed"}, "pending", "refund.asked"),
    "settle_otherwise": ({"failed"}, "processed", "refund.processed"),
}
TABLES: dict[type[Any], dict[str, Any]] = {Payment: PAYMENT, Refund: REFUND}
MAKE: dict[Any, Any] = {Payment: makers.payment_in, Refund: makers.refund_in}
CELLS = [
    pytest.param(model, str(state), verb, id=f"{model.__name__}-{state}-{verb}")
    for model, table in TABLES.items()
    for state, verb in itertools.product([value for value, _ in model._meta.get_field("status").choices], table)
]


@pytest.mark.parametrize("model", TABLES)
def test_the_machine_is_the_table(model: Any) -> None:
    steps = {(step.verb, step.source, step.target, step.event) for step in machine(model).steps}
    table = {
        (verb, source, target, event)
        for verb, (sources, target, event) in TABLES[model].items()
        for source in sources
    }
    assert steps == table


@pytest.mark.parametrize(("model", "state", "verb"), CELLS)
def test_each_step_from_each_state(model: Any, state: str, verb: str) -> None:
    sources, _, _ = TABLES[model][verb]
    assert can_proceed(getattr(model(status=state), verb)) is (state in sources)


@pytest.mark.parametrize(("model", "state"), [(m, str(s)) for m in TABLES for s, _ in m._meta.get_field("status").choices])
def test_each_state_is_reached_by_operations_and_says_so(model: Any, state: str) -> None:
    row = makers.fresh(MAKE[model](state))
    newest = Event.objects.filter(subject_type=model._meta.label_lower, subject_id=row.pk.hex).latest("id")
    assert (row.status, newest.to_state) == (state, state)


@pytest.mark.parametrize("model", TABLES)
def test_the_database_refuses_a_state_without_its_event(model: Any) -> None:
    row = MAKE[model]("pending" if model is Refund else "created")
    with pytest.raises(Error), transaction.atomic():
        model.objects.filter(pk=row.pk).update(status="failed")


@pytest.mark.parametrize("state", ["opening", "created", "authorized", "captured", "in_doubt"])
def test_only_a_failure_can_be_retried(state: str) -> None:
    payment = makers.payment_in(state)
    with pytest.raises(TransitionRefused):
        makers.do(payment, operations.retry)


def test_a_retry_uses_the_gateway_order_again() -> None:
    payment = makers.payment_in("failed")
    again = makers.do(payment, operations.retry)
    assert (again.status, again.attempts, again.gateway_order_id) == ("created", 2, payment.gateway_order_id)


def test_a_retry_without_a_gateway_order_asks_for_one() -> None:
    payment = makers.do(makers.opened(), operations.fail, code="BAD_REQUEST_ERROR", reason="no")
    again = makers.do(payment, operations.retry)
    assert (again.status, again.attempts) == ("opening", 2)


def test_cash_on_delivery_waits_for_the_door() -> None:
    payment = makers.opened(gateway="cod")
    assert payment.status == "created"
    paid = makers.captured_cash()
    assert (paid.status, paid.captured_minor, paid.gateway_payment_id) == ("captured", makers.AMOUNT_MINOR, None)


@pytest.mark.parametrize("state", ["processed", "failed", "declined", "pending", "in_doubt"])
def test_a_refund_is_decided_once(state: str) -> None:
    refund = makers.refund_in(state)
    for verb in (operations.approve_refund, operations.decline_refund):
        with pytest.raises(TransitionRefused):
            makers.do(refund, verb)


def test_a_capture_says_what_the_audit_asks_for() -> None:
    """A13: amount, currency, method and the processor's reference."""
    payment = makers.captured(pay_id="pay_A13")
    event = Event.objects.get(kind="payment.captured", stream=payment.stream)
    assert event.facts | {"at": 0} == {
        "amount_minor": makers.AMOUNT_MINOR,
        "currency": "INR",
        "gateway": "razorpay",
        "payment_method": "upi",
        "processor_ref": "pay_A13",
        "order_id": payment.stream,
        "at": 0,
    }
