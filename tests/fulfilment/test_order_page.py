"""The order's page says what is planned and why, and lets staff cancel items and decide about lost parcels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from orders.models import Case, Order
from orders.operations import fulfil, packing
from payments.models import Refund
from shipping import operations as parcels
from tests import makers as shop
from tests.fulfilment import makers
from timeline import relay
from timeline.operations import operation

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(client: Client, django_user_model: Any) -> Client:
    client.force_login(django_user_model.objects.create_user("asha", is_staff=True))
    return client


def page(asha: Client, order: Order) -> str:
    return asha.get(f"/console/orders/{order.number}/").content.decode()


def test_what_is_planned_stands_there_with_its_reason(asha: Client) -> None:
    order = shop.paid_order(lines=2, quantity=1)
    makers.planned(order)
    text = page(asha, order)
    assert "To ship · BLR-1" in text
    assert "All two items lie here" in text
    assert f"/console/pack/{order.fulfilments.get().pk}/" in text


def test_items_are_cancelled_in_a_dialog(asha: Client) -> None:
    order = shop.paid_order(quantity=2)
    line = order.lines.get()
    path = f"/console/orders/{order.number}/cancel-units/"
    assert "With the last one the order is cancelled." in asha.get(path).content.decode()
    assert asha.post(path, {f"units-{line.pk}": "0", "code": "other"}).status_code == 422
    assert asha.post(path, {f"units-{line.pk}": "1", "code": "out_of_stock"}).status_code == 302
    assert Refund.objects.get().amount_minor == round(line.total_minor / 2)
    makers.require_sums(order)


@pytest.mark.parametrize(("verb", "body"), [("reship", {}), ("refund", {"reason": "lost"}), ("close", {"reason": "paid by the courier"})])
def test_a_lost_parcel_is_decided_about(asha: Client, verb: str, body: dict[str, str]) -> None:
    order = shop.shipped_order()
    row = order.fulfilments.get()
    assert row.shipment_id is not None
    with operation("test.lose", actor=makers.ASHA, stream=str(order.pk)) as op:
        parcels.lose(op, shipment_id=row.shipment_id)
        fulfil.settle(op, order_id=order.pk)
    assert "Send again" in page(asha, order)
    response = asha.post(f"/console/orders/{order.number}/fulfilments/{row.pk}/{verb}/", body)
    assert response.status_code == 302
    assert order.fulfilments.get(pk=row.pk).outcome == {"reship": "reshipped", "refund": "refunded", "close": "closed"}[verb]
    assert "Send again" not in page(asha, order)
    makers.require_sums(order)


def test_what_was_short_is_an_exception_at_once() -> None:
    """UX F4."""
    order = shop.paid_order(quantity=2)
    (box,) = makers.planned(order)
    makers.do(order, packing.short, fulfilment_id=box.pk, items={order.lines.get().pk: 1})
    relay.drain()
    case = Case.objects.get()
    assert (case.cause, case.owner, case.order_id, case.ours["missing"]) == ("short_pick", "warehouse", order.pk, 1)
    relay.drain()
    assert Case.objects.count() == 1
