"""The five main tasks of staff and a customer's checkout with the keyboard alone, in a real browser (UX B2.8, B9; WCAG 2.1.1, 2.4.3, 2.4.7, 4.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orders.models import Order, Ticket
from orders.operations import tickets
from payments.models import Refund
from shipping.models import Shipment
from tests import makers
from tests.thorough import THOROUGH
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.chromium import Browser
    from tests.payments.fake_gateway import FakeGateway

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not THOROUGH, reason="takes half a minute: make test-postgres"),
]
TABS_MAX = 80
FOCUS = "(() => { const at = document.activeElement; return at.matches('input:not([type=submit]), select, textarea') ? at.name : at.innerText.replace(/\\s+/g, ' ').trim(); })()"
# A ring of at least two pixels that is not clear, inside the window, with nothing over it (WCAG 2.4.7, 2.4.11).
SEEN = """(() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  const ringed = node => { const look = getComputedStyle(node); return look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2; };
  const ring = ringed(at) || ringed(at.parentElement);
  const top = document.elementFromPoint(box.x + box.width / 2, Math.min(Math.max(box.y + box.height / 2, 0), innerHeight - 1));
  return ring && box.width > 0 && (at.contains(top) || top?.contains(at) || top?.closest('label')?.control === at);
})()"""
SAID = "[...document.querySelectorAll('[role=status]')].map(one => one.innerText).join(' ')"
LOST = "document.activeElement === document.body"


@pytest.fixture
def desk(console: tuple[Browser, str]) -> Iterator[tuple[Browser, str]]:
    """The console, and a keyboard: at the end no mouse was touched and nothing was logged."""
    yield console
    assert console[0].clicks == 0
    assert console[0].errors == []


def tab_to(browser: Browser, words: str, *, key: str = "Tab") -> None:
    """Go on by Tab until the focus is on what is called so; wherever it comes by, it is seen."""
    for _ in range(TABS_MAX):
        browser.press(key)
        assert browser.read(SEEN), f"the focus is not seen on {browser.read('document.activeElement.outerHTML')[:300]}"
        if browser.read(FOCUS).startswith(words):
            return
    raise AssertionError(f"no Tab leads to {words}")


def dialog(browser: Browser) -> None:
    """Wait until a dialog is open and htmx has taken its form up; the focus is in it."""
    browser.until("!!document.querySelector('dialog[open] form') && !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added')")
    assert browser.read("document.querySelector('dialog').contains(document.activeElement)")


def order_page(browser: Browser, home: str, order: Order) -> None:
    browser.open(f"{home}orders/{order.number}/")


def status(order: Order) -> str:
    return str(makers.again(order).status)


def test_an_order_is_found(desk: tuple[Browser, str]) -> None:
    makers.paid_order()
    order = makers.paid_order()
    browser, home = desk
    browser.open(home)
    browser.press("Control+k")
    assert browser.read(FOCUS) == "q"
    assert browser.read(SEEN)
    browser.write(order.number)
    browser.press("Enter")
    browser.until(f"document.querySelector('h1').innerText === '{order.number}'")


def test_a_list_is_walked(desk: tuple[Browser, str]) -> None:
    order = makers.paid_order()
    makers.paid_order()
    browser, home = desk
    browser.open(f"{home}orders/")
    browser.press("j", "j")
    assert order.number in browser.read("document.querySelector('.cursor').innerText")
    browser.press("Enter")
    browser.until(f"document.querySelector('h1').innerText === '{order.number}'")


def test_processing_is_started(desk: tuple[Browser, str]) -> None:
    order = makers.paid_order()
    browser, home = desk
    order_page(browser, home, order)
    tab_to(browser, "Start processing")
    browser.press("Enter")
    browser.until(f"{SAID}.includes('Processing started.')")
    assert status(order) == "processing"
    assert browser.read(FOCUS).startswith("Create shipment"), "the focus stays on the next step"
    assert browser.read(SEEN)


def test_it_is_packed_and_shipped(desk: tuple[Browser, str]) -> None:
    order = makers.processing_order()
    browser, home = desk
    order_page(browser, home, order)
    browser.press("s")
    dialog(browser)
    tab_to(browser, "Create shipment")
    browser.press("Enter")
    browser.until(f"{SAID}.includes('Shipment created.')")
    browser.until(f"!document.querySelector('dialog').open && !({LOST})")
    assert browser.read(SEEN)
    assert Shipment.objects.filter(stream=str(order.pk)).count() == 1


def test_escape_closes_a_dialog_and_the_focus_returns(desk: tuple[Browser, str]) -> None:
    browser, home = desk
    order_page(browser, home, makers.delivered_order())
    tab_to(browser, "Refund")
    browser.press("Enter")
    dialog(browser)
    browser.press("Escape")
    browser.until("!document.querySelector('dialog').open")
    assert browser.read(FOCUS).startswith("Refund")


def test_money_is_given_back(desk: tuple[Browser, str], shop_gateway: FakeGateway) -> None:
    order = makers.delivered_order()
    browser, home = desk
    order_page(browser, home, order)
    browser.press("r")
    dialog(browser)
    tab_to(browser, "units-")
    browser.press("ArrowUp")
    browser.until("document.querySelector('#quote').innerText.includes('Refund ₹')")
    assert browser.read("document.querySelector('#quote').ariaLive") == "polite"
    tab_to(browser, "code")
    browser.press("ArrowDown")
    tab_to(browser, "Refund ₹")
    browser.press("Enter")
    browser.until(f"{SAID}.includes('Refund')")
    browser.until(f"!document.querySelector('dialog').open && !({LOST})")
    assert Refund.objects.filter(stream=str(order.pk)).count() == 1


def test_a_ticket_is_answered(desk: tuple[Browser, str]) -> None:
    order = makers.paid_order()
    with operation("test.ticket", actor=makers.shopper(order.person_id), stream=str(order.pk)) as op:
        tickets.open_ticket(op, order_id=order.pk, topic="delivery", message="Where is it?")
    browser, home = desk
    browser.open(home)
    browser.press("g", "q")
    browser.until("document.querySelector('h1').innerText === 'Tickets' && document.readyState === 'complete'")
    browser.press("j", "Enter")
    browser.until("document.body.innerText.includes('Where is it?')")
    tab_to(browser, "message")
    browser.write("It comes tomorrow.")
    browser.press("Control+Enter")
    browser.until("[...document.querySelectorAll('article')].some(one => one.innerText.includes('It comes tomorrow.'))")
    assert Ticket.objects.get().status == "waiting", "for the customer"


def test_a_customer_buys(window: tuple[Browser, str]) -> None:
    makers.product("TEA-1", name="Assam")
    browser, shop = window
    browser.open(shop)
    browser.press("Tab")
    assert browser.read(FOCUS) == "Skip to content"
    browser.press("Enter")
    tab_to(browser, "Add to cart")
    browser.press("Enter")
    browser.until("document.querySelector('h1').innerText === 'Your cart'")
    assert "cart" in browser.read(SAID)
    tab_to(browser, "Go to checkout")
    browser.press("Enter")
    browser.until("document.querySelector('h1').innerText === 'Checkout'")
    tab_to(browser, "Review the order")
    browser.press("Enter")
    browser.until("!!document.querySelector('[aria-invalid=true]')")
    assert all("422" in error for error in browser.errors), "the browser notes the refused form and nothing else"
    browser.errors.clear()
    tab_to(browser, "name")
    for words in ("Meera Nair", "meera@example.com", "9845012345", "3 Lake View Road", "", "Bengaluru"):
        browser.write(words)
        browser.press("Tab")
    assert browser.read(FOCUS) == "state"
    browser.press(*"karn")
    browser.press("Tab")
    browser.write("560001")
    tab_to(browser, "payment_method")
    browser.press("ArrowDown")
    tab_to(browser, "Review the order")
    browser.press("Enter")
    browser.until("document.body.innerText.includes('3 Lake View Road') && !document.querySelector('[name=line1]')")
    tab_to(browser, "Order ₹")
    browser.press("Enter")
    browser.until("/account.orders/.test(location.pathname) && document.readyState === 'complete'")
    assert Order.objects.get().number in browser.read("document.body.innerText")
    assert (browser.clicks, browser.errors) == (0, [])
