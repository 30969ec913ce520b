"""Notes: of people, corrected and taken back by further entries only (E4, E7–E10), and who looked at a customer's data."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model

from orders import viewing
from orders.models import Message
from tests import makers
from tests.makers import read
from timeline import relay
from timeline.models import Event

if TYPE_CHECKING:
    from orders.models import Order
    from tests.makers import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return makers.paid_order()


@pytest.fixture
def boss() -> Caller:
    return makers.staff()


def rows(caller: Caller, order: Order, face: str = "admin") -> list[dict[str, Any]]:
    return list(read(caller.get(f"/{face}/orders/{order.pk}/timeline", limit=200))["data"])


def test_e10_a_note_is_corrected_by_a_further_entry_and_the_first_words_stay(order: Order, boss: Caller) -> None:
    at = f"/admin/orders/{order.pk}/notes"
    first = read(boss.post(at, {"note": "Comes on Monday", "isPublic": True}), 201)
    assert (first["eventType"], first["noteType"], first["replacedBy"]) == ("Custom", "Custom", None)
    second = read(boss.patch(f"{at}/{first['id']}", {"note": "Comes on Tuesday"}))
    third = read(boss.patch(f"/admin/orders/{order.number}/timeline/{second['id']}", {"note": "Comes on Friday"}))
    assert (second["action"], second["isPublic"], third["metadata"]["noteId"]) == ("note.edited", True, first["id"])

    said = {row["id"]: row for row in rows(boss, order)}
    assert [said[row["id"]]["message"] for row in (first, second, third)] == ["Comes on Monday", "Comes on Tuesday", "Comes on Friday"]
    assert [said[row["id"]]["replacedBy"] for row in (first, second, third)] == [second["id"], third["id"], None]
    hers = makers.Caller({"Authorization": f"Bearer {makers.customer_token(order.person_id)}"})
    assert [row["message"] for row in rows(hers, order, "storefront") if row["noteType"] == "Custom"][-1] == "Comes on Friday"
    assert "Monday" not in str(rows(hers, order, "storefront"))

    gone = read(boss.delete(f"{at}/{first['id']}"))
    assert gone["action"] == "note.retracted"
    assert "Friday" not in str(rows(hers, order, "storefront"))
    assert all(row["isRetracted"] for row in rows(boss, order) if row["action"] in ("note.added", "note.edited"))
    assert boss.patch(f"{at}/{third['id']}", {"note": "Again"}).status_code == 409


def test_e10_system_entries_are_never_changed_and_others_notes_neither(order: Order, boss: Caller) -> None:
    system = next(row for row in rows(boss, order) if row["action"] == "payment.captured")
    assert (system["noteType"], system["eventType"]) == ("System", "AddingPayment")
    before = Event.objects.count()
    for way in (boss.patch(f"/admin/orders/{order.pk}/timeline/{system['id']}", {"note": "No"}),
                boss.delete(f"/admin/orders/{order.pk}/timeline/{system['id']}")):
        assert read(way, 409)["type"] == "/problems/system-entry"
    assert Event.objects.count() == before
    note = read(boss.post(f"/admin/orders/{order.pk}/notes", {"note": "Mine"}), 201)
    at = f"/admin/orders/{order.pk}/notes/{note['id']}"
    assert read(makers.staff().patch(at, {"note": "Yours"}), 403)["type"] == "/problems/not-your-note"
    for unknown in (uuid.UUID(int=0), uuid.uuid4(), uuid.UUID(int=2**128 - 1)):  # no moment, any, and one no calendar has
        assert boss.delete(f"/admin/orders/{order.pk}/notes/{unknown}").status_code == 404
    assert boss.delete(f"/admin/orders/{makers.placed_order().pk}/notes/{note['id']}").status_code == 404
    assert boss.patch(at, {"note": ""}).status_code == 400
    assert boss.patch(at, {"note": "x", "isPublic": True}).status_code == 400


def test_b22_a_note_for_the_customer_is_told_by_mail_and_one_for_staff_is_not(order: Order, boss: Caller) -> None:
    for note, is_public in (("Looks odd to me", False), ("Comes on Monday", True)):
        read(boss.post(f"/admin/orders/{order.pk}/notes", {"note": note, "isPublic": is_public}), 201)
    relay.drain()
    told = [message.opened() for message in Message.objects.filter(template="note_added", state="sent")]
    assert [mail["subject"] for mail in told] == [f"A note on your order {order.number}"]
    assert "Looks odd" not in str(told)


def test_e8_a_colleague_who_is_named_finds_the_note(order: Order, boss: Caller) -> None:
    ravi = makers.member("ravi.k")
    get_user_model().objects.create_user("guest", is_staff=False)
    note = read(boss.post(f"/admin/orders/{order.pk}/notes", {"note": "@Ravi.K, see mail@guest.in and @guest."}), 201)
    assert note["metadata"]["mentions"] == [str(ravi.pk)]
    found = read(boss.get("/api/v1/events", target=f"staff:{ravi.pk}"))["data"]
    assert [row["action"] for row in found if not row["action"].startswith("staff.")] == ["note.added"]


def test_b67_who_reads_a_customers_data_is_written_down_once_an_hour(order: Order, boss: Caller) -> None:
    version = boss.get(f"/admin/orders/{order.pk}").headers["ETag"]
    assert boss.get(f"/admin/orders/{order.pk}").headers["ETag"] == version, "looking changes nothing of the order"
    makers.staff().get(f"/admin/orders/{order.number}")
    seen = Event.objects.filter(kind=viewing.KIND)
    assert [(row.subject_id, row.facts["what"], row.facts["order_id"]) for row in seen] == [
        (order.person_id.hex, "order_api", str(order.pk))] * 2
    assert seen.values("actor_id").distinct().count() == 2
    assert read(boss.get("/api/v1/events", action="personal_data.*", target=f"order:{order.pk}"))["total"] == 2
