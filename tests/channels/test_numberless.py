"""A parcel whose carrier gave it no number, a shop that is switched off, a shop of several locations (D1, D4)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orders.channels import accounts, ingest, telling
from orders.channels.reading import loads
from orders.channels.talking import CannotAsk, talk
from orders.models import ChannelAccount, ChannelImport, Order
from orders.operations import fulfil, process
from shipping.awb import own_number
from shipping.models import Shipment
from tests import makers
from tests.channels.bodies import body
from tests.channels.storefronts import refunded_units
from tests.channels.test_talking import Stub, account, send, stub, work
from tests.channels.test_webhooks import SECRET, base64_hmac, call
from timeline.models import Delivery, Event
from timeline.operations import operation

__all__ = ["stub"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("goods")]
# Where each is told of a parcel without a number, what of it, and what makes it known there.
CHANNELS: dict[str, tuple[str, str, str, Any]] = {
    "woocommerce": ("POST /wp-json/wc/v3/orders/5501/notes", "note", "/wp-json/wc/v3/orders/5501/notes", lambda said: [{"note": said}]),
    "magento": ("POST /rest/V1/order/88/ship", "comment", "/rest/V1/shipments", lambda said: {"items": [{"comments": [said]}]}),
    "bigcommerce": ("POST /stores/v2/orders/118/shipments", "comments", "/stores/v2/orders/118/shipments", lambda said: [{"comments": said}]),
}


def ship(stub: Stub, channel: str, carrier: str = "blue_dart", **changes: Any) -> Order:
    """The channel's order is here and a parcel of it leaves by hand, without a number."""
    ingest.take(channel=channel, said=loads(json.dumps(body(channel, **changes)).encode()), actor=makers.TESTER, account=account(stub, channel))
    order = Order.objects.get()
    with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk, carrier=carrier)
    return order


def again() -> None:
    """Tell of the parcel as if nothing were known here."""
    ChannelImport.objects.update(told_back={})
    telling.tell_shipped(Event.objects.get(kind="shipment.shipped"))


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_parcel_without_a_number_is_told_by_our_own_and_once(stub: Stub, channel: str) -> None:
    """Our number is none of another carrier's: no buyer is sent to follow it there."""
    where, key, look, known = CHANNELS[channel]
    stub.teach(where, (201, {}, {"id": 1}))
    stub.teach("PUT /wp-json/wc/v3/orders/5501", (200, {}, {"id": 5501}))
    ship(stub, channel)
    work()
    ours = own_number(Shipment.objects.get().pk)
    (told,) = [said for verb, path, said in stub.told if f"{verb} {path}" == where]
    assert ours in json.dumps(told[key])
    assert not {"tracks", "tracking_number"} & told.keys()
    assert "tracking number" not in json.dumps(told)
    stub.teach(f"GET {look}", (200, {}, known(told[key])))
    again()
    assert sum(f"{verb} {path}" == where for verb, path, _ in stub.told) == 1


def test_shopify_hears_of_the_carrier_alone(stub: Stub) -> None:
    order = ship(stub, "shopify")
    where = f"/admin/api/2026-10/orders/{order.channel_order_id}"
    waiting = {"id": 71, "status": "open", "line_items": [{"id": 81, "line_item_id": 1, "fulfillable_quantity": 2}]}
    stub.teach(f"GET {where}/fulfillment_orders.json", (200, {}, {"fulfillment_orders": [waiting]}))
    stub.teach("POST /admin/api/2026-10/fulfillments.json", (201, {}, {}))
    work()
    assert [said["fulfillment"]["tracking_info"] for verb, _, said in stub.told if verb == "POST"] == [{"company": "Blue Dart"}]


def test_etsy_hears_that_it_is_shipped(stub: Stub) -> None:
    ship(stub, "etsy")
    receipt = "/v3/application/shops/receipts/2850000001"
    stub.teach(f"GET {receipt}", (200, {}, {"is_shipped": False}), (200, {}, {"is_shipped": True}))
    stub.teach(f"PUT {receipt}", (200, {}, {}))
    work()
    again()
    assert [(verb, said) for verb, _, said in stub.told if verb != "GET"] == [("PUT", {"was_shipped": True})]


@pytest.mark.parametrize(("channel", "carrier"), [("bigcommerce", "own_fleet"), ("ebay", "blue_dart")])
def test_our_number_is_told_where_it_is_the_carriers_or_one_is_needed(stub: Stub, channel: str, carrier: str) -> None:
    where = {"bigcommerce": "/stores/v2/orders/118/shipments", "ebay": "/sell/fulfillment/v1/order/12-1/shipping_fulfillment"}[channel]
    stub.teach(f"POST {where}", (201, {}, {}))
    ship(stub, channel, carrier)
    work()
    (told,) = [said for verb, _, said in stub.told if verb == "POST"]
    assert own_number(Shipment.objects.get().pk) in {told.get("tracking_number"), told.get("trackingNumber")}


