"""Marketplaces' bodies of several countries, and what each comes to, worked out by hand (D2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orders.channels import adapters
from orders.channels.reading import loads
from tests.channels.bodies import body


def read(channel: str, said: Any) -> Any:
    return adapters.translate(channel, loads(json.dumps(said).encode()))


def told(order: Any) -> tuple[Any, ...]:
    """Currency, goods, discount, tax, charges, total, paid, back; why it is held, what is noted."""
    holding = [trouble.code for trouble in order.troubles if trouble.holds]
    noted = [trouble.code for trouble in order.troubles if not trouble.holds]
    return (
        order.currency, order.subtotal_minor, order.discount_minor, order.tax_minor, order.shipping_minor, order.total_minor,
        order.told.paid_minor, order.told.refunded_minor, holding, noted,
    )


def amazon(currency: str, total: str | None, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order of v0: amounts of items and of what gift wrap costs are given as texts."""
    def money(value: Any) -> Any:
        return {"CurrencyCode": currency, "Amount": value} if isinstance(value, str) else value

    lines = [
        {"OrderItemId": str(place), "SellerSKU": "KURTA-M", "QuantityOrdered": item.pop("units", 1),
         **{name: money(value) if name.endswith(("Price", "Tax", "Discount", "Fee")) else value for name, value in item.items()},
         "BuyerInfo": {name: money(value) for name, value in item.pop("BuyerInfo", {}).items()}}
        for place, item in enumerate(items, start=1)
    ]
    said = body("amazon", OrderItems=lines, **more)
    return {**{name: value for name, value in said.items() if name != "OrderTotal"}, **({} if total is None else {"OrderTotal": money(total)})}


