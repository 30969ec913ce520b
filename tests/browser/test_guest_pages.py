"""Pages behind a link of a mail, in a real browser: Django's test client sends no `Origin`, a browser does, and says `null` where it may name no referrer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orders import helping
from orders.models import Ticket
from tests import makers

if TYPE_CHECKING:
    from tests.browser.chromium import Browser

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_guest_asks_by_the_link_of_a_mail(window: tuple[Browser, str]) -> None:
    """D8."""
    order = makers.paid_order()
    browser, shop = window
    browser.open(f"{shop}/help/{helping.token_of(order.pk)}/")
    browser.read("document.getElementById('id_message').value = 'Where is it?'")
    browser.click("document.querySelector('main form button')")
    assert "We have your message" in browser.read("document.body.innerText")
    assert Ticket.objects.get().order_id == order.pk
