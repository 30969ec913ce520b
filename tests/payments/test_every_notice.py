"""Every kind of notice Razorpay documents, with the irregularities of its own samples: kept when signed, refused when not,
followed without a stumble, and never a 5xx (PROTOCOLS 1.2).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from payments.models import Notice
from tests.payments.fake_gateway import FakeGateway, sign
from timeline import relay
from timeline.models import Delivery, Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.payments.urls")]

Entity = dict[str, Any]


def payment(**changes: Any) -> Entity:
    found = {
        "id": "pay_Shaped00000001", "entity": "payment", "amount": 10_000, "currency": "INR", "status": "captured",
        "order_id": "order_Shaped000001", "invoice_id": None, "international": False, "method": "upi", "captured": True,
        "amount_refunded": 0, "refund_status": None, "description": None, "card_id": None, "bank": None, "wallet": None,
        "vpa": "someone@examplebank", "email": "someone@example.in", "contact": "+919900000001", "notes": [], "fee": 236,
        "tax": 36, "error_code": None, "error_description": None, "created_at": 1_790_000_000,
    }  # fmt: skip
    return found | changes


def refund(**changes: Any) -> Entity:
    found = {
        "id": "rfnd_Shaped0000001", "entity": "refund", "amount": 4_000, "currency": "INR", "payment_id": "pay_Shaped00000001",
        "notes": {}, "receipt": None, "acquirer_data": {"arn": None}, "batch_id": None, "status": "processed",
        "speed_processed": "normal", "speed_requested": "normal", "created_at": 1_790_000_100,
    }  # fmt: skip
    return found | changes


def dispute(**changes: Any) -> Entity:
    found = {
        "id": "disp_Shaped0000001", "entity": "dispute", "payment_id": "pay_Shaped00000001", "amount": 10_000,
        "currency": "INR", "amount_deducted": 0, "reason_code": "chargeback", "respond_by": 1_790_600_000, "status": "open",
        "phase": "chargeback", "created_at": 1_790_000_200,
    }  # fmt: skip
    return found | changes


def order(**changes: Any) -> Entity:
    found = {
        "id": "order_Shaped000001", "entity": "order", "amount": 10_000, "amount_paid": 10_000, "amount_due": 0,
        "currency": "INR", "receipt": "R-1", "offer_id": None, "status": "paid", "attempts": 1, "notes": [],
        "created_at": 1_789_999_000,
    }  # fmt: skip
    return found | changes


SETTLEMENT: Entity = {
    "id": "setl_Shaped0000001", "entity": "settlement", "amount": 9_764, "status": "processed", "fees": 236, "tax": 36,
    "utr": "1790000000abcdef", "created_at": 1_790_000_300,
}  # fmt: skip
OF_CARD = {"method": "card", "card_id": "card_Shaped0000001", "card": {"last4": "1111", "network": "Visa", "type": "credit"}}
# The odd ones are the provider's own: notes of three shapes, a failed payment that says captured, a refund.created that
# is processed already, a refund.failed that shows a partial refund, disputes over payments that look authorised, the old
# name of the tax, an event without its time.
BODIES: dict[str, dict[str, Entity]] = {
    "payment.authorized": {"payment": payment(status="authorized", captured=False, fee=None, tax=None)},
    "payment.captured": {"payment": payment(**OF_CARD, notes={})},
    "payment.failed": {"payment": payment(status="failed", captured=True, error_code="", notes=None)},
    "order.paid": {"payment": payment(), "order": order()},
    "refund.created": {"refund": refund(), "payment": payment(refund_status="partial", amount_refunded=4_000)},
    "refund.processed": {"refund": refund(notes=None), "payment": payment()},
    "refund.failed": {"refund": refund(status="failed", speed_processed=None), "payment": payment(refund_status="partial")},
    "refund.speed_changed": {"refund": refund(status="pending", speed_requested="optimum"), "payment": payment()},
    "payment.dispute.created": {"payment": payment(), "dispute": dispute()},
    "payment.dispute.action_required": {"payment": payment(), "dispute": dispute()},
    "payment.dispute.under_review": {"payment": payment(status="authorized"), "dispute": dispute(status="under_review")},
    "payment.dispute.won": {"payment": payment(status="authorized", service_tax=36), "dispute": dispute(status="won")},
    "payment.dispute.lost": {"payment": payment(), "dispute": dispute(status="lost", amount_deducted=10_000)},
    "payment.dispute.closed": {"payment": payment(), "dispute": dispute(status="closed")},
    "settlement.processed": {"settlement": SETTLEMENT},
    "payment.downtime.started": {"payment.downtime": {"id": "down_Shaped0000001", "method": "upi", "status": "started"}},
    "invoice.paid": {"payment": payment(order_id=None, invoice_id="inv_Shaped00000001"), "invoice": {"id": "inv_Shaped00000001"}},
    "a.kind.of.next.year": {"thing": {"id": "thing_1"}},
}


def body_of(event: str) -> bytes:
    said: Entity = {
        "entity": "event", "account_id": "acc_Shaped00000001", "event": event, "contains": list(BODIES[event]),
        "payload": {name: {"entity": entity} for name, entity in BODIES[event].items()}, "created_at": 1_790_000_400,
    }  # fmt: skip
    if event == "refund.speed_changed":
        said["payload"]["created_at"] = said.pop("created_at")
    return json.dumps(said).encode()


def post(body: bytes, signature: str) -> Any:
    headers = {"X-Razorpay-Signature": signature, "X-Razorpay-Event-Id": "evt_Shaped00000001"}
    return Client().post("/webhooks/razorpay", data=body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("event", sorted(BODIES))
def test_a_signed_notice_is_kept_and_followed(event: str, shop_gateway: FakeGateway) -> None:
    body = body_of(event)
    assert post(body, sign(body)).status_code == 200
    relay.drain()
    notice = Notice.objects.get()
    assert notice.kind == event
    assert notice.handled_at is not None
    assert not Delivery.objects.exclude(state="done").exists()
    assert list(Event.objects.values_list("kind", flat=True)) == ["notice.taken"]


@pytest.mark.parametrize("event", sorted(BODIES))
def test_f28_an_unsigned_one_is_refused_and_nothing_kept(event: str) -> None:
    assert post(body_of(event), sign(body_of(event), "somebody-else")).status_code == 400
    assert not Notice.objects.exists()
