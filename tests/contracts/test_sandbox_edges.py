"""The sandbox under bad input, and the pages people and programs pay at."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from payments.gateways.base import GatewayOrder
from payments.gateways.razorpay import RazorpayGateway
from payments.sandbox.entities import fee_and_tax
from payments.sandbox.paypage import rupees, safe_path
from tests.contracts.server import KEY_ID, KEY_SECRET, ROOT, WAIT_S, Sandbox, until

Orders = Callable[..., GatewayOrder]
AUTH = (KEY_ID, KEY_SECRET)
INDIA = timezone(timedelta(hours=5, minutes=30))


def call(sandbox: Sandbox, method: str, path: str, body: bytes | Any = None, **options: Any) -> requests.Response:
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    return requests.request(method, f"{sandbox.url}/v1{path}", data=data, auth=AUTH, timeout=WAIT_S, **options)


BAD_ORDERS = [
    (b"", "amount"), (b"[]", None), (b"{", None), (b"\xff", None), (b"[" * 50_000, None), (b'{"amount":NaN}', "amount"),
    (b'{"amount":' + b"9" * 5_000 + b"}", None), ({"amount": 99, "currency": "INR"}, "amount"),
    ({"amount": "500", "currency": "INR"}, "amount"), ({"amount": 500.0, "currency": "INR"}, "amount"),
    ({"amount": True, "currency": "INR"}, "amount"), ({"amount": 10**12, "currency": "INR"}, "amount"),
    ({"amount": 500}, "currency"), ({"amount": 500, "currency": "USD"}, "currency"),
    ({"amount": 500, "currency": ["INR"]}, "currency"), ({"amount": 500, "currency": "INR", "receipt": 7}, "receipt"),
    ({"amount": 500, "currency": "INR", "receipt": "r" * 41}, "receipt"),
    ({"amount": 500, "currency": "INR", "receipt": "\ud800"}, "receipt"),
    ({"amount": 500, "currency": "INR", "notes": {str(n): "" for n in range(16)}}, "notes"),
    ({"amount": 500, "currency": "INR", "notes": {"a": "n" * 257}}, "notes"),
    ({"amount": 500, "currency": "INR", "notes": {"a": {}}}, "notes"),
    ({"amount": 500, "currency": "INR", "notes": "a"}, "notes"),
    ({"amount": 500, "currency": "INR", "payment": {"capture": ["manual"]}}, "payment"),
    ({"amount": 500, "currency": "INR", "payment": {"capture_options": {"manual_expiry_period": 9_999}}}, "payment"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "field"), BAD_ORDERS)
def test_a_bad_order_is_refused_in_the_envelope(sandbox: Sandbox, body: Any, field: str | None) -> None:
    response = call(sandbox, "POST", "/orders", body)
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["code"], error.get("field")) == ("BAD_REQUEST_ERROR", field)
    assert set(error) >= {"description", "source", "step", "reason", "metadata"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/orders?count=101", 400), ("GET", "/orders?count=x", 400), ("GET", "/orders?skip=-1", 400),
        ("GET", "/orders?from=99999999999999999999", 400), ("GET", "/orders?receipt=%ff%00", 200),
        ("GET", "/orders/%2e%2e%2f", 404), ("GET", "/orders/" + "x" * 5_000, 400), ("GET", "/nowhere", 404),
        ("DELETE", "/orders", 405), ("PUT", "/payments/pay_1/refund", 405), ("GET", "/refunds/none", 400),
        ("PATCH", "/orders/none", 400), ("POST", "/payments/none/capture", 400), ("POST", "/payments/none/refund", 400),
        ("GET", "/settlements/recon/combined", 400), ("GET", "/settlements/recon/combined?year=2026&month=2&day=30", 400),
        ("GET", "/settlements/recon/combined?year=2026&month=2", 200), ("GET", "/settlements", 200),
        ("GET", "/disputes?count=100", 200), ("GET", "/payments?count=1", 200), ("GET", "/refunds?from=1&to=2", 200),
        ("POST", "/disputes/none/accept", 400),
    ],
)  # fmt: skip
def test_odd_requests_are_answered_never_with_5xx(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    assert call(sandbox, method, path).status_code == status


@pytest.mark.parametrize("auth", [None, ("rzp_test_contract", "wrong"), ("é", "ü")])
def test_without_the_keys_it_is_401(sandbox: Sandbox, auth: Any) -> None:
    headers = {"Authorization": "Basic !!"} if auth is None else {}
    response = requests.get(f"{sandbox.url}/v1/orders", auth=auth, headers=headers, timeout=WAIT_S)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "BAD_REQUEST_ERROR"


@pytest.mark.parametrize(("header", "value", "status"), [
    ("Content-Length", str(1024 * 1024 + 1), 413), ("Content-Length", "1e3", 400), ("Content-Length", "-1", 400),
    ("Transfer-Encoding", "chunked", 411),
])  # fmt: skip
def test_a_body_without_honest_limits_is_not_read(sandbox: Sandbox, header: str, value: str, status: int) -> None:
    target = urlsplit(sandbox.url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=WAIT_S)
    connection.putrequest("POST", "/sandbox/razorpay/v1/orders")
    connection.putheader(header, value)
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == status
    response.read()
    connection.close()


@pytest.mark.parametrize("said", [b"TRACE / HTTP/1.1", b"GET / HTTP/9.9", b"nonsense", b"GET /" + b"a" * 70_000])
def test_what_is_hardly_http_is_refused_as_the_callers_fault(sandbox: Sandbox, said: bytes) -> None:
    target = urlsplit(sandbox.url)
    with socket.create_connection((target.hostname, target.port), timeout=WAIT_S) as connection:
        connection.sendall(said + b"\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 4")


def test_the_sandbox_knows_nothing_of_the_shop() -> None:
    """It runs where no Django is: everything it imports is its own or Python's."""
    code = "import sys, payments.sandbox.server; print({'django', 'requests', 'timeline'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_key_must_be_long_enough(sandbox: Sandbox) -> None:
    response = call(sandbox, "POST", "/payments/pay_1/refund", {}, headers={"X-Refund-Idempotency": "short"})
    assert response.status_code == 400
    assert "at least 10 characters" in response.json()["error"]["description"]


