"""Changing an order in the console and by its customer: shown by the server, made as shown (UX B5, B7)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from orders.models import Line, Order, OrderEdit
from orders.operations import people, process
from tests.flows import makers
from tests.pages.conftest import shopper
from tests.pages.markup import check
from tests.pages.test_console import order_path, page_of, send
from timeline import relay
from timeline.operations import operation

if TYPE_CHECKING:
    from inventory.models import Variant
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pot() -> Variant:
    return makers.product("POT-1", price_minor=20_000, gst_rate_bp=0, units=2)


@pytest.fixture
def order(shop_gateway: FakeGateway, pot: Variant) -> Order:
    makers.product("TEA-1", units=9)
    return makers.confirmed_order(shop_gateway, {"TEA-1": 3})


def text_of(answer: Any) -> str:
    text: str = answer.content.decode()
    check(text)
    return text


def keep(order: Order, units: int) -> dict[str, Any]:
    return {f"keep-{Line.objects.get(order=order, sku='TEA-1').pk}": units}


def test_the_preview_says_what_is_done_and_writes_nothing(asha: Client, order: Order, pot: Variant) -> None:
    path = order_path(order, "edit/")
    hidden = page_of(asha, path).hidden
    said = asha.post(path + "preview/", {**hidden, **keep(order, 1)}, headers={"HX-Request": "true"}).content.decode()
    assert "TEA-1 3 → 1" in said
    assert "goes back to where it came from" in said
    assert "give back ₹210.00" in said
    worked_out = text_of(asha.post(path, {**hidden, **keep(order, 1), "do": "work_out"}))
    assert "give back ₹210.00" in worked_out
    found = text_of(asha.post(path, {**hidden, **keep(order, 3), "q": "pot", "do": "search"}))
    assert f'name="add-{pot.pk.hex}"' in found
    assert (OrderEdit.objects.count(), Order.objects.get().revision) == (0, 0)


def test_a_change_is_made_as_it_was_shown(asha: Client, order: Order, pot: Variant) -> None:
    path = order_path(order, "edit/")
    wish: dict[str, Any] = {**keep(order, 1), f"add-{pot.pk.hex}": 1}
    wrong = send(asha, path, **wish, do="commit", expected="5")
    assert wrong.status_code == 409
    assert "not the one that was expected" in text_of(wrong)
    assert Order.objects.get().revision == 0
    assert send(asha, path, **wish, do="commit", expected="-1000").status_code == 302
    now = Order.objects.get()
    assert (now.revision, now.total_minor - order.total_minor) == (1, -1000)
    assert "Order changed" in asha.get(order_path(order)).content.decode()
    why = asha.get(order_path(order, "why/")).content.decode()
    assert "it agrees to the paisa" in why
    assert "Change 1" in why


def test_a_prepared_change_is_taken_up_again_or_dropped(asha: Client, order: Order) -> None:
    path = order_path(order, "edit/")
    for units in (1, 2):
        assert send(asha, path, **keep(order, units), do="stage").status_code == 302
    first, second = OrderEdit.objects.order_by("created_at")
    text = text_of(asha.get(path))
    assert "TEA-1 3 → 1" in text
    assert 'value="1"' in text_of(asha.get(f"{path}?edit={first.pk}"))
    assert send(asha, order_path(order, f"edits/{second.pk}/discard/"), path).status_code == 302
    again = send(asha, path, f"{path}?edit={first.pk}", edit=str(first.pk), **keep(order, 2), do="commit")
    assert again.status_code == 302
    assert sorted(OrderEdit.objects.values_list("status", flat=True)) == ["committed", "discarded"]
    assert Line.objects.get().quantity == 2


def test_what_cannot_be_changed_says_why(asha: Client, shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1", units=9)
    order = makers.shipped_order(shop_gateway, {"TEA-1": 3})
    assert "take them back as a return" in text_of(asha.get(order_path(order, "edit/")))
    assert "console/orders/" in asha.get(order_path(order)).content.decode()
    refused = send(asha, order_path(order, "edit/"), **keep(order, 3), do="commit", move="on")
    assert refused.status_code in (409, 422)


def test_too_much_is_shown_as_short(asha: Client, order: Order, pot: Variant) -> None:
    path = order_path(order, "edit/")
    hidden = page_of(asha, path).hidden
    said = asha.post(path + "preview/", {**hidden, **keep(order, 3), f"add-{pot.pk.hex}": 3}).content.decode()
    assert "Not enough in stock: POT-1" in said
    assert "commit" not in said


def test_a_dearer_order_is_paid_by_its_customer(asha: Client, order: Order, pot: Variant) -> None:
    answer = send(asha, order_path(order, "edit/"), **{**keep(order, 3), f"add-{pot.pk.hex}": 1, "do": "commit", "expected": "20000"})
    assert answer.status_code == 302
    relay.relay_due()
    mine = shopper(order.person_id)
    page = mine.get(f"/account/orders/{order.number}/").content.decode()
    assert "Pay ₹200.00" in page
    assert "₹200.00" in mine.get(f"/pay/{order.number}/").content.decode()
    assert "Pay now" in mine.get("/account/orders/").content.decode()


def test_b7_a_customer_changes_the_address_until_it_is_packed(order: Order) -> None:
    mine = shopper(order.person_id)
    path = f"/account/orders/{order.number}/address/"
    assert "Change address" in mine.get(f"/account/orders/{order.number}/").content.decode()
    assert send(mine, path, line1="7 Temple Street").status_code == 422, "all of it must be there"
    address = {"name": "Priya", "phone": "+919876543210", "line1": "7 Temple Street", "city": "Bengaluru", "state": "IN-KA", "postal_code": "560001"}
    assert send(mine, path, **address).status_code == 302
    now = Order.objects.select_related("person__key", "shipping_address").get()
    assert people.read_address(now.shipping_address, now.person)["line1"] == "7 Temple Street"
    with operation("test.process", actor=makers.ASHA, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
    refused = send(mine, path, **address)
    assert refused.status_code == 409
    assert "until the order is packed" in refused.content.decode()
    assert shopper(uuid.uuid4()).get(path).status_code == 404
