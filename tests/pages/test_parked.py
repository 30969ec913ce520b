"""Background work that waits for a person: listed with its reason, and decided by a form (F38, F39)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.flows import makers
from tests.pages.markup import check
from timeline import relay
from timeline.models import Delivery

if TYPE_CHECKING:
    from orders.models import Order
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/console/parked/"


def park(order: Order, count: int = 1) -> list[Delivery]:
    rows = list(Delivery.objects.filter(stream=str(order.pk)).order_by("id")[:count])
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        state="parked", attempts=relay.ATTEMPTS_MAX, error="ConnectionError: <the mail server> is silent"
    )
    return rows


def placed() -> Order:
    return makers.complete(makers.ready_checkout({"TEA-1": 1})).order


def test_what_waits_is_listed_with_its_order_and_its_reason(asha: Client, shop_gateway: FakeGateway) -> None:
    makers.product()
    order = placed()
    (row,) = park(order)

    text = asha.get(PATH).content.decode()

    page = check(text)
    assert f"/console/orders/{order.number}/" in page.links
    for words in (row.subscriber, row.event.kind, "ConnectionError: &lt;the mail server&gt; is silent", "<dd>12</dd>"):
        assert words in text
    assert text.count('aria-current="page"') == 1
    assert PATH in check(asha.get("/console/orders/").content.decode()).links


def test_an_empty_list_says_so(asha: Client) -> None:
    assert "Nothing waits here" in asha.get(PATH).content.decode()
    check(asha.get(PATH).content.decode())


def test_forms_alone_retry_and_drop(asha: Client, shop_gateway: FakeGateway) -> None:
    makers.product()
    first, second = park(placed(), 2)
    hidden = check(asha.get(PATH).content.decode()).hidden

    assert asha.get(f"{PATH}{first.pk}/retry/").status_code == 405
    for _ in range(2):  # a double click acts once and is led to the same place
        answer = asha.post(f"{PATH}{first.pk}/retry/", hidden)
        assert (answer.status_code, answer.headers["Location"]) == (302, PATH)
    assert asha.post(f"{PATH}{second.pk}/drop/", hidden).status_code == 302

    found = dict(Delivery.objects.filter(pk__in=[first.pk, second.pk]).values_list("pk", "state"))
    assert found == {first.pk: "due", second.pk: "dropped"}
    assert Delivery.objects.get(pk=first.pk).attempts == 0
    assert "Dropped." in asha.get(PATH).content.decode()


def test_what_is_decided_already_is_refused_in_words(asha: Client, shop_gateway: FakeGateway) -> None:
    makers.product()
    (row,) = park(placed())
    assert asha.post(f"{PATH}{row.pk}/drop/").status_code == 302

    answer = asha.post(f"{PATH}{row.pk}/retry/")

    assert answer.status_code == 409
    assert "somebody decided it already" in answer.content.decode()
    check(answer.content.decode())
    assert Delivery.objects.get(pk=row.pk).state == "dropped"
    assert asha.post(f"{PATH}{10**30}/retry/").status_code == 409


def test_only_staff_see_and_decide(shop_gateway: FakeGateway) -> None:
    makers.product()
    (row,) = park(placed())
    nobody, customer = Client(), Client()
    customer.force_login(get_user_model().objects.create_user("priya", password="x"))
    for path, method in ((PATH, "get"), (f"{PATH}{row.pk}/retry/", "post"), (f"{PATH}{row.pk}/drop/", "post")):
        assert getattr(nobody, method)(path).headers["Location"].startswith("/console/login/")
        assert getattr(customer, method)(path).status_code == 403
    assert Delivery.objects.get(pk=row.pk).state == "parked"


def test_the_list_costs_the_same_for_one_as_for_five(asha: Client, shop_gateway: FakeGateway) -> None:
    makers.product()
    costs = []
    for count in (1, 4):
        for _ in range(count):
            park(placed())
        with CaptureQueriesContext(connection) as seen:
            asha.get(PATH)
        costs.append(len(seen))
    assert costs[0] == costs[1]
