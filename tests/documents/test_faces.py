"""Documents over the API and on the pages: who sees which (F73)."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from orders.models import Document, Order
from orders.pages.visitors import KIND_SESSION_KEY, PERSON_SESSION_KEY
from tests import makers
from tests.documents.makers import invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours() -> Order:
    order = makers.processing_order()
    invoice(order)
    return order


def read(response: Any) -> Any:
    return json.loads(response.content)


def own(order: Order) -> makers.Caller:
    return makers.Caller({"Authorization": f"Bearer {makers.customer_token(order.person_id)}"}, order.person_id)


def test_staff_issue_list_and_print(ours: Order) -> None:
    order, staff = makers.processing_order(), makers.staff()
    made = staff.post(f"/admin/orders/{order.number}/invoice", key=True)
    assert made.status_code == 201
    body = read(made)
    assert (body["kind"], body["total"], body["originalNumber"]) == ("invoice", order.total_minor, None)
    assert read(staff.post(f"/admin/orders/{order.pk}/invoice"))["number"] == body["number"], "a repeat changes nothing"
    listed = read(staff.get(f"/admin/orders/{order.pk}/documents"))["items"]
    assert listed == [body]
    printed = staff.get(f"/admin/orders/{order.pk}/documents/{body['id']}")
    assert (printed.status_code, printed["Content-Type"]) == (200, "application/pdf")
    assert body["number"].replace("/", "-") in printed["Content-Disposition"]
    assert printed.content.startswith(b"%PDF")
    theirs = Document.objects.get(order=ours).pk
    assert staff.get(f"/admin/orders/{order.pk}/documents/{theirs}").status_code == 404, "of another order"
    assert staff.get(f"/admin/orders/{order.pk}/documents/nonsense").status_code == 404


def test_an_unpaid_order_is_refused_and_nothing_is_numbered() -> None:
    order, staff = makers.placed_order(), makers.staff()
    refused = staff.post(f"/admin/orders/{order.pk}/invoice")
    assert (refused.status_code, read(refused)["type"].rpartition("/")[2]) == (409, "nothing-to-invoice")
    assert not Document.objects.exists()
    assert makers.staff("orders:read").post(f"/admin/orders/{order.pk}/invoice").status_code == 403


def test_f73_a_customer_sees_their_own_documents_and_nobody_elses(ours: Order) -> None:
    document = Document.objects.get(order=ours)
    path = f"/storefront/orders/{ours.pk}/documents"
    assert read(own(ours).get(path))["items"][0]["number"] == document.number
    assert own(ours).get(f"{path}/{document.pk}").content.startswith(b"%PDF")
    stranger = makers.customer()
    absent = stranger.get(f"/storefront/orders/{uuid.uuid4()}/documents/{document.pk}")
    for there in (path, f"{path}/{document.pk}"):
        answer = stranger.get(there)
        assert (answer.status_code, read(answer)["type"]) == (404, read(absent)["type"])
    assert makers.nobody().get(path).status_code == 401
    mine = makers.processing_order()
    invoice(mine)
    assert own(mine).get(f"/storefront/orders/{mine.pk}/documents/{document.pk}").status_code == 404


def test_the_console_shows_prints_and_issues() -> None:
    order = makers.processing_order()
    client = Client()
    client.force_login(makers.member("asha"))
    page = client.get(f"/console/orders/{order.number}/")
    assert "Issue invoice now" in page.content.decode()
    done = client.post(f"/console/orders/{order.number}/invoice/", {"version": str(page.context["version"])})
    assert done.status_code == 302
    document = Document.objects.get(order=order)
    text = client.get(f"/console/orders/{order.number}/").content.decode()
    assert document.number in text
    assert "Issue invoice now" not in text
    printed = client.get(f"/console/orders/{order.number}/documents/{document.pk}/")
    assert printed.content.startswith(b"%PDF")
    assert Client().get(f"/console/orders/{order.number}/documents/{document.pk}/").status_code == 302


def test_the_customers_page_links_the_invoice(ours: Order) -> None:
    document = Document.objects.get(order=ours)
    client = Client()
    session = client.session
    session[PERSON_SESSION_KEY], session[KIND_SESSION_KEY] = str(ours.person_id), "customer"
    session.save()
    here = f"/account/orders/{ours.number}/"
    assert document.number in client.get(here).content.decode()
    assert client.get(f"{here}documents/{document.pk}/").content.startswith(b"%PDF")
