"""Fulfilments over the API: read, arranged, picked; bad input changes nothing (D6, E16 to E20)."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Fulfilment, Order
from tests import makers as shop
from tests.fulfilment import makers
from timeline.models import Event

if TYPE_CHECKING:
    from django.http import HttpResponse

pytestmark = pytest.mark.django_db


def read(response: HttpResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


@pytest.fixture
def order() -> Order:
    makers.place(makers.BLR)
    makers.place(makers.DEL, priority=20)
    makers.goods("A", BLR_1=3, DEL_1=3)
    made = shop.paid_order(skus=["A"], quantity=3)
    makers.planned(made)
    return made


def test_the_order_shows_its_fulfilments_and_the_customer_not_why(order: Order) -> None:
    boss = shop.staff()
    (row,) = read(boss.get(f"/admin/orders/{order.pk}"))["fulfilments"]
    assert (row["status"], row["warehouse"], row["shipmentId"]) == ("released", "BLR-1", None)
    assert row["items"] == [{"orderItemId": str(order.lines.get().pk), "quantity": 3}]
    assert row["reason"].startswith("All three items lie here, ")
    caller = shop.Caller({"Authorization": f"Bearer {shop.customer_token(order.person_id)}"})
    (own,) = read(caller.get(f"/storefront/orders/{order.pk}"))["fulfilments"]
    assert (own["status"], own["reason"]) == ("released", None)


def test_from_planned_to_shipped_over_the_api(order: Order) -> None:
    boss = shop.staff()
    line = str(order.lines.get().pk)
    (row,) = read(boss.get("/admin/fulfilments", status="released", warehouse="BLR-1"))["data"]
    path = f"/admin/fulfilments/{row['id']}"
    made = read(boss.post(f"{path}/split", {"items": [{"orderItemId": line, "quantity": 1}]}, key=True), 201)
    assert read(boss.post(f"/admin/fulfilments/{made['id']}/move", {"warehouse": "DEL-1"}, key=True))["warehouse"] == "DEL-1"
    at = (order.created_at + timedelta(days=3)).isoformat()
    assert read(boss.post(f"/admin/fulfilments/{made['id']}/schedule", {"releaseAt": at}, key=True))["status"] == "scheduled"
    assert read(boss.post(f"/admin/fulfilments/{made['id']}/release", {}, key=True))["status"] == "released"
    assert read(boss.post(f"{path}/start", {}, key=True))["status"] == "picking"
    short = read(boss.post(f"{path}/short", {"items": [{"orderItemId": line, "quantity": 1}]}, key=True))
    assert short["items"] == [{"orderItemId": line, "quantity": 1}]
    packed = read(boss.post(f"{path}/pack", {"carrier": "own_fleet"}, key=True))
    assert (packed["status"], packed["shipmentId"] is not None) == ("packed", True)
    assert read(boss.patch(f"/admin/orders/{order.pk}/status", {"status": "shipped"}))["status"] == "shipped"
    assert {row["status"] for row in read(boss.get("/admin/fulfilments"))["data"]} == {"shipped"}
    makers.require_sums(order)


def test_a_repeat_with_the_same_key_does_nothing_twice(order: Order) -> None:
    boss = shop.staff()
    (row,) = makers.opened(order)
    body = {"items": [{"orderItemId": str(order.lines.get().pk), "quantity": 1}]}
    first = boss.post(f"/admin/fulfilments/{row.pk}/split", body, key="split-one-unit-off")
    again = boss.post(f"/admin/fulfilments/{row.pk}/split", body, key="split-one-unit-off")
    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, first.content)
    assert order.fulfilments.count() == 2


def test_a_stale_reader_is_told(order: Order) -> None:
    """F50."""
    boss = shop.staff()
    (row,) = makers.opened(order)
    response = boss.post(f"/admin/fulfilments/{row.pk}/move", {"warehouse": "DEL-1"}, **{"If-Match": '"1"'})
    assert response.status_code == 412


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("move", {}, 400), ("move", {"warehouse": 5}, 400), ("move", {"warehouse": "NOWHERE"}, 422), ("move", {"to": "DEL-1"}, 400),
        ("split", {"items": []}, 422), ("split", {"items": [{"orderItemId": str(uuid.UUID(int=1)), "quantity": 1}]}, 422),
        ("split", {"items": [{"orderItemId": str(uuid.UUID(int=1)), "quantity": 0}]}, 400), ("merge", {"into": "x"}, 400),
        ("merge", {"into": str(uuid.UUID(int=1))}, 404), ("schedule", {"releaseAt": "soon"}, 400),
        ("schedule", {"releaseAt": "2020-01-01T00:00:00Z"}, 422), ("release", {"x": 1}, 400), ("start", {"x": 1}, 400),
        ("pack", {"carrier": "dove"}, 422), ("short", {"items": []}, 422), ("short", {"items": "all"}, 400),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(order: Order, verb: str, body: Any, status: int) -> None:
    boss = shop.staff()
    (row,) = makers.opened(order)
    before = (Event.objects.count(), list(Fulfilment.objects.values()))
    response = boss.post(f"/admin/fulfilments/{row.pk}/{verb}", body, key=True)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content
    assert (Event.objects.count(), list(Fulfilment.objects.values())) == before


@pytest.mark.parametrize("verb", ["", "/move", "/split", "/merge", "/schedule", "/release", "/start", "/pack", "/short"])
def test_who_may_not_is_refused_and_what_is_not_there_is_404(order: Order, verb: str) -> None:
    (row,) = makers.opened(order)
    bodies = {"/move": {"warehouse": "DEL-1"}, "/merge": {"into": str(row.pk)}, "/schedule": {"releaseAt": "2030-01-01T00:00:00Z"}}
    items = [{"orderItemId": str(order.lines.get().pk), "quantity": 1}]
    body = {"items": items} if verb in ("/split", "/short") else bodies.get(verb, {})

    def call(who: shop.Caller, pk: object) -> int:
        path = f"/admin/fulfilments/{pk}{verb}"
        return (who.post(path, body, key=True) if verb else who.get(path)).status_code

    assert call(shop.nobody(), row.pk) == 401
    assert call(shop.customer(), row.pk) == 403
    assert call(shop.staff("refunds:write"), row.pk) == 403
    assert call(shop.staff(), uuid.uuid4()) == 404
    assert call(shop.staff(), "x") == 404


def test_the_list_costs_the_same_for_two_and_for_many() -> None:
    boss = shop.staff()
    sku = shop.product().sku
    costs = []
    for many in (2, 10):
        for _ in range(many):
            makers.planned(shop.paid_order(skus=[sku], quantity=1))
        with CaptureQueriesContext(connection) as seen:
            assert len(read(boss.get("/admin/fulfilments", limit=50))["data"]) >= many
        costs.append(len(seen))
    assert costs[0] == costs[1]
