"""One suite for every adapter: exact sums, one answer for the same body, and nothing hostile that raises (D2)."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.channels import adapters, mapping
from orders.channels.canonical import STATUSES, as_data
from orders.channels.reading import Unreadable, loads
from tests.channels.abroad import ABROAD
from tests.channels.bodies import SAMPLES, body
from tests.channels.storefronts import STOREFRONTS
from tests.thorough import many

if TYPE_CHECKING:
    from collections.abc import Iterator

BEYOND = "1e400"  # put into the body without its quotes
NASTY: tuple[Any, ...] = (
    None, True, [], {}, [[]], "", "x", "NaN", "1e999", -1, 10**30, 0.1, "\x00\ud800", "9" * 60, [None], {"amount": None}, BEYOND, "y" * 5000,
    [[[[1]]]], "12,50", "\u0661\u0662", {"status": {}}, "refunded", "cancelled", 0,
)
EVERY: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (channel, said) for name, (channel, said, _) in SAMPLES.items()}, **{name: (channel, said) for name, (channel, said, _, _) in ABROAD.items()},
    **{name: (channel, said) for name, (channel, said, *_) in STOREFRONTS.items()},
}


def read(name: str, said: Any | None = None) -> Any:
    channel, ours, _ = SAMPLES[name]
    return adapters.translate(channel, loads(json.dumps(ours if said is None else said).encode()))


@pytest.mark.parametrize("name", SAMPLES)
def test_each_body_is_read_to_the_last_unit(name: str) -> None:
    order = read(name)
    sums = order.sums()
    found = (
        order.currency, order.subtotal_minor, order.discount_minor, order.tax_minor, order.shipping_minor, order.total_minor,
        order.told.status, order.told.paid_minor,
    )
    assert found == SAMPLES[name][2]
    assert [trouble for trouble in order.troubles if trouble.holds] == []
    assert sums["total"] == sums["subtotal"] - sums["discountAmount"] + sums["taxAmount"] + sums["shippingCost"]
    assert order == read(name)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_total_that_is_off_by_one_is_told_with_the_difference(name: str) -> None:
    """Z12: never bent to fit."""
    keys = {
        "shopify": "total_price", "woocommerce": "total", "magento": "grand_total", "unicommerce": "totalPrice"
    }
    if name not in keys:
        pytest.skip("its total is told in parts")
    changed = body(name)
    changed[keys[name]] = {"magento": 97.462, "unicommerce": 1098.01}.get(name) or f"{float(changed[keys[name]]) + 0.01:.2f}"
    troubles = {trouble.code: trouble for trouble in read(name, changed).troubles}
    assert troubles["totals_do_not_add_up"].difference_minor == 1
    assert troubles["totals_do_not_add_up"].holds


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def spot_of(said: Any, path: tuple[Any, ...]) -> Any:
    """What holds the place."""
    for key in path[:-1]:
        said = said[key]
    return said


def spoilt(data: st.DataObject, said: Any) -> Any:
    """The body with one place left out, said twice, told as a text, filled from another place, or with something nasty."""
    paths = [path for path in places(said) if path]
    path = data.draw(st.sampled_from(paths))
    spot, key = spot_of(said, path), path[-1]
    how = data.draw(st.sampled_from(("nasty", "nasty", "dropped", "twice", "text", "moved")))
    if how == "dropped":
        del spot[key]
    elif how == "twice" and isinstance(spot, list):
        spot.append(copy.deepcopy(spot[key]))
    elif how == "text" and not isinstance(spot[key], dict | list):
        spot[key] = str(spot[key])
    elif how == "moved":
        other = data.draw(st.sampled_from(paths))
        spot[key] = copy.deepcopy(spot_of(said, other)[other[-1]])
    else:
        spot[key] = copy.deepcopy(data.draw(st.sampled_from(NASTY)))
    return said


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=many(40), deadline=None)
@given(data=st.data())
def test_no_body_raises_and_every_figure_can_be_kept(name: str, data: st.DataObject) -> None:
    """Missing, null, wrong types, huge numbers, words nobody knows: read, refused by name or flagged; what is taken adds up."""
    channel, ours = EVERY[name]
    said: Any = copy.deepcopy(ours)
    for _ in range(data.draw(st.integers(1, 4))):
        said = spoilt(data, said) if said else said
    raw = json.dumps(said).replace(f'"{BEYOND}"', BEYOND).encode("utf-8", "surrogatepass")
    try:
        bodies = list(adapters.unwrap(channel, loads(raw)))
    except Unreadable:
        return
    for one in bodies:
        try:
            order = adapters.translate(channel, one)
        except adapters.NotAnOrder:
            continue
        adapters.shop_of(channel, one)
        adapters.merge(channel, loads(json.dumps(ours).encode()), one)
        orjson.dumps([as_data(order), order.sums(), [trouble.row() for trouble in order.troubles]])
        assert order.told.status in {*STATUSES, ""}
        assert order.told.status or order.is_held
        gap = order.total_minor - (order.subtotal_minor - order.discount_minor + order.tax_minor + order.shipping_minor)
        assert gap == sum(trouble.difference_minor for trouble in order.troubles if trouble.code == "totals_do_not_add_up") or not order.items
        assert order.is_held or adds_up(order)


def adds_up(order: Any) -> bool:
    """Each line is its gross less its discount, with the tax that is not within, and all of them are the total."""
    parts = [*order.items, *order.charges]
    lines = all(
        part.total_minor == part.gross_minor - part.discount_minor + (0 if order.tax_included else part.tax_minor) for part in parts
    )
    beside = order.order_discount_minor - (0 if order.tax_included else order.order_tax_minor)
    return lines and bool(order.items) and order.total_minor == sum(part.total_minor for part in parts) - beside


def test_the_whole_tax_on_the_first_line_and_two_of_the_same_name_are_told_as_they_are() -> None:
    order = read("shopify")
    assert [(tax.title, tax.rate, tax.amount_minor) for tax in order.items[0].taxes] == [("CGST", "9", 7175), ("SGST", "9", 7175)]
    assert order.items[1].taxes == ()
    assert order.order_id == "820982911946154508"


def test_a_status_nobody_knows_is_flagged_and_not_guessed() -> None:
    order = read("woocommerce", body("woocommerce", status="awaiting-courier"))
    assert (order.told.status, order.told.words) == ("", "awaiting-courier")
    assert "unknown_status" in [trouble.code for trouble in order.troubles]


def test_a_free_order_and_a_negative_fee_add_up() -> None:
    fee = {"name": "Loyalty", "total": "-4.13", "total_tax": "-0.86777", "taxes": []}
    order = read("woocommerce", body("woocommerce", fee_lines=[fee], total="29.90", total_tax="5.19"))
    assert (order.discount_minor, order.tax_minor, order.total_minor, order.is_held) == (413, 519, 2990, False)


def test_amazons_items_that_come_alone_complete_the_order() -> None:
    items = {"payload": {"AmazonOrderId": "902-1-1", "OrderItems": SAMPLES["amazon"][1]["OrderItems"]}}
    alone = {"payload": {key: value for key, value in SAMPLES["amazon"][1].items() if key != "OrderItems"}}
    (first,), (second,) = (list(adapters.unwrap("amazon", loads(json.dumps(one).encode()))) for one in (alone, items))
    merged = adapters.merge("amazon", first, second)
    assert adapters.translate("amazon", merged).total_minor == 2659
    assert not adapters.translate("amazon", merged).is_held


def test_an_envelope_gives_each_order() -> None:
    listed = adapters.unwrap("shopify", {"orders": [{"id": 1}, {"id": 2}]})
    assert [adapters.identify("shopify", one) for one in listed] == ["1", "2"]


def test_the_documentation_shows_every_word() -> None:
    """When this fails: put `mapping.markdown()` into docs/channels.md."""
    docs = Path(__file__).parents[2] / "docs" / "channels.md"
    assert mapping.markdown() in docs.read_text(encoding="utf-8")
    assert {ours for _, _, words in mapping.TABLES for ours in words.values()} - {"as the money says"} <= set(STATUSES)


def test_a_discount_on_prices_with_tax_is_told_without_it() -> None:
    """Magento: what of the discount was tax is compensated apart, and the subtotal stays the shop's."""
    item = {"item_id": 1, "sku": "A", "qty_ordered": 1, "price": 100, "row_total": 100, "discount_amount": 12, "tax_amount": 18, "discount_tax_compensation_amount": 2}
    said = {**body("magento"), "order_currency_code": "EUR", "grand_total": 108, "subtotal": 100, "discount_amount": -12, "tax_amount": 18,
            "shipping_amount": 0, "shipping_tax_amount": 0, "total_paid": 108, "items": [item]}
    order = read("magento", said)
    assert (order.subtotal_minor, order.discount_minor, order.tax_minor, order.total_minor, order.is_held) == (10000, 1000, 1800, 10800, False)


