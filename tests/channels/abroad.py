"""Bodies as shops of several countries send them, cut to what is read, and what each comes to, worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.channels.bodies import body


def _taxes(*parts: tuple[str, float, str]) -> list[dict[str, Any]]:
    return [{"title": title, "rate": rate, "price": price} for title, rate, price in parts]


def _shopify(currency: str, total: str, tax: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body("shopify", **{
        "currency": currency, "total_price": total, "total_tax": tax, "taxes_included": False, "total_discounts": "0.00",
        "shipping_lines": [], "line_items": [{"id": place, "sku": "KURTA-M", "title": "Kurta", **line} for place, line in enumerate(lines, 1)],
        **more,
    })


def _woo(currency: str, total: str, tax: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body("woocommerce", **{
        "currency": currency, "total": total, "total_tax": tax, "shipping_lines": [], "tax_lines": [],
        "line_items": [{"id": place, "sku": "KURTA-M", "name": "Kurta", "quantity": 1, **line} for place, line in enumerate(lines, 1)], **more,
    })


def _magento(currency: str, total: float, tax: float, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body("magento", **{
        "order_currency_code": currency, "grand_total": total, "total_paid": total, "tax_amount": tax, "discount_amount": 0,
        "shipping_amount": 0, "shipping_tax_amount": 0, "subtotal": sum(item["row_total"] for item in items if "parent_item_id" not in item),
        "items": [{"item_id": place, "sku": "KURTA-M", "qty_ordered": 1, "product_type": "simple", **item} for place, item in enumerate(items, 1)],
        **more,
    })


def _amazon(currency: str, total: str, amounts: dict[str, str], **more: Any) -> dict[str, Any]:
    told = {name: {"CurrencyCode": currency, "Amount": amount} for name, amount in amounts.items()}
    return body("amazon", **{
        "OrderTotal": {"CurrencyCode": currency, "Amount": total},
        "OrderItems": [{"OrderItemId": "1", "SellerSKU": "KURTA-M", "QuantityOrdered": 1, **more.pop("item", {}), **told}], **more,
    })


def _ebay(currency: str, sums: dict[str, str], line: dict[str, Any]) -> dict[str, Any]:
    def money(amount: str) -> dict[str, str]:
        return {"value": amount, "currency": currency}

    told = {name: money(value) if isinstance(value, str) else value for name, value in line.items()}
    return body("ebay", pricingSummary={name: money(amount) for name, amount in sums.items()}, lineItems=[
        {"lineItemId": "1", "sku": "KURTA-M", "quantity": 2, **told}
    ])


def _etsy(currency: str, divisor: int, price: int, **sums: int) -> dict[str, Any]:
    def money(amount: int) -> dict[str, Any]:
        return {"amount": amount, "divisor": divisor, "currency_code": currency}

    nothing = {"discount_amt": 0, "total_tax_cost": 0, "total_vat_cost": 0, "gift_wrap_price": 0, "total_shipping_cost": 0}
    return body("etsy", transactions=[{"transaction_id": 1, "sku": "KURTA-M", "quantity": 1, "price": money(price)}],
                **{name: money(amount) for name, amount in {**nothing, **sums}.items()})


_CENT = {"quantity": 1, "price": 8.264463, "subtotal": "8.26", "total": "8.26", "total_tax": "1.74", "taxes": [{"id": 1, "total": "1.735537"}]}
_BUNDLE = {"sku": "SET", "product_type": "bundle", "row_total": 60, "price": 60}
# Channel, body, and: currency, goods, discount, tax, charges, total, paid, back; then what is noted without holding it.
ABROAD: dict[str, tuple[str, dict[str, Any], tuple[Any, ...], list[str]]] = {
    "us: sales taxes on top, a code over two units": ("shopify", _shopify(
        "USD", "43.95", "2.97",
        {"quantity": 2, "price": "19.99", "discount_allocations": [{"amount": "4.00"}], "tax_lines": _taxes(("CA", 0.0725, "2.61"), ("County", 0.01, "0.36"))},
        total_discounts="4.00", shipping_lines=[{"title": "Ground", "price": "5.00", "tax_lines": []}],
    ), ("USD", 3998, 400, 297, 500, 4395, 4395, 0), []),
    "de: VAT within the prices and the shipping": ("shopify", _shopify(
        "EUR", "124.95", "19.95", {"quantity": 1, "price": "119.00", "tax_lines": _taxes(("MwSt", 0.19, "19.00"))}, taxes_included=True,
        shipping_lines=[{"title": "DHL", "price": "5.95", "tax_lines": _taxes(("MwSt", 0.19, "0.95"))}],
    ), ("EUR", 10000, 0, 1995, 500, 12495, 12495, 0), []),
    "jp: yen have no decimals": ("shopify", _shopify(
        "JPY", "3850", "350", {"quantity": 3, "price": "1100", "tax_lines": _taxes(("CT", 0.1, "300"))}, taxes_included=True,
        shipping_lines=[{"title": "Yamato", "price": "550", "tax_lines": _taxes(("CT", 0.1, "50"))}],
    ), ("JPY", 3000, 0, 350, 500, 3850, 3850, 0), []),
    "kw: dinars have three": ("shopify", _shopify(
        "KWD", "13.750", "0.000", {"quantity": 1, "price": "12.500"}, shipping_lines=[{"title": "Aramex", "price": "1.250"}],
    ), ("KWD", 12500, 0, 0, 1250, 13750, 13750, 0), []),
    "ca: two taxes and a tip": ("shopify", _shopify(
        "CAD", "119.98", "14.98", {"quantity": 1, "price": "100.00", "tax_lines": _taxes(("GST", 0.05, "5.00"), ("QST", 0.09975, "9.98"))},
        total_tip_received="5.00",
    ), ("CAD", 10000, 0, 1498, 500, 11998, 11998, 0), []),
    "gb: duties with a tax of their own": ("shopify", _shopify("GBP", "65.40", "10.90", {
        "quantity": 1, "price": "50.00", "tax_lines": _taxes(("VAT", 0.2, "10.00")),
        "duties": [{"price_set": {"shop_money": {"amount": "4.50", "currency_code": "GBP"}}, "tax_lines": _taxes(("VAT", 0.2, "0.90"))}],
    }), ("GBP", 5000, 0, 1090, 450, 6540, 6540, 0), []),
    "ch: cash is rounded to five rappen": ("shopify", _shopify(
        "CHF", "19.97", "0.00", {"quantity": 1, "price": "19.97"},
        total_cash_rounding_payment_adjustment_set={"shop_money": {"amount": "-0.02", "currency_code": "CHF"}},
    ), ("CHF", 1997, 0, 0, 0, 1997, 1995, 0), ["cash_rounding"]),
    "es: figures rounded one by one for the answer": ("woocommerce", _woo(
        "EUR", "30.00", "5.21", _CENT, _CENT, _CENT,
    ), ("EUR", 2479, 0, 521, 0, 3000, 3000, 0), []),
    "us: a coupon, a fee and a taxed shipping": ("woocommerce", _woo(
        "USD", "46.44", "3.44", {"quantity": 2, "subtotal": "40.00", "total": "36.00", "total_tax": "2.88", "taxes": [{"id": 1, "total": "2.88"}]},
        shipping_lines=[{"method_title": "UPS", "total": "5.00", "total_tax": "0.40", "taxes": [{"id": 1, "total": "0.4"}]}],
        fee_lines=[{"name": "Handling", "total": "2.00", "total_tax": "0.16", "taxes": [{"id": 1, "total": "0.16"}]}],
    ), ("USD", 4000, 400, 344, 700, 4644, 4644, 0), []),
    "jp: a part given back": ("woocommerce", _woo(
        "JPY", "3300", "300", {"quantity": 3, "total": "3000", "total_tax": "300"}, refunds=[{"id": 1, "reason": "", "total": "-1100"}],
    ), ("JPY", 3000, 0, 300, 0, 3300, 3300, 1100), ["refund_names_no_units"]),
    "gb: a gift card paid a part": ("woocommerce", _woo(
        "GBP", "20.00", "5.00", {"total": "25.00", "total_tax": "5.00"}, gift_cards=[{"code": "X", "amount": "10.00"}],
    ), ("GBP", 2500, 1000, 500, 0, 2000, 2000, 0), ["paid_by_credit"]),
    "de: a discount on prices with tax": ("magento", _magento(
        "EUR", 113.05, 18.05, {"row_total": 100, "discount_amount": 11.9, "tax_amount": 17.1, "discount_tax_compensation_amount": 1.9},
        discount_amount=-11.9, shipping_amount=5, shipping_tax_amount=0.95,
    ), ("EUR", 10000, 1000, 1805, 500, 11305, 11305, 0), []),
    "us: a bundle is its children": ("magento", _magento(
        "USD", 72, 12, _BUNDLE, {"parent_item_id": 1, "qty_ordered": 2, "row_total": 40, "tax_amount": 8},
        {"parent_item_id": 1, "sku": "STOLE-1", "row_total": 20, "tax_amount": 4},
    ), ("USD", 6000, 0, 1200, 0, 7200, 7200, 0), []),
    "in: the order's currency and not the shop's base": ("magento", _magento(
        "INR", 826, 126, {"row_total": 700, "base_row_total": 8.47, "tax_amount": 126, "base_tax_amount": 1.53}, base_currency_code="USD",
        base_grand_total=10,
    ), ("INR", 70000, 0, 12600, 0, 82600, 82600, 0), []),
    "fr: gift wrap and a fixed product tax": ("magento", _magento(
        "EUR", 131.5, 21, {"row_total": 100, "tax_amount": 20, "weee_tax_applied_row_amount": 5.5},
        extension_attributes={"gw_items_price": "5.0000", "gw_items_tax_amount": "1.0000"},
    ), ("EUR", 10000, 0, 2100, 1050, 13150, 13150, 0), []),
    "gb: VAT within what Amazon tells": ("amazon", _amazon(
        "GBP", "27.60", {"ItemPrice": "24.00", "ItemTax": "4.00", "ShippingPrice": "3.60", "ShippingTax": "0.60"},
    ), ("GBP", 2000, 0, 460, 300, 2760, 2760, 0), []),
    "us: a promotion, free shipping, and a tax that Amazon pays": ("amazon", _amazon("USD", "48.72", {
        "ItemPrice": "50.00", "ItemTax": "4.13", "PromotionDiscount": "5.00", "PromotionDiscountTax": "0.41", "ShippingPrice": "5.99",
        "ShippingDiscount": "5.99",
    }, item={"TaxCollection": {"Model": "MarketplaceFacilitator"}}), ("USD", 5000, 500, 372, 0, 4872, 4872, 0), ["tax_collected_by_channel"]),
    "in: cash on delivery, a part by gift card": ("amazon", _amazon(
        "INR", "999.00", {"ItemPrice": "999.00", "ItemTax": "152.39"}, PaymentMethod="COD", PaymentExecutionDetail=[
            {"PaymentMethod": "GC", "Payment": {"CurrencyCode": "INR", "Amount": "99.00"}},
            {"PaymentMethod": "COD", "Payment": {"CurrencyCode": "INR", "Amount": "900.00"}},
        ],
    ), ("INR", 84661, 0, 15239, 0, 99900, 9900, 0), []),
    "au: a fee beside shipping": ("bigcommerce", body(
        "bigcommerce", total_ex_tax="115.0000", total_inc_tax="126.5000", coupon_discount="0.0000",
        fees=[{"id": 1, "name": "Oversize", "cost_ex_tax": "5.0000", "cost_inc_tax": "5.5000"}],
    ), ("AUD", 10000, 0, 1150, 1500, 12650, 12650, 0), []),
    "us: a tax that eBay collects beside the total": ("ebay", _ebay(
        "USD", {"priceSubtotal": "100.00", "deliveryCost": "0.0", "total": "100.00"},
        {"lineItemCost": "100.00", "ebayCollectAndRemitTaxes": [{"taxType": "STATE_SALES_TAX", "amount": {"value": "8.00", "currency": "USD"}}]},
    ), ("USD", 10000, 0, 0, 0, 10000, 10000, 0), ["tax_collected_by_channel"]),
    "de: discounts on goods and delivery, and an adjustment": ("ebay", _ebay("EUR", {
        "priceSubtotal": "40.00", "priceDiscount": "-4.00", "deliveryCost": "4.99", "deliveryDiscount": "-4.99", "adjustment": "-1.00", "total": "35.00",
    }, {"lineItemCost": "40.00", "discountedLineItemCost": "36.00"}), ("EUR", 4000, 500, 0, 0, 3500, 3500, 0), []),
    "gb: VAT within an Etsy price": ("etsy", _etsy(
        "GBP", 100, 2400, total_shipping_cost=360, total_vat_cost=460, grandtotal=2760,
    ), ("GBP", 1940, 0, 460, 360, 2760, 2760, 0), []),
    "jp: yen of divisor one, wrapped": ("etsy", _etsy(
        "JPY", 1, 3500, gift_wrap_price=300, grandtotal=3800,
    ), ("JPY", 3500, 0, 0, 300, 3800, 3800, 0), []),
    "us: a tax that Etsy collects beside the total": ("etsy", _etsy(
        "USD", 100, 2000, total_tax_cost=165, grandtotal=2000,
    ), ("USD", 2000, 0, 0, 0, 2000, 2000, 0), ["tax_collected_by_channel"]),
    "in: a discount and a fee for cash on delivery": ("unicommerce", body("unicommerce", cod=True, saleOrderItems=[
        {"id": 1, "itemSku": "KURTA-M", "statusCode": "FULFILLABLE", "totalPrice": 480.0, "sellingPrice": 500.0, "discount": 50.0, "cashOnDeliveryCharges": 30.0},
    ]), ("INR", 50000, 5000, 0, 3000, 48000, 0, 0), []),
}
