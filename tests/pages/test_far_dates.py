"""A time beyond what clocks and databases hold is refused in words, wherever a time may be typed (F70)."""

from __future__ import annotations

import io

import pytest
from django.test import Client

from inventory import sync
from inventory.models import OutsideCount, Warehouse
from orders.models import Order
from tests.flows import makers
from tests.makers import staff
from tests.pages.test_console import order_path
from tests.standing import Stand
from timeline.actors import system
from timeline.errors import BadRequest

pytestmark = pytest.mark.django_db(transaction=True)
FAR = ("9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "0001-01-01", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z")
CLOCK = system("test")
FIELDS = ("from", "to", "stayed_since", "stayed_after")


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(placed)


def placed() -> Order:
    makers.product("TEA-1")
    return makers.placed_order({"TEA-1": 1}, paymentMethod="cod")


@pytest.mark.parametrize("at", FAR)
def test_the_list_of_orders_says_how_a_time_is_written(asha: Client, order: Order, at: str) -> None:
    for key in FIELDS:
        page = asha.get("/console/orders/", {key: at})
        assert (key, page.status_code) == (key, 200)
        assert b"is written as 2026-11-21" in page.content
        assert page.context["listing"].rows == []


@pytest.mark.parametrize("at", FAR)
def test_no_other_page_breaks(asha: Client, order: Order, at: str) -> None:
    places = [
        (order_path(order, "then/"), {"at": at}), ("/console/books/", {"day": at}), (f"/console/reconciliation/{at}/", {}),
        ("/console/log/", {"after": at}), ("/console/log/", {"before": at}), ("/console/log/verify/", {"after": at, "before": at}),
        ("/console/orders/", {"q": f"placed:{at}"}), ("/console/orders/", {"q": f"delivered:>{at}"}), ("/console/exports/", {"q": f"placed:{at}"}),
    ]
    assert [(place, wish) for place, wish in places if asha.get(place, wish).status_code >= 500] == []
    chosen = {"do": "hold", "all": "1", "seen": at, "back": "?"}
    assert asha.post("/console/bulk/", chosen).status_code < 500


@pytest.mark.parametrize("at", FAR)
def test_no_answer_breaks(order: Order, at: str) -> None:
    boss = staff()
    for place, keys in (
        ("/admin/orders", ("createdFrom", "createdTo")), (f"/admin/orders/{order.pk}", ("asOf", "known")), ("/api/v1/events", ("after", "before")),
        ("/api/v1/verify", ("after", "before")),
    ):
        for key in keys:
            assert (place, key, boss.get(place, **{key: at}).status_code) == (place, key, 400)
    for name in ("after", "before"):
        wish = {"kind": "events", "format": "csv", "filters": {name: at}}
        assert boss.post("/admin/exports", wish, key=True).status_code == 400
    assert boss.get(f"/admin/reconciliation/days/{at}").status_code in (400, 404, 422)
    for month in ("9999-12", "0001-01"):
        assert boss.post("/admin/exports", {"kind": "events", "format": "csv", "filters": {"month": month}}, key=True).status_code == 400
        assert boss.get("/admin/gstr1", month=month).status_code == 422


@pytest.mark.parametrize("at", FAR)
@pytest.mark.usefixtures("order")
def test_no_file_breaks(asha: Client, at: str) -> None:
    with pytest.raises(BadRequest):
        sync.take_dispatches(f"reference,parcel,dispatched_at\nR-1,P-1,{at}\n", warehouse_code="BLR", actor=CLOCK)
    counts = io.BytesIO(b"sku,on_hand\nTEA-1,8\n")
    counts.name = "counts.csv"
    sent = {"counts-warehouse": Warehouse.objects.get().code, "counts-taken_at": at.rstrip("Z"), "counts-file": counts}
    assert asha.post("/console/stock/conflicts/", sent).status_code == 422
    assert not OutsideCount.objects.exists()
