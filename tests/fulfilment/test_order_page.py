"""The order's page says what is planned and why, and lets staff cancel items and decide about lost parcels."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

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
    client.force_login(shop.member("asha"))
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


def test_what_is_planned_is_arranged_by_hand(asha: Client) -> None:
    """D6: another warehouse, a split, a merge, a time and a release, each with a form of its own."""
    makers.place(makers.BLR)
    makers.place(makers.DEL)
    order = shop.paid_order(quantity=3)
    makers.receive(order.lines.get().sku, "DEL-1", 5)
    (row,) = makers.planned(order)
    line = order.lines.get().pk

    def send(verb: str, pk: Any, **body: str) -> int:
        path = f"/console/orders/{order.number}/fulfilments/{pk}/{verb}/"
        assert verb == "release" or asha.get(path).status_code == 200
        return asha.post(path, body).status_code

    assert ">Merge<" not in page(asha, order)
    assert send("split", row.pk, **{f"units-{line}": "3"}) == 422  # nothing would be left on the other side
    assert send("split", row.pk, **{f"units-{line}": "1"}) == 302
    one, two = makers.opened(order)
    assert ">Merge<" in page(asha, order)
    assert send("move", two.pk, warehouse="NOWHERE") == 422
    assert send("move", two.pk, warehouse="DEL-1") == 302
    assert list(makers.held(order).values()) == [2, 1]
    assert send("merge", two.pk, into=str(one.pk)) == 422  # of another warehouse: not offered
    assert send("move", two.pk, warehouse="BLR-1") == 302
    assert send("merge", two.pk, into=str(one.pk)) == 302
    (row,) = makers.opened(order)
    assert send("schedule", row.pk, release_at="2020-01-01T09:00") == 422
    assert send("schedule", row.pk, release_at=f"{timezone.localdate() + timedelta(days=3)}T09:30") == 302
    (row,) = makers.opened(order)
    assert (row.status, f"{timezone.localtime(row.release_at):%H:%M}") == ("scheduled", "09:30")
    assert send("release", row.pk) == 302
    makers.do(order, packing.start, fulfilment_id=row.pk)
    assert f"/fulfilments/{row.pk}/" not in page(asha, order)  # what is being picked is left alone
    assert send("move", row.pk, warehouse="DEL-1") == 409
    makers.require_sums(order)


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
