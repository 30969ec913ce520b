"""Marketplaces that number their rows, refuse with a 200, give tokens for two hours, or were switched off meanwhile (D1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from orders.channels import accounts, ingest, polling
from orders.channels.talking import marketplaces
from orders.models import ChannelImport, Order
from tests import makers
from tests.channels.bodies import body
from tests.channels.test_talking import Stub, account, fresh, imported, send, stub, wait_of, work
from timeline.models import Delivery
from timeline.operations import operation

pytestmark = pytest.mark.django_db
__all__ = ["stub"]


class Rows:
    """A marketplace with orders 1 to 8 by number of the row; after the first page something happens to their order."""

    def __init__(self, stub: Stub, monkeypatch: pytest.MonkeyPatch, how: str, channel: str) -> None:
        monkeypatch.setattr(marketplaces, "PAGE_ROWS", 3)
        self.order, self.how, self.channel, self.lists = [str(number) for number in range(1, 9)], how, channel, 0
        stub.answer = self.ebay if channel == "ebay" else lambda *_: None
        self.stub = stub

    def listed(self, start: int) -> list[str]:
        """The three rows from here on; then what happens happens."""
        found = self.order[start : start + 3]
        self.lists += 1
        if self.lists == 1:
            self.order = {
                "to the end": [*self.order[1:], self.order[0]], "two to the end": [*self.order[2:], *self.order[:2]], "gone": self.order[1:],
                "the last seen moves": [*self.order[:2], *self.order[3:], self.order[2]], "new ones before": ["9", *self.order], "nothing": self.order,
            }[self.how]
        return found

    def ebay(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any] | None:
        if not path.endswith("/sell/fulfillment/v1/order"):
            return None
        rows = [body("ebay", orderId=number) for number in self.listed(int(query["offset"]))]
        return 200, {}, {"orders": rows, "total": len(self.order), "next": "…" if rows else None}


@pytest.mark.parametrize("how", ["to the end", "two to the end", "gone", "the last seen moves", "new ones before", "nothing"])
def test_rows_that_shift_between_two_pages_hide_no_order(stub: Stub, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Note [An anchor between two pages]."""
    shop = account(stub, "ebay")
    Rows(stub, monkeypatch, how, "ebay")
    polling.poll(shop)
    assert set(ChannelImport.objects.values_list("channel_order_id", flat=True)) >= set("12345678")
    assert json.loads(fresh(shop).poll_cursor)["over"] is True