def codes(order: Any, *, holds: bool = True) -> list[str]:
    return [trouble.code for trouble in order.troubles if trouble.holds is holds]


def refund(amount: str, **more: Any) -> dict[str, Any]:
    return {"transactions": [{"kind": "refund", "status": "success", "amount": amount, "currency": "INR", **more}]}


def test_told_as_refunded_is_all_of_it_back_or_a_case_for_a_person() -> None:
    whole = read("shopify", body("shopify", financial_status="refunded"))
    assert (whole.told.status, whole.told.paid_minor, whole.told.refunded_minor, codes(whole)) == ("refunded", 109900, 109900, [])
    part = read("shopify", body("shopify", financial_status="refunded", refunds=[refund("1000.00")]))
    assert (part.told.status, part.told.refunded_minor, codes(part)) == ("", 100000, ["refund_incomplete"])
    closed = read("magento", body("magento", state="closed", total_refunded=90))
    assert codes(closed) == ["refund_incomplete"]


def test_a_refund_in_the_buyers_currency_is_no_figure_of_the_order() -> None:
    part = read("shopify", body("shopify", financial_status="partially_refunded", refunds=[refund("5.00", currency="USD"), refund("100.00")]))
    assert (part.told.refunded_minor, codes(part)) == (10000, ["several_currencies"])
    shop = {"shop_money": {"amount": "417.00", "currency_code": "INR"}}
    told = read("shopify", body("shopify", financial_status="partially_refunded", refunds=[refund("5.00", currency="USD", amount_set=shop)]))
    assert (told.told.refunded_minor, codes(told)) == (41700, [])
    whole = read("shopify", body("shopify", financial_status="refunded", refunds=[refund("13.00", currency="USD")]))
    assert (whole.told.refunded_minor, codes(whole), codes(whole, holds=False)) == (109900, [], ["several_currencies"])


