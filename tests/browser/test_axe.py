"""WCAG 2.2 AA, asked by axe-core of every page that is drawn, light and dark, on a desk and on a phone (UX B9).

The pages are those of the URL table, so a new one is asked, too. `make test-postgres` asks each of them once, light on a desk and
dark on a phone, which takes a minute; `make axe` asks all four, of everything the shop has to show there: an order in each of its states, for one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from orders.pages.visitors import KIND_SESSION_KEY, PERSON_SESSION_KEY
from tests.browser import axe, whole_shop
from tests.thorough import THOROUGH

if TYPE_CHECKING:
    from tests.browser.chromium import Browser
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = os.environ.get("AXE") == "1"
EACH_MAX = 30
DESK, PHONE = (1440, 900), (390, 844)
EACH_HALF = (("light", DESK), ("dark", PHONE))
SCREENS = (*EACH_HALF, ("light", PHONE), ("dark", DESK)) if EVERYTHING else EACH_HALF
# Pages the shop has none of, each with its reason.
LEFT_OUT = {
    "account": "leads on to the orders",
    "pay-back": "leads on to the order: the gateway sends the browser here",
    **dict.fromkeys(("account-document", "console-document"), "a file: invoice, credit note"),
    **dict.fromkeys(("account-return-label", "console-job-labels", "console-pack-list"), "a file: paper to print"),
    **dict.fromkeys(("account-return-photo", "console-return-photo"), "a file: a picture"),
    **dict.fromkeys(("console-chart", "console-job-errors", "console-privacy-archive"), "a file: a table, an archive"),
}


def visitor() -> Client:
    """One who is staff at the console and the best customer of the shop."""
    client = Client()
    client.force_login(get_user_model().objects.create_user("asha", first_name="Asha", is_staff=True, is_superuser=True))
    session: Any = client.session
    session[PERSON_SESSION_KEY], session[KIND_SESSION_KEY] = str(whole_shop.PERSON), "customer"
    session.save()
    client.post("/account/login/", {"email": "meera@example.com"})
    return client


def faults(browser: Browser, url: str, shop: str) -> list[str]:
    """What is wrong with this page, each with where it was seen."""
    browser.errors.clear()
    browser.asked.clear()
    seen: dict[str, list[str]] = {}
    browser.open(url)
    for theme, (width, height) in SCREENS:
        browser.wear(theme)
        browser.resize(width, height)
        found = axe.faults(browser)
        if (wide := browser.read("document.documentElement.scrollWidth")) > width:
            found.append(f"the page is {wide} px wide")
        for fault in found:
            seen.setdefault(fault, []).append(f"{theme} {width}")
    found = [f"{fault} [{', '.join(where)}]" for fault, where in seen.items()]
    found += [f"its console says: {error}" for error in browser.errors]
    return found + [f"it asks {asked}" for asked in browser.asked if not asked.startswith((shop, "data:"))]


@pytest.mark.skipif(not (EVERYTHING or THOROUGH), reason="takes a minute: make test-postgres, make axe")
def test_every_page_is_for_everybody(window: tuple[Browser, str], shop_gateway: FakeGateway, settings: Any) -> None:
    """No page breaks a rule of WCAG 2.0, 2.1 or 2.2 at A or AA, is wider than the screen, asks another host, or logs an error."""
    settings.ENDPOINTS_PRIVATE = True
    browser, shop = window
    client = visitor()
    whole_shop.fill(client, shop_gateway)
    found, missing = whole_shop.pages(client, most=EACH_MAX if EVERYTHING else 1)
    assert missing == set(LEFT_OUT)
    browser.bring(axe.source())
    browser.sign_in(shop, settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)

    wrong = {
        f"{name} {path}": said
        for name, paths in found.items() for path in paths if (said := faults(browser, shop + path, shop))
    }

    assert wrong == {}, "\n".join(f"{page}\n  " + "\n  ".join(said) for page, said in wrong.items())
