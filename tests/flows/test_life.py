"""One order, end to end, through one door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inventory.models import Level
from inventory.reconciliation import differences
from orders.models import Message, Order
from orders.operations import cancel, fulfil, process, refund
from payments import exchanges
from payments.models import Refund
from shipping.models import Label
from tests.flows import makers
from timeline import queries, relay
from timeline.errors import Refused
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(order: Order) -> list[str]:
    return [event.kind for event in queries.story(str(order.pk)) if not event.kind.startswith("message.")]


def level(sku: str) -> tuple[int, int]:
    row = Level.objects.get(variant__sku=sku)
    return row.on_hand, row.held


def test_from_the_cart_to_the_door_and_the_money_back(shop_gateway: FakeGateway) -> None:
    """B12, B18, B31 to B34: placed, paid, packed, shipped with a label, delivered, partly and then wholly refunded."""
    makers.product("TEA-1", units=5)
    order = makers.placed_order({"TEA-1": 2})
    assert (order.status, order.payment_state, order.total_minor) == ("pending", "unpaid", 20_000 + 1_000 + 6_000)
    assert level("TEA-1") == (5, 2)

    makers.pay(shop_gateway, order)
    order = makers.fresh(order)
    assert (order.status, order.payment_state, order.paid_minor) == ("confirmed", "paid", order.total_minor)

    with operation("order.process", actor=makers.ASHA, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
    with operation("shipment.book", actor=makers.ASHA, stream=str(order.pk)) as op:
        parcel = fulfil.book(op, order_id=order.pk, items=None)
    relay.drain()
    order = makers.fresh(order)
    assert (order.status, order.fulfilment_state) == ("shipped", "fulfilled")
    assert Label.objects.get(shipment=parcel).file().startswith(b"%PDF")
    assert level("TEA-1") == (5, 2), "on hand falls when the parcel leaves"

    with operation("shipment.dispatch", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.dispatch(op, order_id=order.pk, shipment_id=parcel.pk)
    assert level("TEA-1") == (3, 0)
    with operation("shipment.deliver", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.deliver(op, order_id=order.pk, shipment_id=parcel.pk, delivered_to="the neighbour")
    assert makers.fresh(order).status == "delivered"

    for amount, payment_state, status in [(1_000, "partially_refunded", "delivered"), (26_000, "refunded", "refunded")]:
        with operation("order.refund", actor=makers.ASHA, stream=str(order.pk)) as op:
            refund.give(op, order_id=order.pk, amount_minor=amount, reason="damaged")
        relay.drain()
        row = Refund.objects.latest("created_at")
        shop_gateway.move_refund(str(row.gateway_refund_id), "processed")
        exchanges._ask_refund_again(row)
        relay.drain()
        order = makers.fresh(order)
        assert (order.payment_state, order.status) == (payment_state, status)

    story = kinds(order)
    for kind in ("order.placed", "payment.opened", "payment.captured", "order.confirmed", "order.processing_started",
                 "shipment.booked", "shipment.labelled", "order.shipped", "shipment.shipped", "shipment.delivered",
                 "order.delivered", "refund.asked", "refund.processed", "order.refunded"):
        assert kind in story
    assert [event.stream_seq for event in queries.story(str(order.pk))] == list(range(1, len(queries.story(str(order.pk))) + 1))
    sent = set(Message.objects.values_list("template", "state"))
    assert {("order_confirmed", "sent"), ("order_shipped", "sent"), ("refund_done", "sent")} <= sent
    assert differences() == []


def test_by_hand_the_parcel_is_one_synchronous_operation(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1", units=5)
    order = makers.processing_order(shop_gateway, {"TEA-1": 2})
    with operation("order.ship", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.ship_all(op, order_id=order.pk, carrier="BlueDart", tracking_number="79464479")
    order = makers.fresh(order)
    assert (order.status, order.fulfilment_state, order.shipping_provider) == ("shipped", "fulfilled", "BlueDart")
    assert level("TEA-1") == (3, 0)
    relay.drain()
    with operation("order.deliver", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.deliver_all(op, order_id=order.pk)
    assert makers.fresh(order).status == "delivered"
    assert level("TEA-1") == (3, 0)


def test_cash_on_delivery_confirms_at_placement_and_is_captured_on_delivery() -> None:
    makers.product("TEA-1")
    order = makers.placed_order({"TEA-1": 1}, paymentMethod="cod")
    assert (order.status, order.payment_state) == ("confirmed", "unpaid")
    with operation("order.process", actor=makers.ASHA, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
    with operation("order.ship", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.ship_all(op, order_id=order.pk)
    with operation("order.deliver", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.deliver_all(op, order_id=order.pk)
    order = makers.fresh(order)
    assert (order.status, order.payment_state, order.paid_minor) == ("delivered", "paid", order.total_minor)


def test_cancel_frees_the_stock_and_gives_the_money_back(shop_gateway: FakeGateway) -> None:
    """B30."""
    makers.product("TEA-1", units=5)
    order = makers.confirmed_order(shop_gateway, {"TEA-1": 2})
    with operation("order.cancel", actor=makers.ASHA, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk, code="customer_request", reason="bought elsewhere")
    relay.drain()
    row = Refund.objects.get()
    shop_gateway.move_refund(str(row.gateway_refund_id), "processed")
    exchanges._ask_refund_again(row)
    relay.drain()
    order = makers.fresh(order)
    assert (order.status, order.payment_state, order.refunded_minor) == ("cancelled", "refunded", order.total_minor)
    assert level("TEA-1") == (5, 0)


def test_f21_capture_after_cancel_goes_back_once(shop_gateway: FakeGateway) -> None:
    """F20, F21."""
    makers.product("TEA-1", units=5)
    order = makers.cancelled_order({"TEA-1": 1})
    makers.pay(shop_gateway, order)
    exchanges._ask_attempts(makers.payment_of(order))
    relay.drain()
    order = makers.fresh(order)
    assert order.status == "cancelled"
    assert Refund.objects.count() == 1
    assert Refund.objects.get().amount_minor == order.total_minor


def test_cancel_of_a_shipped_order_restocks_only_on_receipt(shop_gateway: FakeGateway) -> None:
    """Z4."""
    makers.product("TEA-1", units=5)
    order = makers.shipped_order(shop_gateway, {"TEA-1": 2})
    with operation("order.cancel", actor=makers.ASHA, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk, code="customer_request")
    relay.drain()
    assert level("TEA-1") == (3, 0), "the goods are on a lorry"
    parcel = makers.fresh(order).fulfilments.get().shipment
    assert parcel is not None
    assert parcel.status == "returning"
    with operation("shipment.take_back", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.take_back(op, order_id=order.pk, shipment_id=parcel.pk)
    assert level("TEA-1") == (5, 0)
    assert makers.fresh(order).fulfilment_state == "returned"
    assert differences() == []


def test_a_split_shipment_needs_no_new_status(shop_gateway: FakeGateway) -> None:
    """Z2."""
    makers.product("TEA-1", units=5)
    order = makers.processing_order(shop_gateway, {"TEA-1": 3})
    line = order.lines.get()
    for units, status, fulfilment in [(1, "processing", "partial"), (2, "shipped", "fulfilled")]:
        with operation("shipment.book", actor=makers.ASHA, stream=str(order.pk)) as op:
            fulfil.book(op, order_id=order.pk, items={line.pk: units})
        relay.drain()
        assert (makers.fresh(order).status, makers.fresh(order).fulfilment_state) == (status, fulfilment)
    with pytest.raises(Refused), operation("shipment.book", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.book(op, order_id=order.pk, items={line.pk: 1})