def test_control_by_the_number_alone_an_order_is_never_seen(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    def numbered(ask: Any, mark: str, name: str) -> Any:
        del name
        found = ask(int(mark or 0))
        return found, "", str(int(mark or 0) + 3) if len(found) == 3 else ""

    monkeypatch.setattr(marketplaces, "anchored", numbered)
    shop = account(stub, "ebay")
    Rows(stub, monkeypatch, "to the end", "ebay")
    polling.poll(shop)
    assert set(ChannelImport.objects.values_list("channel_order_id", flat=True)) == set("1235678")


def test_a_refusal_with_a_200_is_no_empty_list(stub: Stub) -> None:
    """The cursor stays where it was: nothing was read."""
    shop = account(stub, "unicommerce")
    search, one = "POST /services/rest/v1/oms/saleOrder/search", "POST /services/rest/v1/oms/saleorder/get"
    stub.teach(
        search, (200, {}, {"successful": False, "errors": [{"code": 1, "description": "Rate limit exceeded"}]}),
        (200, {}, {"successful": True, "elements": [{"code": "SO-1"}]}),
    )
    stub.teach(
        one, (200, {}, {"successful": False, "errors": [], "message": "Try again"}), (200, {}, {"successful": True, "saleOrderDTO": body("unicommerce")}),
    )
    assert polling.poll(shop) == 0
    assert (fresh(shop).poll_error, fresh(shop).poll_cursor) == ("/saleOrder/search was refused: Rate limit exceeded", "")
    assert polling.poll(fresh(shop)) == 0
    assert (fresh(shop).poll_error, fresh(shop).poll_cursor) == ("/saleorder/get was refused: Try again", "")
    assert polling.poll(fresh(shop)) == 1
    assert (fresh(shop).poll_error, ChannelImport.objects.get().channel_order_id) == ("", "SO-1")


def test_ebays_token_is_taken_anew_for_each_talk(stub: Stub) -> None:
    shop = account(stub, "ebay")
    with operation("test.tokens", actor=makers.TESTER) as op:
        accounts.change(op, account_id=shop.pk, changes={"credentials": {"clientId": "me", "clientSecret": "s"}})
    stub.teach("POST /identity/v1/oauth2/token", (200, {}, {"access_token": "v^1.1#new", "expires_in": 7200}))
    stub.teach("GET /sell/fulfillment/v1/order", (200, {}, {"orders": [body("ebay")]}))
    assert polling.poll(fresh(shop)) == 1
    assert [(verb, path.partition("?")[0]) for verb, path, _ in stub.told] == [
        ("POST", "/identity/v1/oauth2/token"), ("GET", "/sell/fulfillment/v1/order"),
    ]
    assert stub.told[0][2] == "grant_type=refresh_token&refresh_token=r"


def test_a_limit_that_names_a_time_of_day_is_kept(stub: Stub) -> None:
    shop = account(stub, "ebay")
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    stub.teach("GET /sell/fulfillment/v1/order", (429, {"Retry-After": until}, {}))
    assert polling.poll(shop) == 0
    assert 590 < wait_of(shop) <= 602


def test_a_parcel_of_an_account_that_is_switched_off_waits_for_a_person_and_is_told_later(stub: Stub) -> None:
    order = imported(stub, "woocommerce")
    shop = ChannelImport.objects.get().account
    assert shop is not None
    with operation("test.off", actor=makers.TESTER) as op:
        accounts.change(op, account_id=shop.pk, changes={"is_active": False})
    send(order, "BD1")
    waiting = Delivery.objects.filter(subscriber__contains="tell_channel").exclude(state="delivered")
    assert ([one.state in {"due", "parked"} for one in waiting], stub.told) == ([True], [])
    with operation("test.on", actor=makers.TESTER) as op:
        accounts.change(op, account_id=shop.pk, changes={"is_active": True})
    stub.teach("POST /wp-json/wc/v3/orders/5501/notes", (201, {}, {"id": 1}))
    stub.teach("PUT /wp-json/wc/v3/orders/5501", (200, {}, {"id": 5501}))
    Delivery.objects.filter(state="due").update(due_at=timezone.now())
    work()
    assert [verb for verb, _, _ in stub.told if verb != "GET"] == ["POST", "PUT"]


@pytest.mark.parametrize(("channel", "said"), [
    ("ebay", {"orderFulfillmentStatus": "FULFILLED"}), ("shopify", {"fulfillment_status": "fulfilled"}), ("amazon", {"OrderStatus": "Shipped"}),
    ("etsy", {"status": "Completed", "is_shipped": True}), ("woocommerce", {"status": "completed"}),
    ("amazon", {"OrderStatus": "Shipped", "FulfillmentChannel": "AFN"}),
])
def test_what_its_channel_told_as_sent_is_not_told_back_with_a_number_we_made_up(stub: Stub, channel: str, said: dict[str, Any]) -> None:
    """The buyer would be told a number that no carrier knows."""
    makers.product("KURTA-M", units=50)
    makers.product("STOLE-1", units=50)
    known = json.loads(json.dumps(body(channel, **said)))
    assert ingest.take(channel=channel, said=known, actor=makers.TESTER, account=account(stub, channel)).outcome == "created"
    work()
    assert (Order.objects.get().status, stub.told) == ("shipped", [])


def test_flipkart_is_asked_for_each_kind_of_shipment_and_where_it_goes(stub: Stub) -> None:
    """Its search takes one kind at a time, and tells no address."""
    shop = account(stub, "flipkart")
    search, after = "/v3/shipments/filter", "/v3/shipments/filter?next=2"
    one, two, gone = (body("flipkart", shipmentId=name) for name in ("s-1", "s-2", "s-3"))
    stub.teach(
        f"POST {search}", (200, {}, {"shipments": [one], "hasMore": True, "nextPageUrl": after}),
        (200, {}, {"shipments": [], "hasMore": False, "nextPageUrl": after}), (200, {}, {"shipments": [gone], "hasMore": False}),
    )
    stub.teach(f"GET {search}", (200, {}, {"shipments": [two], "hasMore": False}))
    stub.teach("GET /v3/shipments/s-1", (200, {}, {"shipments": [{"shipmentId": "s-1", "deliveryAddress": {"addressLine1": "1 MG Road", "stateName": "Karnataka"}}]}))
    assert polling.poll(shop) == 3
    asked = [said["filter"]["type"] for verb, _, said in stub.told if verb == "POST"]
    assert (asked, json.loads(fresh(shop).poll_cursor)["over"]) == (["preDispatch", "postDispatch", "cancelled"], True)
    row = ChannelImport.objects.get(channel_order_id="s-1")
    assert (row.told()["shipping"]["line1"], row.told()["shipping"]["state"]) == ("1 MG Road", "Karnataka")


def test_a_page_whose_mark_grew_too_old_is_asked_for_from_the_start(stub: Stub) -> None:
    """Amazon forgets its tokens within a day: a pass that was stopped for longer was refused for ever."""
    shop = account(stub, "amazon")
    stub.teach("POST /auth/o2/token", (200, {}, {"access_token": "Atza|1"}))
    one, two = body("amazon-2026"), body("amazon-2026", orderId="902-3-3")
    stub.teach(
        "GET /orders/2026-01-01/orders", (200, {}, {"orders": [one], "pagination": {"nextToken": "old"}}), (429, {}, {}),
        (400, {}, {"errors": [{"code": "InvalidInput", "message": "paginationToken is expired"}]}),
        (200, {}, {"orders": [one], "pagination": {"nextToken": "new"}}), (200, {}, {"orders": [two]}),
    )
    polling.poll(shop)
    assert json.loads(fresh(shop).poll_cursor)["mark"] == "old"
    began = json.loads(fresh(shop).poll_cursor)["since"]
    polling.poll(fresh(shop))
    assert (json.loads(fresh(shop).poll_cursor)["mark"], json.loads(fresh(shop).poll_cursor)["since"]) == ("", began)
    assert polling.poll(fresh(shop)) == 2
    assert set(ChannelImport.objects.values_list("channel_order_id", flat=True)) == {"902-2-2", "902-3-3"}
