"""Magento 2 and Adobe Commerce (`/rest/V1/orders`), and the forms Magento 1 left behind: numbers or texts with four decimals.

A configurable product is told twice, as itself and as its child for nothing: the parent counts. A bundle whose children have
the prices is its children. `row_total` is before
the discount in most shops and after it in some: the order's own subtotal decides which. `taxes[].amount` may repeat the
whole tax for each component, so only the items' `tax_amount` is read. Discounts are negative at the order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.channels.adapters.addresses import address, person
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
    whole,
    words,
)

CODE, NAME = "magento", "Magento / Adobe Commerce"
STATE = {
    "new": "pending", "pending_payment": "pending", "processing": "confirmed", "complete": "shipped", "closed": "refunded",
    "canceled": "cancelled", "holded": "pending", "payment_review": "pending",
}
_HOLDS = {"holded", "payment_review"}
_COMPENSATION = ("discount_tax_compensation_amount", "hidden_tax_amount")


def identify(body: dict[str, Any]) -> str:
    """The order's own id, or its number."""
    return identity(first(body, "entity_id", "order_id", "increment_id"))


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order; never raises for a body that is an object."""
    draft = Draft(
        channel=CODE, order_id=identify(body), number=text(body.get("increment_id"), 60),
        currency=text(first(body, "order_currency_code", "base_currency_code"), 10).upper(),
        placed_at=moment(body.get("created_at")), changed_at=moment(body.get("updated_at")), buyer=_buyer(body),
        shipping=_shipping_address(body), billing=_address(obj(body.get("billing_address"))),
    )
    within = _lines(draft, body)
    shipping = draft.money(body.get("shipping_amount"), "shipping_amount")
    if shipping or draft.money(body.get("shipping_tax_amount"), "shipping_tax_amount"):
        tax = draft.money(body.get("shipping_tax_amount"), "shipping_tax_amount")
        more = draft.money(first(body, "shipping_discount_tax_compensation_amount", "shipping_hidden_tax_amount"), "A compensation")
        draft.charges.append(DraftLine(kind="shipping", title=text(body.get("shipping_description"), 200), gross=shipping + more, tax=tax))
    _beside(draft, body)
    draft.paid, draft.refunded = draft.money(body.get("total_paid"), "total_paid"), draft.money(body.get("total_refunded"), "total_refunded")
    draft.total = draft.money(body.get("grand_total"), "grand_total") if body.get("grand_total") is not None else None
    draft.tax = draft.money(body.get("tax_amount"), "tax_amount") if body.get("tax_amount") is not None else None
    if draft.tax and not any(part.tax for part in (*draft.lines, *draft.charges)):
        draft.order_tax = draft.tax
    _discount(draft, body, within)
    _status(draft, body)
    _payments(draft, body)
    _removed(draft, body)
    return close(draft)


def _lines(draft: Draft, body: dict[str, Any]) -> Decimal:
    """The lines; returns how much of the discount was tax, which their own discounts leave out."""
    items = rows(body.get("items"))
    known = {identity(item.get("item_id")) for item in items} - {""}
    children: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        parent = identity(item.get("parent_item_id"))
        if parent in known:
            children.setdefault(parent, []).append(item)
    tops = [item for item in items if identity(item.get("parent_item_id")) not in known]
    gross_of, within = _gross_of(draft, body, tops), ZERO
    for item in tops:
        mine = children.get(identity(item.get("item_id")), [])
        if mine and _is_its_children(item, mine):
            for child in mine:
                line, more = _line(draft, child, [], gross_of)
                draft.lines.append(line)
                within += more
            continue
        line, more = _line(draft, item, mine, gross_of)
        draft.lines.append(line)
        within += more
    return within


def _gross_of(draft: Draft, body: dict[str, Any], tops: list[dict[str, Any]]) -> str:
    """How `row_total` is to be read: by the order's subtotal, where it is told."""
    if body.get("subtotal") is None:
        return "row"
    told = draft.money(body.get("subtotal"), "subtotal")
    row = [draft.money(item.get("row_total"), "row_total") for item in tops]
    off = [draft.money(item.get("discount_amount"), "discount_amount") for item in tops]
    priced = [draft.money(item.get("price"), "price") * _units(draft, item) for item in tops]
    if sum(row, ZERO) == told:
        return "row"
    if sum(row, ZERO) + sum(off, ZERO) == told:
        return "net"
    if sum(priced, ZERO) == told:
        return "price"
    return "row"


def _line(draft: Draft, item: dict[str, Any], mine: list[dict[str, Any]], gross_of: str) -> tuple[DraftLine, Decimal]:
    off = abs(draft.money(item.get("discount_amount"), "discount_amount"))
    tax = draft.money(item.get("tax_amount"), "tax_amount")
    more = draft.money(first(item, *_COMPENSATION), "A compensation")
    if mine and item.get("product_type") == "bundle" and not tax and not off:
        off = sum((abs(draft.money(child.get("discount_amount"), "discount_amount")) for child in mine), ZERO)
        tax = sum((draft.money(child.get("tax_amount"), "tax_amount") for child in mine), ZERO)
        more = sum((draft.money(first(child, *_COMPENSATION), "A compensation") for child in mine), ZERO)
    row = draft.money(item.get("row_total"), "row_total") if item.get("row_total") is not None else None
    units = _units(draft, item)
    gross = draft.money(item.get("price"), "price") * units if row is None or gross_of == "price" else row
    gross = gross + off if gross_of == "net" else gross
    rate = text(item.get("tax_percent"), 20)
    return DraftLine(
        key=identity(item.get("item_id")), sku=text(item.get("sku"), 100), title=text(item.get("name"), 200), quantity=units,
        gross=gross, discount=off - more, tax=tax, taxes=[DraftTax("Tax", rate, tax)] if tax else [],
    ), more


