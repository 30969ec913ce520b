"""Which warehouse ships what: planned, kept, planned again (D6, B30, B33, PAINS 13)."""

from __future__ import annotations

from typing import Any

import pytest

from orders import releasing
from orders.models import Order
from orders.operations import cancel, fulfil, parting, planning, process, refund
from shipping import operations as parcels
from tests import makers as shop
from tests.fulfilment import makers
from timeline import queries, relay
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def two_places(**wish: Any) -> Order:
    """Two units of A in Bengaluru, three of B in Delhi: no place has both."""
    makers.place(makers.BLR)
    makers.place(makers.DEL, priority=20)
    makers.goods("A", BLR_1=2)
    makers.goods("B", DEL_1=3)
    return shop.paid_order(skus=["A", "B"], quantity=2, **wish)


def test_what_lies_in_one_place_is_one_fulfilment_and_says_why() -> None:
    order = shop.paid_order(lines=3, quantity=1)
    (row,) = makers.planned(order)
    assert (row.status, row.warehouse_code, row.reason) == (
        "released", shop.WAREHOUSE, "All three items lie here; no other warehouse has them."
    )
    assert row.created_at
    makers.require_sums(order)


def test_planning_again_changes_and_records_nothing() -> None:
    order = two_places()
    makers.planned(order)
    before = [event.kind for event in queries.story(str(order.pk))]
    makers.planned(order)
    assert [event.kind for event in queries.story(str(order.pk))] == before
    assert before.count("fulfilment.planned") == 2


def test_two_places_are_two_fulfilments_and_two_parcels_by_hand() -> None:
    """D6: many parcels of one order, each from where its units lie."""
    order = two_places()
    makers.do(order, process.start_processing)
    makers.planned(order)
    assert makers.layout(order) == [("released", "BLR-1", {"A": 2}), ("released", "DEL-1", {"B": 2})]
    makers.do(order, fulfil.ship_all)
    rows = order.fulfilments.select_related("shipment").order_by("warehouse_code")
    assert [(row.status, row.warehouse_code, row.shipment and row.shipment.warehouse_code) for row in rows] == [
        ("handed_over", "BLR-1", "BLR-1"), ("handed_over", "DEL-1", "DEL-1"),
    ]
    assert (makers.level("A", "BLR-1"), makers.level("B", "DEL-1")) == ((0, 0), (1, 0))
    assert shop.again(order).status == "shipped"
    makers.require_sums(order)


def test_a_pending_order_has_no_plan_and_a_cancelled_one_loses_its_own() -> None:
    order = shop.placed_order()
    assert makers.planned(order) == []
    shop.capture(order)
    assert len(makers.planned(order)) == 1
    makers.do(order, cancel.cancel)
    assert list(order.fulfilments.values_list("status", flat=True)) == ["cancelled"]
    makers.require_sums(order)


def test_all_money_back_ends_the_plan() -> None:
    order = shop.paid_order()
    makers.planned(order)
    makers.do(order, refund.give, reason="x", amount_minor=order.total_minor, initiate_payment_refund=False)
    assert shop.again(order).status == "refunded"
    assert list(order.fulfilments.values_list("status", flat=True)) == ["cancelled"]


def test_units_refunded_with_restock_leave_the_plan() -> None:
    order = shop.paid_order(quantity=3)
    makers.planned(order)
    line = order.lines.get()
    makers.do(order, refund.give, reason="x", items={line.pk: 1}, restock=True)
    assert makers.layout(order) == [("released", shop.WAREHOUSE, {line.sku: 2})]
    makers.require_sums(order)


def test_a_parcel_of_some_units_parts_the_fulfilment() -> None:
    order = shop.processing_order(quantity=3)
    line = order.lines.get()
    parcel = makers.do(order, fulfil.book, items={line.pk: 1})
    assert makers.layout(order) == [("released", shop.WAREHOUSE, {line.sku: 2})]
    assert makers.units(order.fulfilments.get(shipment=parcel)) == {line.sku: 1}
    makers.require_sums(order)


def test_without_items_a_parcel_carries_what_lies_at_one_place() -> None:
    order = two_places()
    makers.do(order, process.start_processing)
    first = makers.do(order, fulfil.book, items=None)
    second = makers.do(order, fulfil.book, items=None)
    assert {first.warehouse_code, second.warehouse_code} == {"BLR-1", "DEL-1"}
    with pytest.raises(parting.NothingToShip):
        makers.do(order, fulfil.book, items=None)


def test_named_units_of_two_places_travel_in_one_parcel_and_leave_where_they_lie() -> None:
    order = two_places()
    makers.do(order, process.start_processing)
    parcel = makers.do(order, fulfil.book, items={line.pk: 2 for line in order.lines.all()})
    assert makers.opened(order) == []
    with operation("test.label", actor=makers.ASHA, stream=str(order.pk)) as op:
        parcels.label_by_hand(op, shipment_id=parcel.pk)
    makers.do(order, fulfil.dispatch, shipment_id=parcel.pk)
    assert (makers.level("A", "BLR-1"), makers.level("B", "DEL-1")) == ((0, 0), (1, 0))
    makers.require_sums(order)


