"""B71: where a card was issued is known with the payment, and judged then."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from orders.models import Order, RiskAssessment
from orders.operations import assessing, holds, pay, risk_rules
from orders.risk import rules
from tests import makers
from tests.flows import makers as flows
from tests.payments.fake_gateway import FakeGateway
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)
ABROAD = {"network": "Visa", "international": "yes"}


def strict() -> None:
    """A card from abroad is enough to wait."""
    found = rules.Ruleset(0, 20, tuple(rule for rule in rules.DEFAULT.rules if rule.signal in ("card_abroad", "pin_state_mismatch")))
    with operation("risk.set_rules", actor=makers.STAFF, stream=risk_rules.STORY) as op:
        risk_rules.put(op, data=found.to_data())


def paid_by(gateway: FakeGateway, references: dict[str, str]) -> Order:
    """An order the gateway took by this card, followed as the runner follows it."""
    flows.product("TEA-1")
    order = flows.placed_order({"TEA-1": 1})
    flows.pay(gateway, order, method="card", references=references)
    return flows.fresh(order)


def verdicts(order: Order) -> list[str]:
    found = Event.objects.filter(stream=order.stream_id, kind="risk.assessed").order_by("id")
    return [str(event.facts["verdict"]) for event in found]


def test_b71_a_foreign_card_is_judged_with_the_payment_and_holds_the_order(shop_gateway: FakeGateway) -> None:
    strict()
    order = paid_by(shop_gateway, ABROAD)
    row = RiskAssessment.objects.get(order=order)
    assert (row.verdict, row.signals["card_abroad"], [one["rule"] for one in row.reasons]) == ("hold", 1, ["card_abroad"])
    assert verdicts(order) == ["pass", "hold"]
    assert (order.payment_state, order.on_hold, order.holds.get().reason) == ("paid", True, "fraud_review")

    with operation("order.release", actor=makers.STAFF, stream=str(order.pk)) as op:
        holds.release(op, order_id=order.pk, hold_id=order.holds.get().pk)
    assert flows.fresh(order).status == "confirmed"


def test_b71_a_card_of_the_country_is_judged_once(shop_gateway: FakeGateway) -> None:
    strict()
    order = paid_by(shop_gateway, {"network": "RuPay"})
    assert (verdicts(order), order.status) == (["pass"], "confirmed")


def test_b71_as_delivered_a_foreign_card_alone_holds_nothing(shop_gateway: FakeGateway) -> None:
    order = paid_by(shop_gateway, ABROAD)
    assert (verdicts(order), order.status, order.on_hold) == (["pass", "pass"], "confirmed", False)
    assert RiskAssessment.objects.get(order=order).score >= 20


def test_f17_the_same_news_twice_is_one_verdict_more(shop_gateway: FakeGateway) -> None:
    order = paid_by(shop_gateway, ABROAD)
    with operation("test.again", actor=makers.TESTER, stream=str(order.pk)) as op:
        pay.follow(op, order_id=order.pk)
    assert len(verdicts(order)) == 2


def test_b71_what_has_left_is_told_and_not_held(shop_gateway: FakeGateway) -> None:
    strict()
    flows.product("TEA-1")
    order = flows.shipped_order(shop_gateway, {"TEA-1": 1})
    with operation("test.weigh", actor=makers.TESTER, stream=str(order.pk)) as op:
        assessing.weigh_card(op, order=order)
    assert (verdicts(order), flows.fresh(order).on_hold) == (["pass", "hold"], False)


def test_b71_an_order_that_waits_for_ten_others_goes_on_with_its_money(shop_gateway: FakeGateway) -> None:
    strict()
    flows.product("TEA-1")
    order = flows.placed_order({"TEA-1": 1})
    for _ in range(holds.HOLDS_OPEN_MAX):
        with operation("order.hold", actor=makers.STAFF, stream=str(order.pk)) as op:
            holds.hold(op, order_id=order.pk, reason="other")
    flows.pay(shop_gateway, order, method="card", references=ABROAD)
    assert (verdicts(order), flows.fresh(order).payment_state) == (["pass", "hold"], "paid")


def test_a_verdict_changes_with_its_event_alone(shop_gateway: FakeGateway) -> None:
    order = paid_by(shop_gateway, {})
    with pytest.raises(DatabaseError), transaction.atomic():
        RiskAssessment.objects.filter(order=order).update(score=99)
