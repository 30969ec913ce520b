"""The rail leads to every page of the console, by pointer and by key, and says where one is."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve

from config.templatetags.bahi_rail import GROUPS, WORK, Place, rail
from tests import makers

PLACES = (*WORK, *(place for group in GROUPS.values() for place in group))


def test_no_two_places_have_the_same_keys() -> None:
    assert len({place.keys for place in PLACES}) == len(PLACES)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.label)
def test_a_place_is_the_current_one_on_its_own_page(place: Place) -> None:
    request = RequestFactory().get(place.url)
    request.resolver_match = resolve(place.url.partition("?")[0])
    assert rail({"request": request})["here"] == place  # type: ignore[arg-type]


@pytest.mark.django_db
def test_the_page_one_is_on_is_marked_once(client: Client) -> None:
    client.force_login(makers.member("asha"))
    text = client.get("/console/settlements/").content.decode()
    assert text.count('aria-current="page"') == 1
    assert '/console/settlements/" aria-current="page"' in text
