"""F25, F26: whatever goes wrong on the way, the outcome is typed, and doubt is never taken for a no."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from payments.gateways.base import Gateway, GatewayBusy, GatewayError, GatewayOrder, GatewayRefund, InDoubt
from payments.gateways.razorpay import RazorpayGateway
from tests.contracts.server import KEY_ID, KEY_SECRET, Sandbox

Orders = Callable[..., GatewayOrder]
SHORT_S = (1.0, 0.2)
FAULTS = {
    "timeout": (InDoubt, "timeout"),
    "cut": (InDoubt, "cut"),
    "http_500": (InDoubt, "http_error"),
    "http_502_html": (InDoubt, "http_error"),
    "http_429": (GatewayBusy, 429),
    "conflict_409": (GatewayBusy, 409),
    "error_200": (InDoubt, "error_in_success"),
}


def give_back(gateway: Gateway, payment_id: str, key: str) -> GatewayRefund:
    return gateway.refund(
        gateway_payment_id=payment_id, amount_minor=10_000, idempotency_key=key, receipt="R-9", notes={}
    )


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fault", FAULTS)
def test_f26_a_refund_that_went_wrong_is_asked_again_with_its_key(
    sandbox: Sandbox, new_order: Orders, fault: str, after_effect: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """F25, F26: the fault is typed; the same key afterwards gives exactly one refund, effect lost or not."""
    gateway = sandbox.gateway(timeout=SHORT_S)
    payment_id = sandbox.pay(new_order())["razorpayPaymentId"]
    key = f"rf-{payment_id}"
    sandbox.fault("POST /refund", fault, after_effect=after_effect, delay_s=0.3 if fault == "timeout" else 0)
    kind, mark = FAULTS[fault]

    with pytest.raises(GatewayError) as outcome:
        give_back(gateway, payment_id, key)

    assert type(outcome.value) is kind
    assert mark in (getattr(outcome.value, "reason", None), getattr(outcome.value, "status", None))
    assert len(gateway.refunds_of(gateway_payment_id=payment_id)) == int(after_effect)
    made = give_back(gateway, payment_id, key)
    assert [refund.id for refund in gateway.refunds_of(gateway_payment_id=payment_id)] == [made.id]
    assert capsys.readouterr().out == "", "the SDK's own printing is not heard"


def test_f25_an_order_lost_on_the_way_back_is_found_by_receipt(sandbox: Sandbox, gateway: RazorpayGateway) -> None:
    sandbox.fault("POST /orders", "cut", after_effect=True)
    with pytest.raises(InDoubt):
        gateway.create_order(amount_minor=800, currency="INR", receipt="lost on the way", notes={})

    found = gateway.find_order(receipt="lost on the way")
    assert found is not None
    assert found.amount_minor == 800


def test_f26_the_sdk_never_sends_a_second_time_by_itself(sandbox: Sandbox, gateway: RazorpayGateway) -> None:
    sandbox.script(next=[{"match": "POST /orders", "fault": "cut", "after_effect": True, "times": 2}])
    with pytest.raises(InDoubt):
        gateway.create_order(amount_minor=800, currency="INR", receipt="once only", notes={})

    assert sandbox.control("faults", method="GET")["next"][0]["times"] == 1


def test_f26_nobody_there_is_doubt(unused_port: int) -> None:
    gateway = RazorpayGateway(KEY_ID, KEY_SECRET, f"http://127.0.0.1:{unused_port}/v1")
    with pytest.raises(InDoubt):
        gateway.find_order(receipt="any")


def test_a_fault_strikes_as_often_as_scripted_and_only_where_it_matches(
    sandbox: Sandbox, gateway: RazorpayGateway
) -> None:
    sandbox.script(next=[{"match": "GET /orders", "fault": "http_500", "times": 2}])
    gateway.create_order(amount_minor=800, currency="INR", receipt="elsewhere", notes={})
    for _ in range(2):
        with pytest.raises(InDoubt):
            gateway.find_order(receipt="elsewhere")
    assert gateway.find_order(receipt="elsewhere") is not None


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