@pytest.mark.parametrize(("changes", "holding", "noted"), [
    ({"current_quantity": 1}, ["partly_cancelled"], []),
    ({"quantity": 2}, [], []),
    ({"current_quantity": 1, "fulfilled": 2}, [], ["partly_shipped", "return_at_channel"]),
    ({"current_quantity": 1, "fulfilled": 1}, ["partly_cancelled"], ["partly_shipped"]),
])
def test_units_that_a_shop_took_off_are_never_sent(changes: dict[str, Any], holding: list[str], noted: list[str]) -> None:
    said = body("shopify")
    sent = changes.pop("fulfilled", 0)
    said["line_items"][0].update(changes)
    if sent:
        said["fulfillment_status"] = "partial"
        said["fulfillments"] = [{"status": "success", "line_items": [{"id": 1, "quantity": sent}]}]
    order = read("shopify", said)
    assert (codes(order), codes(order, holds=False)) == (holding, noted)


def test_removed_units_are_known_from_the_refund_alone() -> None:
    removed = {"refund_line_items": [{"line_item_id": 2, "quantity": 1, "restock_type": "cancel"}], "transactions": []}
    assert codes(read("shopify", body("shopify", refunds=[removed]))) == ["partly_cancelled"]


@pytest.mark.parametrize(("changes", "holding"), [
    ({"qty_canceled": 1}, ["partly_cancelled"]), ({"qty_refunded": 1, "qty_shipped": 0}, ["partly_cancelled"]),
    ({"qty_refunded": 1, "qty_shipped": 1}, []), ({"qty_canceled": 0}, []),
])
def test_units_magento_does_not_send_any_more_are_flagged(changes: dict[str, Any], holding: list[str]) -> None:
    said = body("magento")
    said["items"][0].update(changes)
    assert codes(read("magento", said)) == holding


