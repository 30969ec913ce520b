"""Visitors and staff, each with a browser of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from orders.pages.visitors import KIND_SESSION_KEY, PERSON_SESSION_KEY
from tests import makers

if TYPE_CHECKING:
    from uuid import UUID

    from tests.standing import Stand


@pytest.fixture
def asha(stand: Stand) -> Client:
    """A member of staff at the console; tokens of forms are checked as in real life."""
    return stand(_signed_in)


def _signed_in() -> Client:
    user = makers.member("asha", password="demo", first_name="Asha")
    client = Client()
    client.force_login(user)
    return client


def shopper(person_id: UUID) -> Client:
    """The browser of a signed-in customer."""
    client = Client()
    session: Any = client.session
    session[PERSON_SESSION_KEY], session[KIND_SESSION_KEY] = str(person_id), "customer"
    session.save()
    return client
