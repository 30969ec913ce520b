"""The storefront, driven as a client drives it (B41 to B45, API.md)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings

from inventory.models import Level
from orders.api import authentication
from payments import gateways
from tests import makers
from tests.payments.fake_gateway import FakeGateway, sign_return
from timeline.models import Event

pytestmark = pytest.mark.django_db


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, (response.status_code, response.content[:2000])
    return json.loads(response.content)


def ready(caller: makers.Caller, *, payment_method: str = "razorpay", quantity: int = 2) -> str:
    sku = makers.product().sku
    started = read(caller.post("/storefront/checkouts", {"lines": [{"sku": sku, "quantity": quantity}]}), 201)
    path = f"/storefront/checkouts/{started['id']}"
    details = {"email": "Meera@Example.com", "shippingAddress": makers.address(), "paymentMethod": payment_method}
    read(caller.patch(path, details))
    return path


def order_of(caller: makers.Caller, **wish: Any) -> dict[str, Any]:
    order: dict[str, Any] = read(caller.post(f"{ready(caller, **wish)}/complete", {}, key=True), 201)["order"]
    return order


def test_a_guest_gets_a_token_and_shops_with_it() -> None:
    given = read(makers.nobody().post("/storefront/anonymous-tokens"), 201)
    assert uuid.UUID(given["anonymousId"]).version == 7
    assert datetime.fromisoformat(given["expiresAt"]).tzinfo is not None
    guest = makers.Caller({"Authorization": f"Bearer {given['token']}"})
    assert order_of(guest)["customerId"] == given["anonymousId"]


def test_the_whole_way_of_a_cart() -> None:
    caller = makers.customer()
    first, second = makers.product(price_minor=10_000, gst_rate_bp=500), makers.product(price_minor=33_333, gst_rate_bp=25)
    made = caller.post("/storefront/checkouts", {})
    cart = read(made, 201)
    assert made["Location"] == f"/storefront/checkouts/{cart['id']}"
    assert (cart["status"], cart["lines"], cart["total"], cart["orderId"]) == ("open", [], 0, None)
    path = f"/storefront/checkouts/{cart['id']}"
    cart = read(caller.post(f"{path}/lines", {"sku": first.sku, "quantity": 1, "metadata": {"gift": True}}), 201)
    cart = read(caller.post(f"{path}/lines", {"sku": second.sku, "quantity": 3}), 201)
    assert [(line["sku"], line["quantity"], line["gstRate"]) for line in cart["lines"]] == [(first.sku, 1, 5), (second.sku, 3, 0.25)]
    assert cart["lines"][0]["metadata"] == {"gift": True}
    assert cart["subtotal"] == 10_000 + 3 * 33_333
    line = f"{path}/lines/{cart['lines'][1]['id']}"
    assert read(caller.patch(line, {"quantity": 1}))["lines"][1]["quantity"] == 1
    assert len(read(caller.delete(line))["lines"]) == 1
    cart = read(caller.patch(path, {"email": "A@Example.com", "shippingAddress": makers.address(state="Karnataka")}))
    assert (cart["email"], cart["shippingAddress"]["state"]) == ("a@example.com", "IN-KA")
    held = read(caller.post(f"{path}/hold", {}))
    assert held["holdExpiresAt"] is not None
    assert read(caller.get(path))["id"] == cart["id"]


def test_placing_an_order_adds_up_and_repeats_byte_for_byte() -> None:
    caller = makers.customer()
    path = ready(caller)
    response = caller.post(f"{path}/complete", {}, key="first-try-1")
    made = read(response, 201)
    order, payment = made["order"], made["payment"]
    assert order["total"] == order["subtotal"] - order["discountAmount"] + order["gstAmount"] + order["shippingCost"]
    assert sum(item["gstAmount"] for item in order["items"]) == order["gstAmount"] == sum(order["gst"].values())
    assert (order["status"], order["paymentState"], order["stage"]) == ("pending", "unpaid", "received")
    assert (payment["status"], payment["amount"], payment["razorpayOrderId"]) == ("opening", order["total"], None)
    assert payment["razorpayKeyId"] == settings.RAZORPAY_KEY_ID
    assert order["shippingAddress"]["postalCode"] == "560001"
    assert response["ETag"] == f'"{order["version"]}"'
    assert order["allowedActions"] == ["cancel"]

    events = Event.objects.count()
    twin = caller.post(f"{path}/complete", {}, key='"first-try-1"')
    assert (twin.status_code, twin.content, twin["ETag"]) == (201, response.content, response["ETag"])
    assert twin["Idempotent-Replayed"] == "true"
    other = read(caller.post(f"{path}/complete", b"{ }", key="first-try-1"), 422)
    assert other["type"] == "/problems/idempotency-key-reuse"
    assert read(caller.post(f"{path}/complete", {}, key=True), 409)["type"] == "/problems/checkout-closed"
    assert Event.objects.count() == events
    assert read(caller.get(path))["orderId"] == order["id"]


def test_a_price_marked_with_gst_is_shown_so_and_paid_so() -> None:
    caller = makers.customer()
    sku = makers.product(price_minor=99_900, gst_rate_bp=500, price_includes_gst=True).sku
    assert read(caller.get(f"/storefront/products?q={sku}"))["data"][0]["priceIncludesGst"] is True
    path = ready(caller)
    cart = read(caller.post(f"{path}/lines", {"sku": sku, "quantity": 1}), 201)
    assert [line["priceIncludesGst"] for line in cart["lines"]] == [False, True]
    order = read(caller.post(f"{path}/complete", {}, key=True), 201)["order"]
    item = order["items"][1]
    assert (item["price"], item["priceIncludesGst"], item["total"]) == (99_900, True, 99_900)
    assert item["gst"] == {"cgst": 2_379, "sgst": 2_379, "igst": 0}
    assert order["total"] == order["subtotal"] - order["discountAmount"] + order["gstAmount"] + order["shippingCost"]


def test_the_answer_of_the_placement_is_what_is_read_afterwards() -> None:
    caller = makers.customer()
    order = order_of(caller)
    assert read(caller.get(f"/storefront/orders/{order['id']}")) == order
    assert read(caller.get(f"/storefront/orders/{order['orderNumber']}")) == order


def test_completing_needs_a_key_and_all_parts() -> None:
    caller = makers.customer()
    path = f"/storefront/checkouts/{read(caller.post('/storefront/checkouts', {}), 201)['id']}"
    assert read(caller.post(f"{path}/complete", {}), 428)["type"] == "/problems/idempotency-key-required"
    for bad in ("short", "x" * 256, "white space", 'half"quoted1'):
        read(caller.post(f"{path}/complete", {}, key=bad), 400)
    missing = read(caller.post(f"{path}/complete", {}, key=True), 422)
    assert {error["pointer"] for error in missing["errors"]} == {"#/lines", "#/email", "#/shippingAddress"}
    wrong = read(caller.patch(path, {"shippingAddress": {"name": "A"}}), 422)
    assert "#/shippingAddress/postalCode" in {error["pointer"] for error in wrong["errors"]}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"gstin": "27AAPFU0939F1ZW"}, "#/gstin"),
        ({"shippingAddress": makers.address(gstin="27AAPFU0939F1ZW")}, "#/shippingAddress/gstin"),
        ({"billingAddress": makers.address(gstin="27AAPFU0939F1ZW")}, "#/billingAddress/gstin"),
        ({"billingAddress": makers.address(gstin="39AAPFU0939F1ZV")}, "#/billingAddress/gstin"),
        ({"billingAddress": makers.address(gstin="27AAPFU0939F1Z")}, "#/billingAddress/gstin"),
    ],
)
def test_a_gstin_of_a_wrong_check_character_is_named_wherever_it_stands(changes: dict[str, Any], pointer: str) -> None:
    caller = makers.customer()
    path = ready(caller)
    before = read(caller.get(path)) | {"pricesAsOf": None}
    problem = read(caller.patch(path, {"name": "Somebody else", **changes}), 422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert read(caller.get(path)) | {"pricesAsOf": None} == before


def test_a_right_gstin_is_taken_for_each_address_by_itself() -> None:
    caller = makers.customer()
    right = makers.address(gstin="27AAPFU0939F1ZV")
    cart = read(caller.patch(ready(caller), {"shippingAddress": right, "billingAddress": {**right, "gstin": None}}))
    assert (cart["shippingAddress"]["gstin"], cart["billingAddress"]["gstin"]) == ("27AAPFU0939F1ZV", None)


def test_out_of_stock_leaves_the_checkout_open() -> None:
    caller = makers.customer()
    path = ready(caller)
    sku = makers.product(units=1).sku
    read(caller.post(f"{path}/lines", {"sku": sku, "quantity": 2}), 201)
    problem = read(caller.post(f"{path}/complete", {}, key=True), 409)
    assert problem["type"] == "/problems/out-of-stock"
    assert sku in json.dumps(problem)
    cart = read(caller.get(path))
    assert cart["status"] == "open"
    read(caller.delete(f"{path}/lines/{cart['lines'][1]['id']}"))
    read(caller.post(f"{path}/complete", {}, key=True), 201)


def test_a_changed_price_is_refused_once_and_then_accepted() -> None:
    from inventory import operations as stock
    from inventory.models import Variant
    from timeline.operations import operation

    caller = makers.customer()
    path = ready(caller)
    sku = read(caller.get(path))["lines"][0]["sku"]
    with operation("test.price", actor=makers.STAFF) as op:
        stock.change_price(op, sku=sku, price_minor=99_900)
    assert Variant.objects.get(sku=sku).price_minor == 99_900
    problem = read(caller.post(f"{path}/complete", {}, key=True), 409)
    assert problem["type"] == "/problems/price-changed"
    assert read(caller.post(f"{path}/complete", {}, key=True), 201)["order"]["items"][0]["price"] == 99_900


def test_cash_on_delivery_confirms_at_once() -> None:
    order = order_of(makers.customer(), payment_method="cod")
    assert (order["status"], order["payments"][0]["gateway"]) == ("confirmed", "cod")
    assert order["confirmedAt"] is not None


def test_paying_and_coming_back_confirms() -> None:
    caller = makers.customer()
    gateway = FakeGateway()
    with gateways.use(gateway):
        order = order_of(caller)
        path = f"/storefront/orders/{order['id']}"
        assert read(caller.get(f"{path}/payment"))["razorpayOrderId"] is None
        _relay()
        payment = read(caller.get(f"{path}/payment"))
        assert (payment["status"], payment["attempts"]) == ("created", 1)
        paid = gateway.pay(payment["razorpayOrderId"])
        body = {
            "razorpayPaymentId": paid, "razorpayOrderId": payment["razorpayOrderId"],
            "razorpaySignature": sign_return(payment["razorpayOrderId"], paid),
        }
        bad = read(caller.post(f"{path}/payment/verify", {**body, "razorpaySignature": "0" * 64}), 422)
        assert bad["type"] == "/problems/bad-signature"
        read(caller.post(f"{path}/payment/verify", {**body, "razorpayOrderId": "order_other"}), 422)
        done = read(caller.post(f"{path}/payment/verify", body))
        assert (done["status"], done["paymentState"], done["paidAmount"]) == ("confirmed", "paid", order["total"])
        assert read(caller.post(f"{path}/payment/verify", body))["status"] == "confirmed"


def test_another_attempt_needs_a_failure() -> None:
    caller = makers.customer()
    order = order_of(caller)
    problem = read(caller.post(f"/storefront/orders/{order['id']}/payment", {}), 409)
    assert problem["type"] == "/problems/nothing-to-pay"


def test_cancelling_gives_the_stock_back_and_is_final() -> None:
    caller = makers.customer()
    order = order_of(caller)
    path = f"/storefront/orders/{order['id']}"
    assert Level.objects.get().held == 2
    done = read(caller.post(f"{path}/cancel", {"reason": "Changed my mind"}))
    assert (done["status"], done["allowedActions"], done["stage"]) == ("cancelled", [], "closed")
    assert Level.objects.get().held == 0
    problem = read(caller.post(f"{path}/cancel", {}), 409)
    assert "cancelled" in problem["detail"]
    row = next(row for row in read(caller.get(f"{path}/timeline"))["data"] if row["type"] == "cancelled")
    assert row["actor"]["type"] == "customer"
    assert row["metadata"]["reason"] == "Changed my mind"


def test_a_stale_if_match_is_412() -> None:
    caller = makers.customer()
    order = order_of(caller)
    path = f"/storefront/orders/{order['id']}"
    for stale in ('"1"', "1", 'W/"1"'):
        problem = read(caller.post(f"{path}/cancel", {}, **{"If-Match": stale}), 412)
        assert problem["version"] == order["version"]
    read(caller.post(f"{path}/cancel", {}, **{"If-Match": f'W/"{order["version"]}"'}))


def test_asking_for_money_back() -> None:
    caller = makers.customer()
    order = makers.paid_order(person_id=caller.person_id)
    path = f"/storefront/orders/{order.number}"
    read(caller.post(f"{path}/refund", {"amount": 500, "reason": "Torn"}), 428)
    line = read(caller.get(path))["items"][0]["id"]
    wish = {"amount": 500, "reason": "Torn", "items": [{"orderItemId": line, "quantity": 1}]}
    refund = read(caller.post(f"{path}/refund", wish, key=True), 202)
    assert (refund["status"], refund["amount"], refund["reason"]) == ("requested", 500, "Torn")
    assert refund["requestedBy"] == {"type": "customer", "id": str(caller.person_id)}
    read(caller.post(f"{path}/refund", {"amount": order.total_minor + 1, "reason": "All"}, key=True), 422)
    read(caller.post(f"{path}/refund", {**wish, "items": wish["items"] * 2}, key=True), 400)  # type: ignore[operator]
    assert [row["status"] for row in read(caller.get(path))["refunds"]] == ["requested"]


def test_own_orders_newest_first_by_page_cursor_and_status() -> None:
    caller = makers.customer()
    sku = makers.product().sku
    made = [makers.placed_order(person_id=caller.person_id, skus=[sku]) for _ in range(5)]
    makers.placed_order(skus=[sku])
    page = read(caller.get("/storefront/orders", limit=2))
    assert [row["id"] for row in page["data"]] == [str(order.pk) for order in made[:-3:-1]]
    assert (page["total"], page["page"], page["limit"], page["totalIsCapped"]) == (5, 1, 2, False)
    rest = read(caller.get("/storefront/orders", limit=200, cursor=page["nextCursor"]))
    assert [row["id"] for row in rest["data"]] == [str(order.pk) for order in made[2::-1]]
    assert rest["nextCursor"] is None
    assert read(caller.get("/storefront/orders", status="cancelled,refunded"))["total"] == 0
    assert "customer" not in page["data"][0]


def test_the_timeline_shows_what_is_public_and_nothing_else() -> None:
    caller = makers.customer()
    order = makers.paid_order(person_id=caller.person_id)
    boss = makers.staff()
    for note, public in (("for us", False), ("for you", True)):
        read(boss.post(f"/admin/orders/{order.pk}/notes", {"note": note, "isPublic": public}), 201)
    rows = read(caller.get(f"/storefront/orders/{order.pk}/timeline"))["data"]
    assert all(row["isPublic"] for row in rows)
    assert [row["type"] for row in rows] == ["created", "payment_received", "status_changed", "note_added"]
    assert [row["message"] for row in rows if row["type"] == "note_added"] == ["for you"]
    first = rows[0]
    assert first["metadata"]["total"] == order.total_minor
    assert first["metadata"]["itemCount"] == 2
    assert {"order", "customer", "item", "checkout"} <= {target["type"] for target in first["targets"]}
    assert ("order", str(order.pk)) in {(target["type"], target["id"]) for target in first["targets"]}
    assert [row["createdAt"] for row in rows] == sorted(row["createdAt"] for row in rows)


def test_somebody_elses_is_as_absent_in_the_same_bytes() -> None:
    mine, other = makers.customer(), makers.customer()
    order = order_of(mine)
    cart = ready(mine)
    for method, path, body in (
        ("GET", "/storefront/orders/{}", None),
        ("GET", "/storefront/orders/{}/timeline", None),
        ("GET", "/storefront/orders/{}/payment", None),
        ("POST", "/storefront/orders/{}/payment", {}),
        ("POST", "/storefront/orders/{}/cancel", {}),
        ("POST", "/storefront/orders/{}/refund", {"amount": 100, "reason": "Mine"}),
    ):
        answers = []
        for name in (order["id"], order["orderNumber"], str(uuid.uuid4()), "ORD-20200101-00001", "nonsense", "%00"):
            place = path.format(name)
            response = other.send(method, place, body, key=True) if method == "POST" else other.get(place)
            assert response.status_code == 404, place
            answers.append(response.content.replace(json.loads(response.content)["instance"].encode(), b""))
        assert len(set(answers)) == 1, path
    for method, tail in (("GET", ""), ("PATCH", ""), ("POST", "/complete"), ("POST", "/hold")):
        response = other.send(method, f"{cart}{tail}", {}, key=True) if method != "GET" else other.get(cart)
        assert response.status_code == 404
    assert read(mine.get(cart))["status"] == "open"


@pytest.mark.parametrize("path", ["/storefront/orders", "/storefront/orders/x", "/storefront/checkouts/x"])
def test_who_is_not_a_customer(path: str) -> None:
    stranger = makers.nobody().get(path)
    assert (stranger.status_code, stranger["WWW-Authenticate"]) == (401, 'Bearer realm="bahi"')
    assert makers.staff().get(path).status_code == 403


def _token(**claims: Any) -> str:
    now = datetime.now(tz=UTC)
    base = {
        "iss": "bahi", "aud": settings.CUSTOMER_JWT_AUDIENCE, "sub": str(uuid.uuid4()), "typ": "customer",
        "iat": now, "exp": now + timedelta(hours=1),
    }
    return jwt.encode({**base, **claims}, authentication._secret(), algorithm="HS256")


@pytest.mark.parametrize(
    "token",
    [
        "x", "a.b.c", "", "bahi_live_unknown",
        pytest.param(lambda: _token(aud="another"), id="audience"),
        pytest.param(lambda: _token(iss="another"), id="issuer"),
        pytest.param(lambda: _token(sub="not a uuid"), id="subject"),
        pytest.param(lambda: _token(typ="staff"), id="kind"),
        pytest.param(lambda: _token(exp=datetime(2020, 1, 1, tzinfo=UTC)), id="expired"),
        pytest.param(lambda: jwt.encode({"sub": str(uuid.uuid4())}, "", algorithm="none"), id="unsigned"),
        pytest.param(lambda: jwt.encode({"sub": str(uuid.uuid4())}, settings.SECRET_KEY, algorithm="HS256"), id="key"),
    ],
)
def test_a_bad_token_is_401(token: Any) -> None:
    text = token() if callable(token) else token
    caller = makers.Caller({"Authorization": f"Bearer {text}"})
    assert caller.get("/storefront/orders").status_code == 401


def test_the_identity_providers_token_is_taken(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    class Keys:
        def get_signing_key_from_jwt(self, _: str) -> Any:
            return type("Key", (), {"key": private.public_key()})

    settings.CUSTOMER_JWKS_URL = "https://login.invalid/keys"
    monkeypatch.setattr(authentication, "_keys", lambda _: Keys())
    now = datetime.now(tz=UTC)
    claims = {"iss": "https://login.invalid", "aud": "bahi", "sub": "auth0|42", "exp": now + timedelta(hours=1)}
    caller = makers.Caller({"Authorization": f"Bearer {jwt.encode(claims, private, algorithm='RS256')}"})
    first, second = order_of(caller), order_of(caller)
    assert uuid.UUID(first["customerId"]).version == 5
    assert first["customerId"] == second["customerId"]


def test_the_pages_cookie_is_a_customer_and_wants_a_csrf_token() -> None:
    from django.test import Client

    person_id = uuid.uuid4()
    client = Client(enforce_csrf_checks=True)
    session = client.session
    session["person_id"] = str(person_id)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    assert client.get("/storefront/orders").status_code == 200
    assert client.post("/storefront/checkouts", "{}", content_type="application/json").status_code == 403


def test_new_orders_are_limited(settings: Any) -> None:
    settings.ORDER_RATE = 2
    caller = makers.customer()
    paths = [ready(caller) for _ in range(3)]
    for path in paths[:2]:
        read(caller.post(f"{path}/complete", {}, key="the-very-same-key" + path[-4:]), 201)
    refused = caller.post(f"{paths[2]}/complete", {}, key=True)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    replay = caller.post(f"{paths[0]}/complete", {}, key="the-very-same-key" + paths[0][-4:])
    assert replay.status_code == 201


def _relay() -> None:
    from timeline import relay

    relay.drain(5)
