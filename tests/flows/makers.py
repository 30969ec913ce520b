"""Whole stories for tests: orders paid through a gateway in memory and relayed as the runner does."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from orders import checkout as checkouts
from orders.checkout import Wish
from orders.models import Discount, Order
from orders.operations import cancel, fulfil, numbers, process
from payments import exchanges
from payments.models import Payment
from tests import shelves
from timeline import relay
from timeline.actors import CUSTOMER, Actor
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.models import Variant
    from orders.models import Checkout
    from orders.operations.place import Placed
    from tests.payments.fake_gateway import FakeGateway

TESTER, ASHA = shelves.TESTER, shelves.ASHA
warehouse = shelves.warehouse
ADDRESS = shelves.address(name="Priya Shrivastava", phone="+919876543210", line1="12 MG Road")


def customer(person_id: uuid.UUID) -> Actor:
    return Actor(type=CUSTOMER, id=str(person_id), channel="storefront_api")


def product(
    sku: str = "TEA-1", *, price_minor: int = 10_000, units: int = 20, gst_rate_bp: int = 500, hsn: str = "0902",
    code: str = "BLR", price_includes_gst: bool = False,
) -> Variant:
    """A variant on sale with so many units on the shelf; the warehouse is made when it is not there."""
    return shelves.product(
        sku, code=code, price_minor=price_minor, gst_rate_bp=gst_rate_bp, hsn=hsn, units=units,
        price_includes_gst=price_includes_gst,
    )


def discount(code: str = "TEN", **wish: Any) -> Discount:
    rule = wish.pop("rule", {"kind": "percentage", "bp": 1000})
    with operation("test.discount", actor=TESTER) as op:
        row = Discount(id=op.new_id(), code=code, rule=rule, created_at=op.now, **wish)
        op.open_stream(str(row.pk))
        op.record(row, "discount.added", stream=str(row.pk), facts={"code": code})
        row.save(force_insert=True)
        return row


def ready_checkout(
    skus: Mapping[str, int] | None = None, *, person_id: uuid.UUID | None = None, **changes: Any
) -> Checkout:
    """A checkout that lacks nothing but the word."""
    person, checkout_id = person_id or uuid.uuid4(), uuid.uuid4()
    actor = customer(person)
    with operation("checkout.start", actor=actor, stream=str(checkout_id)) as op:
        checkouts.start(
            op, checkout_id=checkout_id, person_id=person, kind="customer", channel="web",
            wants=[Wish(sku, quantity, {}) for sku, quantity in (skus or {"TEA-1": 1}).items()],
        )
    with operation("checkout.amend", actor=actor, stream=str(checkout_id)) as op:
        return checkouts.amend(
            op, checkout_id=checkout_id,
            changes={"email": f"priya-{person.hex[:6]}@example.in", "shippingAddress": ADDRESS, **changes},
        )


def complete(checkout: Checkout) -> Placed:
    actor = customer(checkout.person_id)
    number = numbers.take(actor=actor)
    with operation("checkout.complete", actor=actor, stream=str(checkout.pk)) as op:
        return checkouts.complete(op, checkout_id=checkout.pk, number=number)


def placed_order(skus: Mapping[str, int] | None = None, **wish: Any) -> Order:
    """A pending order, its payment accepted by the gateway. Needs the `shop_gateway` fixture for online payment."""
    placed = complete(ready_checkout(skus, **wish))
    relay.drain()
    return fresh(placed.order)


def confirmed_order(gateway: FakeGateway, skus: Mapping[str, int] | None = None, **wish: Any) -> Order:
    """A paid and confirmed order."""
    order = placed_order(skus, **wish)
    pay(gateway, order)
    return fresh(order)


def processing_order(gateway: FakeGateway, skus: Mapping[str, int] | None = None, **wish: Any) -> Order:
    """An order that is being packed."""
    order = confirmed_order(gateway, skus, **wish)
    with operation("order.process", actor=ASHA, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
    return fresh(order)


def shipped_order(gateway: FakeGateway, skus: Mapping[str, int] | None = None, **wish: Any) -> Order:
    """An order whose parcel has left."""
    order = processing_order(gateway, skus, **wish)
    with operation("order.ship", actor=ASHA, stream=str(order.pk)) as op:
        fulfil.ship_all(op, order_id=order.pk)
    relay.drain()
    return fresh(order)


def delivered_order(gateway: FakeGateway, skus: Mapping[str, int] | None = None, **wish: Any) -> Order:
    """An order that has arrived."""
    order = shipped_order(gateway, skus, **wish)
    with operation("order.deliver", actor=ASHA, stream=str(order.pk)) as op:
        fulfil.deliver_all(op, order_id=order.pk)
    relay.drain()
    return fresh(order)


def cancelled_order(skus: Mapping[str, int] | None = None, **wish: Any) -> Order:
    """An order that was called off before it was paid."""
    order = placed_order(skus, **wish)
    with operation("order.cancel", actor=ASHA, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk, code="customer_request")
    relay.drain()
    return fresh(order)


def pay(gateway: FakeGateway, order: Order, status: str = "captured", **wish: Any) -> str:
    """The customer pays at the gateway, and the poller finds it."""
    payment = payment_of(order)
    assert payment.gateway_order_id is not None
    payment_id = gateway.pay(payment.gateway_order_id, status, **wish)
    exchanges._ask_attempts(payment)
    relay.drain()
    return payment_id


def payment_of(order: Order) -> Payment:
    return Payment.objects.filter(stream=str(order.pk)).order_by("created_at", "id")[0]


def fresh(order: Order) -> Order:
    return Order.objects.select_related("person__key").get(pk=order.pk)

