"""Asking channels and telling them, against a server of our own that limits, pages and refuses (D1)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone

from orders.channels import accounts, ingest, polling
from orders.channels.talking import shops
from orders.models import ChannelAccount, ChannelImport, Order
from orders.operations import fulfil, process
from shipping.operations import parcels
from tests import makers
from tests.channels.bodies import body
from timeline import relay
from timeline.models import Delivery
from timeline.operations import operation

pytestmark = pytest.mark.django_db


class Stub:
    """Answers what it was taught, in turn for each address, and keeps what it was told."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, dict[str, str], Any]]] = {}
        self.told: list[tuple[str, str, Any]] = []
        self.answer: Callable[[str, dict[str, str]], tuple[int, dict[str, str], Any] | None] = lambda *_: None  # by itself
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                try:
                    said = json.loads(raw or b"null")
                except ValueError:
                    said = raw.decode()
                stub.told.append((self.command, self.path, said))
                status, headers, data = stub.answer(path, dict(parse_qsl(urlsplit(self.path).query))) or stub.taught(f"{self.command} {path}")
                out = json.dumps(data).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(out))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(out)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 the server's names

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def taught(self, where: str) -> tuple[int, dict[str, str], Any]:
        known = self.answers.get(where, [(404, {}, None)])
        return known.pop(0) if len(known) > 1 else known[0]

    def teach(self, where: str, *answers: tuple[int, dict[str, str], Any]) -> None:
        self.answers[where] = list(answers)


@pytest.fixture
def stub(settings: Any) -> Iterator[Stub]:
    settings.ENDPOINTS_PRIVATE = True
    found = Stub()
    yield found
    found.server.shutdown()
    found.server.server_close()


def account(stub: Stub, channel: str) -> ChannelAccount:
    with operation("test.account", actor=makers.TESTER) as op:
        return accounts.add(
            op, code=f"my-{channel}", channel=channel, name="Mine", base_url=stub.url, poll_minutes=5,
            credentials={"accessToken": "token-1", "apiKey": "ck", "apiSecret": "cs", "refreshToken": "r", "marketplaceId": "M1"},
        )


def fresh(row: ChannelAccount) -> ChannelAccount:
    return ChannelAccount.objects.get(pk=row.pk)


def wait_of(row: ChannelAccount) -> float:
    """Seconds until it is asked again."""
    due = fresh(row).poll_due_at
    assert due is not None
    return (due - timezone.now()).total_seconds()


def work() -> None:
    for _ in range(30):
        if not relay.relay_due():
            return


def test_a_limit_is_kept_and_pages_are_followed_to_the_end(stub: Stub) -> None:
    shop = account(stub, "shopify")
    orders = "/admin/api/2026-10/orders.json"
    after = f"{stub.url}{orders}?page_info=2"
    stub.teach(
        f"GET {orders}", (429, {"Retry-After": "7"}, {}), (200, {"Link": f'<{after}>; rel="next"'}, {"orders": [body("shopify")]}),
        (200, {}, {"orders": [body("shopify", id=2)]}),
    )
    assert polling.poll(shop) == 0
    assert (fresh(shop).poll_error, 6 <= wait_of(shop) <= 8) == ("http 429", True)
    assert polling.poll_due(timezone.now()) == 0
    assert polling.poll(fresh(shop)) == 2
    assert ChannelImport.objects.filter(state="held").count() == 2
    assert (fresh(shop).poll_error, json.loads(fresh(shop).poll_cursor)["mark"]) == ("", "")
    assert "updated_at_min" in stub.told[1][1]
    assert "page_info=2" in stub.told[2][1]


def test_woocommerce_and_amazon_are_read_to_their_last_page(stub: Stub) -> None:
    woo, amazon = account(stub, "woocommerce"), account(stub, "amazon")
    stub.teach(
        "GET /wp-json/wc/v3/orders", (200, {"X-WP-TotalPages": "2"}, [body("woocommerce")]), (200, {"X-WP-TotalPages": "2"}, [body("woocommerce", id=2)])
    )
    assert polling.poll(woo) == 2
    stub.teach("POST /auth/o2/token", (200, {}, {"access_token": "Atza|1"}))
    stub.teach(
        "GET /orders/2026-01-01/orders", (200, {}, {"orders": [body("amazon-2026")], "pagination": {"nextToken": "n"}}),
        (429, {"x-amzn-RateLimit-Limit": "0.0167"}, {}), (200, {}, {"orders": [body("amazon-2026", orderId="902-3-3")]}),
    )
    assert polling.poll(amazon) == 0
    assert json.loads(fresh(amazon).poll_cursor)["mark"] == "n"
    assert wait_of(amazon) > 55
    assert polling.poll(fresh(amazon)) == 1
    asked = {dict(parse_qsl(urlsplit(path).query)).get("includedData", "") for _, path, _ in stub.told if "/orders/2026-01-01/" in path}
    assert all("CANCELLATION" in words.split(",") for words in asked), "a buyer's wish to cancel is told only where it is asked for"
    assert ChannelImport.objects.count() == 4


