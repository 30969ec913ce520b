"""Orders of storefronts as they come after edits, refunds and odd payments, in several countries; what each comes to is worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.channels.bodies import body

Figures = tuple[str, int, int, int, int, int, int, int]


def both(amount: str, currency: str, seen: str = "", other: str = "") -> dict[str, Any]:
    """An amount in the shop's money and in the buyer's."""
    return {
        "shop_money": {"amount": amount, "currency_code": currency},
        "presentment_money": {"amount": seen or amount, "currency_code": other or currency},
    }


def taxes(*parts: tuple[str, float, str]) -> list[dict[str, Any]]:
    return [{"title": title, "rate": rate, "price": price} for title, rate, price in parts]


def line(number: int, units: int, price: str, **more: Any) -> dict[str, Any]:
    """A line of a Shopify order; nothing was taken off it unless `current_quantity` says so."""
    return {
        "id": number, "sku": "KURTA-M" if number == 1 else "STOLE-1", "name": f"Thing {number}", "quantity": units, "current_quantity": units,
        "price": price, "total_discount": "0.00", "discount_allocations": [], "tax_lines": [], "duties": [], **more,
    }


def shopify(currency: str, total: str, tax: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A whole Shopify order of today's API."""
    return body("shopify", **{
        "currency": currency, "presentment_currency": currency, "taxes_included": False, "total_price": total, "current_total_price": total,
        "total_outstanding": "0.00", "total_tax": tax, "total_discounts": "0.00", "line_items": list(lines), "shipping_lines": [],
        "payment_gateway_names": ["shopify_payments"], "original_total_duties_set": None, "duties_included": False, **more,
    })


def gone(number: int, units: int, net: str, tax: str = "0.00", **more: Any) -> dict[str, Any]:
    """A refund's line."""
    return {"line_item_id": number, "quantity": units, "restock_type": "cancel", "subtotal": net, "total_tax": tax, **more}


def back(amount: str, currency: str, *lines: dict[str, Any], status: str = "success", **more: Any) -> dict[str, Any]:
    """A refund with its transaction."""
    deal = {"kind": "refund", "status": status, "amount": amount, "currency": currency}
    return {"id": 1, "refund_line_items": list(lines), "transactions": [deal], "order_adjustments": [], **more}


