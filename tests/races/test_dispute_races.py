"""A dispute and a refund reach for the same money at once (F32): the customer is not paid twice."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.utils import timezone

from payments import operations, reconciliation
from payments.gateways.base import GatewayDispute
from payments.models import Dispute, Payment, Refund
from payments.operations import wishes
from tests.payments import makers
from tests.races.test_payment_races import WAIT_S, errors, race, unguarded
from timeline.errors import DomainError
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HEAD_START_S = 3.0
__all__ = ["unguarded"]


def seen(payment: Payment, number: int = 1, **wish: Any) -> GatewayDispute:
    given: dict[str, Any] = {
        "id": f"disp_race{number:06d}", "payment_id": payment.gateway_payment_id, "amount_minor": payment.amount_minor,
        "currency": payment.currency, "deducted_minor": 0, "reason_code": "chargeback", "phase": "chargeback",
        "status": "open", "respond_by": None, "created_at": timezone.now(),
    }
    return GatewayDispute(**{**given, **wish})


def refund(payment: Payment) -> Callable[[], Any]:
    return lambda: makers.do(payment, operations.ask_refund, amount_minor=payment.amount_minor, reason_code="amount")


def dispute(payment: Payment, **wish: Any) -> Callable[[], Any]:
    return retried(lambda: makers.do(payment, operations.merge_dispute, seen=seen(payment, **wish)))


def overtaken(payment: Payment, monkeypatch: pytest.MonkeyPatch, **wish: Any) -> list[str]:
    """The refund has looked for disputes and found none; one comes in before the refund goes on. Who was done when."""
    looked, opened = threading.Event(), threading.Event()
    done: list[str] = []
    look = wishes.is_disputed

    def slowly(row: Payment) -> bool:
        found = look(row)
        looked.set()
        opened.wait(HEAD_START_S)
        return found

    def refunding() -> None:
        try:
            refund(payment)()
            done.append("refund")
        except DomainError as error:
            done.append(type(error).__name__)
        finally:
            connection.close()

    monkeypatch.setattr(wishes, "is_disputed", slowly)
    first = threading.Thread(target=refunding)
    first.start()
    assert looked.wait(WAIT_S)
    dispute(payment, **wish)()
    done.append("dispute")
    opened.set()
    first.join(WAIT_S)
    return done


def test_f32_a_dispute_waits_for_the_refund_that_looked_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refund was first and stands; the dispute comes in after it and is seen to be one too much."""
    payment = makers.captured()
    assert overtaken(payment, monkeypatch, deducted_minor=payment.amount_minor) == ["refund", "dispute"]
    assert makers.fresh(payment).refundable_minor == 0
    assert reconciliation.differences() == []


@pytest.mark.usefixtures("unguarded")
def test_control_f32_without_the_locks_a_refund_leaves_in_spite_of_the_dispute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert overtaken(makers.captured(), monkeypatch) == ["dispute", "refund"]


@pytest.mark.usefixtures("unguarded")
def test_f32_what_a_dispute_took_is_safe_without_any_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The conditional UPDATE counts what was taken meanwhile."""
    payment = makers.captured()
    done = overtaken(payment, monkeypatch, deducted_minor=payment.amount_minor)
    assert done == ["dispute", "AboveRefundable"]
    assert not Refund.objects.exists()


def heard_at_once(payment: Payment) -> list[Any]:
    """Notice, sweep and answer bring the same loss; other disputes of the payment bring theirs."""
    part = payment.amount_minor // 4
    jobs = [dispute(payment, number=n % 3, amount_minor=part, status="lost", deducted_minor=part) for n in range(24)]
    return race(jobs)


def taken_minor() -> int:
    return sum(Dispute.objects.values_list("deducted_minor", flat=True))


def test_f19_a_loss_heard_from_every_side_at_once_is_deducted_once() -> None:
    payment = makers.captured()
    assert errors(heard_at_once(payment)) == []
    assert makers.fresh(payment).disputed_minor == taken_minor() == payment.amount_minor // 4 * 3
    assert reconciliation.differences() == []


@pytest.mark.usefixtures("unguarded")
def test_control_f19_without_the_locks_those_who_bring_it_run_into_each_other() -> None:
    assert errors(heard_at_once(makers.captured())) != []
