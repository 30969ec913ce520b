"""What apps tell of people: sealed, found by any name of theirs, masked for who sees people masked, and gone with them (A2, B67, B95, Z10)."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from orders import masking
from orders.models import DataRequest
from orders.operations import accounts
from orders.privacy import erasures
from tests import makers
from timeline import vault
from timeline.exports import running
from timeline.models import Event, Target
from timeline.operations import operation

pytestmark = pytest.mark.django_db
URL = "/api/v1/events"
EMAIL = "rachel@kimberley.example"
TOLD: dict[str, Any] = {
    "actor": {"id": EMAIL, "name": "Rachel Kimberley", "type": "customer"}, "action": "parcel.signed",
    "targets": [
        {"type": "consignee", "id": "c-1", "name": "Rachel Kimberley"}, {"type": "item", "id": "TEA", "name": "Assam tea"},
        {"type": "driver", "id": "d-7", "name": "Suresh Kumaran"},
    ],
    "metadata": {
        "signed_name": "Rachel Kimberley", "product_name": "Assam tea", "said": f"Ring {EMAIL} or +919845012345", "station": "P-4",
        "delivery_address": {"line1": "9 Marzipan Lane", "floor": 3}, "amount_minor": 4200, "amount": 42,
    },
}
PERSONAL = ("Kimberley", "kimberley", "Kumaran", "Marzipan", "9845012345")


def tell(**more: Any) -> Event:
    answer = makers.read(makers.staff("events:write").post(URL, {**TOLD, **more}), 202)
    return next(event for event in Event.objects.filter(kind__startswith="app.") if event.public_id == answer["id"])


def found(*scopes: str, **query: Any) -> list[Any]:
    return list(makers.read(makers.staff("events:read", *scopes).get(URL, limit=200, **query))["data"])


def in_it(text: Any) -> list[str]:
    return [word for word in PERSONAL if word in str(text)]


def test_only_things_keep_their_names_in_the_clear() -> None:
    """A consignee and a driver are people, though no list of ours names them so."""
    event = tell()
    assert in_it(bytes(event.canonical).decode()) == []
    names = {target.type: target.name for target in event.targets.all()}
    assert names == {"apiclient": "", "consignee": "", "item": "Assam tea", "driver": "", "actor": ""}
    shown = {row["type"]: row["name"] for row in found("customers:read", action="app.*")[0]["targets"]}
    assert (shown["consignee"], shown["driver"], shown["item"]) == ("Rachel Kimberley", "Suresh Kumaran", "Assam tea")


def test_a2_a_target_that_names_an_order_is_found_from_the_order_whichever_name_was_told() -> None:
    orders = [makers.placed_order() for _ in range(2)]
    tell(targets=[{"type": "order", "id": orders[0].number.lower()}, {"type": "order", "id": str(orders[1].pk)}])
    for order in orders:
        for words in ({"target": f"order:{order.number}"}, {"target": f"order:{order.pk}"}, {"resource": "order", "resourceId": order.number}):
            assert "app.parcel.signed" in [row["kind"] for row in found(**words)], words
    event = Event.objects.get(kind="app.parcel.signed")
    assert event.person_key_id == orders[0].person.key_id, "what is told of an order is sealed as the order is"


def test_a_target_that_several_people_share_is_nobodys() -> None:
    """An address that two guests gave names neither of them; one that a customer alone has names them, in any case."""
    for _ in range(2):
        makers.placed_order(email="shared@quill.example")
    mine = makers.placed_order(email="mine@quill.example")
    shared = tell(targets=[{"type": "customer", "id": "shared@quill.example"}], metadata={"n": 1})
    own = tell(targets=[{"type": "customer", "id": "MINE@quill.example"}], metadata={"n": 2})
    assert shared.person_key_id == vault.HOUSE
    assert own.person_key_id == mine.person.key_id
    assert own.targets.get(type="customer").target_id == mine.person_id.hex


def test_a_hundred_orders_and_customers_are_found_as_one_is(django_assert_max_num_queries: Any) -> None:
    order = makers.placed_order()
    many = [{"type": "order", "id": f"ORD-20200101-{number:05d}"} for number in range(60)]
    many += [{"type": "customer", "id": f"c{number}@quill.example"} for number in range(39)]
    app = makers.staff("events:write")
    with django_assert_max_num_queries(24):
        makers.read(app.post(URL, {**TOLD, "targets": [*many, {"type": "order", "id": order.number}]}), 202)
    assert Event.objects.get(kind="app.parcel.signed").targets.filter(target_id=order.pk.hex).exists()


def test_one_resource_is_one_target_however_often_it_is_named() -> None:
    order = makers.placed_order()
    event = tell(resource="order", resourceId=order.number, targets=[{"type": "order", "id": order.number}, {"type": "order", "id": str(order.pk)}] * 2)
    assert event.targets.filter(type="order").count() == 1


def test_who_acted_under_an_address_is_found_by_it() -> None:
    tell()
    assert [row["kind"] for row in found(actor=EMAIL)] == ["app.parcel.signed"]
    assert found(actor="somebody@else.example") == []


def test_b95_nothing_leads_from_an_erased_customers_address_to_what_was_told() -> None:
    with operation("test.know", actor=makers.TESTER) as op:
        person = accounts.know(op, email=EMAIL)
    event = tell(resource="customer", resourceId=EMAIL, targets=[{"type": "customer", "id": EMAIL, "name": "Rachel Kimberley"}])
    told = ({"actor": EMAIL}, {"target": f"customer:{EMAIL}", "action": "app.*"}, {"resource": "customer", "resourceId": EMAIL, "action": "app.*"})
    assert [len(found(**words)) for words in told] == [1, 1, 1]
    assert not Target.objects.filter(event=event, target_id=vault.blind("told", EMAIL).hex()).exists()
    makers.read(makers.staff().post(f"/admin/customers/{person.pk}/data-requests", {"kind": "erasure"}, key=True), 202)
    erasures.serve_due(timezone.now())
    assert DataRequest.objects.get().status == "done"
    assert [len(found(**words)) for words in told] == [0, 0, 0]


def test_b95_what_was_said_cannot_be_guessed_from_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is keyed: another shop's key gives another, and the same event is a repeat here only."""
    first = tell()
    vault._index_secret.cache_clear()
    monkeypatch.setattr(vault, "_index_secret", lambda: b"another shop's secret".ljust(32))
    assert tell().facts["digest"] != first.facts["digest"]
    assert Event.objects.filter(kind="app.parcel.signed").count() == 2


