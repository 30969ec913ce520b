"""Shopify's REST order, as webhooks and the Admin API send it. Money is the shop's (`currency`), not what the buyer saw.

Its `total_price` is what was bought, whatever was refunded or removed since. A discount is what `discount_allocations` say
where they are sent; older bodies name it per line and the rest at the order. All tax of an order may sit on one line.
A refund's transactions may be in the currency the buyer saw.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.channels.adapters import shopify_refunds
from orders.channels.adapters.addresses import address
from orders.channels.canonical import Buyer, Canonical
from orders.channels.draft import ZERO, Draft, DraftLine, DraftTax, close
from orders.channels.reading import (
    at,
    first,
    identity,
    is_cash_on_delivery,
    moment,
    number,
    obj,
    rows,
    text,
    words,
)

CODE, NAME = "shopify", "Shopify"
FINANCIAL = {
    "pending": "pending", "authorized": "confirmed", "partially_paid": "confirmed", "paid": "confirmed",
    "partially_refunded": "confirmed", "refunded": "refunded", "voided": "cancelled", "expired": "cancelled",
}
FULFILMENT = {
    "": "", "unfulfilled": "", "pending": "", "restocked": "", "not_eligible": "", "partial": "processing", "fulfilled": "shipped",
}
_ARRIVED = "delivered"


def identify(body: dict[str, Any]) -> str:
    """The order's id; the last part of the GraphQL one where there is no other.

    A refund or fulfilment names its order and is none, nor is a draft, or what else GraphQL calls by another name.
    """
    known = text(body.get("admin_graphql_api_id"))
    if ("order_id" in body and "total_price" not in body) or (known.startswith("gid://") and "/Order/" not in known):
        return ""
    return identity(body.get("id")).rpartition("/")[2] or identity(known.rpartition("/")[2])


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order; never raises for a body that is an object."""
    draft = Draft(
        channel=CODE, order_id=identify(body), currency=text(body.get("currency"), 10).upper(),
        number=text(first(body, "name", "order_number"), 60), placed_at=moment(first(body, "processed_at", "created_at")),
        changed_at=moment(body.get("updated_at")), tax_included=body.get("taxes_included") is True, buyer=_buyer(body),
        shipping=_address(obj(body.get("shipping_address"))), billing=_address(obj(body.get("billing_address"))),
    )
    allocated = any("discount_allocations" in line for line in (*rows(body.get("line_items")), *rows(body.get("shipping_lines"))))
    for line in rows(body.get("line_items")):
        _line(draft, line, allocated=allocated)
    for line in rows(body.get("shipping_lines")):
        _shipping(draft, line)
    _fees(draft, body)
    draft.total = draft.money(body.get("total_price"), "total_price") if body.get("total_price") is not None else None
    _without_removed_shipping(draft, body)
    _discount(draft, body)
    _tax(draft, body)
    for said in (body.get("total_price_set"), *(line.get("price_set") for line in rows(body.get("line_items")))):
        draft.money(at(said, "shop_money"), "A price")  # for its currency alone
    _status(draft, body)
    _beside(draft, body)
    shopify_refunds.read_money(draft, body)
    shopify_refunds.read_removed(draft, body)
    return close(draft)


def _line(draft: Draft, line: dict[str, Any], *, allocated: bool) -> None:
    if line.get("tip"):
        _tip(draft, line)
        return
    quantity = draft.quantity(line.get("quantity"), "A line's quantity")
    price = draft.money(line.get("price"), "A line's price", needed=True)
    draft.lines.append(
        DraftLine(
            key=identity(line.get("id")), sku=text(line.get("sku"), 100), title=text(first(line, "name", "title"), 200),
            quantity=quantity, gross=price * quantity, discount=_off(draft, line, allocated=allocated),
            **_taxed(draft, line),
        )
    )
    for duty in rows(line.get("duties")):
        amount = first(duty, "shop_money") or first(obj(duty.get("price_set")), "shop_money") or duty.get("price")
        draft.charges.append(
            DraftLine(kind="duty", title="Duty", gross=draft.money(amount, "A duty"), **_taxed(draft, duty))
        )


def _tip(draft: Draft, line: dict[str, Any]) -> None:
    """A tip that is told as a line is no goods of ours."""
    price, units = draft.money(line.get("price"), "A tip", needed=True), draft.quantity(line.get("quantity"), "A line's quantity")
    draft.charges.append(DraftLine(kind="tip", title=text(first(line, "name", "title"), 200), gross=price * units, **_taxed(draft, line)))


def _off(draft: Draft, line: dict[str, Any], *, allocated: bool) -> Decimal:
    if allocated:
        shares = rows(line.get("discount_allocations"))
        return sum((draft.money(share.get("amount"), "A discount") for share in shares), ZERO)
    return draft.money(line.get("total_discount"), "A line's discount")


def _shipping(draft: Draft, line: dict[str, Any]) -> None:
    price = draft.money(line.get("price"), "A shipping price")
    off = sum((draft.money(share.get("amount"), "A discount") for share in rows(line.get("discount_allocations"))), ZERO)
    draft.charges.append(
        DraftLine(
            kind="shipping", title=text(first(line, "title", "code"), 200), gross=price, discount=off, **_taxed(draft, line)
        )
    )