def test_only_the_notes_of_an_order_can_be_edited(sandbox: Sandbox, new_order: Orders) -> None:
    order = new_order()
    assert call(sandbox, "PATCH", f"/orders/{order.id}", {"amount": 1}).status_code == 400
    edited = call(sandbox, "PATCH", f"/orders/{order.id}", {"notes": {"a": "b"}}).json()
    assert (edited["notes"], edited["amount"]) == ({"a": "b"}, order.amount_minor)


def test_a_settlement_adds_up(sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders, key: str) -> None:
    """Payments credit amount − fee, refunds debit their amount, and the settlement is their balance."""
    payment_id = sandbox.pay(new_order(50_000))["razorpayPaymentId"]
    sandbox.script(refunds={"after_s": 0})
    made = gateway.refund(gateway_payment_id=payment_id, amount_minor=700, idempotency_key=key, receipt="r", notes={})
    until(lambda: gateway.fetch_refund(gateway_refund_id=made.id).status == "processed", "the refund")
    settlement = sandbox.control("settle")

    today = datetime.now(tz=INDIA)
    path = f"/settlements/recon/combined?year={today.year}&month={today.month}&day={today.day}"
    lines = [line for line in call(sandbox, "GET", path).json()["items"] if line["settlement_id"] == settlement["id"]]
    ours = {line["entity_id"]: line for line in lines if payment_id in (line["entity_id"], line["payment_id"])}

    assert settlement["amount"] == sum(line["credit"] - line["debit"] for line in lines)
    assert (ours[payment_id]["credit"], ours[payment_id]["fee"]) == (50_000 - 1_180, 1_180)
    assert (ours[made.id]["debit"], ours[made.id]["type"]) == (700, "refund")
    assert call(sandbox, "GET", f"/settlements/{settlement['id']}").json() == settlement


def test_f32_a_dispute_is_opened_and_lost(sandbox: Sandbox, new_order: Orders) -> None:
    payment_id = sandbox.pay(new_order())["razorpayPaymentId"]
    opened = sandbox.control(f"dispute/{payment_id}", {"amount": 900})
    assert call(sandbox, "GET", f"/disputes/{opened['id']}").json()["status"] == "open"
    assert call(sandbox, "POST", f"/disputes/{opened['id']}/accept").json()["amount_deducted"] == 900
    assert call(sandbox, "POST", f"/disputes/{opened['id']}/accept").status_code == 400


