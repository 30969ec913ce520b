"""The gateway wrapper against the sandbox, through the genuine SDK: what it promises when all goes well, and refusals."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from payments.gateways.base import (
    Gateway,
    GatewayBusy,
    GatewayMisconfigured,
    GatewayOrder,
    GatewayRefund,
    GatewayRefused,
)
from payments.gateways.razorpay import RazorpayGateway
from tests.contracts.server import KEY_ID, KEY_SECRET, Sandbox, until

Orders = Callable[..., GatewayOrder]
BASES = ("{}", "{}/v1", "{}/v1/")


def give_back(
    gateway: Gateway, payment_id: str, key: str, amount_minor: int = 10_000, receipt: str = "R-1"
) -> GatewayRefund:
    return gateway.refund(
        gateway_payment_id=payment_id, amount_minor=amount_minor, idempotency_key=key, receipt=receipt, notes={}
    )


def test_an_order_is_found_again_by_its_receipt(gateway: RazorpayGateway) -> None:
    made = gateway.create_order(amount_minor=12_345, currency="INR", receipt="Bahi 0001 / ü", notes={"order": "1"})

    assert gateway.find_order(receipt="Bahi 0001 / ü") == made
    assert (made.amount_minor, made.currency, made.status) == (12_345, "INR", "created")
    assert gateway.find_order(receipt="Bahi 0001") is None


def test_of_two_orders_with_one_receipt_the_paid_one_is_found(sandbox: Sandbox, gateway: RazorpayGateway) -> None:
    """F25 for orders: a creation sent twice leaves two."""
    twins = [gateway.create_order(amount_minor=500, currency="INR", receipt="twin", notes={}) for _ in range(2)]
    found = gateway.find_order(receipt="twin")
    assert found is not None
    assert found.id == twins[0].id

    sandbox.pay(twins[1])

    found = gateway.find_order(receipt="twin")
    assert found is not None
    assert (found.id, found.status) == (twins[1].id, "paid")


@pytest.mark.parametrize("base", BASES)
def test_the_base_address_works_with_and_without_v1(sandbox: Sandbox, base: str) -> None:
    gateway = RazorpayGateway(KEY_ID, KEY_SECRET, base.format(sandbox.url))
    assert gateway.find_order(receipt="nobody's") is None


@pytest.mark.parametrize("base", ["https://api.razorpay.com", "https://api.razorpay.com/v1"])
def test_the_providers_own_address_is_understood(base: str) -> None:
    gateway = RazorpayGateway(KEY_ID, KEY_SECRET, base)
    assert gateway._client.base_url + gateway._client.order.base_url == "https://api.razorpay.com/v1/orders"


def test_b31_a_payment_is_captured_with_fee_and_references(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders
) -> None:
    order = new_order(500_000)
    said = sandbox.pay(order)
    payment = gateway.fetch_payment(gateway_payment_id=said["razorpayPaymentId"])

    assert (payment.status, payment.captured, payment.captured_minor) == ("captured", True, 500_000)
    assert (payment.fee_minor, payment.tax_minor) == (11_800, 1_800)
    assert (payment.order_id, payment.method, payment.currency) == (order.id, "upi", "INR")
    assert payment.references["rrn"].isdigit()
    assert payment.facts["fee_minor"] == 11_800
    assert payment.created_at is not None
    assert abs(datetime.now(tz=UTC) - payment.created_at) < timedelta(minutes=1)
    assert gateway.payments_of(gateway_order_id=order.id) == [payment]


def test_b31_the_return_is_signed_for_our_order_only(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders
) -> None:
    """F31: the signature of one order does not pay another."""
    order, other = new_order(), new_order()
    said = sandbox.pay(order)
    payment_id, signature = said["razorpayPaymentId"], said["razorpaySignature"]

    def check(order_id: str, signature: str | None) -> bool:
        return gateway.check_return(gateway_order_id=order_id, gateway_payment_id=payment_id, signature=signature)

    assert check(order.id, signature)
    assert not check(other.id, signature)
    assert not check(order.id, None)
    assert not check(f"{order.id}|x", signature)


def test_a_failed_payment_says_why_and_is_not_money(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders
) -> None:
    order = new_order()
    said = sandbox.pay(order, "failed", "card")

    (payment,) = gateway.payments_of(gateway_order_id=order.id)
    assert said["razorpaySignature"] is None
    assert (payment.status, payment.captured_minor, payment.error_reason) == ("failed", 0, "payment_failed")
    assert payment.error_code == "BAD_REQUEST_ERROR"
    assert payment.error_description


def test_f20_a_failed_payment_can_be_authorised_late_and_captured(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders
) -> None:
    order = new_order()
    payment_id = sandbox.pay(order, "failed")["razorpayPaymentId"]
    sandbox.control(f"late-authorise/{payment_id}")
    assert gateway.fetch_payment(gateway_payment_id=payment_id).status == "authorized"

    captured = gateway.capture(gateway_payment_id=payment_id, amount_minor=order.amount_minor, currency="INR")
    assert (captured.status, captured.error_code) == ("captured", "")


def test_manual_capture_leaves_a_payment_authorised(sandbox: Sandbox) -> None:
    gateway = sandbox.gateway(capture="manual")
    order = gateway.create_order(amount_minor=700, currency="INR", receipt="manual", notes={})
    payment_id = sandbox.pay(order)["razorpayPaymentId"]

    assert gateway.fetch_payment(gateway_payment_id=payment_id).captured_minor == 0
    with pytest.raises(GatewayRefused, match="equal to the amount authorized") as refusal:
        gateway.capture(gateway_payment_id=payment_id, amount_minor=699, currency="INR")
    assert (refusal.value.status, refusal.value.field) == (400, "amount")
    assert gateway.capture(gateway_payment_id=payment_id, amount_minor=700, currency="INR").captured
    with pytest.raises(GatewayRefused, match="already been captured"):
        gateway.capture(gateway_payment_id=payment_id, amount_minor=700, currency="INR")


def test_f22_an_order_is_paid_twice_only_when_scripted(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders
) -> None:
    order = new_order()
    sandbox.pay(order)
    with pytest.raises(AssertionError, match="already paid"):
        sandbox.pay(order)

    sandbox.control(f"double-pay/{order.id}")
    sandbox.pay(order)

    assert [payment.status for payment in gateway.payments_of(gateway_order_id=order.id)] == ["captured"] * 2


def test_b32_a_refund_is_pending_and_then_processed(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders, key: str
) -> None:
    order = new_order(30_000)
    payment_id = sandbox.pay(order)["razorpayPaymentId"]
    made = give_back(gateway, payment_id, key)
    assert (made.status, made.amount_minor, made.receipt, made.reference) == ("pending", 10_000, "R-1", None)

    until(lambda: gateway.fetch_refund(gateway_refund_id=made.id).status == "processed", "the refund")

    done = gateway.fetch_refund(gateway_refund_id=made.id)
    assert done.reference is not None
    assert done.speed_processed == "normal"
    assert gateway.refunds_of(gateway_payment_id=payment_id) == [done]
    payment = gateway.fetch_payment(gateway_payment_id=payment_id)
    assert (payment.status, payment.amount_refunded_minor, payment.captured_minor) == ("captured", 10_000, 30_000)


def test_f23_the_same_key_and_body_are_one_refund(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders, key: str
) -> None:
    payment_id = sandbox.pay(new_order())["razorpayPaymentId"]
    refunds = {give_back(gateway, payment_id, key).id for _ in range(3)}

    assert len(refunds) == 1
    assert len(gateway.refunds_of(gateway_payment_id=payment_id)) == 1


def test_f23_the_same_key_with_another_body_is_refused(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders, key: str
) -> None:
    payment_id = sandbox.pay(new_order())["razorpayPaymentId"]
    give_back(gateway, payment_id, key)

    with pytest.raises(GatewayRefused, match="Different request with the same idempotency key"):
        give_back(gateway, payment_id, key, 10_001)
    assert gateway.fetch_payment(gateway_payment_id=payment_id).amount_refunded_minor == 10_000


def test_f23_a_twin_in_flight_is_told_to_come_back(sandbox: Sandbox, new_order: Orders, key: str) -> None:
    payment_id = sandbox.pay(new_order())["razorpayPaymentId"]
    sandbox.fault("POST /refund", "slow", delay_s=0.5)
    started = threading.Event()

    def first() -> GatewayRefund:
        started.set()
        return give_back(sandbox.gateway(), payment_id, key)

    with ThreadPoolExecutor() as pool:
        running = pool.submit(first)
        started.wait()
        until(lambda: "next" in (found := sandbox.control("faults", method="GET")) and not found["next"], "the first")
        with pytest.raises(GatewayBusy) as busy:
            give_back(sandbox.gateway(), payment_id, key)
        made = running.result()

    assert busy.value.status == 409
    assert give_back(sandbox.gateway(), payment_id, key).id == made.id


def test_f23_32_clicks_on_one_refund_give_one(sandbox: Sandbox, new_order: Orders, key: str) -> None:
    payment_id = sandbox.pay(new_order())["razorpayPaymentId"]

    def click(_: int) -> str | None:
        try:
            return give_back(sandbox.gateway(), payment_id, key).id
        except GatewayBusy:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(click, range(32))) - {None}
    assert len(made) == 1
    assert len(sandbox.gateway().refunds_of(gateway_payment_id=payment_id)) == 1


def test_f24_no_more_is_given_back_than_came_in(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders, key: str
) -> None:
    payment_id = sandbox.pay(new_order(20_000))["razorpayPaymentId"]
    give_back(gateway, payment_id, key, 15_000)

    with pytest.raises(GatewayRefused, match="greater than the refund payment amount"):
        give_back(gateway, payment_id, f"{key}-2", 5_001)
    give_back(gateway, payment_id, f"{key}-2", 5_000)  # a refused request leaves its key free
    assert gateway.fetch_payment(gateway_payment_id=payment_id).status == "refunded"
    assert gateway.fetch_payment(gateway_payment_id=payment_id).captured_minor == 20_000


def test_refunds_from_the_dashboard_are_seen(sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders) -> None:
    payment_id = sandbox.pay(new_order())["razorpayPaymentId"]
    sandbox.control(f"refund-from-dashboard/{payment_id}", {"amount": 900})

    (refund,) = gateway.refunds_of(gateway_payment_id=payment_id)
    assert (refund.amount_minor, refund.receipt) == (900, None)


def test_a_refund_can_fail_and_the_money_is_back(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders, key: str
) -> None:
    payment_id = sandbox.pay(new_order())["razorpayPaymentId"]
    sandbox.script(refunds={"outcome": "failed", "after_s": 0})
    made = give_back(gateway, payment_id, key)

    until(lambda: gateway.fetch_refund(gateway_refund_id=made.id).status == "failed", "the refund to fail")
    assert gateway.fetch_payment(gateway_payment_id=payment_id).amount_refunded_minor == 0


def test_wrong_keys_are_a_matter_of_configuration(sandbox: Sandbox) -> None:
    gateway = RazorpayGateway(KEY_ID, "another secret", f"{sandbox.url}/v1")
    with pytest.raises(GatewayMisconfigured):
        gateway.find_order(receipt="any")


def test_a_refusal_keeps_what_the_sdk_throws_away(gateway: RazorpayGateway, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(GatewayRefused) as refusal:
        gateway.create_order(amount_minor=99, currency="INR", receipt="small", notes={})

    told = refusal.value
    assert (told.status, told.code, told.field, told.reason) == (
        400, "BAD_REQUEST_ERROR", "amount", "input_validation_failed")  # fmt: skip
    assert told.description == "The amount must be at least INR 1.00"
    assert told.raw["source"] == "business"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("found", ["pay_x/../../orders", "", "pay_1?x=1", "pay_ü", "../v1", "pay_1\n"])
def test_what_is_no_id_never_reaches_the_path(gateway: RazorpayGateway, found: str) -> None:
    with pytest.raises(GatewayRefused, match="not an id"):
        gateway.fetch_payment(gateway_payment_id=found)


def test_an_unknown_id_is_refused(gateway: RazorpayGateway) -> None:
    with pytest.raises(GatewayRefused, match="does not exist"):
        gateway.fetch_payment(gateway_payment_id="pay_00000000000000")


def test_a_short_key_is_a_mistake_of_ours(gateway: RazorpayGateway) -> None:
    with pytest.raises(ValueError, match="at least 10"):
        give_back(gateway, "pay_00000000000000", "short")