def _without_removed_shipping(draft: Draft, body: dict[str, Any]) -> None:
    """A way of shipping that an edit took off: it counts only where the total still holds it."""
    told = [line.get("is_removed") is True for line in rows(body.get("shipping_lines"))]
    charges = [charge for charge in draft.charges if charge.kind == "shipping"]
    removed = [charge for charge, is_removed in zip(charges, told, strict=True) if is_removed]
    parts = [*draft.lines, *draft.charges]
    tax = ZERO if draft.tax_included else sum((part.tax for part in parts), ZERO)
    if removed and draft.total != sum((part.gross - part.discount for part in parts), ZERO) + tax:
        draft.charges = [charge for charge in draft.charges if not any(charge is one for one in removed)]


def _taxed(draft: Draft, line: dict[str, Any]) -> dict[str, Any]:
    taxes = [
        DraftTax(text(tax.get("title"), 80), _percent(tax.get("rate")), draft.money(tax.get("price"), "A tax"))
        for tax in rows(line.get("tax_lines"))
    ]
    return {"taxes": taxes, "tax": sum((tax.amount for tax in taxes), ZERO)}


def _percent(rate: Any) -> str:
    """`0.18` as `18`."""
    found = number(rate)
    return "" if found is None else format((found * 100).normalize(), "f")


def _fees(draft: Draft, body: dict[str, Any]) -> None:
    """Tips, duties and fees that no line names: a tip may also be a line of its own."""
    tip = draft.money(body.get("total_tip_received"), "The tip")
    if tip and not any(line.get("tip") for line in rows(body.get("line_items"))):
        draft.charges.append(DraftLine(kind="tip", title="Tip", gross=tip))
    has_duties = any(charge.kind == "duty" for charge in draft.charges)
    for kind, name in (("duty", "original_total_duties_set"), ("fee", "original_total_additional_fees_set")):
        amount = draft.money(at(body, name, "shop_money"), f"The {kind}")
        if amount and not (kind == "duty" and (has_duties or body.get("duties_included") is True)):
            draft.charges.append(DraftLine(kind=kind, title=kind.capitalize(), gross=amount))


def _discount(draft: Draft, body: dict[str, Any]) -> None:
    """What the order takes off beyond its lines; only as far as the total says so, for old bodies repeat it elsewhere."""
    told = draft.money(body.get("total_discounts"), "total_discounts")
    rest = told - sum((part.discount for part in (*draft.lines, *draft.charges)), ZERO)
    if rest > 0:
        draft.order_discount = rest


def _tax(draft: Draft, body: dict[str, Any]) -> None:
    if body.get("total_tax") is None:
        return
    draft.tax = draft.money(body.get("total_tax"), "total_tax")
    parts = (*draft.lines, *draft.charges)
    if draft.tax and not any(part.taxes for part in parts):
        draft.order_tax = draft.tax
        taxes = _taxed(draft, body)
        draft.order_taxes = taxes["taxes"] if taxes["tax"] == draft.tax else []


def _status(draft: Draft, body: dict[str, Any]) -> None:
    financial, fulfilment = words(body.get("financial_status")).lower(), words(body.get("fulfillment_status")).lower()
    cancelled = body.get("cancelled_at") is not None
    draft.words = "/".join(filter(None, (financial or "no financial status", fulfilment or "unfulfilled", "cancelled" if cancelled else "")))
    if cancelled:
        draft.status = "cancelled"
    elif (financial and financial not in FINANCIAL) or fulfilment not in FULFILMENT:
        draft.unknown_status(draft.words)
    else:
        draft.status = _derived(body, financial, fulfilment)
        if draft.status == "processing":
            draft.partly_shipped()
        if financial in {"voided", "expired"}:
            draft.trouble("check_cancellation", f"The payment is {financial} and the order is not cancelled.", holds=False)


def _derived(body: dict[str, Any], financial: str, fulfilment: str) -> str:
    parcels = shopify_refunds.parcels(body)
    by_money = FINANCIAL.get(financial, "pending")
    if by_money in {"refunded", "cancelled"}:
        return by_money
    if parcels and fulfilment == "fulfilled" and all(words(parcel.get("shipment_status")) == _ARRIVED for parcel in parcels):
        return "delivered"
    return FULFILMENT[fulfilment] or by_money


def _beside(draft: Draft, body: dict[str, Any]) -> None:
    """Whether it is a test, cash on delivery, and the parcels."""
    if body.get("test") is True:
        draft.trouble("test_order", "The shop says this is a test.", holds=False)
    ways = body.get("payment_gateway_names")
    named = [*(ways if isinstance(ways, list) else []), body.get("gateway")]
    draft.cash_on_delivery = any(is_cash_on_delivery(way) for way in named)
    for parcel in shopify_refunds.parcels(body):
        if tracking := text(parcel.get("tracking_number"), 60):
            draft.tracking.append((text(parcel.get("tracking_company"), 40), tracking))


def _buyer(body: dict[str, Any]) -> Buyer:
    customer, billing = obj(body.get("customer")), obj(body.get("billing_address"))
    names = [text(customer.get(key), 100) for key in ("first_name", "last_name")]
    return Buyer(
        id=identity(customer.get("id")), email=text(first(body, "email", "contact_email") or customer.get("email"), 254),
        phone=text(first(body, "phone") or first(customer, "phone") or billing.get("phone"), 40),
        name=" ".join(filter(None, names)) or text(billing.get("name"), 200),
    )


def _address(said: dict[str, Any]) -> dict[str, str]:
    return address(
        said, line1=("address1",), line2=("address2", "company"), state=("province_code", "province"), zip_=("zip",),
        country=("country_code", "country"),
    )
