"""A13, B71: a verdict comes with the order, in the same operation, and stops what it must."""

from __future__ import annotations

import pytest

from orders.models import Order, RiskAssessment, RiskBlock, RiskTrace
from orders.operations import assessing, holds
from tests import makers
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)


def block(kind: str, text: str) -> None:
    with operation("test.block", actor=makers.TESTER) as op:
        RiskBlock.objects.create(
            id=op.new_id(), kind=kind, token=assessing.token_of(kind, text), reason="fraud", created_by="x", created_at=op.now
        )


def test_b71_each_order_is_assessed_without_personal_data() -> None:
    order = makers.placed_order()
    row = RiskAssessment.objects.get(order=order)
    event = Event.objects.get(stream=order.stream_id, kind="risk.assessed")

    assert event.facts == {"score": row.score, "verdict": "pass", "rules": [r["rule"] for r in row.reasons], "ruleset_version": 0}
    assert row.score == sum(r["points"] for r in row.reasons)
    assert all(isinstance(value, int) for value in row.signals.values())
    assert not event.public


def test_b71_a_blocked_phone_holds_the_order_until_staff_release_it() -> None:
    block("phone", "098450 12345")
    order = makers.placed_order(payment_method="cod")

    held = order.holds.get()
    assert (order.status, order.on_hold, held.reason, held.created_by) == ("pending", True, "fraud_review", "risk")
    boss = makers.staff()
    risk = makers.read(boss.get(f"/admin/orders/{order.pk}"))["risk"]
    assert (risk["score"], risk["verdict"]) == (100, "hold")
    assert risk["reasons"][0]["reason"] == "E-mail, phone or address is on the blocklist"
    assert [row["id"] for row in makers.read(boss.get("/admin/orders", risk="hold"))["data"]] == [str(order.pk)]
    assert makers.read(boss.get("/admin/orders", minRisk="101"), 400)

    with operation("order.release", actor=makers.STAFF, stream=str(order.pk)) as op:
        holds.release(op, order_id=order.pk, hold_id=held.pk)
    assert Order.objects.get(pk=order.pk).status == "confirmed"


def test_a13_the_score_goes_with_the_captured_payment() -> None:
    order = makers.paid_order()
    captured = Event.objects.get(stream=order.stream_id, kind="payment.captured")
    assert captured.facts["fraud_score"] == RiskAssessment.objects.get(order=order).score


def test_b71_velocity_counts_orders_before() -> None:
    first, second = makers.placed_order(), makers.placed_order()
    found = [RiskAssessment.objects.get(order=order).signals["address_orders_24h"] for order in (first, second)]
    assert found == [0, 1]
    assert RiskTrace.objects.exists()
