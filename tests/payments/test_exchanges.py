"""Asking the gateway: intent first, one effect, doubts resolved by asking, nothing lost with a webhook (F20–F26, F30)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from payments import exchanges, operations, tasks
from payments.gateways.base import GatewayBusy, GatewayMisconfigured, GatewayRefused, InDoubt
from payments.models import Payment, Refund
from tests.payments import makers
from tests.payments.fake_gateway import FakeGateway, sign_return
from timeline import relay
from timeline.models import Delivery, Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from timeline.operations import Operation

pytestmark = pytest.mark.django_db
TIMEOUT = InDoubt("timeout")


def paid(gateway: FakeGateway, settle: Callable[[], None], status: str = "captured") -> Payment:
    """A payment whose order the gateway made and a customer paid."""
    payment = makers.opened()
    settle()
    order_id = makers.fresh(payment).gateway_order_id
    gateway.pay(order_id, status)
    exchanges._ask_attempts(makers.fresh(payment))
    settle()
    found: Payment = makers.fresh(payment)
    return found


def test_the_gateway_is_asked_for_an_order(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    payment = makers.opened()
    settle()
    (call,) = gateway.calls
    assert call == (
        "create_order",
        {"receipt": payment.pk.hex, "amount_minor": makers.AMOUNT_MINOR, "notes": {"order": payment.stream}},
    )
    assert (makers.fresh(payment).status, len(gateway.orders)) == ("created", 1)


def test_a_repeated_delivery_finds_the_order_by_its_receipt(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    payment = makers.opened()
    gateway.fault("create_order", ConnectionError("killed after the call"), after=True)
    relay.relay_due()
    settle()
    assert (makers.fresh(payment).status, len(gateway.orders), gateway.asked("find_order")) == ("created", 1, 1)


def test_f25_no_answer_about_an_order_is_a_doubt_and_is_resolved_by_looking(
    gateway: FakeGateway, settle: Callable[[], None]
) -> None:
    payment = makers.opened()
    gateway.fault("create_order", TIMEOUT, after=True)
    settle()
    assert makers.fresh(payment).status == "in_doubt"
    tasks.resolve_doubts()
    assert (makers.fresh(payment).status, len(gateway.orders)) == ("created", 1)


def test_f25_an_order_that_was_never_made_is_made_when_the_doubt_is_resolved(
    gateway: FakeGateway, settle: Callable[[], None]
) -> None:
    payment = makers.opened()
    gateway.fault("create_order", TIMEOUT)
    settle()
    gateway.fault("find_order", TIMEOUT)
    exchanges.resolve_doubts()
    assert (makers.fresh(payment).status, len(gateway.orders)) == ("in_doubt", 0)
    exchanges.resolve_doubts()
    assert (makers.fresh(payment).status, len(gateway.orders)) == ("created", 1)


def test_f26_a_certain_no_fails_the_payment_and_a_retry_asks_again(
    gateway: FakeGateway, settle: Callable[[], None]
) -> None:
    payment = makers.opened()
    gateway.fault("create_order", GatewayRefused("no", code="BAD_REQUEST_ERROR", field="amount"))
    settle()
    failed = makers.fresh(payment)
    assert (failed.status, failed.error_code, failed.error_reason) == ("failed", "BAD_REQUEST_ERROR", "amount")
    makers.do(payment, operations.retry)
    settle()
    assert (makers.fresh(payment).status, len(gateway.orders)) == ("created", 1)


@pytest.mark.parametrize("trouble", [GatewayBusy("429", status=429), GatewayMisconfigured("401")])
def test_f26_busy_and_misconfigured_go_back_to_the_relay(
    gateway: FakeGateway, settle: Callable[[], None], trouble: Exception
) -> None:
    payment = makers.opened()
    gateway.fault("create_order", trouble)
    relay.relay_due()
    assert (makers.fresh(payment).status, Delivery.objects.get().attempts) == ("opening", 1)
    settle()
    assert makers.fresh(payment).status == "created"


def test_an_authorised_payment_is_captured(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    payment = paid(gateway, settle, "authorized")
    assert (payment.status, payment.captured_minor, gateway.asked("capture")) == ("captured", makers.AMOUNT_MINOR, 1)


@pytest.mark.parametrize("after", [True, False])
def test_f25_a_capture_without_an_answer_is_a_doubt_and_ends_captured_once(
    gateway: FakeGateway, settle: Callable[[], None], after: bool
) -> None:
    gateway.fault("capture", TIMEOUT, after=after)
    payment = paid(gateway, settle, "authorized")
    assert payment.status == "in_doubt"
    exchanges.resolve_doubts()
    settle()
    assert makers.fresh(payment).status == "captured"
    assert Event.objects.filter(kind="payment.captured").count() == 1


def test_a_refused_capture_that_is_ours_already_is_taken_over(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    gateway.fault("capture", ConnectionError("killed after the call"), after=True)
    payment = paid(gateway, settle, "authorized")
    assert (payment.status, gateway.asked("capture")) == ("captured", 2)


def test_f20_a_cancelled_customers_late_authorisation_is_captured(
    gateway: FakeGateway, settle: Callable[[], None]
) -> None:
    payment = paid(gateway, settle, "failed")
    assert payment.status == "failed"
    gateway.move(next(iter(gateway.payments)), "authorized")
    exchanges._ask_attempts(payment)
    settle()
    assert makers.fresh(payment).status == "captured"


def asked_back(payment: Payment, amount_minor: int = 500) -> Refund:
    refund: Refund = makers.do(payment, operations.ask_refund, amount_minor=amount_minor, reason_code="goodwill")
    return refund


def test_f23_a_refund_is_sent_under_its_own_key(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    refund = asked_back(paid(gateway, settle))
    settle()
    (call,) = [nouns for name, nouns in gateway.calls if name == "refund"]
    assert call["key"] == f"rf-{refund.pk.hex}"
    assert (makers.fresh(refund).status, makers.fresh(refund).gateway_refund_id) == ("pending", next(iter(gateway.refunds)))


@pytest.mark.parametrize("after", [True, False])
def test_f25_a_refund_without_an_answer_is_one_refund_in_the_end(
    gateway: FakeGateway, settle: Callable[[], None], after: bool
) -> None:
    refund = asked_back(paid(gateway, settle))
    gateway.refund_status = "processed"
    gateway.fault("refund", TIMEOUT, after=after)
    settle()
    assert makers.fresh(refund).status == "in_doubt"
    exchanges.resolve_doubts()
    done = makers.fresh(refund)
    assert (done.status, len(gateway.refunds)) == ("processed", 1)
    assert {nouns["key"] for name, nouns in gateway.calls if name == "refund"} == {f"rf-{refund.pk.hex}"}
    assert makers.fresh(done.payment).refunded_minor == 500


def test_f26_a_refund_in_flight_is_sent_again_under_the_same_key(
    gateway: FakeGateway, settle: Callable[[], None]
) -> None:
    refund = asked_back(paid(gateway, settle))
    gateway.fault("refund", GatewayBusy("in flight", status=409), after=True)
    settle()
    keys = [nouns["key"] for name, nouns in gateway.calls if name == "refund"]
    assert (keys, len(gateway.refunds)) == ([refund.gateway_key] * 2, 1)


def test_pains_7_a_refused_refund_fails_and_a_retry_has_a_key_of_its_own(
    gateway: FakeGateway, settle: Callable[[], None]
) -> None:
    refund = asked_back(paid(gateway, settle))
    gateway.fault("refund", GatewayRefused("no balance", code="BAD_REQUEST_ERROR", reason="insufficient_balance"))
    settle()
    assert (makers.fresh(refund).status, makers.fresh(refund).error_reason) == ("failed", "insufficient_balance")
    makers.do(refund, operations.retry_refund)
    settle()
    keys = [nouns["key"] for name, nouns in gateway.calls if name == "refund"]
    assert keys == [f"rf-{refund.pk.hex}", f"rf-{refund.pk.hex}-2"]
    assert makers.fresh(refund).gateway_refund_id is not None


def test_by_other_means_asks_no_gateway(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    payment = paid(gateway, settle)
    makers.do(payment, operations.ask_refund, amount_minor=1, reason_code="goodwill", by_other_means=True)
    wish = makers.do(payment, operations.request_refund, amount_minor=1, reason_code="goodwill")
    makers.do(wish, operations.approve_refund, by_other_means=True)
    settle()
    assert gateway.asked("refund") == 0


def test_f22_the_second_capture_goes_back_at_the_gateway(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    payment = paid(gateway, settle)
    second = gateway.pay(payment.gateway_order_id or "")
    exchanges._ask_attempts(payment)
    settle()
    assert [(row.payment_id, row.amount_minor) for row in gateway.refunds.values()] == [(second, makers.AMOUNT_MINOR)]


def later(**row: Any) -> None:
    """Some minutes pass without a word."""
    Payment.objects.update(asked_at=timezone.now() - timedelta(**row))
    Refund.objects.update(asked_at=timezone.now() - timedelta(**row))


def test_f30_a_payment_no_webhook_spoke_of_is_found_by_asking(
    gateway: FakeGateway, settle: Callable[[], None]
) -> None:
    payment = makers.opened()
    settle()
    gateway.pay(makers.fresh(payment).gateway_order_id or "")
    assert exchanges.sweep_quiet() == 0
    later(minutes=6)
    tasks.sweep_quiet()
    assert makers.fresh(payment).status == "captured"


def test_f30_a_refund_no_webhook_spoke_of_is_found_by_asking(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    refund = asked_back(paid(gateway, settle))
    settle()
    gateway.move_refund(next(iter(gateway.refunds)), "processed")
    later(minutes=6)
    exchanges.sweep_quiet()
    assert makers.fresh(refund).status == "processed"


def test_f30_trouble_with_one_row_does_not_keep_the_others(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    first, second = makers.opened(), makers.opened()
    settle()
    for payment in (first, second):
        gateway.pay(makers.fresh(payment).gateway_order_id or "")
    later(minutes=6)
    gateway.fault("payments_of", TIMEOUT)
    assert exchanges.sweep_quiet() == 2
    assert sorted([makers.fresh(first).status, makers.fresh(second).status]) == ["captured", "created"]


class Confirmed:
    """Stands for what an order does when its money is in."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def __call__(self, op: Operation, payment: Payment) -> None:
        """Note in which operation."""
        events = Event.objects.filter(operation_id=op.id, kind="payment.captured").count()
        self.seen.append((str(payment.status), events))


