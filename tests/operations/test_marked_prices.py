"""Prices marked with GST, from the shelf to the order's rows, and what the database holds of them (B9–B11, Z7, ADR 9)."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction

from config import doctor
from orders.models import Line
from orders.operations.place import Placed
from orders.pricing import snapshot
from tests import makers

pytestmark = pytest.mark.django_db(transaction=True)


def incense() -> Placed:
    """One thing at 999.00, GST of 5 % included, within the state."""
    sku = makers.product(price_minor=99_900, gst_rate_bp=500, price_includes_gst=True).sku
    return makers.placed(skus=[sku], quantity=1)


def test_999_at_5_percent_included_is_what_the_customer_pays() -> None:
    placed = incense()
    line, order = placed.lines[0], placed.order
    assert (line.price_minor, line.price_includes_gst, line.value_minor) == (99_900, True, 95_142)
    assert (line.cgst_minor, line.sgst_minor, line.igst_minor, line.total_minor) == (2_379, 2_379, 0, 99_900)
    assert (order.subtotal_minor, order.gst_minor) == (95_142, 4_758)
    assert order.total_minor - order.shipping_minor == 99_900
    assert snapshot.recompute(order.pricing_snapshot, order.discount_snapshot).total_minor == order.total_minor
    assert list(doctor.orders_add_up()) == []


@pytest.mark.parametrize(
    ("change", "ok"),
    [
        ({}, True),
        ({"value_minor": 95_143}, False),
        ({"total_minor": 99_901}, False),
        ({"total_minor": 99_901, "value_minor": 95_143}, False),
        ({"price_includes_gst": False}, False),
        ({"price_includes_gst": False, "price_minor": 95_142}, True),
        ({"price_includes_gst": False, "price_minor": 95_141}, False),
        ({"discount_minor": 900, "value_minor": 96_042}, False),
        ({"discount_minor": 900, "value_minor": 96_042, "price_minor": 100_800}, True),
    ],
)
def test_the_database_holds_the_identity_of_both_kinds_of_price(change: dict[str, int], ok: bool) -> None:
    line = incense().lines[0]
    for name, value in change.items():
        setattr(line, name, value)
    line.pk, line.place = uuid.uuid4(), 2
    try:
        with transaction.atomic():
            Line.objects.bulk_create([line])
    except IntegrityError:
        assert not ok
    else:
        assert ok
