"""Money that waits for a person is in its list, and in no other (PAINS 9: what is "overpaid")."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import outstanding
from orders.models import Order
from orders.operations import cancel, pay, refund
from payments import disputes, exchanges, queries
from payments import operations as money
from payments.gateways.base import GatewayRefused, InDoubt
from payments.gateways.razorpay import CAPTURE_OPTIONS
from payments.models import Payment, Refund
from tests.flows import makers
from timeline import relay
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from orders.outstanding import Standing
    from tests.payments.fake_gateway import FakeGateway
    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)


def listed(name: str) -> list[Standing]:
    found, order = outstanding.LISTS[name]
    return outstanding.standing(name, list(found().order_by(*order)))


def names() -> set[str]:
    """The lists that are not empty."""
    return {name for name in outstanding.LISTS if listed(name)}


def do(order: Order, work: Callable[[Any], Any]) -> Any:
    with operation("test.do", actor=makers.ASHA, stream=str(order.pk)) as op:
        return work(op)


@pytest.fixture
def order(stand: Stand, shop_gateway: FakeGateway) -> Order:
    return stand(confirmed, shop_gateway)


def confirmed(gateway: FakeGateway) -> Order:
    makers.product()
    return makers.confirmed_order(gateway, {"TEA-1": 2})


@pytest.fixture
def paid_twice(order: Order, shop_gateway: FakeGateway) -> Order:
    """The second payment could not be sent back."""
    shop_gateway.fault("refund", GatewayRefused("Not enough balance", code="BAD_REQUEST_ERROR"))
    shop_gateway.pay(makers.payment_of(order).gateway_order_id or "")
    exchanges._ask_attempts(makers.payment_of(order))
    relay.drain()
    return makers.fresh(order)


def test_what_is_as_it_should_be_is_in_no_list(order: Order) -> None:
    makers.placed_order()
    makers.cancelled_order()
    makers.placed_order(paymentMethod="cod")
    do(order, lambda op: refund.give(op, order_id=order.pk, amount_minor=500, reason="torn"))
    do(order, lambda op: refund.give(op, order_id=order.pk, amount_minor=300, reason="sorry", goodwill=True))
    assert names() == set()
    relay.drain()
    assert names() == set()


def test_a_second_payment_that_cannot_go_back_is_overpaid(paid_twice: Order) -> None:
    row = listed(outstanding.OVERPAID)[0]
    assert (row.kind, row.row.pk, row.amount_minor) == ("order", paid_twice.pk, paid_twice.total_minor)
    assert row.sums == outstanding.Sums(paid_twice.total_minor * 2, 0, 0, paid_twice.total_minor)
    failed = listed(outstanding.FAILED_REFUNDS)[0]
    assert (failed.order, failed.amount_minor) == (paid_twice, paid_twice.total_minor)
    assert names() == {outstanding.OVERPAID, outstanding.FAILED_REFUNDS}
    do(paid_twice, lambda op: refund.retry(op, order_id=paid_twice.pk, refund_id=failed.row.pk))
    assert names() == set()


def test_a_second_payment_the_bank_took_back_is_not_overpaid(paid_twice: Order, shop_gateway: FakeGateway) -> None:
    second = Payment.objects.get(stream=str(paid_twice.pk), facts__duplicate_of__isnull=False)
    shop_gateway.dispute(second.gateway_payment_id or "", deducted_minor=second.amount_minor)
    disputes.sweep()
    assert names() == {outstanding.FAILED_REFUNDS}


def test_money_of_a_cancelled_order_that_stays_is_overpaid(order: Order, shop_gateway: FakeGateway) -> None:
    """PAINS 7: the gateway is not asked again and again; the refusal waits for a person."""
    shop_gateway.fault("refund", GatewayRefused("Not enough balance", code="BAD_REQUEST_ERROR"), times=9)
    do(order, lambda op: cancel.cancel(op, order_id=order.pk, code="customer_request"))
    relay.drain()
    assert shop_gateway.asked("refund") == 1
    row = listed(outstanding.OVERPAID)[0]
    assert row.sums is not None
    assert (row.amount_minor, row.sums.owed_minor) == (order.total_minor, 0)
    assert names() == {outstanding.OVERPAID, outstanding.FAILED_REFUNDS}


def test_more_given_back_than_is_named_is_underpaid(order: Order) -> None:
    payment = makers.payment_of(order)
    do(order, lambda op: money.ask_refund(op, payment_id=payment.pk, amount_minor=700, reason_code="overpaid"))
    assert [(row.row.pk, row.amount_minor) for row in listed(outstanding.UNDERPAID)] == [(order.pk, -700)]
    assert names() == {outstanding.UNDERPAID}


def test_cash_is_owed_from_the_delivery_on(shop_gateway: FakeGateway) -> None:
    makers.product()
    placed = makers.placed_order(paymentMethod="cod")
    assert names() == set()
    Order.objects.filter(pk=placed.pk).update(delivered_at=placed.created_at)
    assert [row.amount_minor for row in listed(outstanding.UNDERPAID)] == [-placed.total_minor]


def test_a_lost_dispute_alone_is_not_underpaid(order: Order, shop_gateway: FakeGateway) -> None:
    dispute = shop_gateway.dispute(makers.payment_of(order).gateway_payment_id or "")
    shop_gateway.move_dispute(dispute, "lost")
    disputes.sweep()
    assert makers.payment_of(order).disputed_minor == order.total_minor
    assert names() == set()


def test_f32_money_that_went_twice_is_listed(order: Order, shop_gateway: FakeGateway) -> None:
    do(order, lambda op: refund.give(op, order_id=order.pk, amount_minor=order.total_minor, reason="all"))
    relay.drain()
    dispute = shop_gateway.dispute(makers.payment_of(order).gateway_payment_id or "")
    shop_gateway.move_dispute(dispute, "lost")
    disputes.sweep()
    assert [row.amount_minor for row in listed(outstanding.PAID_TWICE)] == [order.total_minor]
    assert list(queries.over_disputed()) == [makers.payment_of(order)]


def test_reserved_money_is_listed_with_its_expiry(shop_gateway: FakeGateway, settings: Any) -> None:
    settings.PAYMENT_CAPTURE = "manual"
    makers.product()
    placed = makers.placed_order()
    makers.pay(shop_gateway, placed, "authorized")
    row = listed(outstanding.AUTHORIZED)[0]
    assert (row.order, row.amount_minor) == (placed, placed.total_minor)
    assert row.authorized_at is not None
    assert row.expires_at == row.authorized_at + queries.RESERVED_FOR
    assert CAPTURE_OPTIONS["manual_expiry_period"] == queries.RESERVED_FOR / timedelta(minutes=1)
    assert names() == {outstanding.AUTHORIZED}
    do(placed, lambda op: pay.capture(op, order_id=placed.pk, payment_id=makers.payment_of(placed).pk))
    relay.drain()
    assert names() == set()


def test_f25_what_the_gateway_did_not_answer_is_listed(order: Order, shop_gateway: FakeGateway) -> None:
    shop_gateway.fault("refund", InDoubt("timeout", "No answer."), times=9)
    shop_gateway.fault("create_order", InDoubt("timeout", "No answer."), times=9)
    do(order, lambda op: refund.give(op, order_id=order.pk, amount_minor=500, reason="torn"))
    relay.drain()
    asked = makers.placed_order()
    rows = {row.order: row for row in listed(outstanding.IN_DOUBT)}
    assert set(rows) == {order, asked}
    assert [found.amount_minor for found in rows[order].doubted] == [500]
    assert rows[asked].row.status == "in_doubt"
    assert names() == {outstanding.IN_DOUBT}


def test_every_list_costs_the_same_however_long_it_is(shop_gateway: FakeGateway, settings: Any) -> None:
    settings.PAYMENT_CAPTURE = "manual"
    makers.product(units=100)
    costs: dict[str, list[int]] = {name: [] for name in outstanding.LISTS}
    for many in (1, 4):
        for _ in range(many):
            found = makers.placed_order()
            makers.pay(shop_gateway, found, "authorized")
        for name in outstanding.LISTS:
            with CaptureQueriesContext(connection) as seen:
                listed(name)
            costs[name].append(len(seen))
    assert all(cost[0] == cost[1] <= 3 for cost in costs.values()), costs
    assert Refund.objects.count() == 0
