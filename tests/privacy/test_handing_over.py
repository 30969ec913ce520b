"""A person's data, handed over as one archive that only they and staff can fetch, for a while (B95, GDPR 15 and 20)."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import ArchivePart, Order
from orders.privacy import erasures
from tests import makers
from tests.payments.fake_gateway import FakeGateway
from tests.privacy import planting
from timeline.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
MINE = "/storefront/me/data-requests"


def body_of(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def test_the_archive_says_everything_and_goes_to_nobody_else(shop_gateway: FakeGateway) -> None:
    planted = planting.plant(shop_gateway, Client())
    me = planted.caller
    asked = makers.read(me.post(MINE, {"kind": "access"}, key=True), 202)
    assert makers.read(me.post(MINE, {"kind": "access"}, key=True), 202)["id"] == asked["id"], "one of a kind is open at a time"
    erasures.serve_due(timezone.now())
    ready = makers.read(me.get(f"{MINE}/{asked['id']}"))
    assert (ready["status"], ready["archiveBytes"] > 0) == ("ready", True)

    data = body_of(me.get(ready["archiveUrl"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        everything = b"\n".join(archive.read(name) for name in names)
    assert {"README.txt", "profile.json", "events.json", f"orders/{planted.order.number}.json"} <= set(names)
    assert any(name.endswith("-1.png") for name in names), "the photo of the return"
    unsaid = set(planting.WORDS) - set(planting.hits(everything))
    assert unsaid == {"file", "reason"}, "the row of the file did nothing, and the reason was not said yet"
    assert planting.hits(planting.database_bytes()) == [], "the archive is kept sealed"

    other = makers.customer()
    assert other.get(ready["archiveUrl"]).status_code == 404
    assert other.get(f"{MINE}/{asked['id']}").status_code == 404
    assert makers.nobody().get(ready["archiveUrl"]).status_code == 401
    assert makers.staff("orders:read").get(ready["archiveUrl"].replace(MINE, "/admin/data-requests")).status_code == 403
    assert me.get(f"{MINE}/{asked['id']}/archive", token="forged").status_code == 404
    assert body_of(planted.staff.get(makers.read(planted.staff.get(f"/admin/data-requests/{asked['id']}"))["archiveUrl"])) == data
    assert Event.objects.filter(kind="privacy.archive_fetched", stream=str(planted.person_id)).count() == 2

    erasures.serve_due(timezone.now() + timedelta(days=8))
    assert me.get(ready["archiveUrl"]).status_code == 410, "the link has died"
    assert makers.read(me.get(f"{MINE}/{asked['id']}"))["status"] == "expired"
    assert not ArchivePart.objects.exists()


def test_what_apps_told_of_a_customer_and_of_the_guest_they_were_is_in_it() -> None:
    """By whatever name they were a target, and sealed under whichever of their keys (B95)."""
    token = makers.read(makers.nobody().post("/storefront/anonymous-tokens", {}), 201)["token"]
    guest = makers.Caller({"Authorization": f"Bearer {token}"})
    cart = makers.read(guest.post("/storefront/checkouts", {"lines": [{"sku": makers.product().sku, "quantity": 1}]}, key=True), 201)["id"]
    makers.read(guest.patch(f"/storefront/checkouts/{cart}", {"email": "a@b.example", "shippingAddress": makers.address(), "paymentMethod": "cod"}, key=True))
    placed = makers.read(guest.post(f"/storefront/checkouts/{cart}/complete", {}, key=True), 201)["order"]
    order = Order.objects.get(pk=placed["id"])
    staff, me = makers.staff(), makers.customer()
    makers.read(staff.post(f"/admin/orders/{order.number}/notes", {"note": "Likes Wobblegong", "isPublic": False}, key=True), 201)
    makers.read(me.post("/storefront/me/transfer", {"anonymousToken": token}))
    for number, target in enumerate(({"type": "customer", "id": str(me.person_id)}, {"type": "order", "id": order.number})):
        told = {"actor": {"id": "desk"}, "action": "call.taken", "resource": "desk", "resourceId": "d1", "targets": [target]}
        makers.read(staff.post("/api/v1/events", {**told, "metadata": {"said": f"Zigzaggery {number}"}}), 202)
    stranger = {"actor": {"id": "desk"}, "action": "call.taken", "targets": [{"type": "customer", "id": "c-1"}], "metadata": {"said": "Somebody else's"}}
    makers.read(staff.post("/api/v1/events", stranger), 202)
    asked = makers.read(me.post(MINE, {"kind": "access"}, key=True), 202)
    erasures.serve_due(timezone.now())
    data = body_of(me.get(makers.read(me.get(f"{MINE}/{asked['id']}"))["archiveUrl"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        events = json.loads(archive.read("events.json"))
    assert [event["private"]["metadata"]["said"] for event in events if event["kind"] == "app.call.taken"] == ["Zigzaggery 0", "Zigzaggery 1"]
    assert [event["private"] for event in events if event["kind"] == "note.added"] == [{"note": "Likes Wobblegong"}]
    assert {event["by"] for event in events if event["kind"] == "order.placed"} == {"you"}
