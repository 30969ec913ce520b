"""D8: the three questions, asked with a mouse: each is answered within three clicks from the console's first page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from orders.models import Order
from orders.operations import tickets
from tests import makers
from timeline.operations import operation
from timeline.vocabulary import money

if TYPE_CHECKING:
    from tests.browser.chromium import Browser

pytestmark = pytest.mark.django_db(transaction=True)
CLICKS_MAX = 3
CELLS = "[...document.querySelectorAll('{rows}')].map(row => [...row.cells].map(cell => cell.innerText.trim()))"


def rows(browser: Browser, selector: str) -> list[list[str]]:
    """The cells of these rows as a person reads them."""
    return list(browser.read(CELLS.format(rows=selector)))


def stayed(order: Order, ago: timedelta) -> Order:
    """The order, as if it had come where it is so long ago."""
    Order.objects.filter(pk=order.pk).update(state_since=timezone.now() - ago)
    return order


def link(words: str, inside: str) -> str:
    """The link in this part of the page that begins with these words."""
    return f"[...document.querySelectorAll('{inside} a')].find(node => node.innerText.trim().startsWith('{words}'))"


def test_d8_which_orders_are_stuck_and_for_how_long(console: tuple[Browser, str]) -> None:
    makers.paid_order()
    stuck = stayed(makers.paid_order(), timedelta(hours=30, minutes=5))
    browser, home = console

    browser.open(home)
    to_pack = next(row for row in rows(browser, ".ages tbody tr") if row[0] == "To pack")
    assert to_pack[1] == "2"
    assert to_pack[-2].startswith("1"), "one of them is stuck"
    browser.click("[...document.querySelectorAll('.ages tbody tr')].find(row => row.cells[0].innerText === 'To pack').querySelector('a.late')")

    (found,) = rows(browser, "#list tbody tr")
    assert stuck.number in found[1]
    assert "30 h" in " ".join(found)
    assert browser.clicks <= CLICKS_MAX


def test_d8_how_much_money_is_in_flight_by_channel(console: tuple[Browser, str]) -> None:
    web, etsy = makers.paid_order(), makers.paid_order(quantity=5)
    Order.objects.filter(pk=etsy.pk).update(channel="etsy")
    makers.delivered_order()
    browser, home = console

    browser.open(home)
    flight = {row[0]: row[1:] for row in rows(browser, "[aria-labelledby=flight] table:not(figure table) tbody tr") if len(row) == 4}
    assert flight == {one.channel: ["1", money(one.total_minor), money(one.paid_minor)] for one in (web, makers.again(etsy))}
    browser.click(link(money(etsy.total_minor), "[aria-labelledby=flight] tbody"))

    assert [row[1].split()[0] for row in rows(browser, "#list tbody tr")] == [etsy.number]
    assert browser.clicks <= CLICKS_MAX


def test_d8_the_median_age_of_open_tickets_of_open_orders(console: tuple[Browser, str]) -> None:
    for hours in (2, 5, 9):
        order = makers.paid_order()
        with operation("test.ticket", actor=makers.shopper(order.person_id), stream=str(order.pk)) as op:
            op.now -= timedelta(hours=hours, minutes=5)
            tickets.open_ticket(op, order_id=order.pk, topic="delivery", message="Where is it?")
    browser, home = console

    browser.open(home)
    tiles = browser.read("[...document.querySelectorAll('[aria-labelledby=asked] li')].map(one => one.innerText.replace(/\\s+/g, ' ').trim())")
    assert tiles == ["3 open", "5 h median age", "9 h oldest"]
    browser.click(link("5 h", "[aria-labelledby=asked]"))

    ages = [row[-1] for row in rows(browser, "main tbody tr")]
    assert sorted(ages)[1].startswith("5 h")
    assert browser.clicks <= CLICKS_MAX


@pytest.mark.parametrize("place", ["", "orders/", "risk/", "risk/rules/", "risk/blocklist/", "tickets/", "jobs/"])
def test_pages_fit_a_phone(console: tuple[Browser, str], place: str) -> None:
    """WCAG 2.2, 1.4.10: nothing but tables scrolls sideways at 390 px."""
    makers.paid_order()
    browser, home = console
    browser.resize(390, 844)
    browser.open(home + place)
    assert browser.read("document.documentElement.scrollWidth") <= 390


def test_amounts_and_sentences_stay_whole_on_a_phone(console: tuple[Browser, str]) -> None:
    """Beside long words an amount was broken letter by letter, and a step's sentence by its hour."""
    order = makers.paid_order()
    browser, home = console
    browser.resize(390, 844)
    browser.open(f"{home}orders/{order.number}/why/")
    widths = browser.read("[...document.querySelectorAll('.kv dd')].filter(one => one.innerText.startsWith('₹')).map(one => one.clientWidth)")
    assert widths
    assert min(widths) >= 80
    browser.open(f"{home}orders/{order.number}/")
    assert min(browser.read("[...document.querySelectorAll('.tl li > div')].map(one => one.clientWidth)")) >= 250
