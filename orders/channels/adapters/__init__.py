"""The channels whose bodies can be read, by their code: each a pure translator of one body into the canonical order.

A body may come alone, in the envelope its channel's API answers with, or as a list of either.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from orders.channels.adapters import (
    amazon,
    bigcommerce,
    ebay,
    edi,
    etsy,
    file,
    flipkart,
    magento,
    shopify,
    unicommerce,
    woocommerce,
)
from orders.channels.canonical import Canonical
from orders.channels.reading import rows

ADAPTERS: dict[str, ModuleType] = {
    module.CODE: module
    for module in (shopify, woocommerce, magento, amazon, bigcommerce, ebay, etsy, flipkart, unicommerce, edi, file)
}
NAMES: dict[str, str] = {code: module.NAME for code, module in ADAPTERS.items()}
# Their order ids are each shop's own: 727 of one shop is not 727 of another.
PER_SHOP = ("woocommerce", "magento", "bigcommerce", "unicommerce")
_LISTS = ("orders", "Orders", "results", "shipments", "elements", "data")
_ONES = ("order", "payload", "saleOrderDTO", "receipt", "body")
_ITEMS = ("items", "orderItems", "OrderItems", "products")
_DEPTH_MAX = 4


class NotAnOrder(ValueError):
    """The body is no order of this channel: it names none."""


def identify(channel: str, body: Any) -> str:
    """The channel's id of the order. Raises NotAnOrder."""
    found = str(ADAPTERS[channel].identify(body)) if isinstance(body, dict) else ""
    if not found:
        raise NotAnOrder(f"The body names no order of {NAMES[channel]}.")
    return found


def shop_of(channel: str, body: Any) -> str:
    """Which shop of the channel the body says it is of; empty where it says nothing, or ids are the whole channel's."""
    read = getattr(ADAPTERS[channel], "shop", None)
    return str(read(body)) if read is not None and isinstance(body, dict) else ""


def translate(channel: str, body: dict[str, Any]) -> Canonical:
    """The canonical order, with its troubles. Raises NotAnOrder."""
    identify(channel, body)
    canonical: Canonical = ADAPTERS[channel].translate(body)
    return canonical


def merge(channel: str, known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What is known of an order after a further body: for most channels that body."""
    join = getattr(ADAPTERS[channel], "merge", None)
    return dict(join(known, new)) if join else new


def unwrap(channel: str, said: Any, depth: int = 0) -> Iterator[Any]:
    """Each order in a list or envelope; whatever is none comes as it is, to be refused by name."""
    if isinstance(said, list):
        for one in said:
            yield from unwrap(channel, one, depth + 1) if depth < _DEPTH_MAX else [one]
        return
    if not isinstance(said, dict) or depth >= _DEPTH_MAX or ADAPTERS[channel].identify(said):
        yield said
        return
    for name in (*_LISTS, *(("items",) if "search_criteria" in said or "total_count" in said else ())):
        if isinstance(said.get(name), list):
            for one in said[name]:
                yield from unwrap(channel, one, depth + 1)
            return
    inner = next((said[name] for name in _ONES if isinstance(said.get(name), dict | list)), None)
    if isinstance(inner, dict):
        inner = _with_items(said, inner)
    yield from [said] if inner is None else unwrap(channel, inner, depth + 1)


def _with_items(envelope: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
    """An order whose lines stand beside it, as by the channels that tell them with a call of their own."""
    lines = next((found for name in _ITEMS if (found := _rows_of(envelope.get(name)))), None)
    if lines is None or any(isinstance(order.get(name), list) for name in _ITEMS):
        return order
    return {**order, "OrderItems" if "AmazonOrderId" in _inner(order) else "products": lines, **_inner(order)}


def _inner(order: dict[str, Any]) -> dict[str, Any]:
    payload = order.get("payload")
    return payload if isinstance(payload, dict) else order


def _rows_of(value: Any) -> list[dict[str, Any]] | None:
    if isinstance(value, dict):
        value = next((found for found in (value.get("OrderItems"), _inner(value).get("OrderItems")) if found), None)
    return rows(value) or None
