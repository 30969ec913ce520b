"""What the shop offers, and what is read of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import operations as stock
from inventory import queries, tasks
from inventory.models import Hold, Variant
from tests.inventory import makers
from timeline.errors import Missing
from timeline.models import Event

pytestmark = pytest.mark.django_db


def test_f07_a_new_price_is_recorded_with_the_old_one() -> None:
    tea = makers.variant("TEA", price_minor=10_000)
    with makers.story() as op:
        assert stock.change_price(op, sku="TEA", price_minor=12_000).price_minor == 12_000
    assert Variant.objects.get().price_minor == 12_000
    event = Event.objects.get(kind="product.changed")
    assert (event.stream, event.facts["price_minor"]) == (str(tea), {"from": 10_000, "to": 12_000})


def test_what_is_off_sale_is_not_listed_and_still_found() -> None:
    makers.variant("TEA")
    with makers.story() as op:
        stock.offer(op, sku="TEA", is_active=False)
    assert list(queries.list_products()) == []
    assert not Variant.objects.select_related("product").get(sku="TEA").is_sellable


def test_an_unknown_sku_is_missing() -> None:
    for verb, change in ((stock.change_price, {"price_minor": 1}), (stock.offer, {"is_active": True})):
        with pytest.raises(Missing), makers.story() as op:
            verb(op, sku="NONE", **change)


def test_codes_are_given_once() -> None:
    makers.variant("TEA")
    makers.warehouse("BLR")
    for again in (lambda: makers.variant("TEA"), lambda: makers.warehouse("BLR")):
        with pytest.raises(stock.CodeTaken):
            again()


@pytest.mark.parametrize(
    "change",
    [{"sku": "tea"}, {"sku": ""}, {"hsn": "09"}, {"price_minor": -1}, {"gst_rate_bp": 10_001}, {"weight_g": -1}],
)
def test_what_cannot_be_sold_is_refused(change: Any) -> None:
    row = {"product_id": uuid.uuid4(), "sku": "TEA", "price_minor": 1, "gst_rate_bp": 500, "hsn": "0902"}
    with pytest.raises(stock.NotOfferable), makers.story() as op:
        stock.add_variant(op, **(row | change))


def test_a_warehouse_and_a_product_are_checked_too() -> None:
    row: dict[str, Any] = {"code": "B", "name": "B", "state": "IN-KA"}
    for change in ({"code": "b"}, {"state": "Karnataka"}):
        with pytest.raises(stock.NotOfferable), makers.story() as op:
            stock.add_warehouse(op, **(row | change))
    with pytest.raises(stock.NotOfferable), makers.story() as op:
        stock.add_product(op, name=" ")


def test_reading_costs_one_statement_however_much_there_is() -> None:
    makers.warehouse()
    ids = makers.on_shelf({f"S{n}": n + 1 for n in range(8)})
    reads: list[Callable[[], Any]] = [
        lambda: queries.available(ids.values()),
        lambda: list(queries.list_products("thing").values_list("product__name", "available")),
        lambda: [(row.variant.title, row.warehouse.code) for row in queries.levels()],
        lambda: [row.warehouse.code for row in queries.ledger("S0")],
    ]
    for number, read in enumerate(reads):
        with CaptureQueriesContext(connection) as seen:
            read()
        assert len(seen) == 1, number


def test_titles_name_the_variant_where_it_has_a_name() -> None:
    makers.variant("TEA", product="Assam tea")
    found = Variant.objects.select_related("product").get()
    assert found.title == "Assam tea"
    found.name = "250 g"
    assert (found.title, str(found.gst_rate)) == ("Assam tea, 250 g", "18")


def test_the_task_expires_what_is_due() -> None:
    makers.warehouse()
    tea = makers.on_shelf({"TEA": 5})["TEA"]
    makers.hold("c", {tea: 2}, until=timezone.now())
    tasks.expire_holds(lease="ignored")
    assert Hold.objects.get().status == "expired"


def test_the_admin_only_reads(rf: Any) -> None:
    for model, table in admin.site._registry.items():
        if model._meta.app_label == "inventory":
            request = rf.get("/")
            assert not table.has_add_permission(request)
            assert not table.has_change_permission(request)
            assert not table.has_delete_permission(request)
