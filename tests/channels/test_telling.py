"""A parcel is told to its channel once: after a lost answer, a crash, and a limit (D1, D4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from orders.channels import ingest, telling
from orders.channels.reading import loads
from orders.models import ChannelImport, Order
from orders.operations import fulfil, process
from tests import makers
from tests.channels.bodies import body
from tests.channels.test_talking import Stub, account, stub, work
from timeline.models import Delivery, Event
from timeline.operations import operation

__all__ = ["stub"]
pytestmark = pytest.mark.django_db
NUMBER = "BD123456789"
# Where each is told, what it answers when it knows the parcel, and where that is looked up.
CHANNELS: dict[str, tuple[str, str, Any]] = {
    "woocommerce": ("/wp-json/wc/v3/orders/5501/notes", "/wp-json/wc/v3/orders/5501/notes", [{"note": f"Sent, tracking number {NUMBER}."}]),
    "magento": ("/rest/V1/order/88/ship", "/rest/V1/shipments", {"items": [{"tracks": [{"track_number": NUMBER}]}]}),
    "bigcommerce": ("/stores/v2/orders/118/shipments", "/stores/v2/orders/118/shipments", [{"tracking_number": NUMBER}]),
    "ebay": (
        "/sell/fulfillment/v1/order/12-1/shipping_fulfillment", "/sell/fulfillment/v1/order/12-1/shipping_fulfillment",
        {"fulfillments": [{"shipmentTrackingNumber": NUMBER}]},
    ),
    "etsy": (
        "/v3/application/shops/receipts/2850000001/tracking", "/v3/application/shops/receipts/2850000001",
        {"shipments": [{"tracking_code": NUMBER}]},
    ),
}


def ship(stub: Stub, channel: str) -> Order:
    """The channel's order is here and its parcel leaves; nobody was told yet."""
    makers.product("KURTA-M", units=50)
    ingest.take(
        channel=channel, said=loads(json.dumps(body(channel)).encode()), actor=makers.TESTER, account=account(stub, channel)
    )
    order = Order.objects.get()
    with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk, carrier="blue_dart", tracking_number=NUMBER)
    return order


def again() -> None:
    """What was postponed is due at once."""
    Delivery.objects.filter(state="due").update(due_at=timezone.now())
    work()


def told_times(stub: Stub, where: str) -> int:
    return sum(verb == "POST" and path.partition("?")[0] == where for verb, path, _ in stub.told)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_telling_whose_answer_was_lost_is_not_made_twice(stub: Stub, channel: str) -> None:
    where, look, known = CHANNELS[channel]
    stub.teach("PUT /wp-json/wc/v3/orders/5501", (200, {}, {"id": 5501}))
    stub.teach(f"POST {where}", (504, {}, {}))
    ship(stub, channel)
    work()
    assert (told_times(stub, where), ChannelImport.objects.get().told_back) == (1, {})

    stub.teach(f"GET {look}", (200, {}, known))  # it had come through
    again()
    assert (told_times(stub, where), len(ChannelImport.objects.get().told_back)) == (1, 1)
    assert Event.objects.filter(kind="channel_import.told_back").count() == 1
    again()
    assert told_times(stub, where) == 1


@pytest.mark.parametrize("channel", CHANNELS)
def test_control_what_the_channel_does_not_know_is_told_again(stub: Stub, channel: str) -> None:
    where, _, _ = CHANNELS[channel]
    stub.teach("PUT /wp-json/wc/v3/orders/5501", (200, {}, {"id": 5501}))
    stub.teach(f"POST {where}", (504, {}, {}), (201, {}, {"id": 1}))
    ship(stub, channel)
    work()
    again()
    assert (told_times(stub, where), len(ChannelImport.objects.get().told_back)) == (2, 1)


def test_a_crash_after_the_telling_tells_nothing_twice(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """F37: the channel was told, and nothing here knows it."""
    where, look, known = CHANNELS["ebay"]
    stub.teach(f"POST {where}", (201, {}, {}))

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(telling, "_remember", dies)
        ship(stub, "ebay")
        work()
    assert (told_times(stub, where), ChannelImport.objects.get().told_back) == (1, {})
    stub.teach(f"GET {look}", (200, {}, known))
    Delivery.objects.filter(state="due").update(lease_until=None)
    again()
    assert (told_times(stub, where), len(ChannelImport.objects.get().told_back)) == (1, 1)


def test_a_channel_that_limits_us_is_told_when_it_says(stub: Stub) -> None:
    where, _, _ = CHANNELS["ebay"]
    stub.teach(f"POST {where}", (429, {"Retry-After": "1800"}, {}), (201, {}, {}))
    ship(stub, "ebay")
    work()
    waits = Delivery.objects.get(state="due")
    assert 1790 <= (waits.due_at - timezone.now()).total_seconds() <= 1810
    again()
    assert (told_times(stub, where), len(ChannelImport.objects.get().told_back)) == (2, 1)