def test_what_amazon_sends_itself_is_not_ours_to_send() -> None:
    for name, said in (("amazon", {"FulfillmentChannel": "AFN"}), ("amazon-2026", {"fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "AMAZON"}})):
        order = read(name, body(name, **said))
        assert (codes(order), codes(order, holds=False), order.told.on_hold) == ([], ["fulfilled_by_channel"], "fulfilled_by_channel")
    ours = read("amazon", body("amazon", FulfillmentChannel="MFN"))
    assert (codes(ours), ours.told.on_hold) == ([], "")


def test_an_amazon_order_that_is_cancelled_keeps_the_figures_it_had() -> None:
    gone = {"orderId": "902-2-2", "fulfillment": {"fulfillmentStatus": "CANCELLED"}, "orderItems": [{"orderItemId": "9", "quantityOrdered": 0}]}
    known = loads(json.dumps(body("amazon-2026")).encode())
    order = adapters.translate("amazon", adapters.merge("amazon", known, loads(json.dumps(gone).encode())))
    assert (order.told.status, order.total_minor, order.sums()["items"], codes(order)) == ("cancelled", 1180, read("amazon-2026").sums()["items"], [])


def test_shipping_and_its_tax_and_discount_are_the_shippings() -> None:
    def money(amount: str) -> dict[str, str]:
        return {"amount": amount, "currencyCode": "GBP"}

    parts = [
        {"type": "ITEM", "subtotal": money("89.97")}, {"type": "SHIPPING", "subtotal": money("10.00")},
        {"type": "TAX", "subtotal": money("4.00"), "detailedBreakdowns": [{"subtype": "ITEM", "value": money("3.00")}, {"subtype": "SHIPPING", "value": money("1.00")}]},
        {"type": "DISCOUNT", "subtotal": money("-10.00"), "detailedBreakdowns": [{"subtype": "SHIPPING", "value": money("-10.00")}]},
    ]
    item = {"orderItemId": "1", "quantityOrdered": 3, "product": {"sellerSku": "KURTA-M"}, "proceeds": {"breakdowns": parts}}
    order = read("amazon-2026", body("amazon-2026", orderItems=[item], proceeds={"grandTotal": money("93.97")}))
    assert [(line.gross_minor, line.discount_minor, line.tax_minor, line.total_minor) for line in order.items] == [(8997, 0, 300, 9297)]
    assert [(one.kind, one.gross_minor, one.discount_minor, one.tax_minor) for one in order.charges] == [("shipping", 1000, 1000, 100)]
    assert (order.total_minor, codes(order)) == (9397, [])


@pytest.mark.parametrize(("number", "more", "status"), [
    (14, {}, "confirmed"), (14, {"date_shipped": "Fri, 20 Nov 2026 10:00:00 +0000"}, "shipped"), (13, {"items_total": 3, "items_shipped": 3}, "shipped"),
    (13, {"items_total": 3, "items_shipped": 1}, "processing"),
])
def test_a_disputed_or_partly_refunded_order_is_as_far_as_its_parcels(number: int, more: dict[str, Any], status: str) -> None:
    order = read("bigcommerce", body("bigcommerce", status_id=number, status="", **more))
    noted = ["status_to_check", *(["partly_shipped"] if status == "processing" else [])]
    assert (order.told.status, codes(order), codes(order, holds=False)) == (status, [], noted)


@pytest.mark.parametrize(("way", "is_cash"), [("Cash on Delivery (COD)", True), ("cod", True), ("msp_cashondelivery", True), ("wc_cod", True), ("Nachnahme", True), ("Contre-remboursement", True), ("代金引換", True),
    ("razorpay", False), ("codi", False), ("Code promo", False),
])
def test_cash_on_delivery_is_known_by_the_gateways_name(way: str, is_cash: bool) -> None:
    assert read("shopify", body("shopify", payment_gateway_names=[way])).told.cash_on_delivery is is_cash
    assert read("bigcommerce", body("bigcommerce", payment_method=way)).told.cash_on_delivery is is_cash
    assert read("woocommerce", body("woocommerce", payment_method="x", payment_method_title=way)).told.cash_on_delivery is is_cash
    assert read("magento", body("magento", payment={"method": way})).told.cash_on_delivery is is_cash
    assert read("amazon", body("amazon", PaymentMethod="Other", PaymentMethodDetails=[way])).told.cash_on_delivery is is_cash


def test_cash_that_our_carrier_collects_for_amazon_is_not_paid_yet() -> None:
    items = body("amazon-2026")["orderItems"]
    items[0]["fulfillment"] = {"shipping": {"shippingConstraints": {"cashOnDelivery": "MANDATORY"}}}
    told = read("amazon-2026", body("amazon-2026", orderItems=items)).told
    assert (told.cash_on_delivery, told.paid_minor) == (True, 0)


@pytest.mark.parametrize("name", ABROAD)
def test_a_shop_abroad_is_read_to_the_last_unit(name: str) -> None:
    channel, said, figures, noted = ABROAD[name]
    order = adapters.translate(channel, loads(json.dumps(said).encode()))
    found = (
        order.currency, order.subtotal_minor, order.discount_minor, order.tax_minor, order.shipping_minor, order.total_minor,
        order.told.paid_minor, order.told.refunded_minor,
    )
    assert (found, codes(order), codes(order, holds=False)) == (figures, [], noted)
    assert figures[5] == figures[1] - figures[2] + figures[3] + figures[4]


def test_a_refund_or_parcel_that_names_its_order_is_none() -> None:
    for said in ({"refund": {"id": 5, "order_id": 7, "refund_line_items": []}}, {"id": 6, "order_id": 7, "line_items": [{"id": 1}]}):
        (one,) = adapters.unwrap("shopify", said)
        with pytest.raises(adapters.NotAnOrder):
            adapters.translate("shopify", one)


@pytest.mark.parametrize(("name", "path"), [
    ("ebay", ("lineItems", 0, "lineItemCost", "currency")), ("amazon", ("OrderItems", 0, "ShippingPrice", "CurrencyCode")),
    ("amazon-2026", ("orderItems", 0, "proceeds", "breakdowns", 2, "subtotal", "currencyCode")),
    ("etsy", ("transactions", 0, "price", "currency_code")),
])
def test_an_amount_in_another_currency_is_never_added_up(name: str, path: tuple[Any, ...]) -> None:
    said = body(name)
    spot_of(said, path)[path[-1]] = "SEK"
    assert codes(read(name, said)) == ["several_currencies"]


def test_a_shops_price_in_another_currency_than_its_order_is_flagged() -> None:
    said = body("shopify", total_price_set={"shop_money": {"amount": "13.00", "currency_code": "USD"}})
    assert codes(read("shopify", said)) == ["several_currencies"]
    assert codes(read("bigcommerce", body("bigcommerce", default_currency_code="NZD"))) == ["several_currencies"]


def test_an_order_that_goes_to_two_addresses_waits() -> None:
    two = [{"id": 1, "street_1": "1 Road", "city": "Perth", "country_iso2": "AU"}, {"id": 2, "street_1": "2 Road", "city": "Perth", "country_iso2": "AU"}]
    assert codes(read("bigcommerce", body("bigcommerce", shipping_addresses=two))) == ["several_destinations"]
    assert codes(read("bigcommerce", body("bigcommerce", shipping_addresses=[two[0], {**two[0], "id": 2}]))) == []


def test_amazons_items_come_page_by_page() -> None:
    def page(number: str) -> dict[str, Any]:
        price = {"CurrencyCode": "USD", "Amount": "10.00"}
        return {"AmazonOrderId": "902-1-1", "OrderItems": [{"OrderItemId": number, "SellerSKU": "KURTA-M", "QuantityOrdered": 1, "ItemPrice": price}]}

    known = {**body("amazon"), **page("1"), "OrderTotal": {"CurrencyCode": "USD", "Amount": "20.00"}}
    whole = adapters.merge("amazon", adapters.merge("amazon", known, page("2")), page("2"))
    order = adapters.translate("amazon", loads(json.dumps(whole).encode()))
    assert (order.total_minor, len(order.items), codes(order)) == (2000, 2, [])


def test_a_buyers_wish_to_cancel_holds_the_order_while_it_has_not_left() -> None:
    said = body("amazon")
    said["OrderItems"][0]["BuyerRequestedCancel"] = {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": "Found cheaper."}
    assert read("amazon", said).told.on_hold == "cancel_requested"
    assert read("amazon", {**said, "OrderStatus": "Shipped"}).told.on_hold == ""


def test_a_refund_that_did_not_go_through_gave_nothing_back() -> None:
    refunds = [{"amount": {"value": "5.00", "currency": "GBP"}, "refundStatus": word} for word in ("FAILED", "PENDING", "REFUNDED")]
    order = read("ebay", body("ebay", orderPaymentStatus="PARTIALLY_REFUNDED", paymentSummary={"refunds": refunds}))
    assert (order.told.paid_minor, order.told.refunded_minor) == (7528, 500)


def pushed(**said: Any) -> Any:
    """Flipkart's order of two items after a push."""
    known = body("flipkart")
    known["orderItems"].append({**known["orderItems"][0], "orderItemId": "114"})
    merged = adapters.merge("flipkart", known, {"shipmentId": "ship-1", **said})
    return adapters.translate("flipkart", loads(json.dumps(merged).encode()))


@pytest.mark.parametrize(("said", "status", "holding"), [
    ({"eventType": "shipment_packed"}, "processing", []),
    ({"eventType": "SHIPMENT_CANCELLED"}, "cancelled", []),
    ({"eventType": "shipment_cancelled", "attributes": {"status": "CANCELLED", "orderItems": [{"orderItemId": "113", "quantity": 2}]}}, "confirmed", []),
    ({"eventType": "shipment_cancelled", "attributes": {"orderItems": [{"orderItemId": "113", "quantity": 1}]}}, "", ["unknown_status"]),
    ({"eventType": "shipment_dispatch_dates_changed"}, "confirmed", []),
])
def test_flipkarts_pushes_say_what_happened_to_which_items(said: dict[str, Any], status: str, holding: list[str]) -> None:
    order = pushed(**said)
    assert (order.told.status, order.total_minor, codes(order)) == (status, 207800, holding)
