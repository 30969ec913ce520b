"""Channels in the console: what waits, what a person decides, a file brought in."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from orders.models import ChannelImport, Order
from tests import makers
from tests.channels.bodies import body
from tests.channels.test_changing import placed, taken_off
from tests.channels.test_edi import X12
from tests.pages.markup import Page

pytestmark = pytest.mark.django_db


def bring(asha: Client, channel: str, raw: bytes) -> None:
    sent = {"channel": channel, "file": SimpleUploadedFile("orders.json", raw)}
    assert asha.post("/console/channels/", sent).status_code == 302


def test_a_changed_order_stands_or_follows_its_channel(asha: Client) -> None:
    makers.product("KURTA-M", units=9)
    order = placed()
    conflict = taken_off()
    assert conflict.row is not None
    place = f"/console/channels/imports/{conflict.row.pk}/"
    assert "or follow its channel" in asha.get(place).content.decode()
    assert asha.post(f"{place}resolve/", {"accept": ["changed_after_placing"]}).status_code == 302
    assert makers.again(order).total_minor == 21000


def test_a_held_import_is_decided_and_becomes_an_order(asha: Client) -> None:
    bring(asha, "woocommerce", json.dumps(body("woocommerce", status="awaiting-courier")).encode())
    row = ChannelImport.objects.get()
    listed = asha.get("/console/channels/").content.decode()
    assert "5501" in listed
    assert "34.90 EUR" in listed
    makers.product("OURS-1", units=5)
    place = f"/console/channels/imports/{row.pk}/"
    shown = asha.get(place).content.decode()
    assert "Our SKU for KURTA-M" in shown
    assert "Calle 1" in shown
    assert asha.post(f"{place}resolve/", {"sku-0": "NOWHERE"}).status_code == 422
    assert asha.post(f"{place}resolve/", {"sku-0": "OURS-1", "status": "confirmed"}).status_code == 302
    order = Order.objects.get()
    assert order.status == "confirmed"
    page = asha.get(f"/console/orders/{order.number}/").content.decode()
    assert "34.90 EUR" in page
    assert "there awaiting-courier" in page
    assert "₹" not in page.partition('aria-label="Money"')[2].partition("</section>")[0]
    assert order.number in asha.get("/console/orders/?channel=woocommerce").content.decode()
    assert order.number not in asha.get("/console/orders/?channel=shopify").content.decode()
    for address in (place, "/console/channels/", f"/console/orders/{order.number}/why/"):
        found = Page(asha.get(address).content.decode())
        assert (found.unbalanced, found.forbidden, found.open) == ([], [], [])
        assert {field["id"] for field in found.fields if "id" in field} <= found.labelled


def test_an_interchange_and_a_broken_file(asha: Client) -> None:
    bring(asha, "edi", X12.encode())
    row = ChannelImport.objects.get()
    assert row.channel_order_id == "BUYERCO:PO-77"
    assert asha.post(f"/console/channels/imports/{row.pk}/dismiss/", {"reason": "a test"}).status_code == 302
    assert ChannelImport.objects.get().state == "dismissed"
    broken = asha.post("/console/channels/", {"channel": "edi", "file": SimpleUploadedFile("x", b"hello")})
    assert broken.status_code == 422
    assert asha.get("/console/channels/?state=dismissed").status_code == 200
    assert Client().get("/console/channels/").status_code == 302


def test_an_order_of_a_channel_is_changed_there(asha: Client) -> None:
    del asha
    makers.product("KURTA-M", units=50)
    clerk = makers.staff()
    answer = makers.read(clerk.post("/admin/channels/ebay/orders", body("ebay")))["data"][0]
    wish = {"add": [{"sku": "KURTA-M", "quantity": 1}]}
    refused = clerk.post(f"/admin/orders/{answer['orderNumber']}/edits", wish)
    assert refused.status_code == 409
    item = makers.read(clerk.get(f"/admin/orders/{answer['orderNumber']}"))["items"][0]["id"]
    units = {"items": [{"orderItemId": item, "quantity": 1}], "reason": "out_of_stock"}
    assert clerk.post(f"/admin/orders/{answer['orderNumber']}/cancel-units", units, key=True).status_code in {409, 422}