def back(payment: Payment, pay_id: str, confirm: Confirmed, signature: str | None = None) -> Payment:
    payment = makers.fresh(payment)
    return exchanges.take_return(
        payment_id=payment.pk,
        gateway_payment_id=pay_id,
        signature=sign_return(payment.gateway_order_id or "", pay_id) if signature is None else signature,
        confirm=confirm,
    )


@pytest.fixture
def waiting(gateway: FakeGateway, settle: Callable[[], None]) -> tuple[Payment, str]:
    payment = makers.opened()
    settle()
    return payment, gateway.pay(makers.fresh(payment).gateway_order_id or "")


def test_a_return_captures_and_confirms_in_one_operation(waiting: tuple[Payment, str]) -> None:
    payment, pay_id = waiting
    confirm = Confirmed()
    assert back(payment, pay_id, confirm).status == "captured"
    assert confirm.seen == [("captured", 1)]


@pytest.mark.parametrize("trouble", [TIMEOUT, GatewayBusy("429", status=429)])
def test_a_return_without_an_answer_is_left_to_the_notice(
    gateway: FakeGateway, waiting: tuple[Payment, str], trouble: Exception
) -> None:
    payment, pay_id = waiting
    gateway.fault("fetch_payment", trouble)
    confirm = Confirmed()
    assert (back(payment, pay_id, confirm).status, confirm.seen) == ("created", [])


