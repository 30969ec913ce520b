"""Money back under many hands at once: one refund, one decision (F23, F24)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError

from orders import locks as order_locks
from orders.models import Line, Order, RefundPart
from orders.operations import refund, refund_limits
from payments import operations as money
from payments.models import Refund
from tests.flows import makers
from tests.races.test_order_races import race, won
from timeline import relay
from timeline.actors import Actor
from timeline.errors import DomainError
from timeline.idempotency import Key
from timeline.models import Stream
from timeline.operations import Operation, operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CLICKS = 32
RAVI = Actor(type="staff", id="8", name="Ravi", channel="console")


@pytest.fixture
def order(shop_gateway: FakeGateway) -> Order:
    makers.product("TEA-1", units=50)
    makers.product("POT-1", price_minor=90_000, units=50)
    return makers.confirmed_order(shop_gateway, {"TEA-1": 1, "POT-1": 1})


def click(order: Order, key: str) -> str:
    tea = Line.objects.get(order=order, sku="TEA-1")
    sent = Key(scope="refund", key=key, fingerprint=b"same")
    with operation("refund.give", actor=makers.ASHA, stream=str(order.pk), key=sent) as op:
        made = refund.give(op, order_id=order.pk, items={tea.pk: 1}, amount_minor=100, reason="torn")
        op.answer(201, str(made.pk).encode())
        return str(made.pk)


def test_f23_thirty_two_clicks_are_one_refund_with_its_parts(order: Order, shop_gateway: FakeGateway) -> None:
    race(*[lambda: click(order, "click-0001")] * CLICKS)
    relay.drain()
    assert (Refund.objects.count(), RefundPart.objects.count(), shop_gateway.asked("refund")) == (1, 1, 1)


def test_control_f23_without_the_key_each_click_is_a_refund(order: Order) -> None:
    race(*[lambda n=n: click(order, f"click-{n:04d}") for n in range(CLICKS)])
    assert Refund.objects.count() == CLICKS


def whole_tea(order: Order, actor: Actor) -> str:
    tea = Line.objects.get(order=order, sku="TEA-1")
    with operation("refund.give", actor=actor, stream=str(order.pk)) as op:
        return str(refund.give(op, order_id=order.pk, items={tea.pk: 1}, reason="torn").pk)


def test_f23_two_agents_give_one_unit_back_once(order: Order) -> None:
    results = race(lambda: whole_tea(order, makers.ASHA), lambda: whole_tea(order, RAVI))
    assert won(results) == 1
    assert [type(error) for error in results if isinstance(error, Exception)] == [refund.TooManyUnitsBack]


def test_control_two_agents_without_the_lock_are_stopped_by_the_database_alone(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the story's lock both see the unit; only the numbering of the story stands between them."""
    both = threading.Barrier(2)

    def unlocked(self: Operation, stream: str) -> None:
        self._streams.setdefault(stream, Stream.objects.get(pk=stream).seq)

    def unlocked_row(pk: Any) -> Order:
        found = Order.objects.select_related("person__key").get(pk=pk)
        both.wait(10)
        return found

    monkeypatch.setattr(Operation, "open_stream", unlocked)
    monkeypatch.setattr(order_locks, "order", unlocked_row)
    monkeypatch.setattr(order_locks, "lines", lambda pk: list(Line.objects.filter(order_id=pk).order_by("place")))
    results = race(lambda: whole_tea(order, makers.ASHA), lambda: whole_tea(order, RAVI))
    assert any(isinstance(result, DatabaseError) for result in results)


def test_a_failed_refund_is_retried_or_settled_once(order: Order) -> None:
    whole_tea(order, makers.ASHA)
    made = Refund.objects.get()
    with operation("refund.fail", actor=makers.TESTER, stream=made.stream) as op:
        money.fail_refund(op, refund_id=made.pk, code="no", reason="no")

    def again() -> str:
        with operation("refund.retry", actor=makers.ASHA, stream=made.stream) as op:
            return str(refund.retry(op, order_id=order.pk, refund_id=made.pk).status)

    def otherwise() -> str:
        with operation("refund.settle", actor=RAVI, stream=made.stream) as op:
            done = refund.settle_by_other_means(op, order_id=order.pk, refund_id=made.pk, reference="UTR1", reason="x")
            return str(done.status)

    results = race(again, otherwise, again, otherwise)
    assert won(results) == 1
    payment = makers.payment_of(order)
    assert payment.refunded_minor + payment.pending_refund_minor == made.amount_minor


def test_a_request_is_approved_once(order: Order) -> None:
    with operation("refund.give", actor=makers.ASHA, stream=str(order.pk)) as op:
        made = refund.give(op, order_id=order.pk, amount_minor=5_000, reason="x", limit_minor=1)

    def approve() -> str:
        with operation("refund.approve", actor=RAVI, stream=made.stream) as op:
            return str(refund.approve(op, order_id=order.pk, refund_id=made.pk).status)

    results = race(*[approve] * 8)
    assert won(results) == 1
    assert all(isinstance(result, DomainError) for result in results if isinstance(result, Exception))
    assert refund_limits.needs_approval(stream=made.stream, actor=makers.ASHA, amount_minor=1, limit_minor=5_000)
