"""What a carrier is told a parcel is worth."""

from __future__ import annotations

import pytest

from orders.operations import fulfil
from shipping.exchanges import request_for
from tests import makers
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def test_a_prepaid_parcel_declares_what_its_units_cost() -> None:
    """An insurer pays what was declared, so half of a line is half of what it cost."""
    order = makers.processing_order(quantity=4)
    line = order.lines.get()
    with operation("shipment.book", actor=makers.STAFF, stream=str(order.pk)) as op:
        parcel = fulfil.book(op, order_id=order.pk, items={line.pk: 2})
    assert request_for(parcel).value_minor == line.total_minor // 2
