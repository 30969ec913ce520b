"""Saved views in the console: beside the list, and on a page of their own (B89)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import SavedView
from tests import makers
from tests.bulk.test_saved_views import watched
from tests.pages.markup import check

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

PAGE = "/console/views/"
pytestmark = pytest.mark.django_db


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.status_code
    text: str = answer.content.decode()
    check(text)
    return text


def test_the_console_saves_what_the_list_shows_and_a_count_is_kept_until_something_is_written(asha: Client) -> None:
    makers.paid_order()
    form = {"name": "Pune", "back": "?view=to-pack&q=city:Pune", "is_shared": "on", "sort": "-total"}
    place = asha.post(f"{PAGE}save/", form).headers["Location"]
    view = SavedView.objects.get()
    assert (view.q, view.is_shared, view.sort) == ("status:confirmed city:Pune", True, "-total")
    assert "Pune<b>" in text_of(asha.get(place))
    asha.get("/console/orders/")
    with CaptureQueriesContext(connection) as one:
        asha.get("/console/orders/")
    asha.post(f"{PAGE}save/", {**form, "name": "Other", "q": "status:pending"})
    asha.get("/console/orders/")
    with CaptureQueriesContext(connection) as two:
        asha.get("/console/orders/")
    assert len(two) == len(one)


def test_the_page_changes_and_drops_ones_own_and_only_shows_a_colleagues(asha: Client, django_user_model: type[User]) -> None:
    watched(makers.member("ravi"), name="Of Ravi", is_shared=True)
    theirs = SavedView.objects.get()
    watched(django_user_model.objects.get(username="asha"), name="Of Asha")
    mine = SavedView.objects.get(name="Of Asha")
    assert text_of(asha.get(PAGE)).count(">Change</summary>") == 1
    prefix = mine.pk.hex
    words = {f"{prefix}-name": "New name", f"{prefix}-q": "status:shipped", f"{prefix}-sort": "total"}
    assert asha.post(f"{PAGE}{mine.pk}/", words).status_code == 302
    assert SavedView.objects.get(pk=mine.pk).name == "New name"
    text_of(asha.post(f"{PAGE}{mine.pk}/", {**words, f"{prefix}-q": "meera"}), 400)
    assert asha.post(f"{PAGE}{theirs.pk}/", {"do": "drop"}).status_code == 403
    assert asha.post(f"{PAGE}{mine.pk}/", {"do": "drop"}).status_code == 302
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Of Ravi"]
