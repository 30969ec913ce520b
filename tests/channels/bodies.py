"""Bodies in the form of each channel, of our own making, and what each must come to."""

from __future__ import annotations

import copy
from typing import Any

SHOPIFY: dict[str, Any] = {
    "id": 820982911946154508, "name": "#9001", "email": "Jon@Example.ca", "currency": "INR", "created_at": "2026-11-20T10:00:00+05:30",
    "updated_at": "2026-11-20T10:05:00+05:30", "taxes_included": True, "total_price": "1099.00", "total_tax": "143.50",
    "total_discounts": "100.00", "financial_status": "paid", "fulfillment_status": None, "cancelled_at": None,
    "line_items": [
        {"id": 1, "sku": "kurta-m", "title": "Kurta", "quantity": 2, "price": "500.00", "discount_allocations": [{"amount": "100.00"}],
         "tax_lines": [{"title": "CGST", "rate": 0.09, "price": "71.75"}, {"title": "SGST", "rate": 0.09, "price": "71.75"}]},
        {"id": 2, "sku": "STOLE-1", "title": "Stole", "quantity": 1, "price": "99.00", "discount_allocations": [], "tax_lines": []},
    ],
    "shipping_lines": [{"title": "Standard", "price": "100.00", "discount_allocations": [], "tax_lines": []}],
    "customer": {"id": 7, "first_name": "Jon", "last_name": "Doe"},
    "shipping_address": {"name": "Jon Doe", "address1": "1 Road", "city": "Hyderabad", "zip": "500001", "province_code": "TS",
                         "country_code": "IN", "phone": "+91 98450 12345"},
    "refunds": [], "fulfillments": [],
}
WOO: dict[str, Any] = {
    "id": 5501, "number": "5501", "status": "processing", "currency": "EUR", "prices_include_tax": True, "total": "34.90",
    "total_tax": "6.06", "date_created_gmt": "2026-11-20T10:00:00", "date_paid_gmt": "2026-11-20T10:01:00", "payment_method": "stripe",
    "billing": {"first_name": "Ana", "last_name": "Ruiz", "email": "ana@example.es", "address_1": "Calle 1", "city": "Madrid",
                "postcode": "28001", "country": "ES", "phone": "+34 600000000"},
    "shipping": {"first_name": "Ana", "last_name": "Ruiz", "address_1": "Calle 1", "city": "Madrid", "postcode": "28001", "country": "ES"},
    "line_items": [
        {"id": 11, "sku": "KURTA-M", "name": "Kurta", "quantity": 3, "subtotal": "24.71", "total": "24.71", "subtotal_tax": "5.18967",
         "total_tax": "5.18967", "taxes": [{"id": 1, "total": "5.18967"}]},
    ],
    "shipping_lines": [{"method_title": "Correos", "total": "4.13", "total_tax": "0.86777", "taxes": [{"id": 1, "total": "0.86777"}]}],
    "tax_lines": [{"rate_id": 1, "label": "IVA", "rate_percent": 21, "compound": False}], "fee_lines": [], "refunds": [],
}
MAGENTO: dict[str, Any] = {
    "entity_id": 88, "increment_id": "000000088", "state": "processing", "status": "processing", "order_currency_code": "BHD",
    "created_at": "2026-11-20 10:00:00", "grand_total": 97.461, "subtotal": 98.0, "discount_amount": -9.8, "tax_amount": 8.261,
    "shipping_amount": 1.0, "shipping_tax_amount": 0.1, "total_paid": 97.461, "customer_email": "k@example.bh",
    "billing_address": {"firstname": "K", "lastname": "A", "street": ["Road 1", "Flat 2"], "city": "Manama", "country_id": "BH", "telephone": "1"},
    "items": [
        {"item_id": 1, "sku": "KURTA-M", "name": "Kurta", "product_type": "configurable", "qty_ordered": 1, "price": 98.0, "row_total": 88.2,
         "discount_amount": 9.8, "tax_amount": 8.161, "tax_percent": 10},
        {"item_id": 2, "parent_item_id": 1, "sku": "KURTA-M", "name": "Kurta M", "product_type": "simple", "qty_ordered": 1, "price": 0,
         "row_total": 0, "discount_amount": 0, "tax_amount": 0},
    ],
}
AMAZON: dict[str, Any] = {
    "AmazonOrderId": "902-1-1", "PurchaseDate": "2026-11-20T10:00:00Z", "LastUpdateDate": "2026-11-20T10:00:00Z", "OrderStatus": "Unshipped",
    "OrderTotal": {"CurrencyCode": "USD", "Amount": "26.59"}, "BuyerInfo": {"BuyerEmail": "x@marketplace.amazon.com"},
    "ShippingAddress": {"Name": "X", "AddressLine1": "1 Cross St.", "City": "Canton", "StateOrRegion": "MI", "PostalCode": "48817", "CountryCode": "US"},
    "OrderItems": [
        {"OrderItemId": "1", "SellerSKU": "KURTA-M", "Title": "Kurta", "QuantityOrdered": 3, "ItemPrice": {"CurrencyCode": "USD", "Amount": "20.00"},
         "ItemTax": {"CurrencyCode": "USD", "Amount": "1.60"}, "ShippingPrice": {"CurrencyCode": "USD", "Amount": "4.99"}},
    ],
}
AMAZON_2026: dict[str, Any] = {
    "orderId": "902-2-2", "createdTime": "2026-11-20T10:00:00Z", "lastUpdatedTime": "2026-11-20T10:00:00Z",
    "proceeds": {"grandTotal": {"amount": "1180", "currencyCode": "JPY"}}, "fulfillment": {"fulfillmentStatus": "SHIPPED"},
    "recipient": {"deliveryAddress": {"name": "Sato", "addressLine1": "1-1", "city": "Tokyo", "postalCode": "100-0001", "countryCode": "JP"}},
    "orderItems": [
        {"orderItemId": "9", "quantityOrdered": 1, "product": {"sellerSku": "KURTA-M", "title": "Kurta"},
         "proceeds": {"breakdowns": [{"type": "ITEM", "subtotal": {"amount": "1000", "currencyCode": "JPY"}},
                                     {"type": "TAX", "subtotal": {"amount": "100", "currencyCode": "JPY"}},
                                     {"type": "SHIPPING", "subtotal": {"amount": "180", "currencyCode": "JPY"}},
                                     {"type": "DISCOUNT", "subtotal": {"amount": "-100", "currencyCode": "JPY"}}]}},
    ],
    "packages": [{"trackingNumber": "JP1", "carrier": "Yamato", "packageStatus": {"status": "DELIVERED"}}],
}
BIGCOMMERCE: dict[str, Any] = {
    "id": 118, "status_id": 11, "status": "Awaiting Fulfillment", "currency_code": "AUD", "date_created": "Fri, 20 Nov 2026 10:00:00 +0000",
    "subtotal_ex_tax": "100.0000", "subtotal_inc_tax": "110.0000", "shipping_cost_ex_tax": "10.0000", "shipping_cost_inc_tax": "11.0000",
    "discount_amount": "0.0000", "coupon_discount": "11.0000", "total_ex_tax": "100.0000", "total_inc_tax": "110.0000",
    "payment_status": "captured", "billing_address": {"first_name": "B", "last_name": "C", "email": "b@example.au", "country_iso2": "AU", "street_1": "1"},
    "products": [{"id": 1, "sku": "KURTA-M", "name": "Kurta", "quantity": 3, "total_ex_tax": "100.0000", "total_inc_tax": "110.0000"}],
}
EBAY: dict[str, Any] = {
    "orderId": "12-1", "creationDate": "2026-11-20T10:00:00.000Z", "orderPaymentStatus": "PAID", "orderFulfillmentStatus": "NOT_STARTED",
    "cancelStatus": {"cancelState": "NONE_REQUESTED"},
    "pricingSummary": {"priceSubtotal": {"value": "70.00", "currency": "GBP"}, "priceDiscount": {"value": "-5.00", "currency": "GBP"},
                       "deliveryCost": {"value": "10.28", "currency": "GBP"}, "total": {"value": "75.28", "currency": "GBP"}},
    "lineItems": [{"lineItemId": "1", "sku": "KURTA-M", "title": "Kurta", "quantity": 2, "lineItemCost": {"value": "70.00", "currency": "GBP"}}],
    "paymentSummary": {"payments": [{"amount": {"value": "63.09", "currency": "GBP"}}]},
    "fulfillmentStartInstructions": [{"shippingStep": {"shipTo": {"fullName": "E B", "contactAddress": {"addressLine1": "1 St", "city": "York", "countryCode": "GB"}}}}],
}
ETSY: dict[str, Any] = {
    "receipt_id": 2850000001, "status": "Paid", "is_paid": True, "is_shipped": False, "buyer_email": "e@example.com", "name": "E T",
    "first_line": "1 Way", "city": "Salem", "state": "MA", "zip": "01970", "country_iso": "US", "created_timestamp": 1795000000,
    **{name: {"amount": amount, "divisor": 100, "currency_code": "USD"} for name, amount in {
        "grandtotal": 2609, "subtotal": 2000, "total_price": 2200, "total_shipping_cost": 500, "total_tax_cost": 109,
        "total_vat_cost": 0, "discount_amt": 200, "gift_wrap_price": 0}.items()},
    "transactions": [{"transaction_id": 1, "sku": "KURTA-M", "title": "Kurta", "quantity": 2, "price": {"amount": 1100, "divisor": 100, "currency_code": "USD"}}],
}
FLIPKART: dict[str, Any] = {
    "shipmentId": "ship-1", "updatedAt": "2026-11-20T10:00:00.000+05:30",
    "orderItems": [
        {"orderItemId": "113", "orderId": "OD113", "status": "APPROVED", "sku": "KURTA-M", "title": "Kurta", "quantity": 2, "hsn": "62114210",
         "paymentType": "PREPAID", "orderDate": "2026-11-20T09:00:00.000+05:30",
         "priceComponents": {"sellingPrice": 499.5, "totalPrice": 1039.0, "shippingCharge": 40.0, "customerPrice": 499.5, "flipkartDiscount": 0.0}},
    ],
}
UNICOMMERCE: dict[str, Any] = {
    "code": "SO-1", "displayOrderCode": "D-1", "status": "CREATED", "created": 1795000000000, "notificationEmail": "u@example.in", "cod": False,
    "addresses": [{"name": "U", "addressLine1": "1", "city": "Pune", "state": "MH", "pincode": "411001", "country": "IN"}],
    "saleOrderItems": [
        {"id": place, "itemSku": "KURTA-M", "itemName": "Kurta", "statusCode": "FULFILLABLE", "totalPrice": 549.0, "sellingPrice": 499.0,
         "shippingCharges": 50.0, "totalIntegratedGst": 53.46} for place in (1, 2)
    ],
}
# Channel, body, and: currency, subtotal, discount, tax, shipping, total, status, paid.
SAMPLES: dict[str, tuple[str, dict[str, Any], tuple[Any, ...]]] = {
    "shopify": ("shopify", SHOPIFY, ("INR", 95550, 10000, 14350, 10000, 109900, "confirmed", 109900)),
    "woocommerce": ("woocommerce", WOO, ("EUR", 2471, 0, 606, 413, 3490, "confirmed", 3490)),
    "magento": ("magento", MAGENTO, ("BHD", 98000, 9800, 8261, 1000, 97461, "confirmed", 97461)),
    "amazon": ("amazon", AMAZON, ("USD", 2000, 0, 160, 499, 2659, "confirmed", 2659)),
    "amazon-2026": ("amazon", AMAZON_2026, ("JPY", 1000, 100, 100, 180, 1180, "delivered", 1180)),
    "bigcommerce": ("bigcommerce", BIGCOMMERCE, ("AUD", 10000, 1000, 1000, 1000, 11000, "confirmed", 11000)),
    "ebay": ("ebay", EBAY, ("GBP", 7000, 500, 0, 1028, 7528, "confirmed", 7528)),
    "etsy": ("etsy", ETSY, ("USD", 2200, 200, 109, 500, 2609, "confirmed", 2609)),
    "flipkart": ("flipkart", FLIPKART, ("INR", 99900, 0, 0, 4000, 103900, "confirmed", 103900)),
    "unicommerce": ("unicommerce", UNICOMMERCE, ("INR", 89108, 0, 10692, 10000, 109800, "confirmed", 109800)),
}


def body(name: str, **changes: Any) -> dict[str, Any]:
    """A fresh copy with some keys changed."""
    return {**copy.deepcopy(SAMPLES[name][1]), **changes}
