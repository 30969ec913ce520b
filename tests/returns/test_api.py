"""Returns over the API: a customer's own, staff's decisions, pictures, rules; bad input changes nothing."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Order, Return, ReturnPhoto
from orders.operations import return_pickup
from tests import makers as shop
from tests.makers import Caller
from tests.returns import makers
from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(shop.delivered_order, quantity=3)


@pytest.fixture
def meera(order: Order) -> Caller:
    return Caller({"Authorization": f"Bearer {shop.customer_token(order.person_id)}"}, order.person_id)


def place(order: Order, *more: Any) -> str:
    return "/".join([f"/storefront/orders/{order.number}/returns", *map(str, more)])


def body(order: Order, **wish: Any) -> dict[str, Any]:
    line = makers.lines_of(order)[0]
    return {"items": [{"orderItemId": str(line.pk), "quantity": 1, "reason": "defective"}], **wish}


def test_a_customer_asks_looks_and_calls_off(order: Order, meera: Caller) -> None:
    made = read(meera.post(place(order), body(order, comment="Torn", wish="exchange"), key=True), 201)
    assert (made["status"], made["wish"], made["comment"], made["reason"]) == ("requested", "exchange", "Torn", "defective")
    assert made["refundAmount"] == made["worth"] > 0
    assert made["allowedActions"] == ["cancel", "photo"]
    assert read(meera.get(place(order)))["data"] == [read(meera.get(place(order, made["number"])))]
    shown = read(meera.get(f"/storefront/orders/{order.pk}"))
    assert [row["id"] for row in shown["returns"]] == [made["id"]]
    assert read(meera.post(place(order, made["id"], "cancel")))["status"] == "cancelled"
    assert read(meera.post(place(order, made["id"], "cancel")), 409)["type"] == "/problems/transition-not-allowed"


def test_a_double_click_is_one_return(order: Order, meera: Caller) -> None:
    first = meera.post(place(order), body(order), key="click-0001")
    again = meera.post(place(order), body(order), key="click-0001")
    assert (first.content, first.status_code) == (again.content, again.status_code)
    assert Return.objects.count() == 1
    assert meera.post(place(order), body(order, comment="x"), key="click-0001").status_code == 422


def test_a_stale_version_changes_nothing(order: Order, meera: Caller) -> None:
    assert meera.post(place(order), body(order), **{"If-Match": '"1"'}).status_code == 412
    assert Return.objects.count() == 0


def test_somebody_else_finds_nothing(order: Order, meera: Caller) -> None:
    made = read(meera.post(place(order), body(order)), 201)
    meera.send("POST", place(order, made["id"], "photos"), makers.png(), content_type="image/png")
    other, foreign = shop.customer(), shop.delivered_order()
    mine = Caller({"Authorization": f"Bearer {shop.customer_token(foreign.person_id)}"})
    for path in (place(order), place(order, made["id"]), place(order, made["id"], "photos", 1)):
        assert other.get(path).status_code == 404
    assert mine.get(place(foreign, made["id"])).status_code == 404
    assert mine.post(place(foreign, made["number"], "cancel")).status_code == 404
    assert shop.nobody().get(place(order)).status_code == 401


@pytest.mark.parametrize(
    ("wish", "status", "pointer"),
    [
        ({"items": []}, 400, "#/items"), ({}, 400, "#/items"), ({"items": [{"quantity": 1, "reason": "size"}]}, 400, "#/items/0/orderItemId"),
        ({"items": "0"}, 400, "#/items"), ({"wish": "money"}, 400, "#/wish"), ({"extra": 1}, 400, "#/extra"),
        ({"pickupAddress": {"city": "Pune"}}, 422, "#/pickupAddress/name"),
        ({"items": [{"orderItemId": str(uuid.uuid4()), "quantity": 1, "reason": "size"}]}, 422, "#/items/0/orderItemId"),
    ],
)
def test_bad_input_says_where_and_changes_nothing(order: Order, meera: Caller, wish: dict[str, Any], status: int, pointer: str) -> None:
    sent = {**body(order), **wish} if wish else {}
    problem = read(meera.post(place(order), sent), status)
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert Return.objects.count() == 0


def test_an_item_twice_or_too_many_units_are_refused(order: Order, meera: Caller) -> None:
    item = body(order)["items"][0]
    assert meera.post(place(order), {"items": [item, item]}).status_code == 400
    problem = read(meera.post(place(order), {"items": [{**item, "quantity": 4}]}), 422)
    assert problem["type"] == "/problems/return-not-possible"


def test_pictures_come_in_and_go_out_safely(order: Order, meera: Caller) -> None:
    made = read(meera.post(place(order), body(order)), 201)
    path = place(order, made["id"], "photos")
    shown = read(meera.send("POST", path, makers.jpeg(), content_type="image/jpeg"), 201)
    assert shown["photos"][0]["media"] == "image/jpeg"
    for caller, url in ((meera, shown["photos"][0]["url"]), (shop.staff(), f"/admin/returns/{made['id']}/photos/1")):
        answer = caller.get(url)
        assert (answer.status_code, answer.content) == (200, makers.jpeg())
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "private, no-store"
    assert meera.get(place(order, made["id"], "photos", 2)).status_code == 404
    assert meera.get(place(order, made["id"], "photos", "x")).status_code == 404


@pytest.mark.parametrize(
    ("data", "media", "status"),
    [
        (b"<script>alert(1)</script>", "image/png", 422), (b"", "image/png", 422), (makers.png(), "image/svg+xml", 201),
        (makers.png(), "text/html", 415), (makers.png(), "application/json", 415), (makers.png() + b"\0" * 5 * 1024 * 1024, "image/png", 413),
    ],
)
def test_a_picture_is_looked_at_and_measured(order: Order, meera: Caller, data: bytes, media: str, status: int) -> None:
    made = read(meera.post(place(order), body(order)), 201)
    answer = meera.send("POST", place(order, made["id"], "photos"), data, content_type=media)
    assert answer.status_code == status
    assert ReturnPhoto.objects.count() == (status == 201)
    if status == 201:
        assert read(answer, 201)["photos"][0]["media"] == "image/png"  # what it is, not what it was called


def test_staff_open_list_and_decide(order: Order) -> None:
    asha = shop.staff()
    made = read(asha.post(f"/admin/orders/{order.pk}/returns", body(order), key=True), 201)
    assert (made["status"], made["beyondRules"]) == ("approved", [])
    second = read(asha.post(f"/admin/orders/{order.pk}/returns", body(order, approved=False)), 201)
    assert read(asha.post(f"/admin/returns/{second['id']}/decline", {"reason": "Worn"}))["declineReason"] == "Worn"
    third = read(asha.post(f"/admin/orders/{order.pk}/returns", body(order, approved=False)), 201)
    assert read(asha.post(f"/admin/returns/{third['number']}/approve"))["status"] == "approved"
    found = read(asha.get("/admin/returns", status="approved,declined"))
    assert (found["total"], {row["id"] for row in found["data"]}) == (3, {made["id"], second["id"], third["id"]})
    assert read(asha.get("/admin/returns", q=order.number, status="declined"))["total"] == 1
    assert read(asha.get(f"/admin/returns/{made['number']}"))["id"] == made["id"]


def test_scopes_are_kept_apart(order: Order) -> None:
    made = makers.asked(order)
    reader = shop.staff("returns:read")
    assert reader.get(f"/admin/returns/{made.pk}").status_code == 200
    assert reader.post(f"/admin/returns/{made.pk}/approve").status_code == 403
    assert shop.staff("orders:read").get("/admin/returns").status_code == 403


def test_a_products_own_days(order: Order) -> None:
    asha, sku = shop.staff(), makers.lines_of(order)[0].sku
    assert read(asha.post("/admin/return-rules", {"sku": sku, "days": 0}))["days"] == 0
    assert read(asha.get("/admin/return-rules"))["data"][0]["sku"] == sku
    assert read(asha.post("/admin/return-rules", {"sku": sku, "days": None}))["days"] is None
    assert read(asha.get("/admin/return-rules"))["data"] == []
    assert asha.post("/admin/return-rules", {"sku": "NONE-1", "days": 5}).status_code == 422


def test_a_list_costs_the_same_for_two_as_for_twelve(order: Order) -> None:
    asha = shop.staff()

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            read(asha.get("/admin/returns"))
        return len(seen)

    def one() -> None:
        ret = makers.asked(order)
        makers.do(ret, lambda op: return_pickup.cancel(op, return_id=ret.pk))

    one()
    one()
    cost()
    two = cost()
    for _ in range(10):
        one()
    assert cost() == two


def test_staff_receive_grade_refund_and_close(order: Order) -> None:
    asha, pk = shop.staff(), str(makers.lines_of(order)[0].pk)
    made = read(asha.post(f"/admin/orders/{order.pk}/returns", {"items": [{"orderItemId": pk, "quantity": 2, "reason": "defective"}]}), 201)
    path = f"/admin/returns/{made['id']}"
    got = read(asha.post(f"{path}/receive", {"items": [{"orderItemId": pk, "quantity": 1}], "others": [{"sku": "BRICK", "quantity": 1}]}))
    assert (got["status"], got["items"][0]["quantityReceived"], got["others"]) == ("received", 1, [{"sku": "BRICK", "quantity": 1}])
    unit = {"orderItemId": pk, "quantity": 1, "grade": "A", "disposition": "restock"}
    assert read(asha.post(f"{path}/inspect", {"units": []}), 422)["type"] == "/problems/counts-differ"
    seen = read(asha.post(f"{path}/inspect", {"units": [unit]}))
    assert (seen["status"], seen["items"][0]["units"][0]["grade"]) == ("inspected", "A")
    assert seen["allowedActions"] == ["refund", "exchange", "close"]
    assert asha.post(f"{path}/refund", {}).status_code == 428
    back = read(asha.post(f"{path}/refund", {}, key="return-0001"), 201)
    assert (back["returnId"], back["amount"], back["status"]) == (made["id"], made["worth"] // 2, "pending")
    assert read(asha.post(f"{path}/refund", {}, key="return-0001"), 201)["id"] == back["id"]
    assert read(asha.post(f"{path}/refund", {}, key=True), 409)["type"] == "/problems/given-already"
    assert read(asha.post(f"{path}/close", {}))["outcome"] == "refunded"
    shown = read(asha.get(f"/admin/orders/{order.pk}"))
    assert (shown["items"][0]["quantityReturned"], shown["refunds"][0]["returnId"]) == (1, made["id"])


@pytest.mark.parametrize(
    ("what", "wish", "pointer"),
    [
        ("receive", {"items": [{"quantity": 1}]}, "#/items/0/orderItemId"), ("receive", {"items": [{"quantity": -1}]}, "#/items/0/quantity"),
        ("receive", {"warehouse": 3}, "#/warehouse"), ("inspect", {}, "#/units"), ("close", {"outcome": "won"}, "#/outcome"),
        ("refund", {"fee": -1}, "#/fee"), ("refund", {"fee": 1.5}, "#/fee"), ("approve", {"x": 1}, "#/x"), ("decline", {}, "#/reason"),
    ],
)
def test_bad_input_of_staff_says_where_and_changes_nothing(order: Order, what: str, wish: dict[str, Any], pointer: str) -> None:
    ret = makers.approved(order)
    problem = read(shop.staff().post(f"/admin/returns/{ret.pk}/{what}", wish, key=True), 400)
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert makers.fresh(ret).status == "approved"


@pytest.mark.parametrize("what", ["approve", "decline", "receive", "inspect", "refund", "close", "cancel"])
def test_no_such_return_is_404(what: str) -> None:
    body = {"decline": {"reason": "x"}, "inspect": {"units": []}}.get(what, {})
    for name in (str(uuid.uuid4()), "RMA-20261128-99999", "nonsense"):
        assert shop.staff().post(f"/admin/returns/{name}/{what}", body, key=True).status_code == 404
