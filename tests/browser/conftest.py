"""A browser at a running shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

from tests import makers
from tests.browser.chromium import Browser, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def window(live_server: Any, tmp_path: Path) -> Iterator[tuple[Browser, str]]:
    """A browser of somebody nobody knows, and where the shop is."""
    path = program()
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    browser = Browser(path, tmp_path / "profile")
    try:
        yield browser, live_server.url
    finally:
        browser.close()


@pytest.fixture
def console(window: tuple[Browser, str]) -> tuple[Browser, str]:
    """The browser of a member of staff who is signed in, and where the console begins."""
    browser, shop = window
    client = Client()
    client.force_login(makers.member("asha", first_name="Asha"))
    name = settings.SESSION_COOKIE_NAME
    browser.sign_in(shop, name, client.cookies[name].value)
    return browser, f"{shop}/console/"
