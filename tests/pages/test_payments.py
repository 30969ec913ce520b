"""The lists of money that waits, at the console and over the API: drawn, worked from, refused to others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import outstanding
from orders.models import Order
from orders.operations import refund
from payments.gateways.base import GatewayRefused
from payments.models import Refund
from tests import makers as api
from tests.flows import makers
from tests.pages.test_console import page_of, send
from timeline import relay
from timeline.operations import operation

if TYPE_CHECKING:
    from django.test import Client

    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/console/payments/"


def json_of(answer: Any) -> Any:
    return json.loads(answer.content)


def reserved(gateway: FakeGateway, settings: Any) -> Order:
    settings.PAYMENT_CAPTURE = "manual"
    order = makers.placed_order()
    makers.pay(gateway, order, "authorized")
    return order


@pytest.fixture
def failed(shop_gateway: FakeGateway) -> Refund:
    """A refund the gateway refused."""
    makers.product()
    order = makers.confirmed_order(shop_gateway)
    shop_gateway.fault("refund", GatewayRefused("Not enough balance", code="BAD_REQUEST_ERROR"))
    with operation("refund.give", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund.give(op, order_id=order.pk, amount_minor=500, reason="torn")
    relay.drain()
    return Refund.objects.get(status="failed")


@pytest.mark.parametrize("name", [*outstanding.LISTS, "nonsense"])
def test_every_list_is_drawn(asha: Client, name: str) -> None:
    assert "Nothing waits here" in asha.get(f"{LIST}?list={name}").content.decode()
    page_of(asha, f"{LIST}?list={name}&cursor=forged")


def test_a_failed_refund_is_retried_from_the_list(failed: Refund, asha: Client, shop_gateway: FakeGateway) -> None:
    path = f"{LIST}?list=failed_refunds"
    said = asha.get(path).content.decode()
    page_of(asha, path)
    number = Order.objects.get().number
    assert number in said
    assert (failed.error_reason or failed.error_code) in said
    assert f"/console/orders/{number}/refunds/{failed.pk}/settle/" in said
    answer = send(asha, f"/console/orders/{number}/refunds/{failed.pk}/retry/", sheet=path)
    assert answer.status_code == 302
    relay.drain()
    assert Refund.objects.get(pk=failed.pk).status == "pending"
    assert "Nothing waits here" in asha.get(path).content.decode()


def test_reserved_money_is_taken_from_the_list(shop_gateway: FakeGateway, asha: Client, settings: Any) -> None:
    makers.product()
    order = reserved(shop_gateway, settings)
    payment = makers.payment_of(order)
    path = f"{LIST}?list=authorized"
    assert order.number in asha.get(path).content.decode()
    answer = send(asha, f"/console/orders/{order.number}/payments/{payment.pk}/capture/", sheet=path)
    assert answer.status_code == 302
    relay.drain()
    assert makers.fresh(order).status == "confirmed"


def test_the_api_lists_what_waits(failed: Refund, shop_gateway: FakeGateway, settings: Any) -> None:
    boss = api.staff("payments:read")
    listed = json_of(boss.get("/admin/payments", list="failed_refunds"))
    row = listed["data"][0]
    assert (listed["total"], row["kind"], row["id"], row["amount"]) == (1, "refund", str(failed.pk), 500)
    assert row["refund"]["reason"] == "torn"
    assert row["errorCode"] == "BAD_REQUEST_ERROR"
    order = reserved(shop_gateway, settings)
    row = json_of(boss.get("/admin/payments", list="authorized"))["data"][0]
    assert (row["orderNumber"], row["payment"]["status"]) == (order.number, "authorized")
    assert row["authorizedAt"] < row["expiresAt"]
    for name in ("overpaid", "underpaid", "in_doubt", "disputed_beyond"):
        assert json_of(boss.get("/admin/payments", list=name))["data"] == []


def test_an_overpaid_order_says_its_sums(shop_gateway: FakeGateway) -> None:
    makers.product()
    order = makers.confirmed_order(shop_gateway)
    shop_gateway.fault("refund", GatewayRefused("Not enough balance", code="BAD_REQUEST_ERROR"))
    makers.pay(shop_gateway, order)
    row = json_of(api.staff().get("/admin/payments", list="overpaid"))["data"][0]
    assert (row["kind"], row["id"], row["amount"]) == ("order", str(order.pk), order.total_minor)
    assert (row["capturedAmount"], row["returnedAmount"]) == (2 * order.total_minor, 0)
    assert (row["owedAmount"], row["payment"], row["refundsInDoubt"]) == (order.total_minor, None, [])


@pytest.mark.parametrize(
    "query", [{}, {"list": ""}, {"list": "all"}, {"list": ["overpaid", "underpaid"]}, {"list": "overpaid", "more": "1"}]
)
def test_f70_bad_questions_are_refused(query: dict[str, Any], db: None) -> None:
    assert api.staff().get("/admin/payments", **query).status_code == 400


def test_others_may_not_read_it(client: Client, db: None) -> None:
    assert client.get(LIST).status_code == 302
    assert api.nobody().get("/admin/payments", list="overpaid").status_code == 401
    assert api.customer().get("/admin/payments", list="overpaid").status_code == 403
    assert api.staff("orders:read").get("/admin/payments", list="overpaid").status_code == 403


def test_the_page_costs_the_same_for_one_row_and_many(shop_gateway: FakeGateway, asha: Client, settings: Any) -> None:
    makers.product()
    costs = []
    for many in (1, 4):
        for _ in range(many):
            reserved(shop_gateway, settings)
        with CaptureQueriesContext(connection) as seen:
            asha.get(f"{LIST}?list=authorized")
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_the_lists_go_on_by_cursor(shop_gateway: FakeGateway, settings: Any) -> None:
    makers.product()
    made = [reserved(shop_gateway, settings).number for _ in range(3)]
    boss = api.staff()
    seen, cursor = [], None
    for _ in made:
        page = json_of(boss.get("/admin/payments", list="authorized", limit=1, **({"cursor": cursor} if cursor else {})))
        seen += [row["orderNumber"] for row in page["data"]]
        cursor = page["nextCursor"]
    assert (seen, cursor) == (made, None)
