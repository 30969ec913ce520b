"""Who may not see customers sees them masked, and in full only for a reason that is kept (B67, B70)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orders import masking
from orders.models import Document, Fulfilment
from shipping.models import Shipment
from tests import makers
from timeline import relay
from timeline.exports import running
from timeline.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
CLEAR = (b"Meera Nair", b"meera@example.com", b"12 Lake View", b"9845012345")


# What groups of this name could do before there were roles.
ROLES = {"warehouse": ("operations", "packer"), "support": ("manager",)}


def in_clear(content: bytes) -> list[bytes]:
    return [word for word in CLEAR if word in content]


def member(role: str) -> Client:
    return makers.signed_in(role, *ROLES[role])


def test_the_api_masks_for_keys_without_the_scope_and_reveals_for_a_reason() -> None:
    order = makers.shipped_order()
    packer, all_seeing = makers.staff("orders:read", "customers:reveal"), makers.staff("orders:read", "customers:read")
    for place in ("/admin/orders", f"/admin/orders/{order.pk}", f"/admin/orders/{order.pk}/timeline", "/admin/shipments"):
        seen = all_seeing.get(place)
        assert (place, in_clear(packer.get(place).content)) == (place, [])
        assert packer.get(place).status_code == seen.status_code == 200
    assert in_clear(all_seeing.get(f"/admin/orders/{order.pk}").content)
    shown = makers.read(packer.get(f"/admin/orders/{order.pk}"))
    assert (shown["customer"]["name"], shown["shippingAddress"]["line1"]) == ("M••• N•••", "•••")
    assert shown["shippingAddress"]["postalCode"] == "560001", "parcels are planned by it"

    place = f"/admin/orders/{order.pk}/reveal"
    assert makers.staff("orders:read").post(place, {"reason": "curious"}).status_code == 403
    assert packer.post(place, {}).status_code == 400
    assert not Event.objects.filter(kind="personal_data.revealed").exists()
    full = makers.read(packer.post(place, {"reason": "The carrier rang"}))
    assert (full["name"], full["shippingAddress"]["line1"]) == ("Meera Nair", "12 Lake View")
    event: Any = Event.objects.get(kind="personal_data.revealed")
    assert (event.stream, event.private()) == (str(order.person_id), {"reason": "The carrier rang"})


def test_pages_mask_for_the_warehouse_and_show_once_for_a_reason() -> None:
    order = makers.shipped_order()
    ravi, asha = member("warehouse"), member("support")
    for place in ("/console/orders/", f"/console/orders/{order.number}/"):
        assert in_clear(ravi.get(place).content) == []
        assert in_clear(asha.get(place).content)
    place = f"/console/orders/{order.number}/reveal/"
    assert ravi.post(place, {"reason": " "}).status_code == 422
    assert in_clear(ravi.post(place, {"reason": "The carrier rang"}).content)
    assert in_clear(ravi.get(f"/console/orders/{order.number}/").content) == []
    assert Event.objects.filter(kind="personal_data.revealed").count() == 1


def test_who_sees_people_masked_takes_them_nowhere(settings: Any) -> None:
    """Neither as a file nor to another system, by API or console; nor by the file somebody else asked for."""
    settings.ENDPOINTS_PRIVATE = True
    packer = makers.staff("orders:read", "exports:write", "endpoints:write", "tracking:write")
    wish = {"kind": "orders", "format": "csv", "filters": {}, "personal": True}
    away = {"name": "away", "url": "https://away.example/", "kinds": ["*"], "payload": "hydrated", "isPersonal": True}
    campaign = {"name": "campaign", "target": "mail_campaign", "url": "https://away.example/", "credentials": {"apiKey": "k" * 20}}
    for place, body in (("/admin/exports", wish), ("/admin/endpoints", away), ("/api/v1/delivery-configurations", campaign)):
        assert (place, packer.post(place, body, key=True).status_code) == (place, 403)
    named = makers.read(makers.staff().post("/admin/endpoints", away, key=True), 201)["id"]
    assert packer.patch(f"/admin/endpoints/{named}", {"url": "https://elsewhere.example/"}).status_code == 403
    makers.read(packer.patch(f"/admin/endpoints/{named}", {"isPersonal": False}))

    asked = makers.read(makers.staff().post("/admin/exports", wish, key=True), 202)["id"]
    running.run_due()
    ravi, asha = member("warehouse"), member("support")
    assert ravi.post("/console/exports/ask/", {"kind": "orders", "format": "csv", "personal": "on"}).status_code == 403
    assert b"download?" in asha.get(f"/console/exports/{asked}/").content
    assert b"download?" not in ravi.get(f"/console/exports/{asked}/").content
    assert ravi.get(f"/admin/exports/{asked}").json()["downloadUrl"] is None
    assert ravi.get(f"/admin/exports/{asked}/download").status_code == 403


def test_what_a_mask_leaves() -> None:
    assert masking.email("meera@example.com") == "m•••@e•••.com"
    assert masking.tail("+919845012345") == "•••45"
    assert (masking.name(None), masking.address({})) == (None, {})


def looks() -> list[tuple[str, str]]:
    return [(event.facts["what"], event.actor_id) for event in Event.objects.filter(kind="personal_data.viewed").order_by("id")]


def test_paper_that_names_a_customer_is_a_look_at_them() -> None:
    """B67: an invoice, a label, many labels and a packing slip, by the API and on the pages; once an hour for each reader and customer."""
    orders = [makers.shipped_order(), makers.shipped_order()]
    relay.drain()
    parcels = [str(pk) for pk in Shipment.objects.order_by("created_at").values_list("pk", flat=True)]
    invoice = Document.objects.get(order=orders[0], kind="invoice")
    keys = {word: makers.staff("orders:read", "customers:read", "shipments:write") for word in ("document", "label", "labels")}
    at = f"/admin/orders/{orders[0].number}/documents/{invoice.pk}"
    for _ in range(2):
        assert keys["document"].get(at).status_code == 200
        assert keys["label"].get(f"/admin/shipments/{parcels[0]}/label").status_code == 200
        assert keys["labels"].post("/admin/shipments/labels", {"shipmentIds": parcels}).status_code == 200
    assert [what for what, _ in looks()] == ["document", "label", "label", "label"]
    assert len({actor for _, actor in looks()}) == 3
    told = Event.objects.filter(kind="personal_data.viewed", facts__what="label").order_by("-id")[:2]
    assert {event.stream for event in told} == {str(order.person_id) for order in orders}

    client = member("support")
    box = Fulfilment.objects.filter(order=orders[1]).first()
    assert box is not None
    paper = f"/console/orders/{orders[0].number}/documents/{invoice.pk}/"
    assert [client.get(path).status_code for path in (paper, f"/console/pack/{box.pk}/slip.pdf")] == [200, 200]
    assert client.post("/console/shipments/labels/", {"shipment": parcels}).status_code == 200
    assert [what for what, _ in looks()[4:]] == ["document", "packing_slip"], "labels of who was seen already are no second look"


def test_paper_that_is_refused_is_no_look() -> None:
    order = makers.shipped_order()
    relay.drain()
    invoice = Document.objects.get(order=order, kind="invoice")
    assert makers.staff("orders:read").get(f"/admin/orders/{order.number}/documents/{invoice.pk}").status_code == 403
    assert makers.staff("orders:read", "customers:read").get(f"/admin/orders/{order.number}/documents/{order.pk}").status_code == 404
    assert looks() == []
