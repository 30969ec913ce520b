"""Disputes: taken over forwards only, each step booked once, refunds held back meanwhile (F17, F19, F32)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from payments import disputes, journal, operations
from payments.gateways.base import GatewayRefused, InDoubt
from payments.models import Dispute, Payment
from payments.reconciliation import differences
from tests.payments import makers
from tests.payments.fake_gateway import FakeGateway, body_of, sign
from timeline import relay
from timeline.errors import DomainError
from timeline.models import Delivery, Event

pytestmark = pytest.mark.django_db


def sums(payment: Payment) -> dict[str, int]:
    found: dict[str, int] = {}
    for posting in journal.of_stream(payment.stream):
        found[posting.account_id] = found.get(posting.account_id, 0) + posting.amount_minor
    return {account: amount for account, amount in found.items() if amount}


class Paid:
    """A payment of ours that stands at the gateway too."""

    def __init__(self, gateway: FakeGateway) -> None:
        self.gateway = gateway
        self.row = makers.opened()
        relay.drain()
        self.row = Payment.objects.get(pk=self.row.pk)
        assert self.row.gateway_order_id is not None
        self.id = gateway.pay(self.row.gateway_order_id)
        self.row = makers.see(self.row, id=self.id, status="captured")

    def see(self, **changes: Any) -> Dispute:
        """Merge the dispute as the gateway shows it, changed so."""
        seen = replace(next(iter(self.gateway.disputed.values())), **changes)
        disputes.merge(seen)
        return Dispute.objects.get(gateway_dispute_id=seen.id)

    @property
    def fresh(self) -> Payment:
        return Payment.objects.get(pk=self.row.pk)


@pytest.fixture
def paid(shop_gateway: FakeGateway, transactional_db: Any) -> Paid:
    return Paid(shop_gateway)


def test_a_lost_dispute_is_a_loss_and_leaves_nothing_held(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id, 50_000)
    assert paid.see().status == "open"
    assert sums(paid.row)["gateway_receivable"] == paid.row.amount_minor
    paid.see(status="lost", deducted_minor=50_000)
    assert sums(paid.row) == {
        "gateway_receivable": paid.row.amount_minor - 50_000, "customers": -paid.row.amount_minor, "disputes": 50_000,
    }
    assert paid.fresh.refundable_minor == paid.row.amount_minor - 50_000


@pytest.mark.parametrize("end", ["won", "closed"])
def test_what_was_held_back_comes_back(paid: Paid, shop_gateway: FakeGateway, end: str) -> None:
    shop_gateway.dispute(paid.id, 50_000, deducted_minor=50_000)
    paid.see()
    assert sums(paid.row)["disputes_held"] == 50_000
    assert paid.fresh.refundable_minor == paid.row.amount_minor - 50_000
    assert paid.see(status=end, deducted_minor=0).deducted_minor == 0
    assert sums(paid.row) == {"gateway_receivable": paid.row.amount_minor, "customers": -paid.row.amount_minor}
    assert paid.fresh.refundable_minor == paid.row.amount_minor


def test_f19_words_in_every_order_end_alike(shop_gateway: FakeGateway, transactional_db: Any) -> None:
    """Opened, held back, under review, lost: heard in any order, twice each, the books are the same."""
    words: list[dict[str, Any]] = [
        {"status": "open", "deducted_minor": 0},
        {"status": "open", "deducted_minor": 50_000},
        {"status": "under_review", "deducted_minor": 50_000},
        {"status": "lost", "deducted_minor": 50_000},
    ]
    for order in itertools.permutations(words):
        shop_gateway.disputed.clear()
        paid = Paid(shop_gateway)
        shop_gateway.dispute(paid.id, 50_000)
        for word in [*order, *order]:
            paid.see(**word)
        assert sums(paid.row) == {
            "gateway_receivable": paid.row.amount_minor - 50_000, "customers": -paid.row.amount_minor, "disputes": 50_000,
        }
        assert paid.fresh.disputed_minor == 50_000
    assert differences() == []


def test_f17_a_repeat_records_nothing(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id)
    paid.see()
    before = Event.objects.count()
    paid.see()
    assert Event.objects.count() == before


def test_f32_no_refund_while_the_bank_decides(paid: Paid, shop_gateway: FakeGateway) -> None:
    """A refund now would pay the customer twice, unless a person insists."""
    shop_gateway.dispute(paid.id)
    paid.see()
    wish: dict[str, Any] = {"amount_minor": 1000, "reason_code": "amount"}
    with pytest.raises(operations.DisputeOpen):
        makers.do(paid.row, operations.ask_refund, **wish)
    assert paid.fresh.pending_refund_minor == 0
    makers.do(paid.row, operations.ask_refund, despite_dispute=True, **wish)
    assert paid.fresh.pending_refund_minor == 1000


def test_f32_a_dispute_after_the_refund_is_a_second_loss_and_is_said(paid: Paid, shop_gateway: FakeGateway) -> None:
    """The gateway took the money although it had gone back: recorded as it is, and nothing more may go back."""
    makers.refund_in("processed", paid.fresh, amount_minor=paid.row.amount_minor)
    shop_gateway.dispute(paid.id)
    paid.see(status="lost", deducted_minor=paid.row.amount_minor)
    assert sums(paid.row)["gateway_receivable"] == -paid.row.amount_minor
    assert paid.fresh.refundable_minor == 0
    assert differences() == []
    with pytest.raises(DomainError):
        makers.do(paid.row, operations.ask_refund, amount_minor=1, reason_code="amount")


def test_what_a_dispute_took_cannot_be_refunded(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id, 50_000)
    paid.see(status="lost", deducted_minor=50_000)
    with pytest.raises(operations.AboveRefundable):
        makers.do(paid.row, operations.ask_refund, amount_minor=paid.row.amount_minor - 49_999, reason_code="amount")


def test_a_dispute_of_another_amount_is_refused(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id, 50_000)
    paid.see()
    with pytest.raises(operations.DisputeDiffers):
        paid.see(amount_minor=40_000)
    shop_gateway.disputed.clear()
    shop_gateway.dispute(paid.id, paid.row.amount_minor + 1)
    with pytest.raises(operations.DisputeDiffers):
        paid.see()


def test_the_database_keeps_deductions_within_the_dispute(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id, 50_000)
    found = paid.see()
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.filter(pk=found.pk).update(deducted_minor=50_001)


def test_a_notice_is_followed_by_fetching(paid: Paid, shop_gateway: FakeGateway, client: Any) -> None:
    """What the body says is not believed: the dispute is fetched."""
    dispute_id = shop_gateway.dispute(paid.id, 50_000)
    body = body_of("payment.dispute.created", dispute={"id": dispute_id, "payment_id": paid.id, "amount": 1, "status": "won"})
    answer = client.post(
        "/webhooks/razorpay", data=body, content_type="application/json",
        headers={"X-Razorpay-Signature": sign(body), "X-Razorpay-Event-Id": "evt_dispute0001"},
    )
    assert answer.status_code == 200
    relay.drain()
    found = Dispute.objects.get()
    assert (found.status, found.amount_minor, found.stream) == ("open", 50_000, paid.row.stream)


def test_f30_a_lost_notice_is_made_good_by_the_sweep(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id)
    assert disputes.sweep() == 1
    assert disputes.sweep() == 0
    assert Dispute.objects.get().status == "open"


def test_a_foreign_dispute_is_left_alone(paid: Paid, shop_gateway: FakeGateway) -> None:
    stranger = shop_gateway.pay(shop_gateway.create_order(amount_minor=500, currency="INR", receipt="x", notes={}).id)
    shop_gateway.dispute(stranger)
    assert disputes.sweep() == 0
    assert not Dispute.objects.exists()


def test_an_answer_is_told_once(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id)
    found = paid.see()
    makers.run(paid.row.stream, lambda op: operations.contest(op, dispute_id=found.pk, summary="Delivered"))
    with pytest.raises(operations.DisputeOver):
        makers.run(paid.row.stream, lambda op: operations.concede(op, dispute_id=found.pk, reason="Lost"))
    relay.drain()
    assert Dispute.objects.get().status == "under_review"
    assert shop_gateway.asked("contest_dispute") == 1


def test_a_conceded_dispute_is_lost(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id, 50_000)
    found = paid.see()
    makers.run(paid.row.stream, lambda op: operations.concede(op, dispute_id=found.pk, reason="Ours"))
    relay.drain()
    assert Dispute.objects.get().status == "lost"
    assert sums(paid.row)["disputes"] == 50_000


def test_an_answer_the_gateway_refuses_is_said_and_may_be_given_anew(paid: Paid, shop_gateway: FakeGateway) -> None:
    shop_gateway.dispute(paid.id)
    found = paid.see()
    shop_gateway.fault("contest_dispute", GatewayRefused("Evidence is required", code="BAD_REQUEST_ERROR"))
    makers.run(paid.row.stream, lambda op: operations.contest(op, dispute_id=found.pk, summary="Delivered"))
    relay.drain()
    kept = Dispute.objects.get()
    assert (kept.status, kept.answer, kept.answer_error) == ("open", "", "Evidence is required")
    refusal = Event.objects.get(kind="dispute.answer_refused")
    assert (refusal.facts["answer"], refusal.facts["reason"]) == ("contest", "Evidence is required")
    makers.run(paid.row.stream, lambda op: operations.note_refusal(op, dispute_id=found.pk, why="Again"))
    assert Dispute.objects.get().answer_error == "Evidence is required"
    makers.run(paid.row.stream, lambda op: operations.contest(op, dispute_id=found.pk, summary="Delivered to her"))
    relay.drain()
    kept = Dispute.objects.get()
    assert (kept.status, kept.answer, kept.answer_error) == ("under_review", "contest", "")


def test_f25_an_answer_whose_reply_was_cut_is_not_given_twice(paid: Paid, shop_gateway: FakeGateway) -> None:
    """The gateway took it and its reply was lost: it is looked at before it is told again."""
    shop_gateway.dispute(paid.id)
    found = paid.see()
    shop_gateway.fault("contest_dispute", InDoubt("timeout", "No answer."), after=True)
    makers.run(paid.row.stream, lambda op: operations.contest(op, dispute_id=found.pk, summary="Delivered"))
    relay.drain()
    Delivery.objects.filter(state="due").update(due_at=timezone.now())
    relay.drain()
    assert (Dispute.objects.get().status, shop_gateway.asked("contest_dispute")) == ("under_review", 1)


def test_what_is_contested_there_already_can_still_be_accepted(paid: Paid, shop_gateway: FakeGateway) -> None:
    dispute_id = shop_gateway.dispute(paid.id, 50_000)
    shop_gateway.move_dispute(dispute_id, "under_review")
    found = paid.see()
    makers.run(paid.row.stream, lambda op: operations.concede(op, dispute_id=found.pk, reason="Ours"))
    relay.drain()
    assert Dispute.objects.get().status == "lost"


def test_what_was_decided_there_meanwhile_is_not_answered(paid: Paid, shop_gateway: FakeGateway) -> None:
    dispute_id = shop_gateway.dispute(paid.id, 50_000)
    found = paid.see()
    shop_gateway.move_dispute(dispute_id, "won")
    makers.run(paid.row.stream, lambda op: operations.concede(op, dispute_id=found.pk, reason="Ours"))
    relay.drain()
    assert (Dispute.objects.get().status, shop_gateway.asked("accept_dispute")) == ("won", 0)
