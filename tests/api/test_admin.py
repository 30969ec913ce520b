"""The staff's side, driven as a client drives it (B35 to B40, B46 to B49, API.md)."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from inventory.models import Level
from orders.models import Order
from tests import makers
from timeline.models import Event

pytestmark = pytest.mark.django_db


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, (response.status_code, response.content[:2000])
    return json.loads(response.content)


def move(boss: makers.Caller, order: Order, status: str, expect: int = 200, **more: Any) -> Any:
    return read(boss.patch(f"/admin/orders/{order.pk}/status", {"status": status, **more}), expect)


def test_an_order_goes_all_the_way_by_hand() -> None:
    boss = makers.staff()
    order = makers.placed_order()
    assert move(boss, order, "confirmed")["confirmedAt"] is not None
    assert move(boss, order, "processing")["stage"] == "picked"
    shipped = move(boss, order, "shipped", carrier="Blue Dart", trackingNumber="BD 123")
    assert (shipped["status"], shipped["stage"], shipped["fulfilmentState"]) == ("shipped", "shipped", "fulfilled")
    (parcel,) = shipped["shipments"]
    assert (parcel["carrier"], parcel["trackingNumber"], parcel["status"]) == ("Blue Dart", "BD 123", "shipped")
    assert parcel["items"] == [{"orderItemId": shipped["items"][0]["id"], "quantity": 2}]
    delivered = move(boss, order, "delivered", note="Left with the neighbour")
    assert (delivered["status"], delivered["items"][0]["quantityDelivered"]) == ("delivered", 2)
    assert delivered["shipments"][0]["status"] == "delivered"
    assert Level.objects.get().on_hand == 998
    rows = read(boss.get(f"/admin/orders/{order.number}/timeline"))["data"]
    note = next(row for row in rows if row["type"] == "note_added")
    assert (note["message"], note["isPublic"], note["actor"]["type"]) == ("Left with the neighbour", False, "api_client")
    assert {"created", "shipped", "delivered", "note_added", "status_changed"} <= {row["type"] for row in rows}


def test_shipped_without_words_is_the_own_fleet() -> None:
    boss = makers.staff()
    done = move(boss, makers.processing_order(), "shipped")
    assert (done["shippingProvider"], done["shipments"][0]["carrier"]) == ("own_fleet", "own_fleet")
    assert done["shipments"][0]["trackingNumber"]


def test_the_answer_of_a_step_is_what_is_read_afterwards() -> None:
    boss = makers.staff()
    order = makers.processing_order()
    response = boss.patch(f"/admin/orders/{order.pk}/status", {"status": "shipped"})
    seen = boss.get(f"/admin/orders/{order.pk}")
    assert read(response) == read(seen)
    assert response["ETag"] == seen["ETag"]


@pytest.mark.parametrize("status", ["pending", "processing", "shipped", "delivered", "refunded"])
def test_a_step_the_machine_does_not_know_names_the_allowed_ones(status: str) -> None:
    boss = makers.staff()
    order = makers.placed_order()
    events = Event.objects.count()
    problem = move(boss, order, status, 409)
    assert (problem["type"], problem["allowed"]) == ("/problems/transition-not-allowed", ["confirmed", "cancelled"])
    assert problem["current"] == "pending"
    assert Event.objects.count() == events


@pytest.mark.parametrize("make", [makers.delivered_order, makers.paid_order])
def test_refunded_is_never_accepted(make: Any) -> None:
    order = make()
    assert "refunded" not in move(makers.staff(), order, "refunded", 409)["allowed"]
    assert makers.again(order).status == order.status


def test_parcel_words_go_with_shipped_only() -> None:
    boss = makers.staff()
    order = makers.paid_order()
    problem = move(boss, order, "processing", 400, carrier="Blue Dart")
    assert [error["pointer"] for error in problem["errors"]] == ["#/carrier"]
    problem = move(boss, order, "processing", 400, trackingNumber="1")
    assert [error["pointer"] for error in problem["errors"]] == ["#/trackingNumber"]
    move(boss, makers.processing_order(), "shipped", 400, trackingNumber="1")


def test_a_paid_order_cancelled_by_staff_gives_money_and_stock_back() -> None:
    order = makers.paid_order()
    done = move(makers.staff(), order, "cancelled")
    assert (done["status"], [row["amount"] for row in done["refunds"]]) == ("cancelled", [order.total_minor])
    assert done["refundableAmount"] == 0
    assert Level.objects.get().held == 0


def test_a_note_of_staff_stays_between_staff() -> None:
    caller = makers.customer()
    order = makers.paid_order(person_id=caller.person_id)
    move(makers.staff(), order, "cancelled", note="Known for chargebacks")
    for path in ("", "/timeline"):
        assert b"chargebacks" not in caller.get(f"/storefront/orders/{order.pk}{path}").content
    assert b"chargebacks" in makers.staff().get(f"/admin/orders/{order.pk}/timeline").content


def test_a_stale_version_is_refused_before_anything_is_done() -> None:
    boss = makers.staff()
    order = makers.paid_order()
    path = f"/admin/orders/{order.pk}/status"
    version = read(boss.get(f"/admin/orders/{order.pk}"))["version"]
    read(boss.patch(path, {"status": "processing"}, **{"If-Match": f'"{version - 1}"'}), 412)
    assert makers.again(order).status == "confirmed"
    read(boss.patch(path, {"status": "processing"}, **{"If-Match": f'"{version}"'}))
    read(boss.patch(path, {"status": "shipped"}, **{"If-Match": f'"{version}"'}), 412)


def test_a_repeat_with_the_same_key_is_the_same_answer() -> None:
    boss = makers.staff()
    order = makers.paid_order()
    path = f"/admin/orders/{order.pk}/notes"
    first = boss.post(path, {"note": "once"}, key="note-12345")
    again = boss.post(path, {"note": "once"}, key="note-12345")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert Event.objects.filter(kind="note.added").count() == 1


def test_notes_say_who_and_to_whom() -> None:
    boss = makers.staff()
    order = makers.paid_order()
    row = read(boss.post(f"/admin/orders/{order.pk}/notes", {"note": " Call first\nplease ", "isPublic": True}), 201)
    assert (row["type"], row["action"], row["message"]) == ("note_added", "note.added", "Call first\nplease")
    assert (row["isPublic"], row["orderId"], row["channel"]) == (True, str(order.pk), "admin_api")
    assert row["createdBy"] == row["actor"]["id"]
    assert row["actor"]["name"].startswith("tests")
    listed = read(boss.get(f"/admin/orders/{order.pk}/timeline"))["data"][-1]
    assert listed == row
    customer = next(target for target in row["targets"] if target["type"] == "customer")
    assert customer == {"type": "customer", "id": str(order.person_id), "name": "Meera Nair"}


def test_refunds_in_part_then_above_what_is_left() -> None:
    boss = makers.staff()
    order = makers.delivered_order()
    path = f"/admin/orders/{order.pk}/refund"
    wish = {"amount": 1_000, "reason": "Late", "initiatePaymentRefund": True}
    read(boss.post(path, wish), 428)
    refund = read(boss.post(path, wish, key=True), 201)
    assert (refund["status"], refund["amount"], refund["gatewayRefundId"]) == ("pending", 1_000, None)
    problem = read(boss.post(path, {**wish, "amount": order.total_minor}, key=True), 422)
    assert problem["type"] == "/problems/above-refundable"
    assert read(boss.get(f"/admin/orders/{order.pk}"))["refundableAmount"] == order.total_minor - 1_000


def test_money_given_back_by_other_means_is_recorded() -> None:
    boss = makers.staff()
    order = makers.delivered_order()
    wish = {"amount": order.total_minor, "reason": "Cash at the counter", "initiatePaymentRefund": False}
    refund = read(boss.post(f"/admin/orders/{order.pk}/refund", wish, key=True), 201)
    assert (refund["status"], refund["byOtherMeans"]) == ("processed", True)
    seen = read(boss.get(f"/admin/orders/{order.pk}"))
    assert (seen["status"], seen["paymentState"], seen["refundedAmount"]) == ("refunded", "refunded", order.total_minor)


@pytest.mark.parametrize(("verb", "body", "status"), [("approve", {}, "pending"), ("decline", {"reason": "Worn"}, "declined")])
def test_a_customers_request_is_decided(verb: str, body: dict[str, str], status: str) -> None:
    boss, caller = makers.staff(), makers.customer()
    order = makers.delivered_order(person_id=caller.person_id)
    wish = read(caller.post(f"/storefront/orders/{order.pk}/refund", {"amount": 700, "reason": "Torn"}, key=True), 202)
    path = f"/admin/orders/{order.pk}/refunds/{wish['id']}"
    assert read(boss.post(f"{path}/{verb}", body))["status"] == status
    assert read(boss.post(f"{path}/{verb}", body), 409)["type"] == "/problems/transition-not-allowed"
    read(boss.post(f"/admin/orders/{makers.paid_order().pk}/refunds/{wish['id']}/{verb}", body), 404)


def test_parcels_are_booked_labelled_handed_over_and_delivered() -> None:
    from timeline import relay

    boss = makers.staff()
    order = makers.processing_order(lines=2)
    first, second = read(boss.get(f"/admin/orders/{order.pk}"))["items"]
    path = f"/admin/orders/{order.pk}/shipments"
    part = {"carrier": "own_fleet", "items": [{"orderItemId": first["id"], "quantity": 1}]}
    parcel = read(boss.post(path, part), 201)
    assert (parcel["status"], parcel["trackingNumber"], parcel["label"]) == ("booked", None, None)
    read(boss.post(path, {**part, "items": [{"orderItemId": second["id"], "quantity": 3}]}), 422)
    read(boss.post(path, {"carrier": "nobody"}), 422)
    read(boss.post(path, {"carrier": "own_fleet", "warehouse": "NOWHERE"}), 422)
    read(boss.post(path, {"carrier": "own_fleet"}), 201)
    relay.drain(5)
    seen = read(boss.get(f"/admin/shipments/{parcel['id']}"))
    assert (seen["status"], bool(seen["trackingNumber"])) == ("labelled", True)
    pdf = boss.get(seen["label"])
    assert (pdf.status_code, pdf["Content-Type"], pdf.content[:4]) == (200, "application/pdf", b"%PDF")
    assert read(boss.get(f"/admin/orders/{order.pk}"))["status"] == "shipped"

    place = f"/admin/shipments/{parcel['id']}"
    read(boss.post(f"{place}/deliver", {}), 409)
    assert read(boss.post(f"{place}/dispatch", {}))["shippedAt"] is not None
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    read(boss.post(f"{place}/deliver", {"at": tomorrow}), 422)
    read(boss.post(f"{place}/deliver", {"photoUrl": "javascript:alert(1)"}), 400)
    arrived = {"deliveredTo": "Ravi", "signatureRequired": True, "photoUrl": "https://img.example/1.jpg"}
    done = read(boss.post(f"{place}/deliver", arrived))
    assert {name: done[name] for name in arrived} == arrived
    assert read(boss.get(f"/admin/orders/{order.pk}"))["status"] == "shipped"
    read(boss.post(f"{place}/return", {}), 409)
    read(boss.post(f"/admin/shipments/{uuid.uuid4()}/dispatch", {}), 404)


def test_a_cancelled_parcel_comes_back_and_is_stock_again() -> None:
    boss = makers.staff()
    order = makers.shipped_order()
    done = move(boss, order, "cancelled")
    (parcel,) = done["shipments"]
    assert parcel["status"] == "returning"
    assert Level.objects.get().on_hand == 998
    assert read(boss.post(f"/admin/shipments/{parcel['id']}/return", {}))["status"] == "returned"
    assert Level.objects.get().on_hand == 1000


def test_a_hold_stops_what_moves_forward_until_it_is_released() -> None:
    boss = makers.staff()
    order = makers.paid_order()
    path = f"/admin/orders/{order.pk}/holds"
    hold = read(boss.post(path, {"reason": "fraud", "note": "Ring the bank"}), 201)
    assert (hold["reason"], hold["note"], hold["releasedAt"]) == ("fraud", "Ring the bank", None)
    worded = read(boss.post(path, {"reason": "Customer is travelling"}), 201)
    assert (worded["reason"], worded["note"]) == ("other", "Customer is travelling")
    assert move(boss, order, "processing", 409)["type"] == "/problems/on-hold"
    seen = read(boss.get(f"/admin/orders/{order.pk}"))
    assert (seen["onHold"], len(seen["holds"]), "start_processing" in seen["allowedActions"]) == (True, 2, False)
    for made in (hold, worded):
        assert read(boss.delete(f"{path}/{made['id']}"))["releasedAt"] is not None
    assert move(boss, order, "processing")["onHold"] is False
    read(boss.delete(f"{path}/{uuid.uuid4()}"), 404)


def test_customers_do_not_read_holds() -> None:
    caller = makers.customer()
    order = makers.paid_order(person_id=caller.person_id)
    read(makers.staff().post(f"/admin/orders/{order.pk}/holds", {"reason": "fraud", "note": "Looks odd"}), 201)
    seen = caller.get(f"/storefront/orders/{order.pk}")
    assert read(seen)["holds"] == []
    assert b"odd" not in seen.content
    assert b"order.held" not in caller.get(f"/storefront/orders/{order.pk}/timeline").content


ENDPOINTS = [
    ("GET", "/admin/orders", "orders:read"),
    ("GET", "/admin/orders/{}", "orders:read"),
    ("GET", "/admin/orders/{}/timeline", "orders:read"),
    ("PATCH", "/admin/orders/{}/status", "orders:write"),
    ("POST", "/admin/orders/{}/notes", "orders:write"),
    ("POST", "/admin/orders/{}/refund", "refunds:write"),
    ("POST", "/admin/orders/{}/refund/quote", "refunds:write"),
    ("POST", "/admin/refunds/{}/retry", "refunds:write"),
    ("POST", "/admin/refunds/{}/settle-by-other-means", "refunds:write"),
    ("POST", "/admin/orders/{}/refunds/x/approve", "refunds:write"),
    ("POST", "/admin/orders/{}/refunds/x/decline", "refunds:write"),
    ("POST", "/admin/orders/{}/shipments", "shipments:write"),
    ("POST", "/admin/orders/{}/holds", "orders:write"),
    ("DELETE", "/admin/orders/{}/holds/x", "orders:write"),
    ("GET", "/admin/shipments/x", "orders:read"),
    ("GET", "/admin/shipments/x/label", "shipments:write"),
    ("POST", "/admin/shipments/x/dispatch", "shipments:write"),
    ("POST", "/admin/shipments/x/deliver", "shipments:write"),
    ("POST", "/admin/shipments/x/return", "shipments:write"),
    ("GET", "/admin/settlements", "orders:read"),
    ("GET", "/admin/settlements/x", "orders:read"),
    ("GET", "/admin/settlements/x/lines", "orders:read"),
    ("GET", "/admin/bank-lines", "orders:read"),
    ("POST", "/admin/bank-statements", "money:write"),
    ("GET", "/admin/remittances", "orders:read"),
    ("POST", "/admin/remittances", "money:write"),
    ("GET", "/admin/journal.csv", "orders:read"),
    ("GET", "/admin/journal/balances", "orders:read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS, ids=str)
def test_who_may_call(method: str, path: str, scope: str) -> None:
    place = path.format(uuid.uuid4())
    stranger = makers.nobody().send(method, place)
    assert (stranger.status_code, stranger["WWW-Authenticate"]) == (401, 'Bearer realm="bahi"')
    assert makers.customer().send(method, place).status_code == 403
    assert makers.staff("nothing:read").send(method, place).status_code == 403
    assert makers.staff(scope).send(method, place).status_code not in (401, 403)


def test_staff_by_cookie_need_a_csrf_token_and_the_flag() -> None:
    user = makers.member("asha", first_name="Asha")
    order = makers.paid_order()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.get("/admin/orders").status_code == 200
    path = f"/admin/orders/{order.pk}/notes"
    assert client.post(path, '{"note": "x"}', content_type="application/json").status_code == 403
    client.cookies["csrftoken"] = "a" * 32
    made = client.post(path, '{"note": "x"}', content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert read(made, 201)["actor"] == {"type": "staff", "id": str(user.pk), "name": "Asha"}
    plain = Client()
    plain.force_login(get_user_model().objects.create_user("ravi", password="x"))
    assert plain.get("/admin/orders").status_code == 403
