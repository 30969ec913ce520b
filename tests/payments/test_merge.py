"""What the gateway shows, merged: forwards only, in any order, any number of times, and never of another amount."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from payments import operations
from payments.models import Payment, Refund
from tests.payments import makers
from tests.payments.fake_gateway import seen_payment
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.django_db


def kinds(payment: Payment) -> list[str]:
    return list(Event.objects.filter(stream=payment.stream).order_by("stream_seq").values_list("kind", flat=True))


def outcome(order: Sequence[tuple[str, str]]) -> tuple[str, int, int, int, int]:
    """Where a fresh payment ends when these attempts are seen in this order."""
    payment = makers.created(amount_minor=500)
    names = {attempt: makers.gateway_id("pay") for attempt, _ in order}
    for attempt, status in order:
        makers.see(payment, id=names[attempt], status=status)
    rows = list(Payment.objects.filter(stream=payment.stream))
    return (
        makers.fresh(payment).status,
        len(rows),
        sum(row.captured_minor for row in rows),
        sum(row.pending_refund_minor for row in rows),
        kinds(payment).count("payment.captured"),
    )


@pytest.mark.parametrize(
    ("seen", "ends"),
    [
        ([("a", "created"), ("a", "authorized"), ("a", "captured")], ("captured", 1, 500, 0, 1)),
        ([("a", "created"), ("a", "failed"), ("a", "authorized")], ("authorized", 1, 0, 0, 0)),
        ([("a", "failed"), ("b", "failed"), ("c", "created")], ("failed", 1, 0, 0, 0)),
        ([("a", "failed"), ("b", "authorized"), ("c", "failed")], ("authorized", 1, 0, 0, 0)),
        ([("a", "failed"), ("a", "captured"), ("a", "captured"), ("b", "failed")], ("captured", 1, 500, 0, 1)),
        ([("a", "captured"), ("b", "captured"), ("b", "authorized"), ("a", "failed")], ("captured", 2, 1000, 500, 2)),
    ],
)
def test_f19_every_order_ends_in_the_same_state(
    seen: list[tuple[str, str]], ends: tuple[str, int, int, int, int]
) -> None:
    assert {outcome(order) for order in itertools.permutations(seen)} == {ends}


def test_f19_six_notices_of_two_attempts_in_every_order() -> None:
    seen = [("a", "created"), ("a", "failed"), ("b", "created"), ("b", "authorized"), ("b", "captured"), ("a", "authorized")]
    orders = list(itertools.permutations(seen))[::12]
    assert {outcome(order) for order in orders} == {("captured", 1, 500, 0, 1)}


@pytest.mark.parametrize("status", ["authorized", "captured", "failed"])
def test_f17_what_was_seen_before_records_nothing(status: str) -> None:
    payment = makers.created()
    makers.see(payment, id="pay_F17", status=status)
    before = kinds(payment)
    for _ in range(4):
        makers.see(payment, id="pay_F17", status=status)
    assert kinds(payment) == before


def test_f20_a_late_authorisation_is_accepted() -> None:
    payment = makers.payment_in("failed")
    again = makers.see(payment, id="pay_F20", status="authorized")
    assert (again.status, again.gateway_payment_id, again.error_code) == ("authorized", "pay_F20", "")


def test_a_failure_never_lowers_what_is_captured_or_authorised() -> None:
    for state in ("captured", "authorized"):
        payment = makers.payment_in(state)
        assert makers.see(payment, id=makers.gateway_id("pay"), status="failed").status == state


def test_an_old_failure_does_not_fail_the_new_attempt() -> None:
    payment = makers.see(makers.created(), id="pay_old", status="failed")
    makers.do(payment, operations.retry)
    assert makers.see(payment, id="pay_old", status="failed").status == "created"
    assert makers.see(payment, id="pay_new", status="failed").status == "failed"


def test_an_authorisation_the_gateway_let_lapse_has_failed() -> None:
    payment = makers.see(makers.created(), id="pay_lapsed", status="authorized")
    lapsed = makers.see(payment, id="pay_lapsed", status="refunded", captured=False)
    assert (lapsed.status, lapsed.error_code) == ("failed", "authorization_lapsed")
    assert makers.see(payment, id="pay_lapsed", status="refunded", captured=False).status == "failed"


def test_a_payment_first_seen_refunded_was_captured() -> None:
    payment = makers.see(makers.created(), id="pay_back", status="refunded", captured=True)
    assert (payment.status, payment.captured_minor) == ("captured", makers.AMOUNT_MINOR)


@pytest.mark.parametrize("wrong", [{"amount_minor": makers.AMOUNT_MINOR - 1}, {"currency": "USD"}])
@pytest.mark.parametrize("status", ["authorized", "captured"])
def test_f27_another_amount_or_currency_moves_nothing_and_is_said_once(wrong: dict[str, object], status: str) -> None:
    payment = makers.created()
    for _ in range(3):
        makers.see(payment, id="pay_F27", status=status, **wrong)
    assert makers.fresh(payment).status == "created"
    assert kinds(payment).count("payment.mismatched") == 1
    said = Event.objects.get(kind="payment.mismatched", stream=payment.stream).facts
    assert (said["expected_minor"], said["expected_currency"]) == (makers.AMOUNT_MINOR, "INR")


def test_f27_the_right_amount_is_accepted_after_a_wrong_one() -> None:
    payment = makers.created()
    makers.see(payment, id="pay_wrong", status="captured", amount_minor=1)
    assert makers.see(payment, id="pay_right", status="captured").status == "captured"


def test_f22_a_second_captured_attempt_is_adopted_and_sent_back_once() -> None:
    payment = makers.captured(pay_id="pay_first")
    for _ in range(3):
        makers.see(payment, id="pay_second", status="captured")
    second = Payment.objects.get(gateway_payment_id="pay_second")
    assert (second.status, second.captured_minor, second.pending_refund_minor) == ("captured", payment.amount_minor, payment.amount_minor)
    refund = Refund.objects.get(stream=payment.stream)
    assert (refund.payment_id, refund.reason_code, refund.status) == (second.pk, "duplicate_payment", "pending")
    assert makers.fresh(payment).pending_refund_minor == 0


def test_f22_a_second_payment_of_one_story_goes_back_whatever_its_gateway_order() -> None:
    first = makers.captured()
    second = makers.captured(stream=first.stream)
    refund = Refund.objects.get(stream=first.stream)
    assert (refund.payment_id, refund.amount_minor) == (second.pk, second.amount_minor)


def test_f22_an_adopted_payment_seen_again_changes_nothing() -> None:
    payment = makers.captured()
    makers.see(payment, id="pay_twice", status="captured")
    adopted = Payment.objects.get(gateway_payment_id="pay_twice")
    before = kinds(payment)
    seen = seen_payment(
        id="pay_twice", order_id=payment.gateway_order_id, status="refunded", captured=True, amount_minor=payment.amount_minor
    )
    makers.do(adopted, operations.merge, seen=seen)
    assert kinds(payment) == before


def test_a_payment_of_another_gateway_order_is_foreign() -> None:
    payment = makers.created()
    seen = seen_payment(id="pay_x", order_id="order_other", status="captured", amount_minor=payment.amount_minor)
    with pytest.raises(operations.ForeignPayment):
        makers.do(payment, operations.merge, seen=seen)
    assert makers.fresh(payment).status == "created"


@pytest.mark.parametrize(("amount_minor", "currency"), [(1, "INR"), (makers.AMOUNT_MINOR, "USD")])
def test_f27_a_direct_capture_of_another_amount_is_refused(amount_minor: int, currency: str) -> None:
    payment = makers.created()
    with pytest.raises(operations.AmountDiffers):
        makers.do(
            payment,
            operations.capture,
            gateway_payment_id="pay_x",
            amount_minor=amount_minor,
            currency=currency,
            method="upi",
        )
