"""Exchanges: the same goods at what was paid, others at today's price; both orders close, the clearing account is even (B27)."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Document, KeptPart, Line, Order, OrderPayment, Return
from orders.operations import cancel, exchange, fulfil, numbers, pay, process, return_money, returns
from orders.operations.exchange_offer import Choice, MoreThanCameBack, UnknownGoods, preview
from orders.operations.return_money import GivenAlready, NotApproved
from orders.pricing import snapshot
from orders.reconciliation import books, report
from orders.reconciliation.difference import Window
from payments import journal
from payments import operations as money
from payments.models import Payment, Refund
from tests import makers as shop
from tests.returns import makers
from tests.returns.test_money import finish, inspected
from tests.standing import Stand
from tests.thorough import many
from timeline import relay
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(shop.delivered_order, quantity=2)


def swap(ret: Return, *choices: Choice, **wish: Any) -> Order:
    number = numbers.take(actor=shop.STAFF)
    with operation("test.exchange", actor=shop.STAFF, stream=str(ret.order_id)) as op:
        new = exchange.place(op, return_id=ret.pk, number=number, choices=choices, **wish)
    relay.drain()
    return shop.again(new)


def customers(order: Order) -> int:
    return sum(row.amount_minor for row in journal.of_stream(str(order.pk)) if row.account_id == journal.CUSTOMERS)


def walk(order: Order) -> Order:
    """Pack, ship and deliver."""
    with operation("test.walk", actor=shop.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk)
        fulfil.deliver_all(op, order_id=order.pk)
    relay.drain()
    return shop.again(order)


def even(*orders: Order) -> None:
    """Both orders close at zero, nothing stays between them, and each order's price can be computed again."""
    assert journal.balance(journal.EXCHANGES) == 0
    for order in orders:
        assert customers(order) == 0
        assert snapshot.recompute(order.pricing_snapshot, order.discount_snapshot).total_minor == order.total_minor
        said = sum(doc.total_minor * (1 if doc.kind == "invoice" else -1) for doc in Document.objects.filter(order=order))
        assert said == order.paid_minor - order.refunded_minor


def test_the_same_goods_cost_nothing_and_both_orders_close(order: Order) -> None:
    relay.drain()
    ret = inspected(order)
    new = swap(ret)
    line = Line.objects.get(order=new)
    assert (new.status, new.payment_state, new.total_minor, line.price_minor) == (
        "confirmed", "paid", ret.worth_minor, makers.lines_of(order)[0].price_minor
    )
    closed = makers.fresh(ret)
    assert (closed.status, closed.outcome, closed.exchange_order_id) == ("closed", "exchanged", new.pk)
    assert [(row.amount_minor, row.reason_code, row.status) for row in Refund.objects.all()] == [
        (ret.worth_minor, "exchange", "processed")
    ]
    assert OrderPayment.objects.get(order=new).payment.gateway == "exchange"
    even(walk(new), shop.again(order))


def test_a_discounted_line_is_exchanged_at_what_was_paid() -> None:
    from tests.flows import makers as flows

    sku = shop.product(price_minor=33_333).sku
    flows.discount("TEN", rule={"kind": "percentage", "bp": 1033})
    order = shop.delivered_order(skus=[sku], quantity=3, discountCode="TEN")
    relay.drain()
    ret = inspected(order, units=2)
    new = swap(ret)
    kept = sum(KeptPart.objects.values_list("total_minor", flat=True))
    assert new.total_minor + kept == ret.worth_minor
    assert 0 <= kept < 100
    even(walk(new), shop.again(order))


def test_something_dearer_waits_for_the_difference_and_carries_nothing_before(order: Order) -> None:
    relay.drain()
    dear = shop.product(price_minor=90_000)
    ret = inspected(order)
    new = swap(ret, Choice(dear.sku, 1))
    due = new.total_minor - ret.worth_minor
    assert (new.status, new.payment_state, new.payment_due_at is not None) == ("pending", "unpaid", True)
    assert {(row.gateway, row.amount_minor, row.status) for row in Payment.objects.filter(stream=str(new.pk))} == {
        ("exchange", ret.worth_minor, "created"), ("razorpay", due, "created"),
    }
    assert (Refund.objects.count(), makers.fresh(ret).status) == (0, "inspected")
    take(new)
    paid = shop.again(new)
    assert (paid.status, paid.payment_state, paid.paid_minor) == ("confirmed", "paid", paid.total_minor)
    assert makers.fresh(ret).outcome == "exchanged"
    even(walk(paid), shop.again(order))
    assert Refund.objects.filter(reason_code="duplicate_payment").count() == 0


def take(order: Order) -> None:
    """The customer pays what is due online."""
    payment = Payment.objects.get(stream=str(order.pk), gateway="razorpay")
    with operation("test.capture", actor=shop.TESTER, stream=str(order.pk)) as op:
        money.accept(op, payment_id=payment.pk, gateway_order_id=f"order_{order.pk.hex[-14:]}")
        money.capture(
            op, payment_id=payment.pk, gateway_payment_id=f"pay_{uuid.uuid4().hex[:14]}", amount_minor=payment.amount_minor,
            currency="INR", method="upi",
        )
        pay.follow(op, order_id=order.pk)
    relay.drain()


def test_nobody_pays_and_the_return_is_as_it_was(order: Order) -> None:
    ret = inspected(order)
    new = swap(ret, Choice(shop.product(price_minor=90_000).sku, 1))
    with pytest.raises(GivenAlready), operation("test.refund", actor=shop.STAFF, stream=str(order.pk)) as op:
        return_money.give(op, return_id=ret.pk, reason="x")
    with operation("test.cancel", actor=shop.STAFF, stream=str(new.pk)) as op:
        cancel.cancel(op, order_id=new.pk, code="payment_overdue")
    relay.drain()
    assert makers.fresh(ret).exchange_order_id is None
    assert Event.objects.filter(kind="return.exchange_undone").count() == 1
    again = swap(ret)
    assert again.status == "confirmed"
    assert journal.balance(journal.EXCHANGES) == 0


