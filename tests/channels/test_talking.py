"""Asking channels and telling them, against a server of our own that limits, pages and refuses (D1)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from orders.channels import accounts, ingest, polling
from orders.models import ChannelAccount, ChannelImport, Order
from orders.operations import fulfil, process
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
                known = stub.answers.get(f"{self.command} {path}", [(404, {}, None)])
                status, headers, data = known.pop(0) if len(known) > 1 else known[0]
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