def test_a_parcel_is_told_once_and_what_is_refused_is_tried_again(stub: Stub) -> None:
    makers.product("KURTA-M", units=50)
    shop = account(stub, "woocommerce")
    found = ingest.take(channel="woocommerce", said=json.loads(json.dumps(body("woocommerce"))), actor=makers.TESTER, account=shop)
    assert found.row is not None
    order = Order.objects.get()
    stub.teach("POST /wp-json/wc/v3/orders/5501/notes", (500, {}, {}), (201, {}, {"id": 1}))
    stub.teach("PUT /wp-json/wc/v3/orders/5501", (200, {}, {"id": 5501}))
    with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk, carrier="blue_dart", tracking_number="BD123456789")
    work()
    assert ChannelImport.objects.get().told_back == {}
    Delivery.objects.filter(state="due").update(due_at=timezone.now())
    work()
    told = [(verb, path, said) for verb, path, said in stub.told if verb != "GET"]
    assert told[-1] == ("PUT", "/wp-json/wc/v3/orders/5501", {"status": "completed"})
    assert "BD123456789" in told[-2][2]["note"]
    assert len(ChannelImport.objects.get().told_back) == 1


class Shop:
    """A shop whose orders are listed by their last change, oldest first, two a page; one changes after the first page."""

    def __init__(self, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shops, "PAGE_ROWS", 2)
        self.stub, self.now = stub, timezone.now().replace(microsecond=0) - timedelta(hours=1)
        self.changed = {number: self.now + timedelta(minutes=number) for number in range(1, 6)}
        self.asked: list[dict[str, str]] = []
        stub.answer = self.page

    def page(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any] | None:
        if not path.endswith("/wc/v3/orders"):
            return None
        self.asked.append(query)
        since = datetime.fromisoformat(query["modified_after"]).replace(tzinfo=UTC)
        found = sorted((at, number) for number, at in self.changed.items() if at > since)
        first = (int(query["page"]) - 1) * 2
        told = [
            body("woocommerce", id=number, date_modified_gmt=at.strftime("%Y-%m-%dT%H:%M:%S")) for at, number in found[first : first + 2]
        ]
        if len(self.asked) == 1:
            self.changed[1] = self.now + timedelta(minutes=30)
            self.changed[6] = self.now + timedelta(minutes=31)
        return 200, {"X-WP-TotalPages": str(-(-len(found) // 2))}, told


def test_an_order_that_changes_between_two_pages_hides_no_other(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Note [Pages that shift]: the first order moves to the end, and a new one comes."""
    account_, listed = account(stub, "woocommerce"), Shop(stub, monkeypatch)
    polling.poll(account_)
    assert set(ChannelImport.objects.values_list("channel_order_id", flat=True)) == set("123456")
    assert json.loads(fresh(account_).poll_cursor)["over"] is True
    assert {query["page"] for query in listed.asked} == {"1"}


def test_control_with_numbered_pages_an_order_is_never_seen(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "OLDEST_CHANGE_FIRST", frozenset())
    account_ = account(stub, "woocommerce")
    Shop(stub, monkeypatch)
    polling.poll(account_)
    assert set(ChannelImport.objects.values_list("channel_order_id", flat=True)) == set("12456")


def test_a_whole_page_of_one_second_is_passed_by_its_number(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    account_, listed = account(stub, "woocommerce"), Shop(stub, monkeypatch)
    listed.changed = dict.fromkeys(range(1, 6), listed.now)
    polling.poll(account_)
    assert ChannelImport.objects.count() == 6


def test_a_poll_says_what_was_refused_and_takes_nothing_of_a_change_beside_it(stub: Stub) -> None:
    shop = account(stub, "shopify")
    stub.teach("GET /admin/api/2026-10/orders.json", (200, {}, {"orders": [{"name": "no id"}, body("shopify")]}))
    with operation("test.rename", actor=makers.TESTER) as op:
        accounts.change(op, account_id=shop.pk, changes={"name": "Renamed", "credentials": {"accessToken": "token-2"}})
    assert polling.poll(shop) == 2
    assert (fresh(shop).name, fresh(shop).credentials()["accessToken"]) == ("Renamed", "token-2")
    assert fresh(shop).poll_error == "order without an id: The body names no order of Shopify."
    assert ChannelImport.objects.count() == 1


def test_a_poll_that_another_worker_took_is_left_to_it(stub: Stub) -> None:
    shop = account(stub, "shopify")
    stub.teach("GET /admin/api/2026-10/orders.json", (200, {}, {"orders": []}))
    now = timezone.now()
    with operation("test.lease", actor=makers.TESTER) as op:
        assert accounts.lease(op, account_id=shop.pk, seconds=300)
        assert not accounts.lease(op, account_id=shop.pk, seconds=300)
    assert polling.poll_due(now) == 0
    assert stub.told == []


def send(order: Order, number: str, items: dict[Any, int] | None = None) -> None:
    """A parcel with these units of the order, or with all that is left, leaves by hand."""
    with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        parcel = fulfil.book(op, order_id=order.pk, items=items, carrier="blue_dart", tracking_number=number)
        parcels.label_by_hand(op, shipment_id=parcel.pk)
        fulfil.dispatch(op, order_id=order.pk, shipment_id=parcel.pk)
    work()


def imported(stub: Stub, channel: str) -> Order:
    """The channel's order, being processed."""
    makers.product("KURTA-M", units=50)
    makers.product("STOLE-1", units=50)
    ingest.take(channel=channel, said=json.loads(json.dumps(body(channel))), actor=makers.TESTER, account=account(stub, channel))
    order = Order.objects.get()
    with operation("test.process", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
    return order


def test_shopify_is_told_of_the_units_in_the_parcel_alone(stub: Stub) -> None:
    order = imported(stub, "shopify")
    where = f"/admin/api/2026-10/orders/{order.channel_order_id}"
    waiting = {"id": 71, "status": "open", "line_items": [
        {"id": 81, "line_item_id": 1, "quantity": 2, "fulfillable_quantity": 2}, {"id": 82, "line_item_id": 2, "quantity": 1, "fulfillable_quantity": 1},
    ]}
    stub.teach(f"GET {where}/fulfillment_orders.json", (200, {}, {"fulfillment_orders": [{"id": 70, "status": "closed", "line_items": []}, waiting]}))
    stub.teach(f"GET {where}/fulfillments.json", (200, {}, {"fulfillments": []}), (200, {}, {"fulfillments": [{"tracking_number": "BD2"}]}))
    stub.teach("POST /admin/api/2026-10/fulfillments.json", (201, {}, {}))
    send(order, "BD1", {order.lines.get(sku="KURTA-M").pk: 1})
    told = [said for verb, _, said in stub.told if verb == "POST"]
    assert [one["fulfillment"]["line_items_by_fulfillment_order"] for one in told] == [
        [{"fulfillment_order_id": 71, "fulfillment_order_line_items": [{"id": 81, "quantity": 1}]}]
    ]
    send(order, "BD2")
    assert len([verb for verb, _, _ in stub.told if verb == "POST"]) == 1, "the channel knew of that parcel"
    assert len(ChannelImport.objects.get().told_back) == 2


def test_woocommerce_is_completed_with_the_last_parcel(stub: Stub) -> None:
    order = imported(stub, "woocommerce")
    stub.teach("POST /wp-json/wc/v3/orders/5501/notes", (201, {}, {"id": 1}))
    stub.teach("PUT /wp-json/wc/v3/orders/5501", (200, {}, {"id": 5501}))
    send(order, "BD1", {order.lines.get().pk: 1})
    assert [verb for verb, _, _ in stub.told if verb != "GET"] == ["POST"]
    send(order, "BD2")
    assert [verb for verb, _, _ in stub.told if verb != "GET"] == ["POST", "POST", "PUT"]


def test_shopify_is_told_of_each_location_apart(stub: Stub) -> None:
    order = imported(stub, "shopify")
    where = f"/admin/api/2026-10/orders/{order.channel_order_id}"
    waiting = [
        {"id": 70 + place, "status": "open", "assigned_location_id": place, "line_items": [{"id": 80 + place, "line_item_id": place, "fulfillable_quantity": 2}]}
        for place in (1, 2)
    ]
    stub.teach(f"GET {where}/fulfillment_orders.json", (200, {}, {"fulfillment_orders": waiting}))
    stub.teach(f"GET {where}/fulfillments.json", (200, {}, {"fulfillments": []}))
    stub.teach("POST /admin/api/2026-10/fulfillments.json", (201, {}, {}))
    send(order, "BD1")
    told = [said["fulfillment"]["line_items_by_fulfillment_order"] for verb, _, said in stub.told if verb == "POST"]
    assert told == [
        [{"fulfillment_order_id": 71, "fulfillment_order_line_items": [{"id": 81, "quantity": 2}]}],
        [{"fulfillment_order_id": 72, "fulfillment_order_line_items": [{"id": 82, "quantity": 1}]}],
    ]
