"""What happens by the clock and in the background: overdue orders, forgotten carts, expired holds, messages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from inventory import operations as stock
from inventory.models import Level, Warehouse
from orders import checkout as checkouts
from orders import exchanges, overdue, queries
from orders.models import Checkout, Discount, Message, Order
from orders.notifications.messages import staff_text
from orders.operations import cancel, confirm, fulfil, holds, process, refund
from tests.flows import makers
from timeline import relay
from timeline.errors import DomainError
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(minutes=settings.PAYMENT_DUE_MINUTES + 1)


def test_an_unpaid_order_is_cancelled_when_it_is_due(shop_gateway: FakeGateway) -> None:
    """Nobody pays: the stock is free again and the coupon may be used again."""
    makers.product("TEA-1", units=5)
    makers.discount("ONCE", uses_max=1)
    order = makers.placed_order({"TEA-1": 2}, discountCode="ONCE")
    assert overdue.cancel_due(timezone.now()) == 0
    assert overdue.cancel_due(timezone.now() + LATER) == 1
    assert overdue.cancel_due(timezone.now() + LATER) == 0
    order = makers.fresh(order)
    assert (order.status, order.cancel_code) == ("cancelled", "payment_overdue")
    assert Level.objects.get().held == 0
    assert Discount.objects.get().used == 0


def test_a_paid_order_is_never_overdue(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1")
    order = makers.confirmed_order(shop_gateway, {"TEA-1": 1})
    assert overdue.cancel_due(timezone.now() + LATER) == 0
    assert makers.fresh(order).status == "confirmed"


def test_a_cart_nobody_touches_expires() -> None:
    makers.product("TEA-1", units=5)
    cart = makers.ready_checkout({"TEA-1": 2})
    with operation("checkout.hold", actor=makers.TESTER, stream=str(cart.pk)) as op:
        checkouts.hold(op, checkout_id=cart.pk)
    assert Level.objects.get().held == 2
    assert checkouts.expire_due(timezone.now(), actor=makers.TESTER) == 0
    assert checkouts.expire_due(timezone.now() + timedelta(hours=25), actor=makers.TESTER) == 1
    assert (Checkout.objects.get().status, Level.objects.get().held) == ("expired", 0)
    with pytest.raises(checkouts.CheckoutClosed):
        makers.complete(cart)


def test_a_hold_expires_while_the_checkout_stays_open_and_completes_anew() -> None:
    """F04 at the cart: an expired hold is taken again, or refused when the goods are gone."""
    makers.product("TEA-1", units=1)
    cart = makers.ready_checkout({"TEA-1": 1}, paymentMethod="cod")
    with operation("checkout.hold", actor=makers.TESTER, stream=str(cart.pk)) as op:
        held = checkouts.hold(op, checkout_id=cart.pk)
    assert held.hold_expires_at is not None
    with time_machine.travel(held.hold_expires_at + timedelta(seconds=1), tick=False):
        assert stock.expire_due(timezone.now()) == 1
    assert Level.objects.get().held == 0
    assert makers.complete(cart).order.status == "confirmed"


def test_a_failed_checkout_gives_its_stock_back() -> None:
    """B75."""
    makers.product("TEA-1", units=5)
    cart = makers.ready_checkout({"TEA-1": 2})
    with operation("checkout.hold", actor=makers.TESTER, stream=str(cart.pk)) as op:
        checkouts.hold(op, checkout_id=cart.pk)
    with operation("checkout.fail", actor=makers.TESTER, stream=str(cart.pk)) as op:
        checkouts.fail(op, checkout_id=cart.pk, reason="risk")
    assert (Checkout.objects.get().status, Level.objects.get().held) == ("failed", 0)


def test_f07_a_changed_price_is_told_before_it_is_charged() -> None:
    makers.product("TEA-1", price_minor=10_000)
    cart = makers.ready_checkout({"TEA-1": 1}, paymentMethod="cod")
    with operation("price.change", actor=makers.TESTER) as op:
        stock.change_price(op, sku="TEA-1", price_minor=12_000)
    with pytest.raises(checkouts.PriceChanged) as caught:
        makers.complete(cart)
    assert caught.value.extra["total"] > caught.value.extra["previous_total"]
    with operation("checkout.reprice", actor=makers.TESTER, stream=str(cart.pk)) as op:
        checkouts.see_prices(op, checkout_id=cart.pk)
    assert makers.complete(cart).order.subtotal_minor == 12_000


def test_each_message_is_sent_once_however_often_its_event_is_handed_over() -> None:
    makers.product("TEA-1")
    makers.placed_order({"TEA-1": 1}, paymentMethod="cod")
    sent = Message.objects.count()
    assert sent == 2, "placed and confirmed"
    for event in Event.objects.filter(kind__in=["order.placed", "order.confirmed"]):
        exchanges.tell_customer(event, 1)
    assert Message.objects.count() == sent
    assert Event.objects.filter(kind="message.sent").count() == sent
    assert "priya" in Message.objects.earliest("created_at").opened()["to"]


def test_a_hold_stops_forward_steps_and_its_release_lets_go_on(shop_gateway: FakeGateway) -> None:
    """E12, Z2: a fourth axis. Money may come in; the order waits."""
    makers.product("TEA-1")
    order = makers.placed_order({"TEA-1": 1})
    with operation("order.hold", actor=makers.ASHA, stream=str(order.pk)) as op:
        row = holds.hold(op, order_id=order.pk, reason="fraud", note="call first")
    assert queries.hold_note(row, order.person) == "call first"
    makers.pay(shop_gateway, order)
    order = makers.fresh(order)
    assert (order.status, order.payment_state, order.on_hold) == ("pending", "paid", True)
    for verb in (confirm.confirm, process.start_processing):
        with pytest.raises(holds.OnHold), operation("x", actor=makers.ASHA, stream=str(order.pk)) as op:
            verb(op, order_id=order.pk)
    with operation("order.release", actor=makers.ASHA, stream=str(order.pk)) as op:
        holds.release(op, order_id=order.pk, hold_id=row.pk)
    order = makers.fresh(order)
    assert (order.status, order.on_hold) == ("confirmed", False)


def test_a_refund_with_restock_takes_unshipped_units_out_of_the_order(shop_gateway: FakeGateway) -> None:
    """B32."""
    makers.product("TEA-1", units=5)
    order = makers.confirmed_order(shop_gateway, {"TEA-1": 3})
    line = order.lines.get()
    with operation("order.refund", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund.give(op, order_id=order.pk, amount_minor=1_000, reason="one less", items={line.pk: 1}, restock=True)
    assert Level.objects.get().held == 2
    assert order.lines.get().quantity_cancelled == 1
    with pytest.raises(refund.TooManyUnitsBack), operation("x", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund.give(op, order_id=order.pk, amount_minor=100, reason="x", items={line.pk: 9})


def test_a_customers_wish_is_approved_or_declined_by_a_person(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1")
    order = makers.delivered_order(shop_gateway, {"TEA-1": 1})
    wishes = []
    for _ in range(2):
        with operation("refund.request", actor=makers.customer(order.person_id), stream=str(order.pk)) as op:
            wishes.append(refund.request(op, order_id=order.pk, amount_minor=500, reason="cracked"))
    with operation("refund.approve", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund.approve(op, order_id=order.pk, refund_id=wishes[0].pk)
    with operation("refund.decline", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund.decline(op, order_id=order.pk, refund_id=wishes[1].pk, reason="twice")
    relay.drain()
    assert shop_gateway.asked("refund") == 1
    assert Event.objects.filter(kind="refund.declined").count() == 1
    assert Message.objects.filter(template="refund_declined", state="sent").count() == 1


def test_cash_goes_back_by_other_means(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1")
    order = makers.placed_order({"TEA-1": 1}, paymentMethod="cod")
    for verb in (process.start_processing, fulfil.ship_all, fulfil.deliver_all):
        with operation("x", actor=makers.ASHA, stream=str(order.pk)) as op:
            verb(op, order_id=order.pk)
    with operation("refund.request", actor=makers.customer(order.person_id), stream=str(order.pk)) as op:
        wish = refund.request(op, order_id=order.pk, amount_minor=makers.fresh(order).paid_minor, reason="stale")
    with operation("refund.approve", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund.approve(op, order_id=order.pk, refund_id=wish.pk)
    order = makers.fresh(order)
    assert (order.status, order.payment_state) == ("refunded", "refunded")


@pytest.mark.parametrize("state", ["processing", "shipped", "delivered"])
def test_the_customer_cancels_until_it_is_packed(shop_gateway: FakeGateway, state: str) -> None:
    makers.product("TEA-1")
    order: Order = getattr(makers, f"{state}_order")(shop_gateway, {"TEA-1": 1})
    with pytest.raises(DomainError, match="until it is packed"), operation(
        "order.cancel", actor=makers.customer(order.person_id), stream=str(order.pk)
    ) as op:
        cancel.cancel_by_customer(op, order_id=order.pk)


def test_low_stock_is_written_to_the_shops_own_address_once(settings: Any) -> None:
    """B80: a notice to staff leaves as messages to customers do, and shows in the mailbox."""
    settings.STAFF_EMAIL = "stock@shop.in"
    makers.product("TEA-1", units=3)
    with operation("test.watch", actor=makers.TESTER) as op:
        stock.watch(op, warehouse_code=Warehouse.objects.get().code, sku="TEA-1", safety=0, reorder_at=3)
    assert stock.watch_due(timezone.now()) == 1
    relay.drain()
    exchanges.tell_staff(Event.objects.get(kind="stock.ran_low"), 1)
    message = Message.objects.get()
    assert (message.state, message.person, message.opened()["to"]) == ("sent", None, "stock@shop.in")
    assert "Only 3 of TEA-1" in message.opened()["body"]
    settings.STAFF_EMAIL = ""
    assert staff_text(Event.objects.get(kind="stock.ran_low")) is None
