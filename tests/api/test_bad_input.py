"""Bad requests against every writable field of every endpoint: refused with 4xx, and nothing has changed (F60 to F73)."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from inventory.models import Level
from orders.api.examples import BODIES
from orders.models import Checkout, CheckoutLine, Order
from payments.models import BankLine, Refund, Remittance
from shipping.models import Shipment
from tests import makers
from tests.api import corpus
from tests.thorough import some
from timeline.models import Event, Receipt

pytestmark = pytest.mark.django_db

LINE = {"sku": "TEA-1", "quantity": 1, "metadata": {"gift": "yes"}}
ADDRESS = {**makers.address(), "line2": "Flat 2", "gstin": "29ABCDE1234F1ZW"}
UNITS = [{"orderItemId": "01890a5d-ac96-774b-bcce-b302099a8057", "quantity": 1}]
_ITEMS = {"#/items": "list", "#/items/0/orderItemId": "uuid", "#/items/0/quantity": "quantity"}

# Where, who, a body that is accepted in form, and the kinds of its fields.
WRITES: dict[str, tuple[str, str, dict[str, Any], dict[str, str]]] = {
    "anonymous-tokens": ("POST", "/storefront/anonymous-tokens", {}, {}),
    "checkout": (
        "POST", "/storefront/checkouts", {"lines": [LINE]},
        {"#/lines": "list", "#/lines/0/sku": "code", "#/lines/0/quantity": "quantity", "#/lines/0/metadata": "metadata"},
    ),
    "line": ("POST", "{cart}/lines", LINE, {"#/sku": "code", "#/quantity": "quantity", "#/metadata": "metadata"}),
    "quantity": ("PATCH", "{cart}/lines/{line}", {"quantity": 2}, {"#/quantity": "quantity"}),
    "details": (
        "PATCH", "{cart}",
        {
            "email": "a@example.com", "phone": "+919845012345", "name": "Meera", "gstin": "29ABCDE1234F1ZW",
            "shippingAddress": ADDRESS, "discountCode": "WELCOME", "shippingMethod": "standard", "paymentMethod": "cod",
        },
        {
            "#/email": "email", "#/phone": "text", "#/name": "text", "#/gstin": "text", "#/shippingAddress": "object",
            "#/shippingAddress/name": "text", "#/shippingAddress/line1": "text", "#/shippingAddress/line2": "text",
            "#/shippingAddress/postalCode": "text", "#/shippingAddress/state": "text", "#/discountCode": "text",
            "#/shippingMethod": "choice", "#/paymentMethod": "choice",
        },
    ),
    "hold-cart": ("POST", "{cart}/hold", {}, {}),
    "complete": ("POST", "{cart}/complete", {}, {}),
    "pay-again": ("POST", "/storefront/orders/{own}/payment", {}, {}),
    "verify": (
        "POST", "/storefront/orders/{own}/payment/verify",
        {"razorpayPaymentId": "pay_1", "razorpayOrderId": "order_1", "razorpaySignature": "0" * 64},
        {"#/razorpayPaymentId": "text", "#/razorpayOrderId": "text", "#/razorpaySignature": "text"},
    ),
    "cancel": ("POST", "/storefront/orders/{own}/cancel", {"reason": "x"}, {"#/reason": "text"}),
    "refund-wish": (
        "POST", "/storefront/orders/{own}/refund", {"amount": 100, "reason": "x", "items": UNITS},
        {"#/amount": "money", "#/reason": "text", **_ITEMS},
    ),
    "status": (
        "PATCH", "/admin/orders/{own}/status",
        {"status": "shipped", "note": "x", "carrier": "Blue Dart", "trackingNumber": "1"},
        {"#/status": "choice", "#/note": "text", "#/carrier": "text", "#/trackingNumber": "text"},
    ),
    "note": ("POST", "/admin/orders/{own}/notes", {"note": "x", "isPublic": True}, {"#/note": "text", "#/isPublic": "bool"}),
    "refund": (
        "POST", "/admin/orders/{own}/refund",
        {
            "amount": 100, "reason": "x", "initiatePaymentRefund": True, "items": UNITS, "restock": False,
            "withShipping": True, "goodwill": False, "speed": "instant", "restockLines": [{**UNITS[0], "to": "stock"}],
        },
        {
            "#/amount": "money", "#/reason": "text", "#/initiatePaymentRefund": "bool", "#/restock": "bool", **_ITEMS,
            "#/withShipping": "bool", "#/goodwill": "bool", "#/speed": "choice", "#/restockLines": "list",
            "#/restockLines/0/orderItemId": "uuid", "#/restockLines/0/quantity": "quantity", "#/restockLines/0/to": "choice",
        },
    ),
    "edit": (
        "POST", "/admin/orders/{own}/edits",
        {"add": [{"sku": "TEA-1", "quantity": 1}], "quantities": [{**UNITS[0], "quantity": 1}]},
        {
            "#/add": "list", "#/add/0/sku": "code", "#/add/0/quantity": "quantity", "#/quantities": "list",
            "#/quantities/0/orderItemId": "uuid",
        },
    ),
    "readdress": ("PATCH", "/storefront/orders/{own}/address", {"shippingAddress": makers.address()}, {}),
    "edit-commit": ("POST", "/admin/orders/{own}/edits/{other}/commit", {"expectedBalance": 5}, {}),
    "refund-quote": (
        "POST", "/admin/orders/{own}/refund/quote",
        {"amount": 100, "items": UNITS, "withShipping": True, "goodwill": False},
        {"#/amount": "money", "#/withShipping": "bool", "#/goodwill": "bool", **_ITEMS},
    ),
    "refund-retry": ("POST", "/admin/refunds/{other}/retry", {}, {}),
    "refund-settle": (
        "POST", "/admin/refunds/{other}/settle-by-other-means", {"reference": "UTR1", "reason": "x"},
        {"#/reference": "code", "#/reason": "text"},
    ),
    "approve": ("POST", "/admin/orders/{own}/refunds/{other}/approve", {}, {}),
    "decline": ("POST", "/admin/orders/{own}/refunds/{other}/decline", {"reason": "x"}, {"#/reason": "text"}),
    "shipment": (
        "POST", "/admin/orders/{own}/shipments",
        {"items": UNITS, "carrier": "own_fleet", "service": "standard", "warehouse": "BLR-1"},
        {"#/carrier": "text", "#/service": "text", "#/warehouse": "text", **_ITEMS},
    ),
    "dispatch": ("POST", "/admin/shipments/{parcel}/dispatch", {"at": "2026-01-01T00:00:00Z"}, {"#/at": "text"}),
    "deliver": (
        "POST", "/admin/shipments/{parcel}/deliver",
        {"deliveredTo": "Ravi", "signatureRequired": True, "photoUrl": "https://a.example/1", "at": "2026-01-01T00:00:00Z"},
        {"#/deliveredTo": "text", "#/signatureRequired": "bool", "#/photoUrl": "text", "#/at": "text"},
    ),
    "return": ("POST", "/admin/shipments/{parcel}/return", {}, {}),
    "bank-statement": ("POST", "/admin/bank-statements", {"csv": BODIES["FileInput"]["csv"]}, {"#/csv": "text"}),
    "remittance": (
        "POST", "/admin/remittances",
        {"csv": "carrier,reference,utr,date,awb,amount\nown_fleet,R-1,U-1,21/11/2026,AWB-1,5.00\n"}, {"#/csv": "text"},
    ),
    "hold": ("POST", "/admin/orders/{own}/holds", {"reason": "fraud", "note": "x"}, {"#/reason": "text", "#/note": "text"}),
}
LISTS = (
    "/storefront/orders", "/admin/orders", "/storefront/orders/{own}/timeline", "/admin/orders/{own}/timeline",
    "/admin/settlements", "/admin/bank-lines", "/admin/remittances",
)
# A multiline text takes line feeds; a text that is looked up or checked for sense says 422, or does not mind.
_SENSE = frozenset({400, 422})


def state() -> tuple[int, ...]:
    tables = (Event, Receipt, Order, Checkout, CheckoutLine, Refund, Shipment, Level, BankLine, Remittance)
    return tuple(table.objects.count() for table in tables)


@pytest.fixture(scope="module")
def places(ground: None) -> dict[str, Any]:
    caller = makers.customer()
    makers.product("TEA-1")
    cart = makers.checkout_ready(person_id=caller.person_id, skus=["TEA-1"])
    order = makers.shipped_order(person_id=caller.person_id)
    return {
        "caller": caller, "boss": makers.staff(), "cart": f"/storefront/checkouts/{cart.pk}",
        "line": CheckoutLine.objects.get(checkout=cart).pk, "own": order.pk, "parcel": Shipment.objects.get().pk,
        "other": uuid.uuid4(),
    }


@pytest.mark.parametrize("name", WRITES)
def test_bad_bodies_are_refused_and_change_nothing(name: str, places: dict[str, Any]) -> None:
    method, template, valid, fields = WRITES[name]
    path = template.format(**places)
    who: makers.Caller = places["boss"] if path.startswith("/admin") else places["caller"]
    before = state()
    wrong = []
    for bad in some(corpus.bodies(valid, fields), list(WRITES).index(name)):
        response = who.send(method, path, bad.raw, key=True, content_type=bad.content_type)
        if response.status_code not in bad.expect | _SENSE or response["Content-Type"] != "application/problem+json":
            wrong.append((str(bad), response.status_code, response.content[:160]))
    assert wrong == []
    assert state() == before


@pytest.mark.parametrize("name", [name for name, (_, _, valid, _) in WRITES.items() if valid])
def test_bodies_of_the_right_form_are_not_400(name: str, places: dict[str, Any]) -> None:
    """The control: what the corpus starts from is accepted in form, so its refusals are about the mutation."""
    method, template, valid, _ = WRITES[name]
    path = template.format(**places)
    who: makers.Caller = places["boss"] if path.startswith("/admin") else places["caller"]
    response = who.send(method, path, valid, key=True)
    assert response.status_code not in (400, 401, 403, 415, 428), response.content


@pytest.mark.parametrize("template", LISTS)
def test_bad_queries_are_400(template: str, places: dict[str, Any]) -> None:
    path = template.format(**places)
    who: makers.Caller = places["boss"] if path.startswith("/admin") else places["caller"]
    answers = {query: who.client.get(f"{path}?{query}", headers=who.headers).status_code for query in corpus.bad_queries()}
    assert {query: status for query, status in answers.items() if status != 400} == {}


@pytest.mark.parametrize(
    "query",
    [
        "status=sudo", "status=", "status=PENDING", "status=" + ",".join(["pending"] * 51), "customerId=1",
        "paymentStatus=yes", "shippingStatus=no", "minTotal=-1", "minTotal=1.5", "maxTotal=１", "minTotal=99999999999999999",
        "createdFrom=yesterday", "createdFrom=2026-02-30", "createdTo=0001-01-01", "deliveredFrom=2026-01-01T25:00:00Z",
        "customer=" + "x" * 101, "customer=%00", "q=%E2%80%AE", "orderNumber=" + "1" * 25, "orderNumber=a&orderNumber=b",
        "customer_id=x", "createdfrom=2026-01-01",
    ],
)
def test_bad_filters_are_400(query: str) -> None:
    boss = makers.staff()
    response = boss.client.get(f"/admin/orders?{query}", headers=boss.headers)
    assert (response.status_code, json.loads(response.content)["type"]) == (400, "/problems/validation")


@pytest.mark.parametrize(
    "query", ["q=%27%20OR%201%3D1", "q=%25", "customer=_", "customer=%F0%9F%98%80", "q=\\", "customer=...", "orderNumber=_"]
)
def test_odd_words_find_nothing_and_break_nothing(query: str) -> None:
    boss = makers.staff()
    makers.placed_order()
    response = boss.client.get(f"/admin/orders?{query}", headers=boss.headers)
    assert (response.status_code, json.loads(response.content)["total"]) == (200, 0)


@pytest.mark.parametrize("text", ["x", "..", "%00", "%0a", "%F0%9F%98%80", "1" * 500, "ORD-1", "'", "01890a5dac96774bbcceb302099a8057"])
def test_odd_ids_are_404(text: str, places: dict[str, Any]) -> None:
    caller: makers.Caller = places["caller"]
    boss: makers.Caller = places["boss"]
    before = state()
    statuses = [
        caller.get(f"/storefront/orders/{text}").status_code,
        caller.get(f"/storefront/checkouts/{text}").status_code,
        caller.patch(f"{places['cart']}/lines/{text}", {"quantity": 1}).status_code,
        boss.get(f"/admin/orders/{text}").status_code,
        boss.get(f"/admin/shipments/{text}").status_code,
        boss.post(f"/admin/shipments/{text}/dispatch", {}).status_code,
        boss.delete(f"/admin/orders/{places['own']}/holds/{text}").status_code,
    ]
    assert set(statuses) == {404}
    assert state() == before


def test_odd_headers_are_never_a_5xx(places: dict[str, Any]) -> None:
    caller: makers.Caller = places["caller"]
    path = f"/storefront/orders/{places['own']}/cancel"
    statuses = {
        (header, value[:10]): caller.post(path, {}, **{header: value}).status_code
        for header in ("If-Match", "Idempotency-Key", "X-Session-Id", "X-Request-Id", "Authorization")
        for value in ("", " ", "\x00", "\x85", "x" * 10_000, '"', "W/", "é", "-1", "9" * 400)
    }
    assert {status for status in statuses.values() if not 400 <= status < 500} == set()