def test_something_cheaper_gives_the_rest_back(order: Order) -> None:
    relay.drain()
    cheap = shop.product(price_minor=10_000)
    ret = inspected(order)
    new = swap(ret, Choice(cheap.sku, 1))
    back = Refund.objects.get(reason_code="return")
    assert (new.status, back.amount_minor, back.status) == ("confirmed", ret.worth_minor - new.total_minor, "pending")
    assert makers.fresh(ret).status == "inspected"
    finish(back)
    assert makers.fresh(ret).status == "closed"
    even(walk(new), shop.again(order))


def test_cash_at_the_door_pays_the_difference_at_the_door() -> None:
    order = shop.delivered_order_at_door()
    relay.drain()
    ret = inspected(order)
    new = swap(ret, Choice(shop.product(price_minor=90_000).sku, 1))
    assert (new.status, new.payment_method, new.paid_minor) == ("confirmed", "cod", ret.worth_minor)
    done = walk(new)
    assert (done.status, done.paid_minor) == ("delivered", done.total_minor)
    assert not any(event.facts.get("duplicate") for event in Event.objects.filter(kind="payment.captured"))
    even(done, shop.again(order))


def test_what_cannot_be_exchanged_is_refused(order: Order) -> None:
    sku = makers.lines_of(order)[0].sku
    waiting = makers.asked(order)
    with pytest.raises(NotApproved):
        swap(waiting)
    ret = makers.do(waiting, lambda op: returns.approve(op, return_id=waiting.pk))
    for choices, error in (
        ([Choice("NONE-1", 1)], UnknownGoods), ([Choice(sku, 2)], MoreThanCameBack), ([Choice(sku, 1), Choice(sku, 1)], UnknownGoods),
    ):
        with pytest.raises(error):
            swap(ret, *choices)
    assert (Order.objects.count(), Payment.objects.filter(gateway="exchange").count()) == (1, 0)
    swap(ret)
    with pytest.raises(GivenAlready):
        swap(ret)


def test_the_preview_is_the_exchange(order: Order) -> None:
    from django.utils import timezone

    ret = inspected(order, units=2)
    other = shop.product(price_minor=12_345)
    choices = [Choice(other.sku, 1), Choice(makers.lines_of(order)[0].sku, 1)]
    said = preview(return_id=ret.pk, choices=choices, now=timezone.now())
    new = swap(ret, *choices)
    assert (new.total_minor, said.credit_minor) == (said.total_minor, ret.worth_minor)
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) + said.kept_minor == said.credit_minor


def test_the_day_and_the_books_see_no_difference(order: Order) -> None:
    from django.utils import timezone
    from django.utils.timezone import localdate

    relay.drain()
    swap(inspected(order))
    today = localdate()
    window = Window(first=today, last=today, now=timezone.now())
    assert list(books.check(window)) == []
    for name, sides in report._figures(today).items():
        assert len(set(sides.values())) == 1, name


def test_over_the_api_a_double_click_is_one_order(order: Order) -> None:
    asha, ret = shop.staff(), inspected(order)
    path = f"/admin/returns/{ret.number}/exchange"
    said = json.loads(asha.post(f"{path}/quote", {}).content)
    assert (said["credit"], said["due"], said["back"]) == (ret.worth_minor, 0, 0)
    assert asha.post(path, {}).status_code == 428
    first = asha.post(path, {}, key="exchange-1")
    again = asha.post(path, {}, key="exchange-1")
    assert (first.status_code, first.content) == (201, again.content)
    made = json.loads(first.content)
    assert (made["paymentState"], made["status"], Order.objects.count()) == ("paid", "confirmed", 2)
    shown = json.loads(asha.get(f"/admin/returns/{ret.pk}").content)
    assert shown["exchangeOrderNumber"] == made["orderNumber"]
    assert asha.post(path, {}, key=True).status_code == 409
    assert asha.post(path, {"items": [{"sku": "X", "quantity": 0}]}, key=True).status_code == 400


@settings(max_examples=many(4), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    price=st.integers(1, 200_000), rate=st.sampled_from([0, 25, 500, 1800, 2800]), with_gst=st.booleans(),
    quantity=st.integers(1, 4), units=st.integers(1, 4), state=st.sampled_from(["IN-KA", "IN-MH"]),
)
def test_b27_exchanges_close_to_the_paisa_whatever_was_bought(  # noqa: PLR0917 the strategies' names
    price: int, rate: int, with_gst: bool, quantity: int, units: int, state: str
) -> None:
    sku = shop.product(price_minor=price, gst_rate_bp=rate, price_includes_gst=with_gst).sku
    order = shop.delivered_order(skus=[sku], quantity=quantity, shippingAddress=shop.address(state=state))
    relay.drain()
    ret = inspected(order, units=min(units, quantity))
    if not ret.worth_minor:
        return
    new = swap(ret)
    kept = sum(KeptPart.objects.filter(order=order).values_list("total_minor", flat=True))
    back = sum(Refund.objects.filter(stream=str(order.pk), reason_code="return").values_list("amount_minor", flat=True))
    assert new.total_minor + kept + back == ret.worth_minor
    assert kept < 100
    assert customers(new) == -new.total_minor  # paid ahead, to be invoiced when it leaves
    assert journal.balance(journal.EXCHANGES) == 0