def test_a_return_of_a_failed_attempt_confirms_nothing(gateway: FakeGateway, waiting: tuple[Payment, str]) -> None:
    payment, pay_id = waiting
    gateway.move(pay_id, "failed")
    confirm = Confirmed()
    assert (back(payment, pay_id, confirm).status, confirm.seen) == ("failed", [])


def test_f31_a_signature_of_another_order_is_refused(
    gateway: FakeGateway, settle: Callable[[], None], waiting: tuple[Payment, str]
) -> None:
    payment, _ = waiting
    other = paid(gateway, settle)
    confirm = Confirmed()
    theirs = sign_return(other.gateway_order_id or "", other.gateway_payment_id or "")
    with pytest.raises(exchanges.BadReturn):
        back(payment, other.gateway_payment_id or "", confirm, signature=theirs)
    assert (makers.fresh(payment).status, confirm.seen) == ("created", [])


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "00"])
def test_f31_a_wrong_signature_asks_the_gateway_nothing(
    gateway: FakeGateway, waiting: tuple[Payment, str], signature: str
) -> None:
    payment, pay_id = waiting
    with pytest.raises(exchanges.BadReturn):
        back(payment, pay_id, Confirmed(), signature=signature)
    assert gateway.asked("fetch_payment") == 0


def test_f31_a_payment_before_its_gateway_order_has_no_return() -> None:
    with pytest.raises(exchanges.BadReturn):
        back(makers.opened(), "pay_1", Confirmed(), signature="0" * 64)


def test_f43_no_call_is_made_inside_a_transaction(gateway: FakeGateway) -> None:
    payment = makers.opened()
    with pytest.raises(RuntimeError, match="transaction"):
        makers.run(payment.stream, lambda op: gateway.find_order(receipt=payment.receipt))


def test_reserved_money_waits_for_a_person_when_capture_is_by_hand(
    shop_gateway: FakeGateway, transactional_db: Any, settings: Any
) -> None:
    """PAYMENT_CAPTURE=manual: authorised and captured apart."""
    settings.PAYMENT_CAPTURE = "manual"
    payment = makers.opened()
    relay.drain()
    payment = Payment.objects.get(pk=payment.pk)
    pay_id = shop_gateway.pay(payment.gateway_order_id or "", "authorized")
    exchanges._ask_attempts(payment)
    relay.drain()
    assert Payment.objects.get(pk=payment.pk).status == "authorized"
    assert shop_gateway.asked("capture") == 0
    makers.do(payment, operations.ask_capture)
    relay.drain()
    assert Payment.objects.get(pk=payment.pk).status == "captured"
    assert shop_gateway.payments[pay_id].status == "captured"
    with pytest.raises(operations.NotReserved):
        makers.do(payment, operations.ask_capture)
