"""BigCommerce's order (V2) with its `products` put in; a webhook names an order only, which is then fetched.

Amounts are told without and with tax; the difference is the tax. Gift certificates and store credit pay, they lower no total.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.channels.adapters.addresses import address, person
from orders.channels.canonical import Buyer, Canonical
from orders.channels.draft import ZERO, Draft, DraftLine, DraftTax, close
from orders.channels.reading import first, identity, is_cash_on_delivery, moment, obj, rows, text, whole, words

CODE, NAME = "bigcommerce", "BigCommerce"
STATUS = {
    0: "pending", 1: "pending", 2: "shipped", 3: "processing", 4: "refunded", 5: "cancelled", 6: "cancelled", 7: "pending",
    8: "processing", 9: "processing", 10: "delivered", 11: "confirmed", 12: "pending",
}
PARTLY = 3
KEPT = {13: "disputed", 14: "partially refunded"}
_WORDS = {
    "incomplete": 0, "pending": 1, "shipped": 2, "partially shipped": 3, "refunded": 4, "cancelled": 5, "declined": 6,
    "awaiting payment": 7, "awaiting pickup": 8, "awaiting shipment": 9, "completed": 10, "awaiting fulfillment": 11,
    "manual verification required": 12, "disputed": 13, "partially refunded": 14,
}
_PAID = {"captured", "paid", "partially refunded", "refunded"}
_CHARGES = (("shipping", "shipping_cost"), ("handling", "handling_cost"), ("gift_wrap", "wrapping_cost"))


def identify(body: dict[str, Any]) -> str:
    """The order's id."""
    return identity(body.get("id"))


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order; never raises for a body that is an object."""
    draft = Draft(
        channel=CODE, order_id=identify(body), number=identify(body),
        currency=text(first(body, "default_currency_code", "currency_code"), 10).upper(), placed_at=moment(body.get("date_created")),
        changed_at=moment(body.get("date_modified")), buyer=_buyer(body),
        shipping=_address(next(iter(rows(body.get("shipping_addresses"))), {})), billing=_address(obj(body.get("billing_address"))),
    )
    if text(first(body, "currency_code"), 10).upper() not in {"", draft.currency}:
        draft.trouble("several_currencies", f"The buyer saw another currency than {draft.currency[:10]}, in which the order is.")
    if len({tuple(sorted(_address(one).items())) for one in rows(body.get("shipping_addresses"))}) > 1:
        draft.trouble("several_destinations", "Lines of the order go to several addresses.")
    for line in rows(body.get("products")):
        _line(draft, line)
    for kind, name in _CHARGES:
        net, tax = _pair(draft, body, name)
        if net or tax:
            draft.charges.append(DraftLine(kind=kind, title=kind.replace("_", " ").capitalize(), gross=net, tax=tax))
    for fee in rows(body.get("fees")):
        net, tax = _pair(draft, fee, "cost")
        draft.charges.append(DraftLine(kind="fee", title=text(first(fee, "display_name_customer", "name", "type"), 200), gross=net, tax=tax))
    net, tax = _pair(draft, body, "total")
    draft.total = net + tax if body.get("total_inc_tax") is not None else None
    draft.tax = tax if draft.total is not None else None
    if draft.lines:
        _discount(draft, body, net, tax)
    _status(draft, body)
    _payments(draft, body)
    _partly(draft, body)
    _removed(draft, body)
    return close(draft)


def _pair(draft: Draft, said: dict[str, Any], name: str) -> tuple[Decimal, Decimal]:
    """What is told of it without tax, and its tax."""
    with_tax = draft.money(said.get(f"{name}_inc_tax"), f"{name}_inc_tax")
    without = draft.money(said.get(f"{name}_ex_tax"), f"{name}_ex_tax") if said.get(f"{name}_ex_tax") is not None else with_tax
    return without, with_tax - without


def _line(draft: Draft, line: dict[str, Any]) -> None:
    net, tax = _pair(draft, line, "total")
    draft.lines.append(
        DraftLine(
            key=identity(line.get("id")), sku=text(line.get("sku"), 100), title=text(line.get("name"), 200),
            quantity=draft.quantity(line.get("quantity"), "A line's quantity"), gross=net, tax=tax,
            taxes=[DraftTax("Tax", "", tax)] if tax else [],
        )
    )


def _discount(draft: Draft, body: dict[str, Any], net: Decimal, tax: Decimal) -> None:
    """The order's discount as it lowered the sum without tax; what it lowered the taxes by is the order's."""
    parts = (*draft.lines, *draft.charges)
    told = draft.money(body.get("discount_amount"), "discount_amount") + draft.money(body.get("coupon_discount"), "coupon_discount")
    before = sum((part.gross for part in parts), ZERO)
    before_tax = sum((part.tax for part in parts), ZERO)
    off, off_tax = before - net, before_tax - tax
    if not (off or off_tax) or not told:  # the lines are less already, or what is over is their rounding
        return
    draft.order_discount, draft.order_tax = (off, -off_tax) if told in {off, off + off_tax} else (told, ZERO)


def _status(draft: Draft, body: dict[str, Any]) -> None:
    draft.words = words(first(body, "status", "status_id"))
    number = whole(body.get("status_id"))
    if number is None:
        number = _WORDS.get(draft.words.lower())
    if number in KEPT:
        draft.words = draft.words or KEPT[number]
        draft.status = _by_parcels(body)
        draft.trouble("status_to_check", f"The order is {KEPT[number]} there: its money needs a look.", holds=False)
    elif number in STATUS and body.get("is_deleted") is True and STATUS[number] not in {"cancelled", "refunded"}:
        draft.words = f"{draft.words}/archived"
        draft.unknown_status(draft.words)
    elif number in STATUS:
        draft.status = STATUS[number]
    else:
        draft.unknown_status(draft.words or str(number))


def _by_parcels(body: dict[str, Any]) -> str:
    """How far an order has come whose status speaks of its money."""
    sent, units = whole(body.get("items_shipped")) or 0, whole(body.get("items_total")) or 0
    if text(body.get("date_shipped"), 60) or 0 < units <= sent:
        return "shipped"
    return "processing" if sent > 0 else "confirmed"


def _partly(draft: Draft, body: dict[str, Any]) -> None:
    sent = whole(body.get("items_shipped")) or 0
    if draft.status == "processing" and (sent > 0 or whole(body.get("status_id")) == PARTLY):
        draft.partly_shipped()


def _removed(draft: Draft, body: dict[str, Any]) -> None:
    """Units given back before they left: the figures still hold them."""
    if draft.status in {"shipped", "delivered", "cancelled", "refunded"}:
        return
    gone: dict[str, int] = {}
    for line in rows(body.get("products")):
        units, sent, back = (whole(line.get(name)) or 0 for name in ("quantity", "quantity_shipped", "quantity_refunded"))
        gone[identity(line.get("id"))] = min(back, units - sent)
    draft.call_off(gone)


def _payments(draft: Draft, body: dict[str, Any]) -> None:
    word = words(body.get("payment_status")).lower()
    draft.refunded = draft.money(body.get("refunded_amount"), "refunded_amount")
    is_paid = word in _PAID or (not word and draft.status in {"confirmed", "processing", "shipped", "delivered", "refunded"})
    draft.paid = (draft.total or ZERO) if is_paid else ZERO
    if word == "partially refunded" and not draft.refunded:
        draft.refund_not_told()
    if draft.status == "refunded" and not draft.refunded:
        draft.refunded = draft.paid = draft.total or ZERO
    draft.cash_on_delivery = is_cash_on_delivery(body.get("payment_method"))
    if draft.cash_on_delivery and word not in _PAID:
        draft.paid = ZERO


def _buyer(body: dict[str, Any]) -> Buyer:
    billing = obj(body.get("billing_address"))
    known = identity(body.get("customer_id"))
    return Buyer(
        id="" if known == "0" else known, email=text(billing.get("email"), 254), phone=text(billing.get("phone"), 40),
        name=person(billing),
    )


def _address(said: dict[str, Any]) -> dict[str, str]:
    return address(
        said, line1=("street_1",), line2=("street_2", "company"), state=("state",), zip_=("zip",),
        country=("country_iso2", "country"),
    )
