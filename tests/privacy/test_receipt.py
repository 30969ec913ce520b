"""The receipt of an order's history: anybody checks it, and it names nobody (item 1 of the sealed log; A27)."""

from __future__ import annotations

import json

import pytest
import segno
from django.test import Client

from orders import proving
from orders.documents.receipt import code_of
from tests import makers
from timeline import verifier
from timeline.log import seal
from timeline.log.checkpoint import known_keys

pytestmark = pytest.mark.django_db(transaction=True)


def test_whoever_has_it_checks_it_and_learns_no_name() -> None:
    order = makers.paid_order()
    me = makers.Caller({"Authorization": f"Bearer {makers.customer_token(order.person_id)}"})
    place = f"/storefront/orders/{order.number}/receipt"
    assert me.get(place).status_code == 409, "nothing is sealed yet"
    seal.seal()
    pdf = me.get(place)
    assert (pdf.status_code, pdf["Content-Type"], pdf.content[:4]) == (200, "application/pdf", b"%PDF")
    found = makers.read(me.get(place, form="json"))
    assert found["pageUrl"] == proving.link_of(order.pk)
    assert code_of(found["pageUrl"]) == ["".join(map(str, row)) for row in segno.make(found["pageUrl"], error="m", micro=False).matrix]

    anybody = Client()
    page = anybody.get(found["pageUrl"])
    assert page.status_code == 200
    assert found["root"] in page.content.decode().replace("&#x2B;", "+")
    answer = anybody.get(found["proofUrl"])
    verdict = verifier.check(json.loads(answer.content), known_keys())
    assert verdict.events[0]["kind"] == "order.placed"
    assert anybody.get("/log/verifier.py").content.startswith(b'"""')
    for said in (page.content, answer.content, pdf.content, json.dumps(found).encode()):
        assert not [word for word in (b"meera@example.com", b"Meera", b"Lake View", b"9845012345") if word in said]

    assert makers.customer().get(place).status_code == 404
    assert anybody.get("/receipts/" + "A" * 44).status_code == 404
    assert anybody.get(found["proofUrl"].replace("receipts/", "receipts/x")).status_code == 404
