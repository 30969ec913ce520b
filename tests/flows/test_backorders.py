"""An order for more than is there: promised, told, filled when stock comes, ended when it is cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from inventory import operations as stock
from inventory import queries
from orders.models import Order
from orders.operations import cancel
from tests import makers
from tests.shelves import ASHA
from timeline import relay
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """Three units of which one is there."""
    sku = makers.product(units=1).sku
    with operation("test.policy", actor=ASHA) as op:
        stock.set_policy(op, sku=sku, policy="backorder")
    return makers.placed_order(skus=[sku], quantity=3)


def kinds(order: Order) -> list[str]:
    return list(Event.objects.filter(stream=str(order.pk)).order_by("stream_seq").values_list("kind", flat=True))


def test_the_order_says_first_that_it_was_placed_and_then_what_will_follow(order: Order) -> None:
    assert kinds(order)[:2] == ["order.placed", "backorder.opened"]
    assert sum(queries.waiting(str(order.pk)).values()) == 2
    timeline = makers.staff().get(f"/admin/orders/{order.pk}/timeline").content
    assert b"will follow when they are in" in timeline


def test_stock_that_comes_is_held_for_the_order(order: Order) -> None:
    sku: Any = order.lines.get().sku
    with operation("test.receive", actor=ASHA) as op:
        stock.receive(op, warehouse_code=makers.WAREHOUSE, sku=sku, quantity=5, reason="purchase")
    relay.drain()
    assert "backorder.filled" in kinds(order)
    assert queries.waiting(str(order.pk)) == {}
    assert sum(hold.quantity for hold in queries.holds(str(order.pk))) == 3


def test_a_cancelled_order_waits_for_nothing(order: Order) -> None:
    with operation("test.cancel", actor=ASHA, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk)
    assert "backorder.ended" in kinds(order)
    assert (queries.waiting(str(order.pk)), queries.holds(str(order.pk))) == ({}, [])
