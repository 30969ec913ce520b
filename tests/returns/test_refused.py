"""Refused at the door: the parcel is back, and each unit is graded before it is stock again (Z4)."""

from __future__ import annotations

import json

import pytest

from inventory.models import Level
from inventory.reconciliation import differences
from orders.models import Fulfilment, Order
from orders.operations import cancel
from tests import makers as shop
from tests.returns import makers
from tests.standing import Stand
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand) -> Order:
    """A shipped order that was called back."""
    return stand(called_back)


def called_back() -> Order:
    made = shop.shipped_order(quantity=3)
    with operation("test.cancel", actor=shop.STAFF, stream=str(made.pk)) as op:
        cancel.cancel(op, order_id=made.pk, code="customer_request")
    return made


def shelf(order: Order) -> tuple[int, int]:
    row = Level.objects.get(variant=makers.lines_of(order)[0].variant)
    return row.on_hand, row.damaged


def test_z4_each_unit_goes_where_it_belongs(order: Order) -> None:
    before, line = shelf(order), makers.lines_of(order)[0]
    parcel = Fulfilment.objects.get(order=order, shipment__isnull=False).shipment_id
    path = f"/admin/shipments/{parcel}/return"
    units = [
        {"orderItemId": str(line.pk), "quantity": 1, "grade": grade, "disposition": to}
        for grade, to in (("A", "restock"), ("damaged", "damaged"), ("damaged", "scrap"))
    ]
    asha = shop.staff()
    for wrong in (units[:2], [{**units[0], "quantity": 3, "disposition": "back_to_customer"}]):
        assert asha.post(path, {"units": wrong}).status_code == 422
    assert shelf(order) == before
    answer = asha.post(path, {"units": units})
    assert (answer.status_code, json.loads(answer.content)["status"]) == (200, "returned")
    assert shelf(order) == (before[0] + 1, before[1] + 1)
    assert makers.lines_of(order)[0].quantity_returned == 3
    assert asha.post(path, {"units": units}).status_code == 409
    assert differences() == []


def test_without_grades_all_of_it_is_stock_again(order: Order) -> None:
    before = shelf(order)
    parcel = Fulfilment.objects.get(order=order, shipment__isnull=False).shipment_id
    assert shop.staff().post(f"/admin/shipments/{parcel}/return", {}).status_code == 200
    assert shelf(order) == (before[0] + 3, before[1])
