"""Staff's search for orders: by everything there is to search by, sorted, page by page (B36, API.md)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests import makers

if TYPE_CHECKING:
    import pytest_django

    from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def shop(ground: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> dict[str, Order]:
    """Five orders that differ in what is searched by."""
    with django_db_blocker.unblock():
        return sold()


def sold() -> dict[str, Order]:
    sku = makers.product("RARE-1", price_minor=500_000).sku
    other = makers.product("PLAIN-1", price_minor=1_000).sku
    return {
        "pending": makers.placed_order(skus=[other], email="asha@example.com", shippingAddress=makers.address(name="Asha Rao")),
        "paid": makers.paid_order(skus=[other], email="meera@example.com"),
        "rare": makers.paid_order(skus=[sku], email="vikram.s@example.com", shippingAddress=makers.address(name="Vikram Seth")),
        "delivered": makers.delivered_order(skus=[other], email="zoya@example.com"),
        "cash": makers.placed_order(skus=[other], payment_method="cod", email="asha.k@example.com"),
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "pending paid rare delivered cash"),
        ({"status": "pending"}, "pending"),
        ({"status": "pending,delivered"}, "pending delivered"),
        ({"status": ["pending", "delivered"]}, "pending delivered"),
        ({"paymentStatus": "paid"}, "paid rare delivered"),
        ({"paymentStatus": "unpaid", "status": "confirmed"}, "cash"),
        ({"shippingStatus": "delivered"}, "delivered"),
        ({"minTotal": "1000000"}, "rare"),
        ({"maxTotal": "1000000", "status": "pending"}, "pending"),
        ({"customer": "asha@example.com"}, "pending"),
        ({"customer": "Asha Rao"}, "pending"),
        ({"customer": "rao"}, "pending"),
        ({"customer": "vikr"}, "rare"),
        ({"customer": "vikram.s"}, "rare"),
        ({"customer": "Vikram Rao"}, ""),
        ({"customer": "nobody@example.com"}, ""),
        ({"q": "RARE-1"}, "rare"),
        ({"q": "zoya@example.com"}, "delivered"),
        ({"channel": "web"}, "pending paid rare delivered cash"),
        ({"channel": "ebay"}, ""),
        ({"createdFrom": "2020-01-01", "createdTo": "2020-12-31"}, ""),
        ({"createdFrom": "2020-01-01"}, "pending paid rare delivered cash"),
        ({"deliveredFrom": "2020-01-01"}, "delivered"),
        ({"deliveredTo": "2020-01-01"}, ""),
    ],
    ids=str,
)
def test_search(shop: dict[str, Order], query: dict[str, Any], found: str) -> None:
    page = makers.read(makers.staff().get("/admin/orders", **query))
    names = {str(order.pk): name for name, order in shop.items()}
    assert {names[row["id"]] for row in page["data"]} == set(found.split())
    assert page["total"] == len(found.split())


def test_search_by_number_whole_or_part_and_by_customer_id(shop: dict[str, Order]) -> None:
    boss = makers.staff()
    rare = shop["rare"]
    for query in (
        {"orderNumber": rare.number}, {"orderNumber": rare.number[-5:]}, {"q": rare.number.lower()},
        {"customerId": str(rare.person_id)}, {"customer": str(rare.person_id)}, {"q": str(rare.pk)},
    ):
        assert [row["id"] for row in makers.read(boss.get("/admin/orders", **query))["data"]] == [str(rare.pk)], query
    assert makers.read(boss.get("/admin/orders", orderNumber=rare.number[:12]))["total"] == 5
    assert makers.read(boss.get("/admin/orders", orderNumber="%"))["total"] == 0
    assert makers.read(boss.get("/admin/orders", customer=str(rare.person_id), customerId=str(uuid.uuid4())))["total"] == 0


@pytest.mark.parametrize("sort", ["createdAt", "total", "orderNumber", "updatedAt", "status"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_sorted_pages_by_cursor_hold_every_order_once(shop: dict[str, Order], sort: str, sign: str) -> None:
    boss = makers.staff()
    seen: list[Any] = []
    query: dict[str, Any] = {"sort": sign + sort, "limit": 2}
    while True:
        page = makers.read(boss.get("/admin/orders", **query))
        seen += page["data"]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]
    assert {row["id"] for row in seen} == {str(order.pk) for order in shop.values()}
    keys = [row[sort] for row in seen]
    assert len(seen) == 5
    assert keys == sorted(keys, reverse=sign == "-")


def test_a_listed_order_names_its_customer(shop: dict[str, Order]) -> None:
    row = makers.read(makers.staff().get("/admin/orders", customer="asha@example.com"))["data"][0]
    assert row["customer"] == {"id": row["customerId"], "name": "Asha Rao", "email": "asha@example.com"}
    assert (row["itemCount"], row["items"][0]["sku"]) == (2, "PLAIN-1")
