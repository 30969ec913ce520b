"""What a channel sends from its own stock is an order here from the first word on, and touches none of ours (D1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from inventory import queries as stock
from inventory.models import Level, Movement, Warehouse
from orders.channels import ingest, waiting
from orders.models import ChannelImport, Order, OrderHold
from orders.operations import process
from tests import makers
from tests.channels.bodies import body
from tests.reconciliation import makers as reconciled
from timeline.errors import Refused
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def take(status: str, at: str = "10", **more: Any) -> str:
    said = body("amazon", OrderStatus=status, FulfillmentChannel="AFN", LastUpdateDate=f"2026-11-20T{at}:00:00Z", **more)
    return ingest.take(channel="amazon", said=json.loads(json.dumps(said)), actor=makers.TESTER).outcome


def ours() -> int:
    """Units of the goods on our own shelves, free ones."""
    level = Level.objects.get(warehouse__is_active=True)
    return level.on_hand - level.held


@pytest.fixture
def goods() -> None:
    makers.product("KURTA-M", units=2)


def test_it_is_taken_in_though_we_have_too_few_and_waits_for_amazon(goods: None) -> None:
    assert take("Unshipped") == "created"
    order = Order.objects.get()
    assert (order.status, order.on_hold, order.total_minor, order.paid_minor) == ("confirmed", True, 2659, 2659)
    assert (ours(), stock.available([order.lines.get().variant_id])) == (2, {order.lines.get().variant_id: 2})
    place = Warehouse.objects.get(is_active=False)
    assert (place.code, [(level.on_hand, level.held) for level in place.levels.all()]) == ("AT-AMAZON", [(3, 3)])
    with pytest.raises(Refused), operation("test.process", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)


def test_it_leaves_when_amazon_says_so_and_nothing_of_ours_moved(goods: None) -> None:
    take("Pending")
    take("Unshipped", "11")
    assert take("Shipped", "12") == "updated"
    order = Order.objects.get()
    assert (order.status, order.on_hold, order.lines.get().quantity_shipped) == ("shipped", False, 3)
    assert [(level.on_hand, level.held) for level in Level.objects.filter(warehouse__code="AT-AMAZON")] == [(0, 0)]
    assert (ours(), Movement.objects.filter(warehouse__is_active=True).exclude(kind="received").count()) == (2, 0)
    assert OrderHold.objects.filter(released_at=None).count() == 0


def test_one_that_was_sent_before_we_heard_of_it_is_taken_in_as_sent(goods: None) -> None:
    assert take("Shipped") == "created"
    assert (Order.objects.get().status, ours()) == ("shipped", 2)


def test_what_a_cancelled_one_leaves_there_is_for_the_next_and_for_nobody_else(goods: None) -> None:
    take("Unshipped")
    assert take("Canceled", "11") == "updated"
    variant = Order.objects.get().lines.get().variant_id
    assert (Order.objects.get().status, stock.available([variant])) == ("cancelled", {variant: 2})
    take("Unshipped", AmazonOrderId="902-9-9")
    assert [(level.on_hand, level.held) for level in Level.objects.filter(warehouse__code="AT-AMAZON")] == [(3, 3)]


def test_one_that_waited_for_its_product_alone_comes_by_itself() -> None:
    assert take("Unshipped") == "held"
    makers.product("KURTA-M", units=0)
    ChannelImport.objects.update(seen_at=timezone.now() - 2 * waiting.REST)
    assert waiting.try_waiting(timezone.now()) == 1


def test_one_that_was_held_for_a_person_before_comes_by_itself(goods: None) -> None:
    """A shop that dismissed none of them has them all at once."""
    take("Unshipped", OrderItems=[{**body("amazon")["OrderItems"][0], "SellerSKU": "NONE"}])
    reasons = [{"code": "fulfilled_by_channel", "detail": "…", "holds": True}]
    ChannelImport.objects.update(reasons=reasons, seen_at=timezone.now() - 2 * waiting.REST, sums={"items": [{"sku": "KURTA-M", "name": "", "quantity": 3}]})
    assert waiting._ready(timezone.now()) == [ChannelImport.objects.get().pk]



def test_the_books_and_the_shelves_agree_about_all_of_it(goods: None) -> None:
    """Sent, under way and cancelled: no check finds a difference, of stock, of parcels or of money."""
    take("Unshipped")
    take("Shipped", "11")
    take("Unshipped", AmazonOrderId="902-8-8")
    take("Unshipped", AmazonOrderId="902-9-9")
    take("Canceled", "11", AmazonOrderId="902-9-9")
    reconciled.run()
    assert set(reconciled.found()) <= {"channel_unsettled"}
