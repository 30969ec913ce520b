"""Money back: the limit, the decision, the certain failure, the doubt (B32, F23, F24, F25)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from payments import operations, queries, reconciliation
from payments.models import Payment, Refund
from tests.payments import makers
from tests.payments.fake_gateway import seen_refund
from timeline import vault
from timeline.errors import Replayed, TransitionRefused
from timeline.idempotency import Key
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db
WISH: dict[str, Any] = {"amount_minor": 100_00, "reason_code": "goodwill"}


def money(payment: Payment) -> tuple[int, int, int]:
    row = makers.fresh(payment)
    return row.captured_minor, row.refunded_minor, row.pending_refund_minor


def test_f24_partial_refunds_never_pass_what_was_captured() -> None:
    payment = makers.captured(amount_minor=1000)
    makers.do(payment, operations.ask_refund, amount_minor=600, reason_code="goodwill")
    done = makers.do(payment, operations.ask_refund, amount_minor=300, reason_code="goodwill")
    makers.do(done, operations.finish_refund, gateway_refund_id="rfnd_F24")
    with pytest.raises(operations.AboveRefundable) as refused:
        makers.do(payment, operations.ask_refund, amount_minor=101, reason_code="goodwill")
    assert refused.value.extra == {"refundable_minor": 100, "asked_minor": 101}
    makers.do(payment, operations.ask_refund, amount_minor=100, reason_code="goodwill")
    assert money(payment) == (1000, 300, 700)
    assert reconciliation.differences() == []


@pytest.mark.parametrize("amount_minor", [0, -1, makers.AMOUNT_MINOR + 1])
@pytest.mark.parametrize("verb", [operations.ask_refund, operations.request_refund])
def test_f24_an_amount_out_of_bounds_is_refused(verb: Any, amount_minor: int) -> None:
    payment = makers.captured()
    with pytest.raises(operations.AboveRefundable):
        makers.do(payment, verb, amount_minor=amount_minor, reason_code="goodwill")
    assert money(payment) == (makers.AMOUNT_MINOR, 0, 0)


@pytest.mark.parametrize("state", ["opening", "created", "authorized", "failed", "in_doubt"])
def test_f24_what_was_not_captured_cannot_go_back(state: str) -> None:
    with pytest.raises(operations.AboveRefundable):
        makers.do(makers.payment_in(state), operations.ask_refund, amount_minor=1, reason_code="goodwill")


@pytest.mark.parametrize(
    "wrong",
    [
        {"refunded_minor": makers.AMOUNT_MINOR + 1},
        {"pending_refund_minor": makers.AMOUNT_MINOR + 1},
        {"refunded_minor": makers.AMOUNT_MINOR, "pending_refund_minor": 1},
        {"pending_refund_minor": -1},
        {"captured_minor": 1},
    ],
)
def test_f24_the_database_says_no(wrong: dict[str, int]) -> None:
    payment = makers.captured()
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(**wrong)
    Payment.objects.filter(pk=payment.pk).update(refunded_minor=makers.AMOUNT_MINOR)  # the bound itself is allowed


def test_f23_a_double_click_with_one_key_is_one_refund() -> None:
    payment = makers.captured()
    key = Key(scope="staff:7 POST refund", key="click-0001", fingerprint=b"same")
    answers = []
    for _ in range(3):
        try:
            with operation("order.refund", actor=makers.STAFF, stream=payment.stream, key=key) as op:
                made = operations.ask_refund(op, payment_id=payment.pk, **WISH)
                op.answer(201, str(made.pk).encode())
                answers.append(str(made.pk).encode())
        except Replayed as replay:
            answers.append(replay.body)
    assert Refund.objects.count() == 1
    assert len(set(answers)) == 1


def test_a_wish_sets_nothing_aside_until_it_is_granted() -> None:
    payment = makers.captured()
    refund = makers.do(payment, operations.request_refund, reason="It broke", **WISH)
    assert money(payment) == (makers.AMOUNT_MINOR, 0, 0)
    makers.do(refund, operations.approve_refund)
    assert (makers.fresh(refund).status, money(payment)) == ("pending", (makers.AMOUNT_MINOR, 0, 100_00))


def test_a_wish_beyond_what_is_left_is_not_granted() -> None:
    payment = makers.captured(amount_minor=1000)
    refund = makers.do(payment, operations.request_refund, amount_minor=900, reason_code="goodwill")
    makers.do(payment, operations.ask_refund, amount_minor=200, reason_code="goodwill")
    with pytest.raises(operations.AboveRefundable):
        makers.do(refund, operations.approve_refund)
    assert makers.fresh(refund).status == "requested"


def test_pains_7_a_failed_refund_gives_the_money_free_and_is_retried_under_another_key() -> None:
    refund = makers.refund_in("failed")
    assert money(refund.payment) == (makers.AMOUNT_MINOR, 0, 0)
    first = refund.gateway_key
    again = makers.do(refund, operations.retry_refund)
    assert (again.status, again.attempts, again.gateway_key) == ("pending", 2, f"{first}-2")
    assert money(refund.payment)[2] == refund.amount_minor


def test_f25_a_doubt_keeps_the_money_aside_and_the_key() -> None:
    refund = makers.refund_in("in_doubt")
    assert money(refund.payment)[2] == refund.amount_minor
    assert makers.fresh(refund).gateway_key == f"rf-{refund.pk.hex}"


def test_only_a_failed_refund_is_retried() -> None:
    for state in ("requested", "pending", "processed", "in_doubt", "declined"):
        with pytest.raises(TransitionRefused):
            makers.do(makers.refund_in(state), operations.retry_refund)


def test_by_other_means_is_done_at_once_and_says_refunded() -> None:
    payment = makers.captured()
    refund = makers.do(payment, operations.ask_refund, by_other_means=True, actor=makers.STAFF, **WISH)
    event = Event.objects.get(kind="refund.processed", stream=payment.stream)
    assert (refund.status, money(payment)) == ("processed", (makers.AMOUNT_MINOR, 100_00, 0))
    assert (event.facts["by_other_means"], event.actor_id) == (True, "7")


def test_cash_goes_back_by_other_means_only() -> None:
    payment = makers.captured_cash()
    with pytest.raises(operations.OnlyByOtherMeans):
        makers.do(payment, operations.ask_refund, **WISH)
    wish = makers.do(payment, operations.request_refund, **WISH)
    with pytest.raises(operations.OnlyByOtherMeans):
        makers.do(wish, operations.approve_refund)
    makers.do(wish, operations.approve_refund, by_other_means=True)
    assert (makers.fresh(wish).status, money(payment)) == ("processed", (makers.AMOUNT_MINOR, 100_00, 0))


@pytest.mark.parametrize("verb", ["accept_refund", "finish_refund", "fail_refund", "doubt_refund"])
def test_f17_a_repeat_changes_nothing(verb: str) -> None:
    nouns: dict[str, dict[str, Any]] = {
        "accept_refund": {"gateway_refund_id": "rfnd_1"},
        "finish_refund": {"gateway_refund_id": "rfnd_1"},
        "fail_refund": {"code": "x", "reason": "y"},
        "doubt_refund": {},
    }
    refund = makers.refund_in("pending")
    makers.do(refund, getattr(operations, verb), **nouns[verb])
    before, sums = Event.objects.count(), money(refund.payment)
    makers.do(refund, getattr(operations, verb), **nouns[verb])
    assert (Event.objects.count(), money(refund.payment)) == (before, sums)


def test_f19_the_gateways_word_on_a_refund_goes_forwards_only() -> None:
    refund = makers.refund_in("pending")
    for status in ("processed", "pending", "failed", "processed"):
        seen = seen_refund(id="rfnd_F19", payment_id="pay", amount_minor=refund.amount_minor, status=status)
        makers.do(refund, operations.merge_refund, seen=seen)
    assert makers.fresh(refund).status == "processed"
    assert money(refund.payment) == (makers.AMOUNT_MINOR, refund.amount_minor, 0)


def test_a_stale_pending_does_not_revive_a_failed_refund() -> None:
    refund = makers.refund_in("pending")
    for status in ("failed", "pending"):
        seen = seen_refund(id="rfnd_1", payment_id="pay", amount_minor=refund.amount_minor, status=status)
        makers.do(refund, operations.merge_refund, seen=seen)
    assert makers.fresh(refund).status == "failed"


def test_a_refund_of_another_amount_is_not_ours_to_finish() -> None:
    refund = makers.refund_in("pending")
    seen = seen_refund(id="rfnd_1", payment_id="pay", amount_minor=1, status="processed")
    with pytest.raises(operations.RefundDiffers):
        makers.do(refund, operations.merge_refund, seen=seen)


def test_pains_9_a_refund_made_at_the_gateway_is_taken_in_once() -> None:
    payment = makers.captured()
    seen = seen_refund(id="rfnd_hand", payment_id=payment.gateway_payment_id, amount_minor=500, status="processed")
    for _ in range(2):
        makers.do(payment, operations.adopt_refund, seen=seen)
    refund = Refund.objects.get()
    assert (refund.status, refund.reason_code, money(payment)) == ("processed", "made_at_gateway", (makers.AMOUNT_MINOR, 500, 0))


def test_give_back_all_sends_the_rest_and_then_nothing() -> None:
    payment = makers.captured(amount_minor=1000)
    makers.do(payment, operations.ask_refund, amount_minor=300, reason_code="goodwill")
    rest = makers.do(payment, operations.give_back_all, reason_code="order_cancelled")
    assert rest.amount_minor == 700
    assert makers.do(payment, operations.give_back_all, reason_code="order_cancelled") is None


def test_the_reason_is_sealed_under_the_persons_key() -> None:
    payment = makers.captured()
    key = makers.run("people", vault.new_key)
    refund = makers.do(payment, operations.request_refund, reason="My aunt Sita died", person=key, **WISH)
    event = Event.objects.get(kind="refund.requested")
    stored = makers.fresh(refund)
    assert queries.reason_of(stored) == "My aunt Sita died"
    assert b"Sita" not in bytes(stored.sealed) + bytes(event.canonical)
    makers.run("people", lambda op: vault.destroy(op, key))
    assert queries.reason_of(makers.fresh(refund)) is None


def test_i3_a_sum_that_does_not_agree_is_named() -> None:
    payment = makers.captured()
    Payment.objects.filter(pk=payment.pk).update(refunded_minor=5, pending_refund_minor=7)
    found = {(row.what, row.expected_minor, row.found_minor) for row in reconciliation.differences()}
    assert found == {("refunded", 0, 5), ("pending", 0, 7)}
    assert {row.stream for row in reconciliation.differences()} == {payment.stream}


def test_what_is_in_doubt_is_read_longest_unasked_first_in_two_statements(django_assert_num_queries: Any) -> None:
    refunds = [makers.refund_in("in_doubt") for _ in range(3)]
    Refund.objects.filter(pk=refunds[2].pk).update(asked_at=None)
    Refund.objects.filter(pk=refunds[0].pk).update(asked_at=timezone.now())
    Refund.objects.filter(pk=refunds[1].pk).update(asked_at=timezone.now() - timedelta(hours=1))
    with django_assert_num_queries(2):
        payments, found = queries.in_doubt(2)
    assert payments == []
    assert [refund.pk for refund in found] == [refunds[2].pk, refunds[1].pk]
    assert {refund.payment.gateway for refund in found} == {"razorpay"}


def test_a_refund_without_a_reason_has_an_empty_one() -> None:
    assert queries.reason_of(makers.refund_in("pending")) == ""
