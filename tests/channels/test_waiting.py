"""What waits for stock or a product goes on by itself, in the order of the buyers; what a person put aside stays there (D1)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory import operations as inventory
from orders.channels import ingest, resolving, waiting
from orders.channels.reading import loads
from orders.models import ChannelImport, Order
from tests import makers
from tests.channels.bodies import body
from timeline import vault
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def told(number: str, **changes: Any) -> ingest.Outcome:
    """An eBay order of two KURTA-M."""
    said = loads(json.dumps(body("ebay", orderId=number, **changes)).encode())
    return ingest.take(channel="ebay", said=said, actor=makers.TESTER)


def stock(sku: str, units: int) -> None:
    makers.product(sku, units=units)


def later(minutes: int = 6) -> Any:
    return timezone.now() + timedelta(minutes=minutes)


def test_the_oldest_order_takes_the_stock_that_came_and_the_others_wait_on() -> None:
    stock("OTHER", 9)
    told("late", creationDate="2026-11-20T12:00:00.000Z")
    told("early", creationDate="2026-11-20T08:00:00.000Z")
    assert set(ChannelImport.objects.values_list("state", flat=True)) == {"held"}
    assert waiting.try_waiting(later()) == 0
    tried = Event.objects.filter(kind="channel_import.held").count()
    assert tried == 2, "what cannot succeed is not tried"

    stock("KURTA-M", 3)
    assert waiting.try_waiting(timezone.now()) == 0, "it rests for a while"
    assert waiting.try_waiting(later()) == 1
    assert Order.objects.get().channel_order_id == "early"
    assert waiting.try_waiting(later()) == 0
    assert Event.objects.filter(kind="channel_import.held").count() == tried


def test_what_was_oversold_becomes_an_order_when_units_come() -> None:
    stock("KURTA-M", 1)
    assert told("1").reasons[0]["code"] == "oversold"
    assert waiting.try_waiting(later()) == 0
    with operation("test.arrive", actor=makers.TESTER) as op:
        inventory.receive(op, warehouse_code=makers.WAREHOUSE, sku="KURTA-M", quantity=5, reason="purchase")
    assert waiting.try_waiting(later()) == 1
    assert ChannelImport.objects.get().state == "imported"


def test_what_waits_for_a_person_is_not_tried() -> None:
    told("1", orderPaymentStatus="ODD")
    stock("KURTA-M", 9)
    assert waiting.try_waiting(later()) == 0
    assert ChannelImport.objects.get().state == "held"


def test_an_import_whose_buyer_was_erased_is_not_tried() -> None:
    row = told("1").row
    assert row is not None
    with operation("test.erase", actor=makers.TESTER) as op:
        vault.destroy(op, row.person.key)
    stock("KURTA-M", 9)
    assert waiting._ready(later()) == []


def test_what_was_dismissed_stays_so_until_a_person_takes_it_in() -> None:
    row = told("1").row
    assert row is not None
    with operation("test.dismiss", actor=makers.STAFF, stream=row.story) as op:
        resolving.dismiss(op, import_id=row.pk, reason="a trial")
    stock("KURTA-M", 9)
    again = told("1", orderFulfillmentStatus="IN_PROGRESS", lastModifiedDate="2026-11-21T10:00:00.000Z")
    assert (again.outcome, again.reasons[0]["code"]) == ("unchanged", "dismissed")
    assert waiting.try_waiting(later()) == 0
    assert not Order.objects.exists()
    assert ingest.again(import_id=row.pk, actor=makers.STAFF).outcome == "created"


def test_the_look_costs_the_same_for_two_as_for_ten(django_assert_num_queries: Any) -> None:
    stock("KURTA-M", 1)
    for count in (2, 10):
        for number in range(count):
            told(f"{count}-{number}")
        with django_assert_num_queries(4):
            assert waiting.try_waiting(later()) == 0


def test_older_orders_that_wait_for_a_person_keep_no_later_one_from_its_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_MAX", 1)
    told("odd", orderPaymentStatus="ODD", creationDate="2026-11-20T08:00:00.000Z")
    told("good", creationDate="2026-11-20T12:00:00.000Z")
    stock("KURTA-M", 3)
    assert waiting.try_waiting(later()) == 1
    assert Order.objects.get().channel_order_id == "good"


def amazon(status: str, hour: int, **figures: Any) -> ingest.Outcome:
    """An order as Amazon tells it while no figures are known."""
    bare = {name: value for name, value in body("amazon").items() if name not in {"OrderTotal", "OrderItems"}}
    said = {**bare, "OrderStatus": status, "LastUpdateDate": f"2026-11-20T{hour}:00:00Z", **figures}
    return ingest.take(channel="amazon", said=loads(json.dumps(said).encode()), actor=makers.TESTER)


def test_an_order_cancelled_before_it_was_one_waits_for_nobody() -> None:
    """D2: it is first seen when it has ended, or it ended while its figures were waited for; its reason is kept."""
    assert amazon("Pending", 10).outcome == "held"
    gone = amazon("Canceled", 11)
    assert (gone.outcome, gone.reasons[-1]["code"]) == ("dismissed", "cancelled_before_placing")
    row = ChannelImport.objects.get()
    assert (row.state, row.order_id, row.status) == ("dismissed", None, "cancelled")
    assert not any(reason["holds"] for reason in row.reasons)
    assert amazon("Canceled", 11).outcome == "unchanged"
    assert amazon("Canceled", 12, AmazonOrderId="902-1-2").outcome == "dismissed"


def test_an_order_that_is_not_cancelled_after_all_is_taken_in() -> None:
    stock("KURTA-M", 9)
    amazon("Canceled", 11)
    sample = body("amazon")
    told_anew = amazon("Unshipped", 12, OrderTotal=sample["OrderTotal"], OrderItems=sample["OrderItems"])
    assert (told_anew.outcome, Order.objects.get().status) == ("created", "confirmed")


def test_a_cancelled_order_whose_money_is_still_with_its_channel_waits_for_a_person() -> None:
    gone = told("1", cancelStatus={"cancelState": "CANCELED"})
    assert (gone.outcome, [reason["code"] for reason in gone.reasons if reason["holds"]]) == ("held", ["unknown_sku"])