def _is_its_children(item: dict[str, Any], mine: list[dict[str, Any]]) -> bool:
    """Whether a bundle's children come to all it costs; their taxes may stand on it once more, summed up."""
    row, tax = number(item.get("row_total")), number(item.get("tax_amount")) or ZERO
    rows_, taxes = ([number(child.get(name)) or ZERO for child in mine] for name in ("row_total", "tax_amount"))
    is_sum = bool(row) and sum(rows_, ZERO) == row and tax in {ZERO, sum(taxes, ZERO)}
    return item.get("product_type") == "bundle" and is_sum and not number(item.get("discount_amount"))


def _units(draft: Draft, item: dict[str, Any]) -> int:
    return draft.quantity(first(item, "qty_ordered", "qty"), "A line's quantity")


def _beside(draft: Draft, body: dict[str, Any]) -> None:
    """Gift wrap, and the fixed product taxes that no `tax_amount` holds."""
    more = obj(body.get("extension_attributes"))
    for name in ("gw", "gw_items", "gw_card"):
        gross, tax = draft.money(more.get(f"{name}_price"), f"{name}_price"), draft.money(more.get(f"{name}_tax_amount"), f"{name}_tax_amount")
        if gross or tax:
            draft.charges.append(DraftLine(kind="gift_wrap", title="Gift wrap", gross=gross, tax=tax))
    tops = [item for item in rows(body.get("items")) if not identity(item.get("parent_item_id"))]
    fixed = sum((draft.money(item.get("weee_tax_applied_row_amount"), "weee_tax_applied_row_amount") for item in tops), ZERO)
    if fixed:
        draft.charges.append(DraftLine(kind="fixed_tax", title="Fixed product tax", gross=fixed))


def _discount(draft: Draft, body: dict[str, Any], within: Decimal) -> None:
    """The order's discount beyond its lines is that on shipping; what gift cards and store credit pay is taken off too."""
    told = abs(draft.money(body.get("discount_amount"), "discount_amount"))
    rest = told - within - sum((line.discount for line in draft.lines), ZERO)
    if rest > 0:
        draft.order_discount = rest
    for name in ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount"):
        amount: Decimal = abs(draft.money(first(body, name) or at(body, "extension_attributes", name), name))
        if amount:
            draft.by_credit(amount, name.removesuffix("_amount").replace("_", " "))


def _status(draft: Draft, body: dict[str, Any]) -> None:
    state, status = words(body.get("state")).lower(), words(body.get("status"))
    draft.words = "/".join(dict.fromkeys(filter(None, (state, status))))
    word = state or status.lower()
    if word not in STATE:
        draft.unknown_status(draft.words)
        return
    begun = any((draft.money(item.get(name), name) > 0) for item in rows(body.get("items")) for name in ("qty_shipped", "qty_invoiced"))
    draft.status = "processing" if word == "processing" and begun else STATE[word]
    if word in _HOLDS:
        draft.on_hold = word


def _payments(draft: Draft, body: dict[str, Any]) -> None:
    if draft.status == "refunded" and body.get("total_refunded") is None:
        draft.refunded = draft.paid
    draft.cash_on_delivery = is_cash_on_delivery(at(body, "payment", "method"))


def _removed(draft: Draft, body: dict[str, Any]) -> None:
    """Units that are not to be sent any more, as Magento counts them: the figures still hold them. Parent or child tells what was sent."""
    if draft.status in {"cancelled", "refunded"}:
        return
    items = rows(body.get("items"))
    if draft.status == "processing" and any((number(item.get("qty_shipped")) or ZERO) > 0 for item in items):
        draft.partly_shipped()
    sent_of: dict[str, Decimal] = {}
    for item in items:
        family = identity(first(item, "parent_item_id", "item_id"))
        sent_of[family] = max(sent_of.get(family, ZERO), number(item.get("qty_shipped")) or ZERO)
    lines = {line.key for line in draft.lines}
    gone: dict[str, int] = {}
    for item in items:
        ordered, called_off, back = (number(item.get(name)) or ZERO for name in ("qty_ordered", "qty_canceled", "qty_refunded"))
        known, family = identity(item.get("item_id")), identity(first(item, "parent_item_id", "item_id"))
        away = min(back, ordered - (ordered if draft.status == "shipped" else sent_of[family]))
        if called_off > 0:
            draft.partly_cancelled()  # nobody paid for these, and what the rest comes to is not told
        elif away > 0 and (known in lines or family not in lines):
            gone[known] = whole(away) or draft.quantity(away, "What was given back")
    draft.call_off(gone)


def _buyer(body: dict[str, Any]) -> Buyer:
    billing = obj(body.get("billing_address"))
    names = [text(body.get(key), 100) for key in ("customer_firstname", "customer_lastname")]
    return Buyer(
        id=identity(body.get("customer_id")), email=text(first(body, "customer_email") or billing.get("email"), 254),
        phone=text(billing.get("telephone"), 40), name=" ".join(filter(None, names)) or person(billing),
    )


def _shipping_address(body: dict[str, Any]) -> dict[str, str]:
    told = next(iter(rows(at(body, "extension_attributes", "shipping_assignments"))), {})
    return _address(obj(at(told, "shipping", "address")) or obj(body.get("shipping_address")))


def _address(said: dict[str, Any]) -> dict[str, str]:
    street = said.get("street")
    parts = street if isinstance(street, list) else [street]
    flat = {**said, "line1": next(iter(parts), ""), "line2": ", ".join(filter(None, (text(part, 200) for part in parts[1:])))}
    return address(
        flat, line1=("line1",), line2=("line2", "company"), state=("region_code", "region"), zip_=("postcode",),
        country=("country_id",), phone=("telephone",),
    )
