"""What the sandbox tells the shop: signed, at least once, in any order, and across its own restart."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from payments.gateways.base import GatewayOrder
from payments.gateways.razorpay import RazorpayGateway, verify_webhook
from payments.sandbox.outbox import AFTER_ANSWER_S
from tests.contracts.server import WEBHOOK_SECRET, Listener, Sandbox, until

Orders = Callable[..., GatewayOrder]
PAID = ["payment.authorized", "payment.captured", "order.paid"]


def test_a_paid_order_is_told_in_three_signed_webhooks(sandbox: Sandbox, shop: Listener, new_order: Orders) -> None:
    order = new_order()
    payment_id = sandbox.pay(order)["razorpayPaymentId"]
    notices = shop.wait(order, 3)

    assert [notice.event for notice in notices] == PAID
    assert len({notice.event_id for notice in notices}) == 3
    for notice in notices:
        assert verify_webhook(notice.body, notice.signature, [WEBHOOK_SECRET])
        assert notice.document["payload"]["payment"]["entity"]["id"] == payment_id
        assert notice.body == json.dumps(notice.document, separators=(",", ":")).encode()
    told = notices[0].document
    assert (told["entity"], told["contains"]) == ("event", ["payment"])
    assert told["payload"]["payment"]["entity"]["status"] == "authorized", "a snapshot of its moment"
    assert notices[2].document["payload"]["order"]["entity"]["amount_paid"] == order.amount_minor


def test_nothing_is_told_before_the_answer(sandbox: Sandbox, shop: Listener, new_order: Orders) -> None:
    order = new_order()
    asked_s = time.monotonic()
    sandbox.pay(order)
    for notice in shop.wait(order, 3):
        assert shop.arrived_s[notice.event_id] - asked_s >= AFTER_ANSWER_S


def test_a_failed_payment_is_told(sandbox: Sandbox, shop: Listener, new_order: Orders) -> None:
    order = new_order()
    sandbox.pay(order, "failed")
    (notice,) = shop.wait(order, 1)
    assert notice.event == "payment.failed"
    assert notice.document["payload"]["payment"]["entity"]["status"] == "failed"


def test_b32_a_refund_is_told_when_made_and_when_processed(
    sandbox: Sandbox, shop: Listener, new_order: Orders, gateway: RazorpayGateway, key: str
) -> None:
    order = new_order()
    payment_id = sandbox.pay(order)["razorpayPaymentId"]
    sandbox.script(refunds={"after_s": 0.1, "speed_changed": True})
    gateway.refund(
        gateway_payment_id=payment_id, amount_minor=500, idempotency_key=key, receipt="r", notes={}, speed="optimum"
    )
    shop.wait(order, 6)

    assert sorted(shop.events(order)[3:]) == ["refund.created", "refund.processed", "refund.speed_changed"]
    done = next(notice for notice in shop.of(order) if notice.event == "refund.processed")
    assert done.document["payload"]["refund"]["entity"]["acquirer_data"]["arn"].isdigit()


def test_f17_a_redelivery_keeps_its_event_id(sandbox: Sandbox, shop: Listener, new_order: Orders) -> None:
    """F17: a 500 is tried again, the same event under the same id."""
    order = new_order()
    shop.statuses[order.id] = 500
    sandbox.pay(order, "failed")
    notices = shop.wait(order, 2)
    assert notices[0] == notices[1]


def test_f17_events_are_repeated_as_scripted(sandbox: Sandbox, shop: Listener, new_order: Orders) -> None:
    order = new_order()
    sandbox.script(webhooks={"repeat": 3})
    sandbox.pay(order, "failed")
    assert len(set(shop.wait(order, 3))) == 1


def test_f19_events_are_shuffled_as_scripted(sandbox: Sandbox, shop: Listener, new_order: Orders) -> None:
    sandbox.script(webhooks={"shuffle": True})
    orders = [new_order() for _ in range(12)]
    for order in orders:
        sandbox.pay(order)
    for order in orders:
        shop.wait(order, 3)
    assert any(shop.events(order) != PAID for order in orders)
    assert all(sorted(shop.events(order)) == sorted(PAID) for order in orders)


def test_f30_dropped_events_never_come(sandbox: Sandbox, shop: Listener, new_order: Orders) -> None:
    order = new_order()
    sandbox.script(webhooks={"drop": ["payment.captured", "order.paid"]})
    sandbox.pay(order)
    shop.wait(order, 1)
    until(lambda: not sandbox.control("faults", method="GET")["outbox"].get("pending"), "an empty outbox")
    assert shop.events(order) == ["payment.authorized"]


def test_paused_events_wait_for_the_flush(sandbox: Sandbox, shop: Listener, new_order: Orders) -> None:
    order = new_order()
    sandbox.script(webhooks={"paused": True})
    sandbox.pay(order)
    assert sandbox.control("faults", method="GET")["outbox"]["pending"] >= 3
    assert not shop.of(order)

    assert sandbox.control("webhooks/flush")["released"] >= 3
    shop.wait(order, 3)


def test_pending_events_survive_a_restart(own_sandbox: Sandbox, shop: Listener) -> None:
    """F30: what was not delivered is in the file."""
    gateway = own_sandbox.gateway()
    order = gateway.create_order(amount_minor=5_000, currency="INR", receipt="restart", notes={})
    own_sandbox.script(webhooks={"paused": True})
    own_sandbox.pay(order)
    assert own_sandbox.stop() == 0
    assert not shop.of(order)

    own_sandbox.start()
    own_sandbox.script(webhooks={"paused": False})

    shop.wait(order, 3)
    assert own_sandbox.gateway().find_order(receipt="restart") is not None