def test_a_named_warehouse_takes_the_promise_over() -> None:
    order = two_places()
    makers.receive("A", "DEL-1", 5)
    makers.do(order, process.start_processing)
    parcel = makers.do(order, fulfil.book, items={line.pk: 2 for line in order.lines.all()}, warehouse="DEL-1")
    assert parcel.warehouse_code == "DEL-1"
    assert makers.held(order) == {"DEL-1": 4}
    assert makers.level("A", "BLR-1") == (2, 0)
    makers.require_sums(order)


def test_a_named_warehouse_without_the_goods_is_refused_and_nothing_changes() -> None:
    order = two_places()
    makers.do(order, process.start_processing)
    before = (makers.layout(order), makers.held(order), shop.again(order).status)
    with pytest.raises(Exception, match="Not enough in stock: A"):
        makers.do(order, fulfil.book, items={order.lines.get(sku="A").pk: 2}, warehouse="DEL-1")
    assert (makers.layout(order), makers.held(order), shop.again(order).status) == before


def test_a_parcel_called_off_is_planned_again() -> None:
    """Its fulfilment is cancelled, and another try is another fulfilment."""
    order = shop.processing_order(quantity=2)
    line = order.lines.get()
    parcel = makers.do(order, fulfil.book, items=None)
    with operation("test.call-off", actor=makers.ASHA, stream=str(order.pk)) as op:
        parcels.cancel(op, shipment_id=parcel.pk)
    relay.drain()
    assert order.fulfilments.get(shipment=parcel).word == "cancelled"
    assert makers.layout(order) == [("released", shop.WAREHOUSE, {line.sku: 2})]
    makers.do(order, fulfil.ship_all)
    assert shop.again(order).status == "shipped"
    makers.require_sums(order)


def test_a_confirmed_order_is_planned_by_its_event() -> None:
    order = shop.paid_order()
    assert makers.opened(order) == []
    relay.drain()
    assert len(makers.opened(order)) == 1


def test_orders_that_were_never_planned_are_found() -> None:
    order = shop.paid_order()
    assert releasing.release_due(order.created_at) == 1
    assert len(makers.opened(order)) == 1
    assert releasing.release_due(order.created_at) == 0


def test_cash_is_collected_by_each_parcel_for_its_own_units() -> None:
    """The parcels of an order collect exactly what is due, however it is split."""
    makers.place(makers.BLR)
    skus = [shop.product(f"C{n}", price_minor=33_333 + n).sku for n in range(2)]
    order = shop.placed_order(payment_method="cod", skus=skus, quantity=3)
    makers.do(order, process.start_processing)
    first, second = order.lines.order_by("place")
    amounts = [
        makers.do(order, fulfil.book, items=items).cod_amount_minor
        for items in ({first.pk: 1}, {first.pk: 1, second.pk: 2}, {first.pk: 1, second.pk: 1})
    ]
    assert sum(amounts) == order.total_minor
    assert all(amounts)
    assert amounts[0] == order.shipping_minor + round(first.total_minor / 3)


def test_planning_costs_the_same_for_three_lines_and_thirty(django_assert_max_num_queries: Any) -> None:
    for lines in (3, 30):
        order = shop.paid_order(lines=lines)
        with django_assert_max_num_queries(22):
            makers.do(order, planning.plan)


def test_placement_promises_stock_by_the_rule() -> None:
    """Stock first, then distance by PIN, split last (D6, B29)."""
    makers.place(makers.BOM, priority=1)
    makers.place(makers.DEL, priority=2)
    makers.place(makers.BLR, priority=3)
    makers.goods("A", BOM_1=5, DEL_1=5, BLR_1=5)
    makers.goods("B", BOM_1=5, DEL_1=5)
    makers.goods("C", BOM_1=1, DEL_1=5)
    assert makers.held(shop.paid_order(skus=["A"], quantity=2)) == {"BLR-1": 2}, "the nearest to Bengaluru"
    assert makers.held(shop.paid_order(skus=["A", "B"], quantity=1)) == {"BOM-1": 2}, "one parcel before a nearer split"
    assert makers.held(shop.paid_order(skus=["B", "C"], quantity=2)) == {"DEL-1": 4}, "stock before distance"
    order = shop.paid_order(skus=["A"], quantity=4)
    assert makers.held(order) == {"BOM-1": 4}
    assert makers.planned(order)[0].reason == "All four items lie here, 910 km nearer than DEL-1."


def test_a_split_asks_as_few_places_as_can_be() -> None:
    for priority, where in enumerate((makers.BOM, makers.DEL, makers.BLR)):
        makers.place(where, priority=priority)
    makers.goods("A", BLR_1=2, DEL_1=2)
    makers.goods("B", BOM_1=2, DEL_1=2)
    makers.goods("C", BLR_1=2)
    order = shop.paid_order(skus=["A", "B", "C"], quantity=2)
    assert makers.held(order) == {"BLR-1": 4, "BOM-1": 2}
