"""A browser at the console of a running shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests.browser.chromium import Browser, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def console(live_server: Any, tmp_path: Path) -> Iterator[tuple[Browser, str]]:
    """A member of staff who is signed in, and where the console begins."""
    path = program()
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    client = Client()
    client.force_login(get_user_model().objects.create_user("asha", first_name="Asha", is_staff=True))
    browser = Browser(path, tmp_path / "profile")
    try:
        name = settings.SESSION_COOKIE_NAME
        browser.sign_in(live_server.url, name, client.cookies[name].value)
        yield browser, f"{live_server.url}/console/"
    finally:
        browser.close()