@pytest.mark.parametrize("wish", [
    {"next": {}}, {"next": [{}]}, {"next": [{"fault": "none"}]}, {"next": [{"fault": "cut", "times": 0}]},
    {"next": [{"fault": "cut", "delay_s": "1"}]}, {"next": [{"fault": "cut", "extra": 1}]}, {"webhooks": []},
    {"webhooks": {"drop": "payment.captured"}}, {"webhooks": {"paused": 1}}, {"refunds": {"outcome": ["x"]}}, {"x": 1},
])  # fmt: skip
def test_a_script_that_is_not_understood_is_refused(sandbox: Sandbox, wish: Any) -> None:
    assert requests.post(f"{sandbox.url}/faults", json=wish, timeout=WAIT_S).status_code == 400


def test_a_person_pays_on_the_page_and_comes_back(
    sandbox: Sandbox, gateway: RazorpayGateway, new_order: Orders
) -> None:
    """B31: the page works without a script, and the way back carries what the shop checks."""
    order = new_order(1_23_456_00)
    page = requests.get(f"{sandbox.url}/pay/{order.id}", params={"callback_url": '/orders/7?a="><b>#x'}, timeout=WAIT_S)
    assert page.status_code == 200
    assert "₹1,23,456.00" in page.text
    assert 'value="/orders/7?a=&quot;&gt;&lt;b&gt;"' in page.text
    assert "<script" not in page.text

    form = {"choice": "captured:upi", "callback_url": "/orders/7?a=1"}
    answer = requests.post(f"{sandbox.url}/pay/{order.id}", data=form, allow_redirects=False, timeout=WAIT_S)
    back = urlsplit(answer.headers["Location"])
    told = {name: values[0] for name, values in parse_qs(back.query).items()}

    assert (answer.status_code, back.netloc, back.path, told.pop("a")) == (303, "", "/orders/7", "1")
    assert gateway.check_return(
        gateway_order_id=order.id,
        gateway_payment_id=told["razorpay_payment_id"],
        signature=told["razorpay_signature"],
    )
    again = requests.post(f"{sandbox.url}/pay/{order.id}", data=form, allow_redirects=False, timeout=WAIT_S)
    assert (again.status_code, "already paid" in again.text) == (409, True)


def test_a_declined_card_comes_back_unsigned(sandbox: Sandbox, new_order: Orders) -> None:
    form = {"choice": "failed:card", "callback_url": "/back"}
    answer = requests.post(f"{sandbox.url}/pay/{new_order().id}", data=form, allow_redirects=False, timeout=WAIT_S)
    told = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert set(told) == {"razorpay_payment_id", "razorpay_order_id", "error_code"}


@pytest.mark.parametrize("found", [
    None, "", "https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", "/a\r\nX: 1",
    "javascript:alert(1)", "/é", "/" + "a" * 2_000,
])  # fmt: skip
def test_the_way_back_leads_nowhere_else(sandbox: Sandbox, new_order: Orders, found: str | None) -> None:
    assert safe_path(found) is None
    form = {"choice": "captured:card", "callback_url": found or ""}
    answer = requests.post(f"{sandbox.url}/pay/{new_order().id}", data=form, allow_redirects=False, timeout=WAIT_S)
    assert (answer.status_code, "Location" in answer.headers) == (200, False)


@pytest.mark.parametrize(("order_id", "body", "status"), [
    ("order_none", {"outcome": "captured"}, 404), ("", {"outcome": "captured"}, 404),
    (None, {"outcome": "perhaps"}, 400), (None, {"outcome": ["captured"]}, 400), (None, {"method": {}}, 400),
    (None, [], 400), (None, None, 200),
])  # fmt: skip
def test_a_program_pays_or_is_told_why_not(
    sandbox: Sandbox, new_order: Orders, order_id: str | None, body: Any, status: int
) -> None:
    target = new_order().id if order_id is None else order_id
    data = b"" if body is None else json.dumps(body).encode()
    assert requests.post(f"{sandbox.url}/pay/{target}", data=data, timeout=WAIT_S).status_code == status


def test_what_the_page_says_of_money() -> None:
    said = [rupees(minor) for minor in (100, 99_999, 1_00_000, 1_00_00_000, 1_23_45_678_90)]
    assert said == ["₹1.00", "₹999.99", "₹1,000.00", "₹1,00,000.00", "₹1,23,45,678.90"]


def test_the_fee_is_two_per_cent_and_the_tax_on_it() -> None:
    assert [fee_and_tax(minor) for minor in (500_000, 100, 59_000)] == [(11_800, 1_800), (2, 0), (1_392, 212)]
