"""The shop window and the shelves over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory import queries
from tests.inventory import makers
from timeline.api.authentication import make_client
from timeline.models import Event
from timeline.operations import operation

pytestmark = [pytest.mark.django_db, pytest.mark.urls("inventory.api.urls")]

WISH = {"sku": "TEA", "warehouse": "BLR", "delta": -2, "reason": "recount"}


@pytest.fixture
def tea() -> Any:
    makers.warehouse()
    return makers.on_shelf({"TEA": 10})["TEA"]


def headers(*scopes: str) -> dict[str, str]:
    with operation("test.key", actor=makers.TESTER) as op:
        key = make_client(op, name=f"Tests {', '.join(scopes)}", scopes=list(scopes))
    return {"Authorization": f"Bearer {key}"}


def post(wish: dict[str, Any], **head: str) -> Any:
    path = "/admin/inventory/adjustments"
    return Client().post(path, wish, content_type="application/json", headers=head)


def test_products_are_listed_for_everybody(tea: Any) -> None:
    makers.hold("c", {tea: 3})
    answer = Client().get("/storefront/products", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == [
        {
            "sku": "TEA",
            "productVariantId": str(tea),
            "name": "Thing TEA",
            "price": 10_000,
            "priceIncludesGst": False,
            "currency": "INR",
            "gstRate": 18,
            "hsn": "0902",
            "available": 7,
            "backorder": False,
            "policy": "deny",
            "availableOn": None,
        }
    ]
    assert (body["page"], body["limit"], body["total"], body["nextCursor"]) == (1, 20, 1, None)


def test_products_are_found_and_paged(tea: Any) -> None:
    makers.on_shelf({f"JAM-{n}": 1 for n in range(5)})
    seen: list[str] = []
    url = "/storefront/products?q=jam&limit=2"
    while url:
        body = Client().get(url).json()
        seen += [row["sku"] for row in body["data"]]
        url = f"/storefront/products?q=jam&limit=2&cursor={body['nextCursor']}" if body["nextCursor"] else ""
    assert seen == [f"JAM-{n}" for n in range(5)]
    assert Client().get("/storefront/products?page=3&limit=2").json()["total"] == 6
    assert Client().get("/storefront/products?colour=red").status_code == 400


def test_lists_cost_the_same_for_two_as_for_twenty(tea: Any) -> None:
    staff = headers("inventory:read")
    makers.on_shelf({"JAM": 1})
    costs = []
    for _ in range(2):
        for url in ("/storefront/products", "/admin/inventory"):
            with CaptureQueriesContext(connection) as seen:
                assert Client().get(url, headers=staff).status_code == 200
            costs.append(len(seen))
        makers.on_shelf({f"S{n}": 1 for n in range(18)} if len(costs) == 2 else {})
    assert costs[:2] == costs[2:]


def test_shelves_are_for_staff_with_the_scope(tea: Any) -> None:
    assert Client().get("/admin/inventory").status_code in {401, 403}
    assert Client().get("/admin/inventory", headers=headers("orders:read")).status_code == 403
    makers.hold("c", {tea: 3})
    answer = Client().get("/admin/inventory?sku=tea", headers=headers("inventory:read"))
    assert answer.json()["data"] == [
        {"sku": "TEA", "productVariantId": str(tea), "warehouse": "BLR", "onHand": 10, "held": 3, "damaged": 0, "safety": 0, "reorderAt": None, "lowSince": None, "available": 7}
    ]
    assert Client().get("/admin/inventory?sku=NONE", headers=headers("*")).json()["data"] == []


def test_an_adjustment_answers_with_the_level_and_is_recorded_with_its_caller(tea: Any) -> None:
    answer = post(WISH, **headers("inventory:write"))
    assert answer.status_code == 201
    assert (answer.json()["onHand"], answer.json()["available"]) == (8, 8)
    event = Event.objects.get(kind="stock.adjusted")
    assert (event.actor_type, event.actor_name, event.channel) == ("api_client", "Tests inventory:write", "admin_api")


def test_f12_a_repeat_with_the_same_key_adjusts_once(tea: Any) -> None:
    head = headers("*") | {"Idempotency-Key": "recount-2026-11"}
    first, second = post(WISH, **head), post(WISH, **head)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert makers.level("TEA") == (8, 0)
    assert post(WISH | {"delta": -3}, **head).status_code == 422


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        ({"delta": 0}, 422, "quantity-out-of-range"),
        ({"delta": "1"}, 400, "validation"),
        ({"delta": 1.0}, 400, "validation"),
        ({"delta": 10**9}, 400, "validation"),
        ({"delta": -11}, 409, "stock-promised"),
        ({"sku": "NONE"}, 422, "unknown-variant"),
        ({"warehouse": "NONE"}, 422, "unknown-warehouse"),
        ({"reason": ""}, 400, "validation"),
        ({"colour": "red"}, 400, "validation"),
    ],
)
def test_a_wrong_adjustment_is_refused_and_changes_nothing(tea: Any, change: Any, status: Any, slug: Any) -> None:
    answer = post(WISH | change, **headers("*"))
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert makers.level("TEA") == (10, 0)
    assert queries.ledger("TEA").count() == 1


def test_reading_does_not_allow_writing(tea: Any) -> None:
    assert post(WISH, **headers("inventory:read")).status_code == 403
    assert makers.level("TEA") == (10, 0)
