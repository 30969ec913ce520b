"""A person is erased: their key is destroyed, nothing of theirs lies anywhere, every proof and total still checks (B95, Z10, F85)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from config.doctor import examine
from orders.models import DataRequest, Document, Order, Person, PersonToken
from orders.operations import accounts
from orders.privacy import erasures
from payments.models import Notice
from tests import makers
from tests.payments.fake_gateway import FakeGateway
from tests.privacy import planting
from tests.standing import Stand
from timeline import relay
from timeline.log import seal
from timeline.models import SubjectKey
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def planted(stand: Stand, shop_gateway: FakeGateway) -> planting.Planted:
    return stand(lived, shop_gateway)


def lived(gateway: FakeGateway) -> planting.Planted:
    return planting.plant(gateway, Client())


def ask(planted: planting.Planted, kind: str = "erasure") -> dict[str, Any]:
    asked: dict[str, Any] = makers.read(planted.staff.post(f"/admin/customers/{planted.person_id}/data-requests", {"kind": kind}, key=True), 202)
    return asked


def test_nothing_is_found_and_everything_checks(planted: planting.Planted, shop_gateway: FakeGateway, tmp_path: Path, settings: Any) -> None:
    settings.ERASURES_FILE = str(tmp_path / "erasures")
    before = planting.database_bytes()
    assert planted.order.number.encode() in before, "the search finds what is there"
    assert planting.hits(before) == [], "nothing lies in the clear even before, so no backup holds it"
    assert json.loads(planted.staff.get(f"/admin/orders/{planted.order.number}").content)["customer"]["email"] == planting.WORDS["email"]

    asked = ask(planted)
    refused = makers.read(planted.staff.post(f"/admin/data-requests/{asked['id']}/execute", {}), 409)
    assert {reason["code"] for reason in refused["reasons"]} == {"return_under_way"}
    erasures.serve_due(timezone.now())
    waits = makers.read(planted.staff.get(f"/admin/data-requests/{asked['id']}"))
    assert (waits["status"], [reason["order"] for reason in waits["reasons"]]) == ("waiting", [planted.order.number])

    planting.settle(planted, shop_gateway)
    DataRequest.objects.update(due_at=timezone.now())
    erasures.serve_due(timezone.now())
    assert makers.read(planted.staff.get(f"/admin/data-requests/{asked['id']}"))["status"] == "done"

    assert planting.hits(planting.database_bytes()) == []
    assert planting.hits(planting.folder_bytes(tmp_path)) == []
    assert not Notice.objects.exclude(sealed=b"").exists(), "not even for who has all keys"
    shown = makers.read(planted.staff.get(f"/admin/orders/{planted.order.number}"))
    assert planting.hits(json.dumps(shown).encode()) == []
    assert (shown["customer"]["erased"], shown["customer"]["name"], shown["shippingAddress"]) == (True, None, None)
    assert shown["items"][0]["metadata"] == {}
    assert shown["total"] == planted.order.total_minor
    assert Order.objects.filter(person=planted.order.person).exclude(city_token=None, pin_token=None).count() == 0
    timeline = planted.staff.get(f"/admin/orders/{planted.order.number}/timeline").content
    assert planting.hits(timeline) == []
    invoice = Document.objects.get(kind="invoice")
    assert invoice.recipient()["gstin"] == planting.WORDS["gstin"], "tax law keeps a business's invoice, under a key of the books"

    seal.seal()
    call_command("verify")
    assert examine() == []


def test_who_was_erased_is_nobody_and_may_come_back_as_somebody_new(planted: planting.Planted, shop_gateway: FakeGateway) -> None:
    planting.settle(planted, shop_gateway)
    makers.read(planted.staff.post(f"/admin/data-requests/{ask(planted)['id']}/execute", {}))
    assert not PersonToken.objects.filter(person_id=planted.person_id).exists()
    assert makers.read(planted.caller.post("/storefront/checkouts", {}, key=True), 409)["type"] == "/problems/person-erased"
    assert makers.read(planted.caller.post(f"/storefront/checkouts/{planted.answers[0]['id']}/complete", {}, key=planted.key), 409)[
        "type"] == "/problems/answer-erased"
    assert makers.read(planted.staff.get("/admin/orders", q=planting.WORDS["email"]))["data"] == []
    makers.read(planted.staff.post(f"/admin/orders/{planted.order.number}/notes", {"note": "Closed"}, key=True), 201)

    with operation("test.again", actor=makers.TESTER) as op:
        again = accounts.know(op, email=planting.WORDS["email"])
    assert again.pk != planted.person_id
    relay.drain()


def test_the_browser_of_who_was_erased_shops_on_as_a_new_guest(planted: planting.Planted, shop_gateway: FakeGateway) -> None:
    browser = Client()
    session = browser.session
    session.update({"person_id": str(planted.person_id), "person_kind": "customer", "cart": str(planted.order.pk)})
    session.save()
    planting.settle(planted, shop_gateway)
    makers.read(planted.staff.post(f"/admin/data-requests/{ask(planted)['id']}/execute", {}))
    assert browser.post("/cart/add/", {"sku": planted.order.lines.get().sku, "quantity": "1"}).status_code == 302
    assert browser.session["person_id"] != str(planted.person_id)


def test_a_restored_backup_is_erased_anew(planted: planting.Planted, shop_gateway: FakeGateway, tmp_path: Path, settings: Any) -> None:
    settings.ERASURES_FILE = str(tmp_path / "erasures")
    planting.settle(planted, shop_gateway)
    key = SubjectKey.objects.get(pk=Person.objects.get(pk=planted.person_id).key_id)
    sealed = Person.objects.get(pk=planted.person_id).sealed
    makers.read(planted.staff.post(f"/admin/data-requests/{ask(planted)['id']}/execute", {}))
    # What a backup of before says of the person.
    SubjectKey.objects.filter(pk=key.pk).update(wrapped=key.wrapped, destroyed_at=None)
    Person.objects.filter(pk=planted.person_id).update(sealed=sealed, erased_at=None)
    assert Person.objects.get(pk=planted.person_id).profile()["name"] == planting.WORDS["name"]
    assert erasures.alive_but_noted() == 1
    assert erasures.reapply() == 1
    assert Person.objects.get(pk=planted.person_id).profile() == {}
    assert (erasures.reapply(), erasures.alive_but_noted()) == (0, 0)
