"""Orders under many hands, on a real server: each race with its control, the same race with its guard off."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection

from inventory.models import Level
from orders import checkout as checkouts
from orders import locks as order_locks
from orders.models import Discount, Order
from orders.operations import cancel, confirm, numbers, pay, refund
from payments import exchanges
from payments.models import Refund
from tests.flows import makers
from timeline import idempotency, relay
from timeline.errors import DomainError, Replayed
from timeline.idempotency import Key
from timeline.models import Event
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.payments.fake_gateway import FakeGateway

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS = 8


def race(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at once; gives what each returned or how it was refused."""
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return retried(job)()
        except (DomainError, Replayed, DatabaseError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def won(results: list[Any]) -> int:
    return sum(1 for result in results if not isinstance(result, Exception))


def test_f01_the_last_unit_is_sold_once() -> None:
    makers.product("LAST", units=1)
    ready = [makers.ready_checkout({"LAST": 1}, paymentMethod="cod") for _ in range(THREADS)]
    results = race(*[lambda c=c: makers.complete(c) for c in ready])
    assert won(results) == 1
    assert {error.slug for error in results if isinstance(error, DomainError)} == {"out-of-stock"}
    assert (Order.objects.count(), Level.objects.get().held) == (1, 1)


def test_f05_a_coupon_is_used_as_often_as_it_may_be() -> None:
    makers.product("TEA-1", units=50)
    makers.discount("THREE", uses_max=3)
    ready = [makers.ready_checkout({"TEA-1": 1}, paymentMethod="cod", discountCode="THREE") for _ in range(THREADS)]
    results = race(*[lambda c=c: makers.complete(c) for c in ready])
    assert (won(results), Discount.objects.get().used, Order.objects.exclude(discount_code="").count()) == (3, 3, 3)


def test_control_f05_counting_by_hand_oversteps_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look, then count, in Python: the limit is overstepped, or only the CHECK constraint says no."""
    makers.product("TEA-1", units=50)
    makers.discount("THREE", uses_max=3)
    looked = threading.Barrier(THREADS)

    def careless(checkout: Any) -> Discount | None:
        found = Discount.objects.get(code=checkout.discount_code)
        looked.wait(10)
        if found.used >= 3:
            raise checkouts.DiscountRefused
        Discount.objects.filter(pk=found.pk).update(used=found.used + 1)
        return found

    monkeypatch.setattr(checkouts, "_use_code", careless)
    ready = [makers.ready_checkout({"TEA-1": 1}, paymentMethod="cod", discountCode="THREE") for _ in range(THREADS)]
    race(*[lambda c=c: makers.complete(c) for c in ready])
    assert Order.objects.exclude(discount_code="").count() > 3


def _complete_with_key(checkout: Any, key: str) -> str:
    actor = makers.customer(checkout.person_id)
    number = numbers.take(actor=actor)
    sent = Key(scope="race", key=key, fingerprint=b"same")
    with operation("checkout.complete", actor=actor, stream=str(checkout.pk), key=sent) as op:
        placed = checkouts.complete(op, checkout_id=checkout.pk, number=number)
        op.answer(201, str(placed.order.pk).encode())
        return str(placed.order.pk)


def test_f13_the_same_key_makes_one_order_and_one_answer() -> None:
    makers.product("TEA-1", units=50)
    ready = makers.ready_checkout({"TEA-1": 1}, paymentMethod="cod")
    results = race(*[lambda: _complete_with_key(ready, "key-0001")] * THREADS)
    answers = {result.body.decode() if isinstance(result, Replayed) else result for result in results}
    assert Order.objects.count() == 1
    assert answers == {str(Order.objects.get().pk)}


def test_control_f13_looking_the_key_up_first_acts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    makers.product("TEA-1", units=50)
    looked = threading.Barrier(THREADS)

    def careless(key: Key, *, now: Any) -> int:
        from timeline.models import Receipt

        known = Receipt.objects.filter(scope=key.scope, key=key.key).first()
        looked.wait(10)
        if known is not None:
            raise Replayed(status=known.status or 0, body=bytes(known.body or b""))
        return Receipt.objects.create(scope=key.scope, key=f"{key.key}-{uuid.uuid4()}", fingerprint=b"", created_at=now).pk

    monkeypatch.setattr(idempotency, "claim", careless)
    person = uuid.uuid4()
    ready = [makers.ready_checkout({"TEA-1": 1}, person_id=person, paymentMethod="cod") for _ in range(THREADS)]
    race(*[lambda c=c: _complete_with_key(c, "key-0001") for c in ready])
    assert Order.objects.count() > 1


def test_f21_capture_against_cancel_has_one_winner_and_the_money_goes_back_once(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1", units=50)
    for _ in range(5):
        order = makers.placed_order({"TEA-1": 1})
        payment = makers.payment_of(order)
        shop_gateway.pay(str(payment.gateway_order_id))

        def call_off(order: Order = order) -> str:
            with operation("order.cancel", actor=makers.ASHA, stream=str(order.pk)) as op:
                return str(cancel.cancel(op, order_id=order.pk, code="customer_request").status)

        race(partial(exchanges._ask_attempts, payment), call_off)
        relay.drain()
        order = makers.fresh(order)
        assert order.status == "cancelled"
        back = Refund.objects.filter(stream=str(order.pk))
        assert sum(row.amount_minor for row in back) == order.total_minor
        assert back.count() == 1


def test_control_f21_without_the_answer_to_the_capture_the_money_stays(
    shop_gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pay, "give_back_all", lambda *_, **__: [])
    makers.product("TEA-1", units=50)
    order = makers.cancelled_order({"TEA-1": 1})
    makers.pay(shop_gateway, order)
    assert not Refund.objects.filter(stream=str(order.pk)).exists()


def test_webhook_against_browser_return_confirms_once(shop_gateway: FakeGateway) -> None:
    """PAINS 1: both call one merge under the story's lock."""
    from tests.payments.fake_gateway import sign_return

    makers.product("TEA-1", units=50)
    order = makers.placed_order({"TEA-1": 1})
    payment = makers.payment_of(order)
    paid = shop_gateway.pay(str(payment.gateway_order_id))

    def settle(op: Any, _: Any) -> None:
        pay.follow(op, order_id=order.pk)

    def come_back() -> Any:
        return exchanges.take_return(
            payment_id=payment.pk, gateway_payment_id=paid, signature=sign_return(str(payment.gateway_order_id), paid),
            confirm=settle,
        )

    race(*[come_back, lambda: exchanges._ask_attempts(payment)] * 3)
    relay.drain()
    for kind in ("payment.captured", "order.confirmed"):
        assert Event.objects.filter(stream=str(order.pk), kind=kind).count() == 1
    assert makers.fresh(order).status == "confirmed"


def test_control_webhook_against_return_without_locks_one_is_thrown_back(
    shop_gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the story's lock and the row's, both book the capture; only unique places and triggers say no."""
    from payments import locks as payment_locks
    from timeline.models import Stream
    from timeline.operations import Operation

    makers.product("TEA-1", units=50)
    order = makers.placed_order({"TEA-1": 1})
    payment = makers.payment_of(order)
    shop_gateway.pay(str(payment.gateway_order_id))
    both = threading.Barrier(2)
    met = threading.local()

    def unlocked(self: Operation, stream: str) -> None:
        self._streams.setdefault(stream, Stream.objects.get(pk=stream).seq)

    def unlocked_row(pk: uuid.UUID) -> Any:
        found = type(payment).objects.get(pk=pk)
        if not getattr(met, "once", False):
            met.once = True
            both.wait(10)
        return found

    monkeypatch.setattr(Operation, "open_stream", unlocked)
    monkeypatch.setattr(payment_locks, "payment", unlocked_row)
    results = race(*[partial(exchanges._ask_attempts, payment)] * 2)
    captures = Event.objects.filter(stream=str(order.pk), kind="payment.captured").count()
    assert any(isinstance(result, Exception) for result in results) or captures != 1


def _refund_once(order: Order, key: str) -> str:
    sent = Key(scope="refund", key=key, fingerprint=b"same")
    with operation("order.refund", actor=makers.ASHA, stream=str(order.pk), key=sent) as op:
        row = refund.give(op, order_id=order.pk, amount_minor=1_000, reason="damaged")
        op.answer(201, str(row.pk).encode())
        return str(row.pk)


def test_f23_a_double_click_refunds_once(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1", units=50)
    order = makers.confirmed_order(shop_gateway, {"TEA-1": 1})
    race(*[lambda: _refund_once(order, "click-0001")] * THREADS)
    assert Refund.objects.count() == 1
    relay.drain()
    assert shop_gateway.asked("refund") == 1


def test_control_f23_with_a_key_a_click_each_click_refunds(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1", units=50)
    order = makers.confirmed_order(shop_gateway, {"TEA-1": 1})
    race(*[lambda n=n: _refund_once(order, f"click-{n:04d}") for n in range(THREADS)])
    assert Refund.objects.count() == THREADS


def test_f24_refunds_never_exceed_what_was_captured(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1", price_minor=100_000, units=50)
    order = makers.confirmed_order(shop_gateway, {"TEA-1": 1})
    half = order.total_minor // 2 - 1

    def give_half() -> Any:
        with operation("order.refund", actor=makers.ASHA, stream=str(order.pk)) as op:
            return refund.give(op, order_id=order.pk, amount_minor=half, reason="damaged").pk

    results = race(*[give_half] * THREADS)
    payment = makers.payment_of(order)
    assert won(results) == 2
    assert payment.refunded_minor + payment.pending_refund_minor <= payment.captured_minor


def test_only_one_of_many_confirms_wins() -> None:
    makers.product("TEA-1", units=50)
    order = makers.complete(makers.ready_checkout({"TEA-1": 1})).order

    def by_hand() -> Any:
        with operation("order.confirm", actor=makers.ASHA, stream=str(order.pk)) as op:
            return confirm.confirm(op, order_id=order.pk, by_hand=True).status

    results = race(*[by_hand] * THREADS)
    assert won(results) == 1
    assert {error.slug for error in results if isinstance(error, DomainError)} == {"transition-not-allowed"}


def test_control_without_the_lock_the_database_alone_stops_the_second_confirm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the story's lock and the row's, both read `pending`; only constraint and trigger stand between them."""
    from timeline.operations import Operation

    def unlocked(self: Operation, stream: str) -> None:
        from timeline.models import Stream

        self._streams.setdefault(stream, Stream.objects.get(pk=stream).seq)

    makers.product("TEA-1", units=50)
    order = makers.complete(makers.ready_checkout({"TEA-1": 1})).order
    monkeypatch.setattr(Operation, "open_stream", unlocked)
    both = threading.Barrier(2)

    def unlocked_row(pk: uuid.UUID) -> Order:
        found = Order.objects.get(pk=pk)
        both.wait(10)
        return found

    monkeypatch.setattr(order_locks, "order", unlocked_row)

    def by_hand() -> Any:
        with operation("order.confirm", actor=makers.ASHA, stream=str(order.pk)) as op:
            return confirm.confirm(op, order_id=order.pk, by_hand=True).status

    results = race(by_hand, by_hand)
    assert any(isinstance(result, DatabaseError) for result in results)

