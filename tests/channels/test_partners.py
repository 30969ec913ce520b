"""What partners and marketplaces send again, changed, out of order, by another API or in no currency, taken in to the end (D9)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orders.channels import accounts, edi, ingest
from orders.channels.reading import dumps, loads
from orders.models import ChannelImport, Order
from orders.operations import fulfil, process
from tests import makers
from tests.channels.bodies import body
from timeline.operations import operation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("goods")]
LINES = ("N1*ST*Shop", "N3*1 Main St", "N4*Canton*MI*48817", "PO1*1*3*EA*6.67**VP*KURTA-M")


def x12(at: str, *inside: str) -> str:
    """The outcome of an interchange made at this hour, with one purchase order."""
    rows = [
        f"ISA*00*          *00*          *ZZ*BUYERCO        *ZZ*BAHI           *261120*{at}*U*00401*000000007*0*P*>", f"GS*PO*A*B*20261120*{at}*7*X*004010",
        "ST*850*0001", *inside, f"SE*{len(inside) + 2}*0001", "GE*1*7", "IEA*1*000000007",
    ]
    (told,) = edi.read("".join(f"{row}~" for row in rows).encode()).bodies
    return ingest.take(channel="edi", said=loads(dumps(told)), actor=makers.TESTER).outcome


def partner(**credentials: str) -> None:
    with operation("test.partner", actor=makers.TESTER) as op:
        accounts.add(op, code=f"p-{credentials.get('shopId', 'any').lower()}", channel="edi", name="Partner", credentials=credentials)


def test_a_partners_resends_changes_and_cancellation_are_followed() -> None:
    assert x12("1000", "BEG*00*SA*PO-1**20261120", "CUR*BY*USD", *LINES) == "created"
    assert x12("1000", "BEG*00*SA*PO-1**20261120", "CUR*BY*USD", *LINES) == "unchanged"
    assert x12("1100", "BEG*07*SA*PO-1**20261120", "CUR*BY*USD", *LINES) == "unchanged"
    assert x12("1200", "BEG*05*SA*PO-1**20261120", "CUR*BY*USD", *LINES[:3], "PO1*1*4*EA*6.67**VP*KURTA-M") == "conflict"
    assert Order.objects.get().total_minor == 2001
    assert x12("1300", "BEG*01*SA*PO-1**20261120") == "updated", "of what is not to be sent at all, no figure matters any more"
    assert (Order.objects.get().status, ChannelImport.objects.get().state) == ("cancelled", "imported")


def test_a_cancellation_of_the_order_alone_cancels_it() -> None:
    x12("1000", "BEG*00*SA*PO-1**20261120", "CUR*BY*USD", *LINES)
    assert x12("1300", "BEG*01*SA*PO-1**20261120") == "updated"
    order = Order.objects.get()
    assert (order.status, order.total_minor) == ("cancelled", 2001)


def test_an_order_that_comes_after_its_cancellation_stays_cancelled() -> None:
    assert x12("1300", "BEG*01*SA*PO-1**20261120") == "dismissed"
    assert x12("1000", "BEG*00*SA*PO-1**20261120", "CUR*BY*USD", *LINES) == "unchanged"
    assert Order.objects.count() == 0


@pytest.mark.parametrize(("partners", "outcome"), [
    ([], "held"), ([{"currency": "USD"}], "created"), ([{"currency": "USD", "shopId": "BUYERCO"}, {"currency": "CAD", "shopId": "OTHER"}], "created"),
    ([{"currency": "CAD", "shopId": "OTHER"}], "held"), ([{"currency": "USD"}, {"currency": "CAD", "shopId": "OTHER"}], "held"),
])
def test_an_order_without_a_currency_is_in_the_partners_one(partners: list[dict[str, str]], outcome: str) -> None:
    for one in partners:
        partner(**one)
    assert x12("1000", "BEG*00*SA*PO-1**20261120", *LINES) == outcome
    if outcome == "created":
        assert (Order.objects.get().currency, Order.objects.get().total_minor) == ("USD", 2001)
    else:
        assert [reason["code"] for reason in ChannelImport.objects.get().reasons] == ["unknown_currency"]


def test_one_that_was_held_for_its_currency_is_taken_in_once_that_was_agreed() -> None:
    x12("1000", "BEG*00*SA*PO-1**20261120", *LINES)
    partner(currency="USD", shopId="BUYERCO")
    assert ingest.again(import_id=ChannelImport.objects.get().pk, actor=makers.TESTER).outcome == "created"


def test_a_line_by_the_case_waits_until_a_person_says_what_a_case_is() -> None:
    assert x12("1000", "BEG*00*SA*PO-1**20261120", "CUR*BY*USD", *LINES[:3], "PO1*1*3*CA*80**VP*KURTA-M") == "held"
    assert ChannelImport.objects.get().reasons[0]["detail"] == "No variant of ours has the SKU KURTA-M/CA."


def amazon(said: dict[str, Any]) -> str:
    return ingest.take(channel="amazon", said=json.loads(json.dumps(said)), actor=makers.TESTER).outcome


NEWER: dict[str, Any] = {
    "orderId": "902-1-1", "createdTime": "2026-11-20T10:00:00Z", "lastUpdatedTime": "2026-11-20T12:00:00Z", "fulfillment": {"fulfillmentStatus": "CANCELLED"},
    "orderItems": [{"orderItemId": "1", "quantityOrdered": 0}],
}


def test_a_cancellation_by_amazons_other_api_is_no_other_order() -> None:
    assert amazon(body("amazon")) == "created"
    assert amazon(NEWER) == "updated"
    assert (Order.objects.get().status, Order.objects.get().total_minor) == ("cancelled", 2659)


def test_a_word_of_the_older_api_is_heard_after_the_newer_one_told_the_order() -> None:
    known = body("amazon-2026", orderId="902-1-1", fulfillment={"fulfillmentStatus": "UNSHIPPED"}, packages=[])
    assert amazon(known) == "created"
    assert amazon({"AmazonOrderId": "902-1-1", "OrderStatus": "Canceled", "LastUpdateDate": "2026-11-20T12:00:00Z"}) == "updated"
    assert (Order.objects.get().status, Order.objects.get().total_minor) == ("cancelled", 1180)


def test_amazons_bodies_out_of_order_leave_the_newest_word() -> None:
    later = body("amazon", OrderStatus="Shipped", LastUpdateDate="2026-11-21T10:00:00Z")
    assert amazon(later) == "created"
    assert amazon(body("amazon")) == "unchanged"
    assert Order.objects.get().status == "shipped"


def test_a_replacement_that_costs_nothing_is_an_order() -> None:
    said = body("amazon", IsReplacementOrder="true", MarketplaceId="ATVPDKIKX0DER")
    item = {"OrderItemId": "1", "SellerSKU": "KURTA-M", "QuantityOrdered": 1}
    assert amazon({**{name: value for name, value in said.items() if name != "OrderTotal"}, "OrderItems": [item]}) == "created"
    order = Order.objects.get()
    assert (order.status, order.total_minor, order.currency) == ("confirmed", 0, "USD")
    with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        assert fulfil.ship_all(op, order_id=order.pk).status == "shipped"


def test_an_item_that_flipkart_calls_off_later_is_taken_out_and_its_money_goes_back() -> None:
    item = body("flipkart")["orderItems"][0]
    said = body("flipkart", orderItems=[item, {**item, "orderItemId": "114", "sku": "STOLE-1"}])
    assert ingest.take(channel="flipkart", said=loads(json.dumps(said).encode()), actor=makers.TESTER).outcome == "created"
    later = {**said, "updatedAt": "2026-11-20T11:00:00.000+05:30", "orderItems": [item, {**said["orderItems"][1], "status": "CANCELLED"}]}
    assert ingest.take(channel="flipkart", said=loads(json.dumps(later).encode()), actor=makers.TESTER).outcome == "updated"
    order = Order.objects.get()
    assert {line.sku: line.quantity_cancelled for line in order.lines.all()} == {"KURTA-M": 0, "STOLE-1": 2}
    assert (order.status, order.total_minor, order.paid_minor, order.refunded_minor) == ("confirmed", 207800, 207800, 103900)


def flipkart(status: str, at: str, way: str) -> None:
    item = {**body("flipkart")["orderItems"][0], "status": status, "paymentType": way}
    said = body("flipkart", orderItems=[item], updatedAt=f"2026-11-20T{at}:00:00.000+05:30")
    ingest.take(channel="flipkart", said=loads(json.dumps(said).encode()), actor=makers.TESTER)


def test_a_parcel_nobody_took_in_comes_back_and_was_never_delivered() -> None:
    flipkart("SHIPPED", "10", "COD")
    flipkart("RETURNED", "11", "COD")
    order = Order.objects.get()
    assert (order.status, order.paid_minor, [reason["code"] for reason in ChannelImport.objects.get().reasons]) == (
        "shipped", 0, ["return_at_channel", "cash_collected_by_channel"],
    )


def test_a_return_of_what_arrived_leaves_it_delivered() -> None:
    flipkart("DELIVERED", "10", "PREPAID")
    flipkart("RETURNED", "11", "PREPAID")
    assert (Order.objects.get().status, Order.objects.get().paid_minor) == ("delivered", 103900)
