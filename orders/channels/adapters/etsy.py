"""Etsy's receipt (v3) with its transactions. Money is `{amount, divisor, currency_code}`; VAT may be within the prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.channels.adapters.addresses import address
from orders.channels.canonical import Buyer, Canonical
from orders.channels.draft import ZERO, Draft, DraftLine, close
from orders.channels.reading import at, first, identity, moment, number, rows, text, words

CODE, NAME = "etsy", "Etsy"
STATUS = {
    "paid": "confirmed", "completed": "shipped", "canceled": "cancelled", "cancelled": "cancelled", "fully refunded": "refunded",
    "partially refunded": "confirmed", "open": "pending", "payment processing": "pending", "unpaid": "pending", "unshipped": "confirmed",
}
_PAID_WORDS = {"paid", "completed", "partially refunded", "unshipped"}
_NOT_BACK = {"failed", "pending"}
_DIVISORS = {1, 10, 100, 1000, 10_000}


def identify(body: dict[str, Any]) -> str:
    """The receipt's id."""
    return identity(body.get("receipt_id"))


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order; never raises for a body that is an object."""
    draft = Draft(
        channel=CODE, order_id=identify(body), currency=text(at(body, "grandtotal", "currency_code"), 10).upper(),
        placed_at=moment(first(body, "created_timestamp", "create_timestamp")),
        changed_at=moment(first(body, "updated_timestamp", "update_timestamp")),
        buyer=Buyer(identity(body.get("buyer_user_id")), text(body.get("buyer_email"), 254), "", text(body.get("name"), 200)),
        shipping=address(
            body, line1=("first_line",), line2=("second_line",), state=("state",), zip_=("zip",), country=("country_iso",)
        ),
    )
    for line in rows(body.get("transactions")):
        _line(draft, line)
    for kind, name in (("shipping", "total_shipping_cost"), ("gift_wrap", "gift_wrap_price")):
        amount = _money(draft, body, name)
        if amount:
            draft.charges.append(DraftLine(kind=kind, title=kind.replace("_", " ").capitalize(), gross=amount))
    draft.total = _money(draft, body, "grandtotal") if body.get("grandtotal") is not None else None
    draft.order_discount = _money(draft, body, "discount_amt")
    _tax(draft, body)
    _status(draft, body)
    given = [refund for refund in rows(body.get("refunds")) if words(refund.get("status")).lower() not in _NOT_BACK]
    draft.refunded = sum((_money(draft, refund, "amount") for refund in given), ZERO)
    said = first(body, "is_paid", "was_paid")  # where neither is told, the word tells it
    paid = said is True or draft.status == "refunded" or (said is None and draft.words.lower() in _PAID_WORDS)
    draft.paid = (draft.total or ZERO) if paid else ZERO
    if draft.words.lower() == "partially refunded" and not draft.refunded:
        draft.refund_not_told()
    if draft.status == "refunded" and not draft.refunded:
        draft.refunded = draft.paid
    for parcel in rows(body.get("shipments")):
        if code := text(parcel.get("tracking_code"), 60):
            draft.tracking.append((text(parcel.get("carrier_name"), 40), code))
    return close(draft)


def _line(draft: Draft, line: dict[str, Any]) -> None:
    units = draft.quantity(line.get("quantity"), "A transaction's quantity")
    draft.lines.append(
        DraftLine(
            key=identity(line.get("transaction_id")), sku=text(line.get("sku"), 100), title=text(line.get("title"), 200),
            quantity=units, gross=_money(draft, line, "price", needed=True) * units,
        )
    )


def _money(draft: Draft, said: dict[str, Any], name: str, *, needed: bool = False) -> Decimal:
    value = said.get(name)
    if not isinstance(value, dict):
        return draft.money(value, name, needed=needed)
    divisor = number(value.get("divisor"))
    if divisor is None or divisor not in _DIVISORS:
        draft.trouble("unreadable_amount", f"{name} is no amount.")
        return ZERO
    return draft.money(value, name, needed=True) / divisor


def _tax(draft: Draft, body: dict[str, Any]) -> None:
    """Tax stands on top; VAT on top or within, whichever comes to the total."""
    tax, vat = _money(draft, body, "total_tax_cost"), _money(draft, body, "total_vat_cost")
    net = sum((part.gross for part in (*draft.lines, *draft.charges)), ZERO) - draft.order_discount
    draft.order_tax = tax + vat
    if vat and not tax and draft.total == net:
        draft.tax_included = True
    elif tax and not vat and draft.total == net:
        draft.order_tax = ZERO
        draft.trouble("tax_collected_by_channel", "Etsy collects the tax itself; it is not in the total.", holds=False)
    elif vat and tax and draft.total == net + tax:
        draft.order_tax = tax
        draft.trouble("vat_within_prices", "The prices include a VAT beside the tax on top; only the tax is kept.", holds=False)
    draft.tax = draft.order_tax


def _status(draft: Draft, body: dict[str, Any]) -> None:
    draft.words = words(body.get("status"))
    word = draft.words.lower()
    if word not in STATUS:
        draft.unknown_status(draft.words)
        return
    draft.status = STATUS[word]
    if word in {"paid", "partially refunded", "completed"} and body.get("is_shipped") is True:
        draft.status = "shipped"
    if word == "paid" and body.get("is_paid") is False:
        draft.status = "pending"