def woo(currency: str, total: str, tax: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body("woocommerce", **{
        "currency": currency, "total": total, "total_tax": tax, "shipping_lines": [], "tax_lines": [],
        "line_items": [{"id": place, "sku": "KURTA-M", "name": "Kurta", "quantity": 1, **one} for place, one in enumerate(lines, 1)], **more,
    })


def refunded_units(number: int, units: int, total: str) -> dict[str, Any]:
    """A WooCommerce refund with what it gave back, as `/orders/{id}/refunds` tells it."""
    meta = [{"id": 1, "key": "_refunded_item_id", "value": str(number)}]
    return {"id": 9, "total": total, "line_items": [{"id": 90, "quantity": -units, "total": total, "meta_data": meta}]}


def magento(currency: str, total: float, tax: float, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body("magento", **{
        "order_currency_code": currency, "grand_total": total, "total_paid": total, "tax_amount": tax, "discount_amount": 0, "shipping_amount": 0,
        "shipping_tax_amount": 0, "subtotal": sum(item["row_total"] for item in items if "parent_item_id" not in item),
        "items": [{"item_id": place, "sku": "KURTA-M", "qty_ordered": 1, "product_type": "simple", **item} for place, item in enumerate(items, 1)],
        **more,
    })


def bigcommerce(currency: str, net: str, total: str, *products: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body("bigcommerce", **{
        "currency_code": currency, "default_currency_code": currency, "total_ex_tax": net, "total_inc_tax": total, "coupon_discount": "0.0000",
        "shipping_cost_ex_tax": "0.0000", "shipping_cost_inc_tax": "0.0000",
        "products": [{"id": place, "sku": "KURTA-M", "name": "Kurta", "quantity": 1, **one} for place, one in enumerate(products, 1)], **more,
    })


def etsy(currency: str, divisor: int, *prices: tuple[int, int], **more: Any) -> dict[str, Any]:
    """A receipt; whole numbers are amounts of it."""
    def money(amount: int) -> dict[str, Any]:
        return {"amount": amount, "divisor": divisor, "currency_code": currency}

    nothing = {"discount_amt": 0, "total_tax_cost": 0, "total_vat_cost": 0, "gift_wrap_price": 0, "total_shipping_cost": 0}
    lines = [{"transaction_id": place, "sku": "KURTA-M", "quantity": units, "price": money(price)} for place, (units, price) in enumerate(prices, 1)]
    return body("etsy", transactions=lines, **{name: money(value) if isinstance(value, int) else value for name, value in {**nothing, **more}.items()})


_DUTY = {"id": "2", "harmonized_system_code": "520300", "country_code_of_origin": "CA", **both("15.00", "USD"), "tax_lines": taxes(("VAT", 0.1, "1.00"))}
_TIP = {"id": 5, "title": "Tip", "name": "Tip", "sku": None, "quantity": 1, "price": "5.00", "tip": {"payment_gateway": "visa"}, "tax_lines": []}
_FEW = {"quantity": 7, "subtotal": "700", "total": "700", "total_tax": "57", "taxes": [{"id": 1, "total": "56.7"}]}
_SET = {"sku": "SET-A-B", "product_type": "bundle", "row_total": 60, "price": 60, "tax_amount": 10.26}
# Channel, body, and: currency, goods, discount, tax, charges, total, paid, back; what is noted; units called off by line.
STOREFRONTS: dict[str, tuple[str, dict[str, Any], Figures, list[str], dict[str, int]]] = {
    "us: a duty told without a set, and its tax": ("shopify", shopify(
        "USD", "126.00", "11.00", line(1, 1, "100.00", tax_lines=taxes(("Tax", 0.1, "10.00")), duties=[_DUTY]), original_total_duties_set=both("15.00", "USD"),
    ), ("USD", 10000, 0, 1100, 1500, 12600, 12600, 0), [], {}),
    "gb: duties within the prices": ("shopify", shopify(
        "GBP", "110.00", "10.00", line(1, 1, "100.00", tax_lines=taxes(("VAT", 0.1, "10.00"))), duties_included=True,
        original_total_duties_set=both("15.00", "GBP"),
    ), ("GBP", 10000, 0, 1000, 0, 11000, 11000, 0), [], {}),
    "us: a tip told as a line": ("shopify", shopify(
        "USD", "55.00", "0.00", line(1, 1, "50.00"), _TIP, total_tip_received="5.00",
    ), ("USD", 5000, 0, 0, 500, 5500, 5500, 0), [], {}),
    "us: an edit took the shipping off": ("shopify", shopify("USD", "50.00", "0.00", line(1, 1, "50.00"), shipping_lines=[
        {"title": "Ground", "price": "5.00", "is_removed": True, "tax_lines": [], "discount_allocations": []},
    ]), ("USD", 5000, 0, 0, 0, 5000, 5000, 0), [], {}),
    "us: a code for free shipping, and the order free": ("shopify", shopify(
        "USD", "0.00", "0.00", line(1, 1, "50.00", discount_allocations=[{"amount": "50.00"}]), total_discounts="55.00",
        shipping_lines=[{"title": "Ground", "price": "5.00", "discounted_price": "0.00", "tax_lines": [], "discount_allocations": [{"amount": "5.00"}]}],
    ), ("USD", 5000, 5000, 0, 0, 0, 0, 0), [], {}),
    "us: a line taken off before it was paid": ("shopify", shopify(  # 2 × 20 less 4, tax 3.24; one of them goes with half of that
        "USD", "90.24", "8.24", line(1, 2, "20.00", current_quantity=1, discount_allocations=[{"amount": "4.00"}], tax_lines=taxes(("NY", 0.09, "3.24"))),
        line(2, 1, "46.00", tax_lines=taxes(("NY", 0.1, "5.00"))), total_discounts="4.00", current_total_price="70.62",
        refunds=[{"refund_line_items": [gone(1, 1, "18.00", "1.62")], "transactions": [], "order_adjustments": []}],
    ), ("USD", 6600, 200, 662, 0, 7062, 7062, 0), [], {}),
    "de: a unit taken off before it was paid, VAT within": ("shopify", shopify(
        "EUR", "243.95", "38.95", line(1, 2, "119.00", current_quantity=1, tax_lines=taxes(("MwSt", 0.19, "38.00"))), taxes_included=True,
        shipping_lines=[{"title": "DHL", "price": "5.95", "tax_lines": taxes(("MwSt", 0.19, "0.95")), "discount_allocations": []}],
        financial_status="pending", current_total_price="124.95", total_outstanding="124.95",
        refunds=[{"refund_line_items": [gone(1, 1, "119.00", "19.00")], "transactions": [], "order_adjustments": []}],
    ), ("EUR", 10000, 0, 1995, 500, 12495, 0, 0), [], {}),
    "in: a unit taken off and given back, cash at the door before": ("shopify", shopify(
        "INR", "300.00", "0.00", line(1, 3, "100.00", current_quantity=2), financial_status="pending", current_total_price="200.00",
        total_outstanding="200.00", payment_gateway_names=["Cash on Delivery (COD)"],
        refunds=[{"refund_line_items": [gone(1, 1, "100.00")], "transactions": [], "order_adjustments": []}],
    ), ("INR", 20000, 0, 0, 0, 20000, 0, 0), [], {}),
    "de: a line taken off, and its money back": ("shopify", shopify(
        "EUR", "100.00", "0.00", line(1, 1, "60.00"), line(2, 2, "20.00", current_quantity=1), financial_status="partially_refunded",
        current_total_price="80.00", refunds=[back("20.00", "EUR", gone(2, 1, "20.00"))],
    ), ("EUR", 10000, 0, 0, 0, 10000, 10000, 2000), [], {"2": 1}),
    "de: a line taken off, and its money still owed": ("shopify", shopify(
        "EUR", "100.00", "0.00", line(1, 1, "60.00"), line(2, 2, "20.00", current_quantity=1), current_total_price="80.00",
        total_outstanding="-20.00", refunds=[{"refund_line_items": [gone(2, 1, "20.00")], "transactions": [], "order_adjustments": []}],
    ), ("EUR", 10000, 0, 0, 0, 10000, 10000, 0), [], {"2": 1}),
    "us: a deposit on an order that was given back in part": ("shopify", shopify(
        "USD", "100.00", "0.00", line(1, 1, "100.00"), financial_status="partially_paid", current_total_price="90.00", total_outstanding="50.00",
        refunds=[back("10.00", "USD")],
    ), ("USD", 10000, 0, 0, 0, 10000, 5000, 1000), [], {}),
    "us: a refund on its way": ("shopify", shopify(
        "USD", "100.00", "0.00", line(1, 1, "100.00"), current_total_price="90.00", refunds=[back("10.00", "USD", status="pending")],
    ), ("USD", 10000, 0, 0, 0, 10000, 10000, 0), [], {}),
    "us shop, eur buyer: goods and shipping back": ("shopify", shopify(
        "USD", "60.00", "0.00", line(1, 2, "25.00", current_quantity=1, price_set=both("25.00", "USD", "22.50", "EUR")), presentment_currency="EUR",
        shipping_lines=[{"title": "S", "price": "10.00", "tax_lines": [], "discount_allocations": []}], financial_status="partially_refunded",
        fulfillment_status="fulfilled", current_total_price="25.00", refunds=[back(
            "31.50", "EUR", gone(1, 1, "25.00", subtotal_set=both("25.00", "USD", "22.50", "EUR"), total_tax_set=both("0.00", "USD", "0.00", "EUR")),
            order_adjustments=[{"kind": "shipping_refund", "amount_set": both("-10.00", "USD", "-9.00", "EUR"), "tax_amount_set": both("0.00", "USD", "0.00", "EUR")}],
        )],
    ), ("USD", 5000, 0, 0, 1000, 6000, 6000, 3500), ["return_at_channel"], {}),
    "in: CGST and SGST of the order alone": ("shopify", shopify(
        "INR", "1180.00", "180.00", line(1, 1, "1180.00"), taxes_included=True, tax_lines=taxes(("CGST", 0.09, "90.00"), ("SGST", 0.09, "90.00")),
    ), ("INR", 100000, 0, 18000, 0, 118000, 118000, 0), [], {}),
    "br: a name in another script, no province, no e-mail": ("shopify", shopify(
        "BRL", "10.00", "0.00", line(1, 1, "10.00"), email="", customer=None, phone="+5511912345678", billing_address=None,
        shipping_address={"name": "Ἀθηνᾶ 花子", "address1": "R. 1", "city": "São Paulo", "zip": "01000", "province": None, "country_code": "BR"},
    ), ("BRL", 1000, 0, 0, 0, 1000, 1000, 0), [], {}),
    "jp: yen, rounded at the subtotal": ("woocommerce", woo(
        "JPY", "757", "57", _FEW, tax_lines=[{"rate_id": 1, "label": "CT", "rate_percent": 8.1}],
    ), ("JPY", 700, 0, 57, 0, 757, 757, 0), [], {}),
    "jp: three lines whose taxes are rounded together": ("woocommerce", woo(  # 3 × 32.4 = 97.2, shown as 32 each
        "JPY", "1297", "97", *[{"total": "400", "subtotal": "400", "total_tax": "32", "taxes": [{"id": 1, "total": "32.4"}]}] * 3,
    ), ("JPY", 1200, 0, 97, 0, 1297, 1297, 0), [], {}),
    "de: taxes rounded for the answer, too, come from their rate": ("woocommerce", woo(  # 3 × 0.665 = 1.995, shown as 0.67 each
        "EUR", "12.50", "2.00", *[{"total": "3.50", "subtotal": "3.50", "total_tax": "0.67", "taxes": [{"id": 1, "total": "0.67"}]}] * 3,
        tax_lines=[{"rate_id": 1, "label": "MwSt", "rate_percent": 19}],
    ), ("EUR", 1050, 0, 200, 0, 1250, 1250, 0), [], {}),
    "in: a fee less than nothing, with its tax": ("woocommerce", woo(
        "INR", "1062.00", "162.00", {"subtotal": "1000.00", "total": "1000.00", "total_tax": "180.00", "taxes": [{"id": 1, "total": "90"}, {"id": 2, "total": "90"}]},
        fee_lines=[{"name": "Prepaid", "total": "-100.00", "total_tax": "-18.00", "taxes": [{"id": 1, "total": "-9"}, {"id": 2, "total": "-9"}]}],
        tax_lines=[{"rate_id": 1, "label": "CGST", "rate_percent": 9}, {"rate_id": 2, "label": "SGST", "rate_percent": 9}],
    ), ("INR", 100000, 10000, 16200, 0, 106200, 106200, 0), [], {}),
    "ca: PST on top of GST": ("woocommerce", woo(  # 100.00; GST 5 % 5.00; a compound 9.975 % of 105.00 is 10.47375
        "CAD", "115.47", "15.47", {"subtotal": "100.00", "total": "100.00", "total_tax": "15.47", "taxes": [{"id": 1, "total": "5"}, {"id": 2, "total": "10.47375"}]},
        tax_lines=[{"rate_id": 1, "label": "GST", "rate_percent": 5}, {"rate_id": 2, "label": "QST", "rate_percent": 9.975, "compound": True}],
    ), ("CAD", 10000, 0, 1547, 0, 11547, 11547, 0), [], {}),
    "ch: a fee rounds to five rappen": ("woocommerce", woo(
        "CHF", "19.95", "0.00", {"subtotal": "19.97", "total": "19.97", "total_tax": "0.00", "taxes": []},
        fee_lines=[{"name": "Rundung", "total": "-0.02", "total_tax": "0.00", "taxes": []}],
    ), ("CHF", 1997, 2, 0, 0, 1995, 1995, 0), [], {}),
    "es: one of three given back before it left": ("woocommerce", woo(
        "EUR", "36.30", "6.30", {"quantity": 3, "subtotal": "30.00", "total": "30.00", "total_tax": "6.30", "taxes": [{"id": 1, "total": "6.3"}]},
        refunds=[refunded_units(1, 1, "-12.10")],
    ), ("EUR", 3000, 0, 630, 0, 3630, 3630, 1210), [], {"1": 1}),
    "es: all of it by a gift card that the total leaves out": ("woocommerce", woo(
        "EUR", "0.00", "2.10", {"subtotal": "10.00", "total": "10.00", "total_tax": "2.10", "taxes": [{"id": 1, "total": "2.1"}]},
        gift_cards=[{"code": "X", "amount": "12.10"}],
    ), ("EUR", 1000, 0, 210, 0, 1210, 1210, 0), ["paid_by_credit"], {}),
    "de: a bundle whose parent repeats the tax": ("magento", magento(
        "EUR", 64.26, 10.26, _SET, {"parent_item_id": 1, "row_total": 40, "tax_amount": 6.84, "discount_amount": 4},
        {"parent_item_id": 1, "sku": "STOLE-1", "row_total": 20, "tax_amount": 3.42, "discount_amount": 2}, discount_amount=-6,
    ), ("EUR", 6000, 600, 1026, 0, 6426, 6426, 0), [], {}),
    "de: a discount on shipping with tax": ("magento", magento(
        "EUR", 117.81, 18.81, {"row_total": 100, "tax_amount": 17.1, "discount_amount": 11.9, "discount_tax_compensation_amount": 1.9},
        discount_amount=-13.09, shipping_amount=10, shipping_discount_amount=1.19, shipping_discount_tax_compensation_amount=0.19, shipping_tax_amount=1.71,
    ), ("EUR", 10000, 1119, 1881, 1019, 11781, 11781, 0), [], {}),
    "fr: all of it by gift card": ("magento", magento(
        "EUR", 0, 19, {"row_total": 100, "tax_amount": 19}, shipping_amount=5, extension_attributes={"gift_cards_amount": 124},
    ), ("EUR", 10000, 0, 1900, 500, 12400, 12400, 0), ["paid_by_credit"], {}),
    "gb: one of two given back before it left": ("magento", magento(
        "GBP", 24, 4, {"qty_ordered": 2, "qty_refunded": 1, "qty_invoiced": 2, "row_total": 20, "tax_amount": 4}, total_refunded=12,
    ), ("GBP", 2000, 0, 400, 0, 2400, 2400, 1200), [], {"1": 1}),
    "us: wrapped, handled, and paid in part by store credit": ("bigcommerce", bigcommerce(
        "USD", "30.0000", "32.0700", {"quantity": 2, "total_ex_tax": "20.0000", "total_inc_tax": "21.6500", "wrapping_cost_ex_tax": "3.0000"},
        wrapping_cost_ex_tax="3.0000", wrapping_cost_inc_tax="3.2500", handling_cost_ex_tax="2.0000", handling_cost_inc_tax="2.1700",
        shipping_cost_ex_tax="5.0000", shipping_cost_inc_tax="5.0000", store_credit_amount="10.0000",
    ), ("USD", 2000, 0, 207, 1000, 3207, 3207, 0), [], {}),
    "de: a discount and a coupon on prices with tax": ("bigcommerce", bigcommerce(
        "EUR", "85.0000", "101.1500", {"total_ex_tax": "100.0000", "total_inc_tax": "119.0000"}, discount_amount="11.9000", coupon_discount="5.9500",
    ), ("EUR", 10000, 1500, 1615, 0, 10115, 10115, 0), [], {}),
    "gb: two lines of four decimals in a shop whose prices hold the tax": ("bigcommerce", bigcommerce(
        "GBP", "16.6700", "20.0000", *[{"total_ex_tax": "8.3333", "total_inc_tax": "10.0000"}] * 2,
    ), ("GBP", 1667, 0, 333, 0, 2000, 2000, 0), [], {}),
    "au: one of two given back before it left": ("bigcommerce", bigcommerce(
        "AUD", "20.0000", "22.0000", {"quantity": 2, "total_ex_tax": "20.0000", "total_inc_tax": "22.0000", "quantity_refunded": 1},
        status_id=14, status="Partially Refunded", payment_status="partially refunded", refunded_amount="11.0000",
    ), ("AUD", 2000, 0, 200, 0, 2200, 2200, 1100), ["status_to_check"], {"1": 1}),
    "de: VAT on top of an Etsy price": ("etsy", etsy(
        "EUR", 100, (1, 2000), (3, 333), total_vat_cost=570, grandtotal=3569,
    ), ("EUR", 2999, 0, 570, 0, 3569, 3569, 0), [], {}),
    "de: VAT within, after a coupon": ("etsy", etsy(
        "EUR", 100, (1, 2000), discount_amt=500, total_shipping_cost=400, total_vat_cost=303, grandtotal=1900,
    ), ("EUR", 1697, 500, 303, 400, 1900, 1900, 0), [], {}),
    "jp: yen of divisor a hundred": ("etsy", etsy("JPY", 100, (1, 350000), grandtotal=350000), ("JPY", 3500, 0, 0, 0, 3500, 3500, 0), [], {}),
}
