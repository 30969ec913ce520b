"""The words of every channel and what they are here, as the documentation shows them; read from the adapters' own tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orders.channels.adapters import (
    amazon,
    bigcommerce,
    ebay,
    etsy,
    flipkart,
    magento,
    shopify,
    unicommerce,
    woocommerce,
)

_NOTHING = "as the money says"
TABLES: tuple[tuple[str, str, Mapping[Any, str]], ...] = (
    ("Shopify", "`financial_status`", shopify.FINANCIAL),
    ("Shopify", "`fulfillment_status`, over it", {word or "null": ours or _NOTHING for word, ours in shopify.FULFILMENT.items()}),
    ("WooCommerce", "`status`", woocommerce.STATUS),
    ("Magento", "`state`", magento.STATE),
    ("Amazon", "`OrderStatus`, `fulfillmentStatus`", amazon.STATUS),
    ("BigCommerce", "`status_id`", {**bigcommerce.STATUS, **dict.fromkeys(bigcommerce.KEPT, "confirmed")}),
    ("eBay", "`orderFulfillmentStatus`, once paid", ebay.FULFILMENT),
    ("Etsy", "`status`", etsy.STATUS),
    ("Flipkart", "`status`", {**flipkart.STATUS, **flipkart.RETURNS}),
    ("Unicommerce", "`status`", unicommerce.STATUS),
)


def markdown() -> str:
    """One row for each channel, field and word of ours."""
    rows = ["| channel | field | its words | ours |", "|---|---|---|---|"]
    for channel, field, words in TABLES:
        for ours in dict.fromkeys(words.values()):
            theirs = ", ".join(f"`{word}`" for word, found in words.items() if found == ours)
            rows.append(f"| {channel} | {field} | {theirs} | {ours} |")
    return "\n".join(rows)
