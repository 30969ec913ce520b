"""The receipt of an order's history: anybody checks it, and it names nobody (item 1 of the sealed log; A27)."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

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


def rows_of(bundle: dict[str, Any], *, withheld: bool) -> list[int]:
    return [place for place, row in enumerate(bundle["events"]) if ("leaf" in row) is withheld]


def withhold(bundle: dict[str, Any], place: int) -> None:
    row = bundle["events"][place]
    row["leaf"] = base64.b64encode(verifier.leaf_hash(row.pop("entry").encode())).decode()


def forged(bundle: dict[str, Any], how: str) -> dict[str, Any]:
    rows, hidden = bundle["events"], rows_of(bundle, withheld=True)
    if how == "another hash":
        rows[hidden[0]]["leaf"] = base64.b64encode(bytes(32)).decode()
    elif how == "cut short":
        rows[hidden[0]]["leaf"] = rows[hidden[0]]["leaf"][:-4]
    elif how == "left out":
        del rows[hidden[0]]
    elif how == "twice":
        rows.insert(hidden[0], rows[hidden[0]])
    elif how == "twice in place of one that was told":
        rows[hidden[0] + 1] = rows[hidden[0]]
    elif how == "swapped":
        rows[hidden[0]], rows[hidden[1]] = rows[hidden[1]], rows[hidden[0]]
    elif how == "nothing told":
        for place in rows_of(bundle, withheld=False):
            withhold(bundle, place)
    elif how == "as a whole proof":
        bundle["format"] = verifier.FORMAT
    return bundle


def kept_back() -> dict[str, Any]:
    """The proof of an order for its customer: two internal events and one that is told stand behind each other in it."""
    order, staff = makers.paid_order(), makers.staff()
    for word in ("first", "second"):
        makers.read(staff.post(f"/admin/orders/{order.pk}/notes", {"note": word, "isPublic": False}, key=True), 201)
    makers.read(staff.post(f"/admin/orders/{order.pk}/notes", {"note": "third", "isPublic": True}, key=True), 201)
    seal.seal()
    return proof.bundle(str(order.pk), public_only=True)


@pytest.mark.parametrize(
    ("how", "kind"),
    [("another hash", "not_included"), ("cut short", "not_included"), ("left out", "left_out"), ("twice", "out_of_order"),
     ("twice in place of one that was told", "out_of_order"), ("swapped", "out_of_order"), ("nothing told", "nothing_told"),
     ("as a whole proof", "")],
)
def test_a_forged_receipt_is_refused(how: str, kind: str) -> None:
    """A27: of an internal event there is the hash alone, and it has to stand in the log between its neighbours."""
    bundle = kept_back()
    assert verifier.check(copy.deepcopy(bundle), known_keys()).withheld == len(rows_of(bundle, withheld=True)) > 1
    with pytest.raises((verifier.Broken, verifier.Unreadable)) as refused:
        verifier.check(forged(bundle, how), known_keys())
    assert getattr(refused.value, "kind", "") == kind


def test_who_hands_it_on_withholds_nothing_more() -> None:
    """Which events are withheld is signed; that they are internal ones of this order is the shop's word (docs/log.md)."""
    bundle = kept_back()
    withhold(bundle, rows_of(bundle, withheld=False)[1])
    with pytest.raises(verifier.Broken) as refused:
        verifier.check(bundle, known_keys())
    assert refused.value.kind == "cut_off"