@pytest.mark.parametrize(("said", "wanted"), [
    # 2 x 1,980 yen with tax within, 324 yen for cash at the door, less 100 of it; wrapped for 275 with 25 of tax
    (amazon("JPY", "4459", {"units": 2, "ItemPrice": "3960", "ItemTax": "360", "CODFee": "324", "CODFeeDiscount": "100",
            "BuyerInfo": {"GiftWrapPrice": "275", "GiftWrapTax": "25"}}, PaymentMethod="COD", PaymentExecutionDetail=[
                {"PaymentMethod": "PointsAccount", "Payment": {"CurrencyCode": "JPY", "Amount": "459"}},
                {"PaymentMethod": "COD", "Payment": {"CurrencyCode": "JPY", "Amount": "4000"}}]),
     ("JPY", 3600, 0, 385, 474, 4459, 459, 0, [], [])),
    # US: a tax that Amazon keeps to itself is in no price, and here not in the total
    (amazon("USD", "24.99", {"ItemPrice": "20.00", "ItemTax": "1.65", "ShippingPrice": "4.99", "TaxCollection": {"Model": "MarketplaceFacilitator"}}),
     ("USD", 2000, 0, 0, 499, 2499, 2499, 0, [], ["tax_collected_by_channel"])),
    # DE: VAT within, a promotion of goods and of shipping
    (amazon("EUR", "44.98", {"ItemPrice": "49.98", "ItemTax": "7.98", "PromotionDiscount": "5.00", "PromotionDiscountTax": "0.80",
            "ShippingPrice": "3.99", "ShippingTax": "0.64", "ShippingDiscount": "3.99", "ShippingDiscountTax": "0.64"}),
     ("EUR", 4280, 500, 718, 0, 4498, 4498, 0, [], [])),
    # a replacement costs nothing, and may tell no amount at all
    (amazon("USD", "0.00", {"ItemPrice": "0.00", "ItemTax": "0.00"}, IsReplacementOrder="true"), ("USD", 0, 0, 0, 0, 0, 0, 0, [], [])),
    (amazon("GBP", None, {}, IsReplacementOrder=True, MarketplaceId="A1F83G8C2ARO7P"), ("GBP", 0, 0, 0, 0, 0, 0, 0, [], [])),
    # pending: no amounts, and still in which currency
    (amazon("GBP", None, {}, OrderStatus="Pending", MarketplaceId="A1F83G8C2ARO7P"),
     ("GBP", 0, 0, 0, 0, 0, 0, 0, ["amounts_not_told_yet", "total_missing"], [])),
    # one of two items was cancelled whole, and is told without amounts
    (amazon("USD", "10.80", {"ItemPrice": "10.00", "ItemTax": "0.80"}, {"units": 0}), ("USD", 1000, 0, 80, 0, 1080, 1080, 0, [], [])),
])
def test_amazons_bodies_are_read_to_the_last_unit(said: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    assert told(read("amazon", said)) == wanted


@pytest.mark.parametrize(("item_tax", "shipping_tax", "total"), [("2.97", "0.41", "56.97"), ("3.30", "0.21", "56.97")])
def test_a_tax_may_be_told_after_its_promotion(item_tax: str, shipping_tax: str, total: str) -> None:
    """40.00 less 4.00 and 2.97 of tax; 15.00; shipping 4.99 less 2.20 and 0.21 of tax: whichever of the two is told before its promotion."""
    item = {"ItemPrice": "40.00", "ItemTax": item_tax, "PromotionDiscount": "4.00", "PromotionDiscountTax": "0.33"}
    other = {"ItemPrice": "15.00", "ShippingPrice": "4.99", "ShippingTax": shipping_tax, "ShippingDiscount": "2.20", "ShippingDiscountTax": "0.20"}
    order = read("amazon", amazon("USD", total, item, other))
    assert told(order) == ("USD", 5500, 400, 318, 279, 5697, 5697, 0, [], [])


def ebay(currency: str, sums: dict[str, str], *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    def money(value: Any) -> Any:
        return {"value": value, "currency": currency} if isinstance(value, str) else value

    def taxes(named: dict[str, str]) -> list[dict[str, Any]]:
        return [{"taxType": name, "amount": money(amount)} for name, amount in named.items()]

    told_ = [
        {"lineItemId": str(place), "sku": "KURTA-M", "quantity": line.get("units", 1), "lineItemCost": money(line["cost"]),
         **({"discountedLineItemCost": money(line["after"])} if "after" in line else {}), "taxes": taxes(line.get("taxes", {})),
         "ebayCollectAndRemitTaxes": taxes(line.get("theirs", {}))} for place, line in enumerate(lines, start=1)
    ]
    return body("ebay", pricingSummary={name: money(value) for name, value in sums.items()}, lineItems=told_, **more)


@pytest.mark.parametrize(("said", "wanted"), [
    # the state's tax is eBay's, and within the total
    (ebay("USD", {"priceSubtotal": "60.00", "deliveryCost": "5.00", "total": "70.36"}, {"units": 3, "cost": "60.00", "theirs": {"STATE_SALES_TAX": "5.36"}}),
     ("USD", 6000, 0, 536, 500, 7036, 7036, 0, [], ["tax_collected_by_channel"])),
    # the same told by the lines' taxes and the summary too
    (ebay("USD", {"priceSubtotal": "60.00", "deliveryCost": "5.00", "tax": "5.36", "total": "70.36"},
          {"units": 3, "cost": "60.00", "taxes": {"STATE_SALES_TAX": "5.36"}, "theirs": {"STATE_SALES_TAX": "5.36"}}),
     ("USD", 6000, 0, 536, 500, 7036, 7036, 0, [], ["tax_collected_by_channel"])),
    # a tax of the seller's own on one line, a fee for tyres, and eBay's VAT beside the total
    (ebay("GBP", {"priceSubtotal": "40.00", "fee": "2.50", "tax": "3.30", "total": "45.80"},
          {"cost": "25.00", "taxes": {"STATE_SALES_TAX": "3.30"}}, {"cost": "15.00", "theirs": {"VAT": "3.00"}}),
     ("GBP", 4000, 0, 330, 250, 4580, 4580, 0, [], ["tax_collected_by_channel"])),
    # a tax that is told and not on top: within European prices, and in no American one
    (ebay("GBP", {"priceSubtotal": "24.00", "tax": "4.00", "total": "24.00"}, {"cost": "24.00"}), ("GBP", 2000, 0, 400, 0, 2400, 2400, 0, [], [])),
    (ebay("USD", {"priceSubtotal": "24.00", "tax": "1.98", "total": "24.00"}, {"cost": "24.00"}),
     ("USD", 2400, 0, 0, 0, 2400, 2400, 0, [], ["tax_collected_by_channel"])),
    # one discount on a line, one on the order, under either name; a part given back
    (ebay("EUR", {"priceSubtotal": "50.00", "priceDiscountSubtotal": "-7.00", "deliveryCost": "4.00", "total": "47.00"},
          {"cost": "30.00", "after": "26.00"}, {"cost": "20.00"}, orderPaymentStatus="PARTIALLY_REFUNDED", paymentSummary={"refunds": [
              {"amount": {"value": "5.00", "currency": "EUR"}, "refundStatus": "REFUNDED"}, {"amount": {"value": "1.00", "currency": "EUR"}, "refundStatus": "PENDING"}]}),
     ("EUR", 5000, 700, 0, 400, 4700, 4700, 500, [], [])),
    # parts given back, and how much is not told
    (ebay("EUR", {"priceSubtotal": "50.00", "total": "50.00"}, {"cost": "50.00"}, orderPaymentStatus="PARTIALLY_REFUNDED", paymentSummary={}),
     ("EUR", 5000, 0, 0, 0, 5000, 5000, 0, [], ["status_to_check"])),
    # cancelled after it was paid
    (ebay("EUR", {"priceSubtotal": "50.00", "total": "50.00"}, {"cost": "50.00"}, orderPaymentStatus="FULLY_REFUNDED", cancelStatus={"cancelState": "CANCELED"}),
     ("EUR", 5000, 0, 0, 0, 5000, 5000, 5000, [], [])),
])
def test_ebays_bodies_are_read_to_the_last_unit(said: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    assert told(read("ebay", said)) == wanted


def test_what_ebays_forwarder_takes_abroad_bears_its_reference() -> None:
    place = {"fullName": "Forwarder", "contactAddress": {"addressLine1": "1850 Airport Exchange", "city": "Erlanger", "countryCode": "US"}}
    step = {"ebaySupportedFulfillment": True, "shippingStep": {"shipTo": place, "shipToReferenceId": "7654321"}, "finalDestinationAddress": {"countryCode": "DE"}}
    order = read("ebay", body("ebay", fulfillmentStartInstructions=[step]))
    assert (order.shipping["line1"], order.shipping["line2"], order.is_held) == ("1850 Airport Exchange", "Reference 7654321", False)


def test_an_ebay_order_to_two_places_or_to_be_fetched_is_flagged() -> None:
    first = body("ebay")["fulfillmentStartInstructions"][0]
    second = json.loads(json.dumps(first).replace("1 St", "2 St"))
    assert [one.code for one in read("ebay", body("ebay", fulfillmentStartInstructions=[first, second])).troubles] == ["several_destinations"]
    assert read("ebay", body("ebay", fulfillmentStartInstructions=[first, first])).troubles == ()
    pickup = {"fulfillmentInstructionsType": "PREPARE_FOR_PICKUP", "pickupStep": {"merchantLocationKey": "L1"}}
    assert [one.code for one in read("ebay", body("ebay", fulfillmentStartInstructions=[pickup])).troubles] == ["to_be_collected"]


def flipkart(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    known = body("flipkart")["orderItems"][0]
    return body("flipkart", orderItems=[{**known, "orderItemId": str(place), **item} for place, item in enumerate(items, start=1)], **more)


def prices(selling: float, total: float, shipping: float = 0.0, customer: float | None = None) -> dict[str, Any]:
    return {"priceComponents": {
        "sellingPrice": selling, "totalPrice": total, "shippingCharge": shipping, "customerPrice": selling if customer is None else customer,
        "flipkartDiscount": 0.0 if customer is None else selling - customer,
    }}


@pytest.mark.parametrize(("said", "wanted"), [
    # Flipkart gives 50 off each of two and pays them itself
    (flipkart({**prices(499.0, 938.0, 40.0, 449.0), "quantity": 2}), ("INR", 99800, 10000, 0, 4000, 93800, 93800, 0, [], ["discount_by_channel"])),
    # the price is that of both units: only so it comes to the total
    (flipkart({**prices(999.0, 1039.0, 40.0), "quantity": 2}), ("INR", 99900, 0, 0, 4000, 103900, 103900, 0, [], ["price_of_all_units"])),
    # its total is before that discount
    (flipkart({**prices(499.0, 1038.0, 40.0, 449.0), "quantity": 2}), ("INR", 99800, 0, 0, 4000, 103800, 103800, 0, [], [])),
    # two kinds of goods, cash at the door, not delivered yet
    (flipkart({**prices(499.5, 499.5), "quantity": 1, "paymentType": "COD"}, {**prices(10.1, 35.3, 5.0), "quantity": 3, "paymentType": "COD"}),
     ("INR", 52980, 0, 0, 500, 53480, 0, 0, [], ["cash_collected_by_channel"])),
    (flipkart({**prices(499.5, 500.0), "quantity": 1}), ("INR", 50000, 0, 0, 0, 50000, 50000, 0, ["item_does_not_add_up"], [])),
])
def test_flipkarts_bodies_are_read_to_the_paisa(said: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    assert told(read("flipkart", said)) == wanted


def test_flipkarts_addresses_and_prices_come_by_calls_of_their_own() -> None:
    prices_, places = body("flipkart"), {"shipmentId": "ship-1", "orderItems": [{"orderItemId": "113"}], "deliveryAddress": {"addressLine1": "1 MG Road", "city": "Pune", "pinCode": "411001"}}
    for first, second in ((prices_, places), (places, prices_)):
        order = read("flipkart", adapters.merge("flipkart", first, second))
        assert (order.total_minor, order.shipping["line1"], order.told.status) == (103900, "1 MG Road", "confirmed")


def test_an_item_that_flipkart_holds_holds_the_order() -> None:
    assert read("flipkart", flipkart({"hold": True})).told.on_hold == "held_by_channel"


def unicommerce(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    known = {"itemSku": "KURTA-M", "itemName": "Kurta", "statusCode": "FULFILLABLE", "totalPrice": 499.0, "sellingPrice": 499.0}
    return body("unicommerce", saleOrderItems=[{"id": place, **known, **item} for place, item in enumerate(items, start=1)], **more)


@pytest.mark.parametrize(("said", "wanted"), [
    # GST of the state and of the centre, a voucher, a charge for the gift
    (unicommerce({"totalPrice": 469.0, "voucherValue": 50.0, "giftWrapCharges": 20.0, "totalCentralGst": 34.25, "totalStateGst": 34.25}),
     ("INR", 43050, 5000, 6850, 2000, 46900, 46900, 0, [], [])),
    # a part from store credit
    (unicommerce({"totalPrice": 399.0, "storeCredit": 100.0}), ("INR", 49900, 10000, 0, 0, 39900, 39900, 0, [], ["paid_by_credit"])),
    # cash at the door, a part paid before
    (unicommerce({"totalPrice": 529.0, "cashOnDeliveryCharges": 30.0, "prepaidAmount": 100.0}, cod=True), ("INR", 49900, 0, 0, 3000, 52900, 10000, 0, [], [])),
    (unicommerce({"totalPrice": -10.0, "sellingPrice": -10.0}), ("INR", -1000, 0, 0, 0, -1000, -1000, 0, ["negative_line", "negative_payment", "refunded_beyond_paid"], [])),
    (unicommerce({"statusCode": "DISPATCHED"}, {}, status="PROCESSING"), ("INR", 99800, 0, 0, 0, 99800, 99800, 0, [], ["partly_shipped"])),
    (unicommerce({}, returns=[{"code": "R1"}]), ("INR", 49900, 0, 0, 0, 49900, 49900, 0, [], ["return_at_channel"])),
])
def test_unicommerces_bodies_are_read_to_the_paisa(said: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    assert told(read("unicommerce", said)) == wanted


def test_unicommerces_items_say_which_address_they_go_to_and_packages_which_number_they_have() -> None:
    places = [{"id": "11", "name": "Office", "addressLine1": "1", "city": "Pune"}, {"id": "12", "name": "Home", "addressLine1": "2", "city": "Pune"}]
    parcels = [{"trackingNumber": "AWB1", "shippingProvider": "Delhivery", "status": "DISPATCHED"}, {"trackingNumber": "AWB0", "status": "CANCELLED"}]
    order = read("unicommerce", unicommerce({"shippingAddressId": "12"}, addresses=places, shippingPackages=parcels, customerGSTIN="27AAPFU0939F1ZV",
                                            billingAddress={"name": "U", "addressLine1": "3", "city": "Pune"}))
    assert (order.shipping["name"], order.told.tracking, order.billing["gstin"]) == ("Home", (("Delhivery", "AWB1"),), "27AAPFU0939F1ZV")
    two = read("unicommerce", unicommerce({"shippingAddressId": "11"}, {"shippingAddressId": "12"}, addresses=places))
    assert [one.code for one in two.troubles] == ["several_destinations"]


@pytest.mark.parametrize(("said", "wanted", "cancelled", "back"), [
    (flipkart({}, {"status": "CANCELLED"}), [], [0, 2], 103900),
    (flipkart({"paymentType": "COD"}, {"status": "CANCELLED", "paymentType": "COD"}), ["partly_cancelled"], [0, 0], 0),
    (flipkart({}, {"status": "CANCELLED", "orderItemId": "1"}), ["partly_cancelled"], [0, 0], 103900),
    (unicommerce({}, {"statusCode": "CANCELLED"}, {}), [], [1], 0),
    (unicommerce({}, {"statusCode": "CANCELLED", "itemSku": "STOLE-1"}), [], [0, 1], 0),
    (unicommerce({}, {"statusCode": "CANCELLED"}, cod=True), ["partly_cancelled"], [0], 0),
    (unicommerce({"statusCode": "CANCELLED"}, {"statusCode": "CANCELLED"}, status="CANCELLED"), [], [0], 0),
])
def test_units_a_marketplace_called_off_are_not_sent(said: dict[str, Any], wanted: list[str], cancelled: list[int], back: int) -> None:
    """Flipkart gives their money back itself; of Unicommerce's nobody says so: it is owed."""
    order = read("flipkart" if "shipmentId" in said else "unicommerce", said)
    assert ([one.code for one in order.troubles if one.holds], [item.cancelled for item in order.items], order.told.refunded_minor) == (wanted, cancelled, back)


def test_an_exchange_a_pickup_and_a_parcel_in_trouble_are_read_from_amazons_newer_api() -> None:
    def newer(**more: Any) -> Any:
        return read("amazon", body("amazon-2026", **more))

    item = {"orderItemId": "9", "quantityOrdered": 1, "product": {"sellerSku": "KURTA-M"}, "proceeds": {}}
    free = newer(proceeds={}, orderItems=[item], salesChannel={"marketplaceId": "A1VC38T7YXB528"}, associatedOrders=[{"orderId": "1", "associationType": "EXCHANGE_ORIGINAL_ID"}])
    assert told(free) == ("JPY", 0, 0, 0, 0, 0, 0, 0, [], [])
    assert [one.code for one in newer(programs=["IN_STORE_PICK_UP"]).troubles] == ["to_be_collected"]
    parcel = {"trackingNumber": "1", "carrier": "X", "packageStatus": {"status": "DELIVERED", "detailedStatus": "REJECTED_BY_BUYER"}}
    lost = newer(packages=[parcel])
    assert (lost.told.status, [one.code for one in lost.troubles]) == ("shipped", ["parcel_in_trouble"])


def test_districts_companies_and_counties_stay_in_the_address() -> None:
    place = {**body("amazon")["ShippingAddress"], "AddressLine2": "Bloco B", "District": "Centro", "CountryCode": "BR"}
    assert read("amazon", body("amazon", ShippingAddress=place)).shipping["line2"] == "Bloco B, Centro"
    step = body("ebay")["fulfillmentStartInstructions"][0]
    step["shippingStep"]["shipTo"]["companyName"] = "Ruiz Ltd"
    step["shippingStep"]["shipTo"]["contactAddress"]["county"] = "Yorkshire"
    order = read("ebay", body("ebay", fulfillmentStartInstructions=[step]))
    assert (order.shipping["line2"], order.shipping["state"]) == ("Ruiz Ltd", "Yorkshire")
