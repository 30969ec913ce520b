"""B81: an external warehouse says that a parcel left; the order follows, or a person sees why not."""

from __future__ import annotations

from typing import Any

import pytest

from inventory import operations as stock
from inventory import queries
from orders import warehouses
from orders.models import Order
from orders.operations import fulfil, holds
from shipping import operations as parcels
from shipping.models import Shipment
from tests import makers, shelves
from tests.shelves import ASHA, TESTER
from timeline import relay
from timeline.operations import operation

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcel() -> Shipment:
    """A parcel with its label, of an order that is being packed."""
    order = makers.processing_order()
    with operation("test.book", actor=ASHA, stream=str(order.pk)) as op:
        booked = fulfil.book(op, order_id=order.pk, items=None)
        return parcels.label_by_hand(op, shipment_id=booked.pk)


def tell(reference: str, name: str, *, code: str = makers.WAREHOUSE) -> None:
    with operation("test.tell", actor=TESTER) as op:
        stock.tell_dispatch(op, warehouse_code=code, reference=reference, left=stock.Left(name, op.now))
    relay.drain()


def conflicts() -> list[tuple[str, Any]]:
    return [(row.kind, row.ours.get("parcel")) for row in queries.conflicts(is_open=True)]


def status(parcel: Shipment) -> tuple[str, str]:
    return Shipment.objects.get(pk=parcel.pk).status, Order.objects.get(pk=parcel.stream).status


@pytest.mark.parametrize("name", ["tracking_number", "pk"])
def test_a_parcel_that_left_there_has_left_here(parcel: Shipment, name: str) -> None:
    tell("D1", str(getattr(parcel, name)))
    assert status(parcel) == ("shipped", "shipped")
    assert (queries.holds(parcel.stream), conflicts()) == ([], [])
    tell("D2", str(getattr(parcel, name)))
    assert conflicts() == [], "a parcel that has left already is no conflict"


def test_a_parcel_nobody_knows_is_a_conflict() -> None:
    makers.warehouse()
    tell("D1", "AWB-OF-SOMEBODY")
    assert conflicts() == [("unknown_parcel", None)]


def test_a_parcel_of_an_order_on_hold_stays(parcel: Shipment) -> None:
    with operation("test.hold", actor=ASHA, stream=parcel.stream) as op:
        holds.hold(op, order_id=Order.objects.get(pk=parcel.stream).pk, reason="fraud")
    tell("D1", parcel.tracking_number)
    assert (status(parcel)[0], conflicts()) == ("labelled", [("parcel_not_ready", "labelled")])


def test_a_parcel_of_another_warehouse_stays(parcel: Shipment) -> None:
    shelves.warehouse("DEL-9", priority=90)
    tell("D1", parcel.tracking_number, code="DEL-9")
    assert (status(parcel)[0], conflicts()) == ("labelled", [("other_warehouse", "labelled")])


def test_a_parcel_without_a_label_stays() -> None:
    order = makers.processing_order()
    with operation("test.book", actor=ASHA, stream=str(order.pk)) as op:
        booked = fulfil.book(op, order_id=order.pk, items=None)
    with operation("test.tell", actor=TESTER) as op:
        left = stock.Left(str(booked.pk), op.now)
        told = stock.tell_dispatch(op, warehouse_code=makers.WAREHOUSE, reference="D1", left=left)
    assert warehouses.hand_over(told) == "parcel_not_ready"
    assert (Shipment.objects.get(pk=booked.pk).status, conflicts()) == ("booked", [("parcel_not_ready", "booked")])
