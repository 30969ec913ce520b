"""Visitors and staff, each with a browser of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from orders.pages.visitors import KIND_SESSION_KEY, PERSON_SESSION_KEY
from tests import makers


@pytest.fixture
def asha() -> Client:
    """A member of staff at the console; tokens of forms are checked as in real life."""
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
