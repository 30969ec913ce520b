"""The receipt of an order's history: anybody checks it, and it names nobody (item 1 of the sealed log; A27)."""

from __future__ import annotations

import base64
import copy
import json

import pytest
import segno
from django.test import Client

from orders import proving
from orders.documents.receipt import code_of
from tests import makers
from timeline import verifier
from timeline.log import proof, seal
from timeline.log.checkpoint import known_keys
from timeline.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def test_whoever_has_it_checks_it_and_learns_no_name() -> None:
    order = makers.paid_order()
    makers.staff().post(f"/admin/orders/{order.pk}/holds", {"reason": "fraud_review", "note": "Rang twice"})
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
    kinds = {event["kind"] for event in verdict.events}
    assert verdict.events[0]["kind"] == "order.placed"
    assert verdict.withheld == Event.objects.filter(stream=str(order.pk), public=False).count() > 0
    assert kinds == set(Event.objects.filter(stream=str(order.pk), public=True).values_list("kind", flat=True))
    assert b"fraud_review" not in answer.content
    assert anybody.get("/log/verifier.py").content.startswith(b'"""')
    for said in (page.content, answer.content, pdf.content, json.dumps(found).encode()):
        assert not [word for word in (b"meera@example.com", b"Meera", b"Lake View", b"9845012345") if word in said]

    assert makers.customer().get(place).status_code == 404
    assert anybody.get("/receipts/" + "A" * 44).status_code == 404
    assert anybody.get(found["proofUrl"].replace("receipts/", "receipts/x")).status_code == 404


def test_what_is_withheld_still_proves_that_nothing_is_left_out() -> None:
    """A27: of an internal event there is the hash alone; another hash, none, or a whole proof with one are refused."""
    order = makers.paid_order()
    seal.seal()
    bundle = proof.bundle(str(order.pk), public_only=True)
    hidden = next(place for place, row in enumerate(bundle["events"]) if "leaf" in row)
    other, missing = copy.deepcopy(bundle), copy.deepcopy(bundle)
    other["events"][hidden]["leaf"] = base64.b64encode(bytes(32)).decode()
    del missing["events"][hidden]
    for forged, kind in ((other, "not_included"), (missing, "left_out")):
        with pytest.raises(verifier.Broken) as broken:
            verifier.check(forged, known_keys())
        assert broken.value.kind == kind
    with pytest.raises(verifier.Unreadable):
        verifier.check({**bundle, "format": verifier.FORMAT}, known_keys())
