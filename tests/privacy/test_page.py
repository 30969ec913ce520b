"""`/console/privacy/`: requests, why they wait, what is kept."""

from __future__ import annotations

import pytest
from django.test import Client

from orders.models import DataRequest
from orders.privacy import erasures
from tests import makers

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_request_is_taken_in_waits_with_its_reason_and_is_withdrawn() -> None:
    asha = Client()
    asha.force_login(makers.member("asha"))
    order = makers.paid_order()
    assert asha.post("/console/privacy/ask/", {"customer": "nobody@example.com", "kind": "erasure"}).status_code == 422
    assert asha.post("/console/privacy/ask/", {"customer": "meera@example.com", "kind": "erasure"}).status_code == 302
    found = DataRequest.objects.get()
    erasures.serve_due(found.asked_at)
    page = asha.get("/console/privacy/").content.decode()
    assert f"{order.number}: the order is not at its end" in page
    assert "Business recipients" in page
    refused = asha.post(f"/console/privacy/{found.pk}/execute/")
    assert (refused.status_code, "Not yet" in refused.content.decode()) == (409, True)
    assert asha.post(f"/console/privacy/{found.pk}/withdraw/").status_code == 302
    assert DataRequest.objects.get().status == "withdrawn"
    assert Client().get("/console/privacy/").status_code == 302
