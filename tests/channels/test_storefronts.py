"""What storefronts tell after edits, refunds and odd payments is an order to the last unit, or a case for a person (D2, D5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.models import Level
from orders.channels import adapters, ingest
from orders.channels.reading import loads
from orders.models import ChannelImport, Line, Order
from orders.operations import fulfil, people, process
from tests import makers
from tests.channels.bodies import body
from tests.channels.storefronts import STOREFRONTS, back, both, gone, line, refunded_units, shopify, taxes, woo
from tests.channels.test_webhooks import SECRET, account, base64_hmac, call, work
from timeline.models import Event
from timeline.operations import operation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("goods")]


def read(channel: str, said: Any) -> Any:
    return adapters.translate(channel, loads(json.dumps(said).encode()))


def codes(order: Any, *, holds: bool = True) -> list[str]:
    return [trouble.code for trouble in order.troubles if trouble.holds is holds]


def tell(channel: str, said: Any) -> ingest.Outcome:
    return ingest.take(channel=channel, said=loads(json.dumps(said).encode()), actor=makers.TESTER)


@pytest.mark.parametrize("name", STOREFRONTS)
def test_a_storefronts_order_is_one_of_ours_to_the_last_unit(clerk: makers.Caller, name: str) -> None:
    channel, said, figures, noted, called_off = STOREFRONTS[name]
    assert figures[5] == figures[1] - figures[2] + figures[3] + figures[4]
    (answer,) = makers.read(clerk.post(f"/admin/channels/{channel}/orders", said))["data"]
    assert (answer["outcome"], [reason["code"] for reason in answer["reasons"]]) == ("created", noted)
    found = makers.read(clerk.get(f"/admin/orders/{answer['orderNumber']}"))
    names = ("currency", "subtotal", "discountAmount", "gstAmount", "shippingCost", "total", "paidAmount", "refundedAmount")
    assert tuple(found[key] for key in names) == figures
    lines = Line.objects.filter(order__number=answer["orderNumber"])
    assert {row.metadata["channel"]["lineId"]: row.quantity_cancelled for row in lines if row.quantity_cancelled} == called_off
    held = sum(level.held for level in Level.objects.all())
    assert held == sum(row.quantity - row.quantity_cancelled for row in lines) - sum(row.quantity_shipped for row in lines)


def test_gst_of_the_order_alone_keeps_its_names() -> None:
    """Z7: an API may tell taxes of the order and none of its lines."""
    tell("shopify", STOREFRONTS["in: CGST and SGST of the order alone"][1])
    order = Order.objects.get()
    assert (order.cgst_minor, order.sgst_minor, order.other_tax_minor) == (9000, 9000, 0)
    tell("woocommerce", STOREFRONTS["in: a fee less than nothing, with its tax"][1])
    less = Order.objects.get(channel="woocommerce")
    assert (less.cgst_minor, less.sgst_minor, less.other_tax_minor) == (8100, 8100, 0)


def test_the_lines_left_of_an_edit_have_their_own_discount_and_taxes() -> None:
    order = read("shopify", STOREFRONTS["us: a line taken off before it was paid"][1])
    assert [(item.quantity, item.gross_minor, item.discount_minor, item.tax_minor, item.total_minor) for item in order.items] == [
        (1, 2000, 200, 162, 1962), (1, 4600, 0, 500, 5100)
    ]


def test_a_bundle_is_sent_as_its_children_with_their_discounts() -> None:
    order = read("magento", STOREFRONTS["de: a bundle whose parent repeats the tax"][1])
    assert [(item.sku, item.gross_minor, item.discount_minor, item.tax_minor) for item in order.items] == [
        ("KURTA-M", 4000, 400, 684), ("STOLE-1", 2000, 200, 342)
    ]


@pytest.mark.parametrize(("channel", "said", "holding"), [
    ("shopify", shopify("USD", "100.00", "0.00", line(1, 2, "50.00", current_quantity=1), current_total_price="55.00", refunds=[
        {"refund_line_items": [gone(1, 1, "50.00")], "transactions": [], "order_adjustments": []}], total_outstanding="5.00"), ["partly_cancelled"]),
    ("shopify", shopify("USD", "100.00", "0.00", line(1, 2, "50.00", current_quantity=0), current_total_price="0.00"), ["partly_cancelled"]),
    ("shopify", shopify("USD", "50.00", "0.00", line(1, 1, "50.00"), financial_status="partially_refunded", refunds=[
        back("9.00", "EUR", gone(1, 1, "10.00", subtotal_set=both("10.00", "USD", "9.01", "EUR"), total_tax_set=both("0", "USD", "0", "EUR")))]),
     ["several_currencies", "partly_cancelled"]),
    ("woocommerce", woo("EUR", "20.00", "0.00", {"quantity": 2, "total": "20.00", "total_tax": "0.00"}, date_paid_gmt=None,
                        refunds=[refunded_units(1, 1, "-10.00")]), ["partly_cancelled"]),
    ("magento", {**body("magento"), "items": [{**body("magento")["items"][0], "qty_ordered": 1, "qty_canceled": 1}]}, ["partly_cancelled"]),
    ("bigcommerce", body("bigcommerce", is_deleted=True), ["unknown_status"]),
])
def test_what_is_not_certain_waits_for_a_person(channel: str, said: dict[str, Any], holding: list[str]) -> None:
    assert codes(read(channel, said)) == holding


def test_duties_given_back_are_in_the_refund_the_buyer_saw() -> None:
    net = {"subtotal_set": both("1240.71", "CAD", "919.80", "USD"), "total_tax_set": both("125.31", "CAD", "92.90", "USD")}
    refund = back("1022.70", "USD", gone(1, 1, "1240.71", "125.31", **net), total_duties_set=both("13.49", "CAD", "10.00", "USD"))
    more = {"financial_status": "partially_refunded", "fulfillment_status": "fulfilled", "presentment_currency": "USD"}
    order = read("shopify", shopify("CAD", "3000.00", "0.00", line(1, 2, "1500.00"), refunds=[refund], **more))
    assert (order.told.refunded_minor, codes(order)) == (137951, [])
    control = {**refund, "total_duties_set": both("13.49", "CAD", "10.01", "USD")}
    assert codes(read("shopify", shopify("CAD", "3000.00", "0.00", line(1, 2, "1500.00"), refunds=[control], **more))) == ["several_currencies"]


def test_a_refund_that_names_no_units_is_noted_while_they_could_still_be_sent() -> None:
    lines = {"quantity": 2, "total": "20.00", "total_tax": "0.00"}
    refunds = [{"id": 3, "reason": "", "total": "-10.00"}]
    assert codes(read("woocommerce", woo("EUR", "20.00", "0.00", lines, refunds=refunds)), holds=False) == ["refund_names_no_units"]
    assert codes(read("woocommerce", woo("EUR", "20.00", "0.00", lines, refunds=refunds, status="completed")), holds=False) == []


def test_a_number_written_as_the_double_it_is_is_the_amount_it_was() -> None:
    """PHP may write 97.461 with all its digits; a text is read to the last one."""
    raw = json.dumps(body("magento")).replace("97.461", "97.461000000000013").encode()
    order = adapters.translate("magento", loads(raw))
    assert (order.total_minor, order.told.paid_minor, codes(order)) == (97461, 97461, [])
    told = loads(json.dumps({**body("magento"), "grand_total": "97.461000000000013"}).encode())
    assert "finer_than_minor_unit" in codes(adapters.translate("magento", told))


@pytest.mark.parametrize(("channel", "said", "noted", "refunded_minor"), [
    ("shopify", shopify("USD", "100.00", "0.00", line(1, 1, "100.00"), financial_status="partially_refunded", current_total_price="80.00"), [], 2000),
    ("shopify", body("shopify", financial_status="partially_refunded"), ["refund_not_told"], 0),
    ("bigcommerce", body("bigcommerce", payment_status="partially refunded"), ["refund_not_told"], 0),
    ("etsy", body("etsy", status="Partially Refunded"), ["refund_not_told"], 0),
])
def test_a_refund_that_is_told_without_its_amount_is_never_nothing(channel: str, said: dict[str, Any], noted: list[str], refunded_minor: int) -> None:
    order = read(channel, said)
    assert (codes(order), codes(order, holds=False), order.told.refunded_minor) == ([], noted, refunded_minor)
    assert order.told.paid_minor == order.total_minor


def test_the_word_paid_is_paid_where_nothing_else_is_told() -> None:
    said = {name: value for name, value in body("etsy").items() if name != "is_paid"}
    assert read("etsy", said).told.paid_minor == 2609
    assert read("etsy", {**said, "is_paid": False}).told.paid_minor == 0
    assert read("etsy", {**said, "status": "Open"}).told.paid_minor == 0


def test_a_house_in_brazil_keeps_its_number() -> None:
    where = {"first_name": "Ana", "address_1": "Rua X", "number": "123", "neighborhood": "Centro", "city": "São Paulo", "country": "BR"}
    found = read("woocommerce", body("woocommerce", shipping=where)).shipping
    assert (found["line1"], found["line2"], found["city"]) == ("Rua X, 123", "Centro", "São Paulo")


def test_a_name_kept_as_html_is_read_as_text() -> None:
    order = read("woocommerce", woo("EUR", "1.00", "0.00", {"name": "Mug &ndash; &amp; Co", "total": "1.00", "total_tax": "0.00"}))
    assert order.items[0].title == "Mug – & Co"


def edited(**more: Any) -> dict[str, Any]:
    """An order of three of which one was taken off and given back."""
    return shopify(
        "INR", "300.00", "0.00", line(1, 3, "100.00", current_quantity=2), financial_status="partially_refunded", current_total_price="200.00",
        refunds=[back("100.00", "INR", gone(1, 1, "100.00"))], **{"updated_at": "2026-11-20T12:00:00+05:30", **more},
    )


def test_units_a_shop_takes_off_later_are_taken_off_here() -> None:
    """The order stands already; nothing is sent twice, its stock is free again, and a repeat changes nothing."""
    tell("shopify", shopify("INR", "300.00", "0.00", line(1, 3, "100.00")))
    assert tell("shopify", edited()).outcome == "updated"
    order, row = Order.objects.get(), Line.objects.get()
    assert (row.quantity, row.quantity_cancelled, order.total_minor, order.refunded_minor) == (3, 1, 30000, 10000)
    assert Level.objects.get(variant__sku="KURTA-M").held == 2
    tell("shopify", edited(note="again", updated_at="2026-11-20T13:00:00+05:30"))
    assert Event.objects.filter(kind="order.units_cancelled").count() == 1
    done = edited(fulfillment_status="fulfilled", updated_at="2026-11-20T14:00:00+05:30")
    assert tell("shopify", done).outcome == "updated"
    assert (Line.objects.get().quantity_shipped, Level.objects.get(variant__sku="KURTA-M").on_hand) == (2, 48)


def test_units_taken_off_before_the_order_was_confirmed_free_their_stock() -> None:
    tell("shopify", shopify("INR", "300.00", "0.00", line(1, 3, "100.00"), fulfillment_status=None, financial_status="pending"))
    assert Order.objects.get().status == "pending"
    tell("shopify", edited())
    assert (Line.objects.get().quantity_cancelled, Level.objects.get(variant__sku="KURTA-M").held) == (1, 2)


def test_units_that_left_already_cannot_be_taken_off_and_a_person_sees_it() -> None:
    tell("shopify", shopify("INR", "300.00", "0.00", line(1, 3, "100.00")))
    order = Order.objects.get()
    with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk)
    outcome = tell("shopify", edited())
    assert (outcome.outcome, Line.objects.get().quantity_cancelled) == ("conflict", 0)
    assert outcome.reasons[-1]["code"] in {"units_packed", "cannot_cancel", "too_many_units"}


def test_a_body_that_leaves_the_billing_address_out_changes_none() -> None:
    bill = {"name": "Jon Doe", "address1": "9 Plaza", "city": "Pune", "zip": "411001", "province_code": "MH", "country_code": "IN"}
    tell("shopify", body("shopify", billing_address=bill))
    order = Order.objects.get()
    moved = {**body("shopify")["shipping_address"], "address1": "2 Lane"}
    tell("shopify", body("shopify", shipping_address=moved, updated_at="2026-11-20T12:00:00+05:30"))
    now = makers.again(order)
    assert people.read_address(now.billing_address, now.person)["line1"] == "9 Plaza"
    assert people.read_address(now.shipping_address, now.person)["line1"] == "2 Lane"


@pytest.mark.parametrize("channel", ["shopify", "woocommerce"])
def test_what_a_shop_sends_itself_is_read_the_same(channel: str) -> None:
    """All of its bodies by webhook, signed, as one day of a shop."""
    account(channel)
    header = {"shopify": "X-Shopify-Hmac-Sha256", "woocommerce": "X-WC-Webhook-Signature"}[channel]
    wanted = {}
    for number, (of, said, figures, *_) in enumerate(STOREFRONTS.values(), 1):
        if of == channel:
            raw = json.dumps({**said, "id": number}).encode()
            assert call(f"my-{channel}", raw, **{header: base64_hmac(SECRET.encode(), raw)}) == 200
            wanted[str(number)] = figures
    for _ in range(5):
        work()
    found = {
        order.channel_order_id: (
            order.currency, order.subtotal_minor, order.discount_minor, order.gst_minor, order.shipping_minor, order.total_minor, order.paid_minor,
            order.refunded_minor,
        )
        for order in Order.objects.all()
    }
    assert found == wanted


@pytest.mark.parametrize(("channel", "said"), [
    ("shopify", {"id": 1, "admin_graphql_api_id": "gid://shopify/DraftOrder/1", "status": "open", "total_price": "5.00", "line_items": []}),
    ("woocommerce", {"id": 724, "amount": "9.00", "refunded_by": 1, "line_items": []}),
])
def test_a_draft_or_a_refund_is_no_order(channel: str, said: dict[str, Any]) -> None:
    assert tell(channel, said).outcome == "refused"


@pytest.mark.parametrize("name", STOREFRONTS)
def test_the_same_again_and_an_older_one_change_nothing(name: str) -> None:
    channel, said, *_ = STOREFRONTS[name]
    first = tell(channel, said)
    assert first.row is not None
    assert tell(channel, {**said, "x_unknown": {"deep": [1]}}).outcome == "unchanged"
    assert ChannelImport.objects.get().revision == first.row.revision + 1
    assert Order.objects.count() == 1


def test_an_amount_in_taxes_of_several_names_is_kept_by_name() -> None:
    said = shopify("CAD", "115.00", "15.00", line(1, 1, "100.00", tax_lines=taxes(("GST", 0.05, "5.00"), ("PST", 0.07, "7.00"), ("PST", 0.03, "3.00"))))
    assert [(tax.title, tax.rate, tax.amount_minor) for tax in read("shopify", said).items[0].taxes] == [("GST", "5", 500), ("PST", "7", 700), ("PST", "3", 300)]
