"""Changes of placed orders over the API: staged, previewed, committed or dropped; versions, keys, errors (F50)."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from orders.models import Line, Order, OrderEdit
from orders.operations.edit import STAGED_MAX
from tests import makers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(paid)


def paid() -> Order:
    makers.product("TEA-9", price_minor=9_900)
    return makers.paid_order(quantity=2)


def path(order: Order, *more: str) -> str:
    return "/".join((f"/admin/orders/{order.pk}/edits", *more))


def keep(order: Order, units: int) -> list[dict[str, Any]]:
    return [{"orderItemId": str(Line.objects.filter(order=order).order_by("place")[0].pk), "quantity": units}]


def test_a_change_is_staged_changed_committed_and_the_order_is_the_new_one(order: Order) -> None:
    boss = makers.staff()
    made = read(boss.post(path(order), {"add": [{"sku": "TEA-9", "quantity": 1}]}, key=True), 201)
    assert (made["status"], made["preview"]["after"]["total"] - order.total_minor) == ("staged", made["preview"]["balance"])
    other = read(boss.patch(path(order, made["id"]), {"quantities": keep(order, 1)}))
    assert (len(other["add"]), other["quantities"][0]["quantity"], other["basedOn"]) == (1, 1, made["basedOn"] + 1)
    assert read(boss.get(path(order, made["id"]))) == other
    done = read(boss.post(path(order, made["id"], "commit"), {"expectedBalance": other["preview"]["balance"]}, key=True))
    assert done["total"] == other["preview"]["after"]["total"] == done["subtotal"] - done["discountAmount"] + done["gstAmount"] + done["shippingCost"]
    assert sum(item["total"] for item in done["items"]) + done["shippingCost"] == done["total"]
    assert [item["quantity"] for item in done["items"]] == [1, 1]
    listed = read(boss.get(path(order)))
    assert [(row["status"], row["revision"]) for row in listed["data"]] == [("committed", 1)]
    story = read(boss.get(f"/admin/orders/{order.pk}/timeline"))["data"]
    edited = next(event for event in story if event["action"] == "order.edited")
    assert edited["metadata"]["before"]["total"] == order.total_minor


def test_an_item_that_was_taken_away_is_shown_no_more(order: Order) -> None:
    boss = makers.staff()
    made = read(boss.post(path(order), {"add": [{"sku": "TEA-9", "quantity": 1}], "quantities": keep(order, 0)}), 201)
    done = read(boss.post(path(order, made["id"], "commit"), {}))
    assert [item["sku"] for item in done["items"]] == ["TEA-9"]
    rows = read(boss.get("/admin/orders", orderNumber=order.number))["data"]
    assert [item["sku"] for item in rows[0]["items"]] == ["TEA-9"]


def test_f12_a_commit_sent_twice_is_made_once(order: Order) -> None:
    boss = makers.staff()
    made = read(boss.post(path(order), {"quantities": keep(order, 1)}), 201)
    first, second = (boss.post(path(order, made["id"], "commit"), {}, key="edit-commit-1") for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert read(boss.post(path(order, made["id"], "commit"), {}), 409)["type"] == "/problems/edit-closed"


def test_f50_a_stale_version_is_412_and_changes_nothing(order: Order) -> None:
    boss = makers.staff()
    tag = boss.get(f"/admin/orders/{order.pk}").headers["ETag"]
    made = read(boss.post(path(order), {"quantities": keep(order, 1)}, **{"If-Match": tag}), 201)
    assert read(boss.post(path(order, made["id"], "commit"), {}, **{"If-Match": tag}), 412)["type"] == "/problems/stale-version"
    assert Order.objects.get().revision == 0


Wish = "Callable[[Order], dict[str, Any]]"


@pytest.mark.parametrize(
    ("wish", "status", "slug"),
    [
        (lambda _: {}, 422, "nothing-changed"),
        (lambda _: {"add": [{"sku": "NOT-HERE", "quantity": 1}]}, 422, "unknown-sku"),
        (lambda _: {"quantities": [{"orderItemId": str(uuid.uuid4()), "quantity": 1}]}, 422, "units-not-there"),
        (lambda order: {"quantities": keep(order, 0)}, 409, "nothing-left"),
        (lambda order: {"quantities": keep(order, 1) * 2}, 400, "validation"),
        (lambda _: {"quantity": 1}, 400, "validation"),
        (lambda _: {"shippingAddress": {"name": "A"}}, 422, "invalid"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    order: Order, wish: Callable[[Order], dict[str, Any]], status: int, slug: str
) -> None:
    assert read(makers.staff().post(path(order), wish(order)), status)["type"] == f"/problems/{slug}"
    assert not OrderEdit.objects.exists()


def test_addresses_come_back_to_staff_and_null_takes_them_out(order: Order) -> None:
    boss = makers.staff()
    there = makers.address(line1="7 Temple Street", state="Maharashtra")
    made = read(boss.post(path(order), {"shippingAddress": there, "quantities": keep(order, 1)}), 201)
    assert (made["shippingAddress"]["state"], made["preview"]["placeOfSupply"]["after"]) == ("IN-MH", "IN-MH")
    assert read(boss.patch(path(order, made["id"]), {"shippingAddress": None}))["shippingAddress"] is None


def test_only_staff_who_may_write_orders_change_them(order: Order) -> None:
    wish = {"quantities": keep(order, 1)}
    made = read(makers.staff().post(path(order), wish), 201)
    assert read(makers.staff("orders:read").get(path(order, made["id"])))["id"] == made["id"]
    for who, status in ((makers.staff("orders:read"), 403), (makers.customer(), 403), (makers.nobody(), 401)):
        assert who.post(path(order), wish).status_code == status
        assert who.post(path(order, made["id"], "commit"), {}).status_code == status
        assert who.delete(path(order, made["id"])).status_code == status
    other = makers.paid_order()
    assert makers.staff().get(path(other, made["id"])).status_code == 404
    assert read(makers.staff().delete(path(order, made["id"])))["status"] == "discarded"


def test_the_list_costs_the_same_for_two_as_for_twenty(order: Order, django_assert_num_queries: Any) -> None:
    boss = makers.staff()
    for _ in range(2):
        boss.post(path(order), {"quantities": keep(order, 1)})
    counted = _count(lambda: boss.get(path(order)))
    for _ in range(STAGED_MAX - 2):
        boss.post(path(order), {"quantities": keep(order, 1)})
    assert _count(lambda: boss.get(path(order))) == counted


def _count(call: Callable[[], Any]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert call().status_code == 200
    return len(queries)


def test_a_customer_sends_an_order_somewhere_else_while_the_total_stays() -> None:
    me = makers.customer()
    order = makers.paid_order(person_id=me.person_id)
    path = f"/storefront/orders/{order.pk}/address"
    done = read(me.patch(path, {"shippingAddress": makers.address(line1="7 Temple Street")}, key=True))
    assert (done["shippingAddress"]["line1"], done["total"]) == ("7 Temple Street", order.total_minor)
    assert read(me.patch(path, {"shippingAddress": {"name": "A"}}), 422)["type"] == "/problems/invalid"
    assert makers.customer().patch(path, {"shippingAddress": makers.address()}).status_code == 404
    odd = makers.paid_order(person_id=me.person_id, skus=[makers.product(price_minor=33_337, gst_rate_bp=1800).sku], quantity=1)
    there = {"shippingAddress": makers.address(state="IN-MH")}
    answer = me.patch(f"/storefront/orders/{odd.pk}/address", there)
    assert read(answer, 409)["type"] == "/problems/address-moves-money"
    assert not OrderEdit.objects.filter(order=odd).exists()
    packed = makers.processing_order(person_id=me.person_id)
    answer = me.patch(f"/storefront/orders/{packed.pk}/address", {"shippingAddress": makers.address()})
    assert read(answer, 409)["type"] == "/problems/cannot-readdress"
