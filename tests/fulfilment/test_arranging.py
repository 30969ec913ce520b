"""The plan changed by hand, picked, packed and found short."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from inventory import operations as stock
from orders import releasing
from orders.models import Order, ShortPick
from orders.operations import arranging, fulfil, holds, packing, process
from orders.operations.parting import AwaitingStock, TooManyUnits
from tests import makers as shop
from tests.fulfilment import makers
from timeline import queries
from timeline.errors import Missing, Refused, TransitionRefused
from timeline.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """Three units that lie in Bengaluru and could come from Delhi."""
    makers.place(makers.BLR)
    makers.place(makers.DEL, priority=20)
    makers.goods("A", BLR_1=3)
    made = shop.paid_order(skus=["A"], quantity=3)
    makers.receive("A", "DEL-1", 3)
    makers.planned(made)
    return made


def test_a_move_takes_the_promise_along(order: Order) -> None:
    (row,) = makers.opened(order)
    makers.do(order, arranging.move, fulfilment_id=row.pk, warehouse="DEL-1")
    assert makers.layout(order) == [("released", "DEL-1", {"A": 3})]
    assert (makers.held(order), makers.level("A", "BLR-1"), makers.level("A", "DEL-1")) == ({"DEL-1": 3}, (3, 0), (3, 3))
    makers.planned(order)
    assert makers.layout(order) == [("released", "DEL-1", {"A": 3})], "planning keeps to it"
    assert makers.opened(order)[0].reason == "Chosen by hand."
    makers.require_sums(order)


def test_a_move_to_where_too_few_are_is_refused_with_the_sku(order: Order) -> None:
    shop.paid_order(skus=["A"], quantity=1)
    (row,) = makers.opened(order)
    with pytest.raises(stock.OutOfStock, match="Not enough in stock: A") as refusal:
        makers.do(order, arranging.move, fulfilment_id=row.pk, warehouse="DEL-1")
    assert refusal.value.extra["available"] == {"A": 2}
    assert makers.held(order) == {"BLR-1": 3}


def test_a_fulfilment_of_another_order_is_missing(order: Order) -> None:
    other = shop.paid_order()
    (row,) = makers.planned(other)
    with pytest.raises(Missing):
        makers.do(order, arranging.move, fulfilment_id=row.pk, warehouse="DEL-1")


def test_split_and_merge(order: Order) -> None:
    (row,) = makers.opened(order)
    line = order.lines.get()
    made = makers.do(order, arranging.split, fulfilment_id=row.pk, items={line.pk: 1})
    assert makers.layout(order) == [("released", "BLR-1", {"A": 2}), ("released", "BLR-1", {"A": 1})]
    makers.planned(order)
    assert len(makers.opened(order)) == 2, "planning keeps what a person split"
    makers.require_sums(order)
    makers.do(order, arranging.merge, fulfilment_id=made.pk, into_id=row.pk)
    assert makers.layout(order) == [("released", "BLR-1", {"A": 3})]
    makers.require_sums(order)


def test_a_split_leaves_units_on_both_sides(order: Order) -> None:
    (row,) = makers.opened(order)
    line = order.lines.get()
    with pytest.raises(arranging.NothingLeft):
        makers.do(order, arranging.split, fulfilment_id=row.pk, items={line.pk: 3})
    with pytest.raises(TooManyUnits):
        makers.do(order, arranging.split, fulfilment_id=row.pk, items={line.pk: 4})


def test_only_what_lies_at_one_place_can_be_merged(order: Order) -> None:
    (row,) = makers.opened(order)
    made = makers.do(order, arranging.split, fulfilment_id=row.pk, items={order.lines.get().pk: 1})
    makers.do(order, arranging.move, fulfilment_id=made.pk, warehouse="DEL-1")
    with pytest.raises(arranging.NotOneFulfilment):
        makers.do(order, arranging.merge, fulfilment_id=made.pk, into_id=row.pk)


def test_what_is_scheduled_is_not_picked_and_released_by_the_sweep_when_its_time_comes(order: Order) -> None:
    (row,) = makers.opened(order)
    at = order.created_at + timedelta(days=2)
    makers.do(order, arranging.schedule, fulfilment_id=row.pk, release_at=at)
    with pytest.raises(packing.NotReady):
        makers.do(order, packing.start, fulfilment_id=row.pk)
    releasing.release_due(at - timedelta(seconds=1))
    assert makers.layout(order)[0][0] == "scheduled"
    with time_machine.travel(at + timedelta(seconds=1)):
        releasing.release_due(at + timedelta(seconds=1))
    assert makers.layout(order)[0][0] == "released"


def test_a_hold_keeps_what_is_scheduled(order: Order) -> None:
    """E12: nothing moves forward while an order is on hold."""
    (row,) = makers.opened(order)
    at = order.created_at + timedelta(days=2)
    makers.do(order, arranging.schedule, fulfilment_id=row.pk, release_at=at)
    makers.do(order, holds.hold, reason="fraud")
    with time_machine.travel(at + timedelta(seconds=1)):
        releasing.release_due(at + timedelta(seconds=1))
    assert makers.layout(order)[0][0] == "scheduled"
    for verb in (packing.start, packing.pack, arranging.release):
        with pytest.raises(holds.OnHold):
            makers.do(order, verb, fulfilment_id=row.pk)


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_a_release_is_in_the_future_and_within_a_year(order: Order, days: int) -> None:
    (row,) = makers.opened(order)
    with pytest.raises(arranging.NotATime):
        makers.do(order, arranging.schedule, fulfilment_id=row.pk, release_at=order.created_at + timedelta(days=days))


def test_picking_moves_a_confirmed_order_on_and_packing_books_its_parcel(order: Order) -> None:
    """B18, E18: picking is the step CONFIRMED to PROCESSING; packed is not shipped (PAINS 14)."""
    (row,) = makers.opened(order)
    makers.do(order, packing.start, fulfilment_id=row.pk)
    makers.do(order, packing.start, fulfilment_id=row.pk)
    assert (shop.again(order).status, makers.layout(order)[0][0]) == ("processing", "picking")
    makers.do(order, packing.pack, fulfilment_id=row.pk, carrier="own_fleet")
    makers.do(order, packing.pack, fulfilment_id=row.pk, carrier="own_fleet")
    found = order.fulfilments.get()
    assert found.shipment is not None
    assert (found.word, found.shipment.status, shop.again(order).status) == ("packed", "booked", "processing")
    kinds = [event.kind for event in queries.story(str(order.pk))]
    assert [kinds.count(f"fulfilment.{word}") for word in ("picking_started", "packed")] == [1, 1]
    makers.do(order, fulfil.ship_all)
    assert order.fulfilments.get().word == "shipped"
    makers.require_sums(order)


def test_picking_can_be_left_and_what_is_being_picked_is_not_moved(order: Order) -> None:
    (row,) = makers.opened(order)
    makers.do(order, packing.start, fulfilment_id=row.pk)
    with pytest.raises(arranging.CannotArrange):
        makers.do(order, arranging.move, fulfilment_id=row.pk, warehouse="DEL-1")
    makers.do(order, packing.put_back, fulfilment_id=row.pk)
    assert makers.layout(order)[0][0] == "released"
    with pytest.raises(TransitionRefused):
        makers.do(order, packing.put_back, fulfilment_id=row.pk)


def test_short_units_come_from_another_place_and_the_rest_goes_on(order: Order) -> None:
    """UX F4."""
    (row,) = makers.opened(order)
    makers.do(order, packing.start, fulfilment_id=row.pk)
    makers.do(order, packing.short, fulfilment_id=row.pk, items={order.lines.get().pk: 1})
    assert makers.layout(order) == [("picking", "BLR-1", {"A": 2}), ("released", "DEL-1", {"A": 1})]
    assert (makers.level("A", "BLR-1"), makers.level("A", "DEL-1")) == ((2, 2), (3, 1))
    assert ShortPick.objects.values_list("quantity", "warehouse_code").get() == (1, "BLR-1")
    makers.require_sums(order)


def test_short_units_that_are_nowhere_wait_and_are_planned_when_stock_comes(order: Order) -> None:
    shop.paid_order(skus=["A"], quantity=3)  # Delhi's are promised to somebody else
    (row,) = makers.opened(order)
    makers.do(order, packing.short, fulfilment_id=row.pk, items={order.lines.get().pk: 3})
    (waiting,) = makers.opened(order)
    assert (waiting.status, waiting.warehouse_code) == ("awaiting_inventory", "")
    assert waiting.reason == "Three items wait for stock; no warehouse has them."
    assert Event.objects.filter(kind="fulfilment.awaiting", subject_id=waiting.pk.hex).count() == 1  # E16
    makers.require_sums(order)
    with pytest.raises(AwaitingStock):
        makers.do(order, arranging.release, fulfilment_id=waiting.pk)
    makers.do(order, process.start_processing)
    with pytest.raises(AwaitingStock):
        makers.do(order, fulfil.ship_all)
    with pytest.raises(AwaitingStock):
        makers.do(order, fulfil.book, items=None)
    makers.receive("A", "DEL-1", 2)
    releasing.release_due(order.created_at)
    assert makers.layout(order) == [("awaiting_inventory", "", {"A": 1}), ("released", "DEL-1", {"A": 2})]
    makers.receive("A", "DEL-1", 2)
    releasing.release_due(order.created_at)
    assert makers.layout(order) == [("released", "DEL-1", {"A": 3})]
    makers.require_sums(order)
    makers.do(order, fulfil.ship_all)
    assert shop.again(order).status == "shipped"
    with pytest.raises(Refused, match="The order is shipped"):
        makers.do(order, fulfil.book, items=None)
