"""The console's first page (UX B5.1): every number leads to exactly what it counted, D8's questions within three clicks."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Order, Tally, Ticket
from orders.operations import holds, notes, refund, tickets
from orders.pages import charts
from tests import makers
from tests.analytics.counting import count_now
from tests.pages.markup import check
from timeline.operations import operation
from timeline.vocabulary import money

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


class Links(HTMLParser):
    """The links of a page with their words, in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            known = dict(attrs)
            self._open.append(known.get("href") or "")
            self._words = [known.get("aria-label") or ""]

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open:
            self.found.append((" ".join("".join(self._words).split()), self._open.pop()))


def page(client: Client, url: str = "/console/") -> str:
    """A page that is whole."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    check(answer.content.decode())
    return answer.content.decode()


def shown_orders(text: str) -> int:
    """How many orders the list says it found."""
    found = re.search(r"(\d+) orders? ·", text)
    return int(found[1]) if found else 0


@pytest.fixture
def shop() -> list[Order]:
    """Orders in several states for several times, and a ticket."""
    orders = [makers.placed_order(), makers.paid_order(), makers.paid_order(), makers.processing_order()]
    Order.objects.filter(pk=orders[2].pk).update(state_since=timezone.now() - timedelta(hours=30))
    Order.objects.filter(pk=orders[3].pk).update(state_since=timezone.now() - timedelta(days=9), channel="etsy")
    makers.delivered_order()
    with operation("test.ticket", actor=makers.shopper(orders[1].person_id), stream=str(orders[1].pk)) as op:
        op.now -= timedelta(hours=5)
        tickets.open_ticket(op, order_id=orders[1].pk, topic="delivery", message="Where is it?")
    count_now()
    return orders


def test_every_count_of_orders_leads_to_the_list_of_exactly_those(asha: Client, shop: list[Order]) -> None:
    text = page(asha)
    table = text[text.index('class="grid ages"') : text.index("</table>", text.index('class="grid ages"'))]
    seen = set()
    for words, url in Links(table).found:
        if url in seen:
            continue
        seen.add(url)
        assert shown_orders(page(asha, url.replace("&amp;", "&"))) == int(words.split("₹")[0]), (words, url)
    assert len(seen) == 4 * 7


def test_the_questions_of_d8_are_answered_within_three_clicks(asha: Client, shop: list[Order]) -> None:
    """From the first page after signing in; a click is a link that is followed."""
    clicks, text = 0, page(asha)
    stuck = [row for row in Links(text[text.index('class="grid ages"') :]).found if "stayed_since" in row[1] and "stayed_after" not in row[1]]
    assert "Median" in text
    listed = page(asha, next(url for words, url in stuck if words.startswith("1")))
    clicks += 1
    number = next(words for words, url in Links(listed).found if url.startswith("/console/orders/ORD-"))
    page(asha, f"/console/orders/{number}/")
    clicks += 1
    assert clicks <= 3

    channels = dict(Links(text[text.index('id="flight"') : text.index('id="asked"')]).found)
    etsy = next(url for url in channels.values() if "channel=etsy" in url)
    assert shown_orders(page(asha, etsy)) == 1

    ages = Links(text[text.index('id="asked"') :]).found
    assert ("5 h median age", "/console/tickets/?state=open") in ages
    assert "Delivery" in page(asha, ages[0][1])


def test_what_was_captured_is_a_chart_whose_days_lead_to_their_reconciliation(asha: Client, shop: list[Order]) -> None:
    text = page(asha, "/console/?days=7")
    day = timezone.localdate().isoformat()
    chart = next(one for one in re.findall(r"<figure.*?</figure>", text, re.DOTALL) if 'id="captured-title"' in one)
    said = {url: words for words, url in Links(chart.split("</svg>")[1]).found}
    paid = sum(makers.again(order).paid_minor for order in Order.objects.all())
    assert said[f"/console/reconciliation/{day}/"] == money(paid)
    page(asha, f"/console/reconciliation/{day}/")


def test_my_queue_has_what_names_me_and_what_waits_for_its_risk(asha: Client) -> None:
    order = makers.placed_order()
    with operation("test.note", actor=makers.STAFF, stream=str(order.pk)) as op:
        notes.add(op, order_id=order.pk, note="@asha, look")
        holds.hold(op, order_id=order.pk, reason="fraud")
    found = dict(Links(page(asha)).found)
    assert found["1 Mentions of me"] == "/console/mentions/"
    assert found["1 Risks to review"] == "/console/risk/"


def test_refunds_that_wait_for_approval_lead_to_their_orders(asha: Client) -> None:
    """UX B5.1: as long as they wait, each order once."""
    order, _ = makers.paid_order(), makers.paid_order()
    ids = []
    for amount in (100, 200):
        with operation("test.ask", actor=makers.shopper(order.person_id), stream=str(order.pk)) as op:
            ids.append(refund.request(op, order_id=order.pk, amount_minor=amount, reason="Broken").pk)
    waiting = "/console/orders/?q=has:refund_request"
    assert dict(Links(page(asha)).found)["1 Refunds to approve"] == waiting
    assert order.number in page(asha, waiting)
    assert shown_orders(page(asha, waiting)) == 1
    for refund_id in ids:
        with operation("test.decline", actor=makers.STAFF, stream=str(order.pk)) as op:
            refund.decline(op, order_id=order.pk, refund_id=refund_id, reason="No")
    assert "0 Refunds to approve" in dict(Links(page(asha)).found)
    assert shown_orders(page(asha, waiting)) == 0


def test_todays_hours_stand_beside_those_of_a_week_ago(asha: Client) -> None:
    """UX B5.1 (4): also what was placed at the ends of a day, and nothing of the days between."""
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=30)
    week_ago = noon - timedelta(days=7)
    for moment in (
        noon - timedelta(days=14), week_ago + timedelta(minutes=1), week_ago + timedelta(minutes=59), week_ago + timedelta(hours=11, minutes=59),
        noon - timedelta(days=6), noon - timedelta(days=1), noon.replace(hour=0, minute=1), noon + timedelta(minutes=1), noon + timedelta(minutes=59),
    ):
        with time_machine.travel(moment):
            makers.placed_order()
    with time_machine.travel(noon + timedelta(hours=11)):
        text = page(asha)
        assert "3 so far; 3 on the whole of last" in text
        said = dict(Links(text[text.index('id="today-title"') : text.index('id="flight"')]).found)
        assert shown_orders(page(asha, said["12:00: 2 orders, 2 a week ago"])) == 2
        assert shown_orders(page(asha, said["00:00: 1 order, 0 a week ago"])) == 1
        assert "23:00: 0 orders, 1 a week ago" in said
        assert sum(" a week ago" in words and ":" in words for words in said) == 24


def test_charts_are_links_with_the_numbers_in_a_table(asha: Client, shop: list[Order]) -> None:
    text = page(asha)
    for chart in re.findall(r"<figure.*?</figure>", text, re.DOTALL):
        drawing, table = chart.split("</svg>")
        assert "<title" in drawing
        beside = {url for _, url in Links(table).found if not url.startswith("/console/charts/")}
        assert {url for _, url in Links(drawing).found} == beside
    assert "5 orders" in text
    assert "Conversion" in text
    day = timezone.localdate().isoformat()
    assert f"from={day}&amp;to={day}" in text


def test_each_chart_is_a_file_with_the_same_numbers_and_no_formulas(asha: Client, shop: list[Order]) -> None:
    Order.objects.filter(pk=shop[0].pk).update(channel="=cmd()")
    text = page(asha, "/console/?days=7")
    files = re.findall(r'href="(/console/charts/[^"]+)"', text)
    figures = re.findall(r"<figure.*?</figure>", text, re.DOTALL)
    assert len(files) == len(figures) == 7
    for url, figure in zip(files, figures, strict=True):
        answer = asha.get(url)
        assert answer["Content-Type"].startswith("text/csv")
        head, *rows = csv.reader(answer.content.decode("utf-8-sig").splitlines())
        shown = [words for words, _ in Links(figure.split("</svg>")[1]).found if not words.endswith("as CSV")]
        assert [row[2] for row in rows] == shown
        assert all(row[1].isdecimal() for row in rows)
        assert head[1:3] == ["value", "in words"]
        assert head[3:] == (["low", "limit"] if "stuck" in url or "speed" in url else [])
    flight = asha.get(next(url for url in files if "flight" in url)).content.decode()
    assert "'=cmd()" in flight
    assert asha.get("/console/charts/love.csv").status_code == 404


@pytest.mark.parametrize("days", ["1", "7", "90", "love"])
def test_the_period_can_be_chosen(asha: Client, days: str) -> None:
    """An empty shop has all its numbers too."""
    text = page(asha, f"/console/?days={days}")
    assert text.count('aria-current="page"') == 2


def test_the_first_page_costs_the_same_for_more_orders(asha: Client) -> None:
    costs = []
    for orders in (1, 3):
        for _ in range(orders):
            makers.paid_order()
        count_now()
        with CaptureQueriesContext(connection) as asked:
            asha.get("/console/")
        costs.append(len(asked))
    assert costs[0] == costs[1] < 32


def test_a_best_seller_leads_to_its_orders_and_what_has_no_sku_is_no_product(asha: Client, shop: list[Order]) -> None:
    text = page(asha)
    best = Links(text[text.index("Most sold products") :]).found
    assert shown_orders(page(asha, best[0][1])) == 1
    day = timezone.localdate()
    for label in ("A/B \u0915", 'x"y'):
        Tally.objects.create(day=day, name="sold", label=label, value=99)
    assert "A/B" in page(asha)


def test_strangers_are_sent_to_the_door(client: Client) -> None:
    assert client.get("/console/").status_code == 302
    assert client.get("/console/tickets/").status_code == 302


def test_a_moment_that_is_none_is_said_to_be_none(asha: Client) -> None:
    assert "A moment is written as" in page(asha, "/console/orders/?stayed_since=love&status=love&channel=%00x")


def test_a_ticket_is_opened_answered_taken_and_closed_in_the_console(asha: Client) -> None:
    order = makers.paid_order()
    page(asha, f"/console/orders/{order.number}/")
    place = f"/console/orders/{order.number}/tickets/"
    form = check(page(asha, place)).hidden
    asha.post(place, {**form, "topic": "refund", "message": "We owe you ₹5"})
    ticket = Ticket.objects.get()
    one = f"/console/tickets/{ticket.pk}/"
    assert "We owe you ₹5" in page(asha, one)
    token = check(page(asha, one)).hidden["csrfmiddlewaretoken"]
    for deed, more in (("write", {"message": "And more", "is_public": "on"}), ("take", {}), ("close", {})):
        assert asha.post(f"{one}{deed}/", {"csrfmiddlewaretoken": token, **more}).status_code == 302
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.assignee, ticket.messages) == ("closed", "asha", 2)
    assert asha.post(f"{one}write/", {"csrfmiddlewaretoken": token}).status_code == 422
    assert asha.post(f"{one}take/", {"csrfmiddlewaretoken": token}).status_code == 409
    assert asha.post(f"{one}love/", {"csrfmiddlewaretoken": token}).status_code == 404
    assert "Closed" in page(asha, "/console/tickets/?state=closed")


def test_b5_1_stuck_orders_and_steps_are_ranges_from_half_to_nine_of_ten_beside_their_limit(asha: Client) -> None:
    """Ten confirmed orders of 1 to 10 hours: half are 5 h 30 or less, nine of ten 9 h; late after 24."""
    for hours in range(1, 11):
        order = makers.paid_order()
        Order.objects.filter(pk=order.pk).update(state_since=timezone.now() - timedelta(hours=hours))
    makers.delivered_order()
    count_now()
    text = page(asha)
    figures = {name: next(one for one in re.findall(r"<figure.*?</figure>", text, re.DOTALL) if f'id="{name}-title"' in one) for name in ("stuck", "speed")}
    said = {url: words for words, url in Links(figures["stuck"].split("</svg>")[1]).found}
    assert said["/console/orders/?status=confirmed"] == "half 5 h or less, nine of ten 9 h or less, late after 24 h"
    assert said["/console/orders/?status=shipped"] == "no order"
    first, *rest = (url for _, url in Links(figures["speed"].split("</svg>")[1]).found)
    assert "q=shipped%3A" in first
    assert all("q=delivered%3A" in url for url in rest if "/orders/" in url)
    speeds = dict(Links(text[text.index('aria-label="Speed"') : text.index('aria-label="Products"')]).found)
    assert shown_orders(page(asha, first)) == 1 == shown_orders(page(asha, rest[0]))
    assert speeds["1"] == rest[-2]
    assert figures["stuck"].count('class="limit"') == 4


def test_a_range_is_measured_by_its_own_limit() -> None:
    chart = charts.ranges("x", "X", [
        charts.Point("a", 200, "", "", low=100, limit=100), charts.Point("b", 20, "", "", low=20, limit=10), charts.Point("c", 0, "", "", limit=1),
        charts.Point("d", 900, "", "", low=800, limit=10),
    ])
    a, b, c, d = chart.bars
    assert a.limit == b.limit == c.limit == a.x
    assert a.end == pytest.approx(b.end, abs=charts.RANGE_LEAST + 1)
    assert (b.width, c.width, d.end) == (charts.RANGE_LEAST, 0.0, charts.LYING)
    assert a.end < d.x