def test_b67_the_log_masks_people_for_a_key_without_their_scope() -> None:
    tell()
    masked, whole = found(action="app.*")[0], found("customers:read", action="app.*")[0]
    assert in_it(masked) == []
    assert set(in_it(whole)) == set(PERSONAL)
    assert whole["metadata"] == TOLD["metadata"]
    assert (masked["metadata"]["station"], masked["metadata"]["product_name"], masked["metadata"]["amount_minor"]) == ("P-4", "Assam tea", 4200)


def test_b67_the_timeline_masks_them_too_and_leaves_an_apps_own_words_as_they_are() -> None:
    order = makers.placed_order()
    tell(resource="order", resourceId=order.number)
    masked, whole = (
        next(row for row in makers.read(makers.staff(*scopes).get(f"/admin/orders/{order.number}/timeline", limit=200))["data"] if row["channel"] == "ingest")
        for scopes in (("orders:read",), ("orders:read", "customers:read"))
    )
    assert in_it(masked) == []
    assert whole["metadata"]["metadata"] == TOLD["metadata"], "`amount` and `amount_minor` are both there, under their own names"
    assert "digest" not in whole["metadata"]


@pytest.mark.parametrize("personal", [True, False])
def test_a_file_of_events_names_people_where_it_may(personal: bool, settings: Any, tmp_path: Any) -> None:
    settings.EXPORTS_WORK = tmp_path / "work"
    tell()
    boss = makers.staff("events:read", "exports:read", "exports:write", *(["customers:read"] if personal else []))
    wish = {"filters": {"action": "parcel.*"}, "personal": personal}
    asked = makers.read(boss.post("/admin/exports", wish), 202)
    running.run_due()
    url = urlsplit(makers.read(boss.get(f"/admin/exports/{asked['id']}"))["downloadUrl"])
    answer: Any = makers.nobody().client.get(f"{url.path}?{url.query}")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len(rows) == 1
    assert set(in_it(rows)) == (set(PERSONAL) if personal else set())


def test_a_file_that_names_people_needs_the_scope() -> None:
    assert makers.staff("events:read", "exports:write").post("/admin/exports", {"personal": True}).status_code == 403


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ({"customerName": "A B"}, {"customerName": "•••"}), ({"RECIPIENT": {"x": [1, "y", None, True]}}, {"RECIPIENT": {"x": ["•••", "•••", None, True]}}),
        ({"e-mail": "a@b.example"}, {"e-mail": "•••"}), ({"item_name": "Tea"}, {"item_name": "Tea"}), ({"phoneNumber": 9845012345}, {"phoneNumber": "•••"}),
        ({"by": ["call +919845012345"]}, {"by": ["call [phone]"]}), ({"station": "P-4", "seconds": 81}, {"station": "P-4", "seconds": 81}),
        ({"address_line1": "9 Lane"}, {"address_line1": "•••"}), ({"customerId": "c-1"}, {"customerId": "c-1"}),
    ],
)
def test_an_apps_words_are_masked_by_their_names_in_any_spelling(words: Any, shown: Any) -> None:
    assert masking.told(words) == shown