def switch(shop: ChannelAccount, *, is_active: bool) -> None:
    with operation("test.switch", actor=makers.STAFF) as op:
        accounts.change(op, account_id=shop.pk, changes={"is_active": is_active})


def test_a_shop_that_is_switched_off_hears_of_its_parcels_once_it_is_on(stub: Stub) -> None:
    """Nothing is passed over: the delivery waits, and says why."""
    where = "POST /stores/v2/orders/118/shipments"
    stub.teach(where, (201, {}, {}))
    ship(stub, "bigcommerce")
    shop = ChannelAccount.objects.get()
    switch(shop, is_active=False)
    with pytest.raises(CannotAsk, match="my-bigcommerce is switched off"):
        telling.tell_shipped(Event.objects.get(kind="shipment.shipped"))
    work()
    waits = Delivery.objects.get(state="due", event__kind="shipment.shipped")
    assert ("switched off" in waits.error, stub.told) == (True, [])
    switch(shop, is_active=True)
    telling.tell_shipped(Event.objects.get(kind="shipment.shipped"))
    assert len(ChannelImport.objects.get().told_back) == 1


def test_a_shop_of_several_locations_is_told_of_ours_first(stub: Stub) -> None:
    """The account's `locationId`, also as GraphQL writes it."""
    ingest.take(channel="shopify", said=loads(json.dumps(body("shopify")).encode()), actor=makers.TESTER, account=account(stub, "shopify"))
    order, shop = Order.objects.get(), ChannelAccount.objects.get()
    with operation("test.place", actor=makers.STAFF) as op:
        accounts.change(op, account_id=shop.pk, changes={"credentials": {"locationId": "gid://shopify/Location/2"}})
    where = f"/admin/api/2026-10/orders/{order.channel_order_id}"
    waiting = [
        {"id": 70 + place, "status": "open", "assigned_location_id": place, "line_items": [{"id": 80 + place, "line_item_id": 1, "fulfillable_quantity": 1}]}
        for place in (1, 2)
    ]
    stub.teach(f"GET {where}/fulfillment_orders.json", (200, {}, {"fulfillment_orders": waiting}))
    stub.teach("POST /admin/api/2026-10/fulfillments.json", (201, {}, {}))
    with operation("test.process", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
    send(order, "BD1", {order.lines.get(sku="KURTA-M").pk: 1})
    told = [said["fulfillment"]["line_items_by_fulfillment_order"] for verb, _, said in stub.told if verb == "POST"]
    assert [one[0]["fulfillment_order_id"] for one in told] == [72]


def woo_refund(stub: Stub) -> dict[str, Any]:
    """An order one unit of which was given back, and the shop that says so when it is asked."""
    lines = refunded_units(11, 1, "-11.63")["line_items"]
    stub.teach("GET /wp-json/wc/v3/orders/5501/refunds", (200, {}, [{"id": 9, "amount": "11.63", "line_items": lines}]))
    return body("woocommerce", refunds=[{"id": 9, "reason": "", "total": "-11.63"}])


@pytest.mark.parametrize("is_refused", [False, True])
def test_what_woocommerce_sends_itself_is_completed_where_it_can_be_asked(stub: Stub, is_refused: bool) -> None:
    told = woo_refund(stub)
    if is_refused:
        stub.teach("GET /wp-json/wc/v3/orders/5501/refunds", (401, {}, {}))
    shop = account(stub, "woocommerce")
    with operation("test.secret", actor=makers.STAFF) as op:
        accounts.change(op, account_id=shop.pk, changes={"credentials": {"webhookSecret": SECRET}})
    raw = json.dumps(told).encode()
    assert call("my-woocommerce", raw, **{"X-WC-Webhook-Signature": base64_hmac(SECRET.encode(), raw)}) == 200
    work()
    order = Order.objects.get()
    assert (order.lines.get().quantity_cancelled, order.refunded_minor) == (0 if is_refused else 1, 1163)
    assert ["refund_names_no_units"] * is_refused == [reason["code"] for reason in ChannelImport.objects.get().reasons]


def test_woocommerce_is_asked_which_units_its_refunds_gave_back(stub: Stub) -> None:
    stub.teach("GET /wp-json/wc/v3/orders/5501", (200, {}, woo_refund(stub)))
    (said,) = talk(account(stub, "woocommerce")).fetch("5501")
    ingest.take(channel="woocommerce", said=said, actor=makers.TESTER)
    order = Order.objects.get()
    assert (order.lines.get().quantity_cancelled, order.refunded_minor) == (1, 1163)
