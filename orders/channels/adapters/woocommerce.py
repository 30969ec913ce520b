"""WooCommerce's order (REST v1 to v3 and webhooks). Line totals are without tax, whatever the shop's prices show.

Taxes come with up to five decimals and are rounded to the order's own `total_tax`. A negative fee is a discount.
Dates ending in `_gmt` have no offset and are UTC.

Note [Rounded for the answer]
    A shop whose prices include tax keeps nets with six decimals and rounds each figure it answers with, so that the answer
    may be a cent off its own total. `price` and the parts in `taxes` are not rounded, or come from their rate again: where the rounded figures do not come to
    the total and tax, those stand in, each only where it rounds to the figure that was told.
"""

from __future__ import annotations

from decimal import Decimal
from html import unescape
from typing import Any

from orders.channels.adapters.addresses import address, person
from orders.channels.canonical import Buyer, Canonical
from orders.channels.draft import ZERO, Draft, DraftLine, DraftTax, close
from orders.channels.reading import first, identity, is_cash_on_delivery, moment, number, obj, rows, text, whole, words

CODE, NAME = "woocommerce", "WooCommerce"
SHOP_CHARS_MAX = 120
STATUS = {
    "pending": "pending", "on-hold": "pending", "checkout-draft": "pending", "auto-draft": "pending", "processing": "confirmed",
    "completed": "shipped", "cancelled": "cancelled", "failed": "cancelled", "trash": "cancelled", "refunded": "refunded",
}


def identify(body: dict[str, Any]) -> str:
    """The order's id; a refund is none."""
    return "" if "refunded_by" in body else identity(body.get("id"))


def shop(body: dict[str, Any]) -> str:
    """The host of the shop, as its own links name it."""
    links = obj(body.get("_links"))
    href = next((text(one.get("href")) for name in ("collection", "self") for one in rows(links.get(name))), "")
    return href.partition("://")[2].partition("/")[0].casefold()[:SHOP_CHARS_MAX]


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order; never raises for a body that is an object."""
    draft = Draft(
        channel=CODE, order_id=identify(body), currency=text(body.get("currency"), 10).upper(),
        number=text(body.get("number"), 60), placed_at=_moment(body, "date_created"),
        changed_at=_moment(body, "date_modified"), buyer=_buyer(body), shipping=_address(obj(body.get("shipping"))),
        billing=_address(obj(body.get("billing"))),
    )
    names = {identity(tax.get("rate_id")): tax for tax in rows(body.get("tax_lines"))}
    for line in rows(body.get("line_items")):
        _line(draft, line, names)
    for kind, name in (("shipping", "shipping_lines"), ("fee", "fee_lines")):
        for line in rows(body.get(name)):
            _charge(draft, line, names, kind=kind)
    if not rows(body.get("shipping_lines")) and draft.money(body.get("shipping_total"), "shipping_total"):
        tax = draft.money(body.get("shipping_tax"), "shipping_tax")
        draft.charges.append(DraftLine(kind="shipping", title="Shipping", gross=draft.money(body.get("shipping_total"), "shipping_total"), tax=tax))
    draft.total = draft.money(body.get("total"), "total") if body.get("total") is not None else None
    draft.tax = draft.money(body.get("total_tax"), "total_tax") if body.get("total_tax") is not None else None
    _gift_cards(draft, body)
    _unrounded(draft, body)
    _status(draft, body)
    _payments(draft, body)
    return close(draft)


def _line(draft: Draft, line: dict[str, Any], names: dict[str, dict[str, Any]]) -> None:
    net = draft.money(line.get("total"), "A line's total", needed=True)
    gross = draft.money(line.get("subtotal"), "A line's subtotal") if line.get("subtotal") is not None else net
    draft.lines.append(
        DraftLine(
            key=identity(line.get("id")), sku=text(line.get("sku"), 100), title=_title(line, "name"),
            quantity=draft.quantity(line.get("quantity"), "A line's quantity"), gross=max(gross, net),
            discount=max(gross, net) - net, **_taxed(draft, line, names),
        )
    )


def _summed(draft: Draft) -> tuple[Decimal, Decimal]:
    """What the parts come to with tax, and their tax."""
    parts = [*draft.lines, *draft.charges]
    tax = sum((part.tax for part in parts), draft.order_tax)
    return sum((part.gross - part.discount for part in parts), ZERO) - draft.order_discount + tax, tax


def _gift_cards(draft: Draft, body: dict[str, Any]) -> None:
    """What gift cards paid is off the total in some shops: only where the total says so."""
    paid = sum((draft.money(card.get("amount"), "A gift card") for card in rows(body.get("gift_cards"))), ZERO)
    if paid > 0 and draft.total is not None and _summed(draft)[0] - paid == draft.total:
        draft.by_credit(paid, "gift cards")


def _unrounded(draft: Draft, body: dict[str, Any]) -> None:
    """Note [Rounded for the answer]."""
    if _summed(draft) == (draft.total, draft.tax):
        return
    for part, line in zip(draft.lines, rows(body.get("line_items")), strict=True):
        net, price = part.gross - part.discount, number(line.get("price"))
        if price is not None and _rounds_to(price * part.quantity, net):
            part.gross += price * part.quantity - net
    has_compound = any(tax.get("compound") is True for tax in rows(body.get("tax_lines")))
    for part in (*draft.lines, *draft.charges):
        for tax in part.taxes if not has_compound else []:
            exact = (part.gross - part.discount) * (number(tax.rate) or ZERO) / 100
            if exact and _places(tax.amount) <= _places(part.tax) and _rounds_to(exact, tax.amount):
                tax.amount = exact
        fine = sum((tax.amount for tax in part.taxes), ZERO)
        if part.taxes and _rounds_to(fine, part.tax):
            part.tax = fine
    for fee in rows(body.get("fee_lines")):
        told = draft.money(fee.get("total_tax"), "A tax")
        fine = sum((draft.money(part.get("total"), "A tax") for part in rows(fee.get("taxes"))), ZERO)
        if (number(fee.get("total")) or ZERO) < 0 and fine and _rounds_to(fine, told):
            draft.order_tax += fine - told


def _places(told: Decimal) -> int:
    return -int(told.as_tuple().exponent)


def _rounds_to(fine: Decimal, told: Decimal) -> bool:
    return abs(fine - told) <= Decimal(1).scaleb(-_places(told)) / 2


def _charge(draft: Draft, line: dict[str, Any], names: dict[str, dict[str, Any]], *, kind: str) -> None:
    amount = draft.money(line.get("total"), f"A {kind} total")
    title = _title(line, "method_title", "name")
    taxed = _taxed(draft, line, names)
    if amount >= 0:
        draft.charges.append(DraftLine(kind=kind, title=title, gross=amount, **taxed))
        return
    draft.order_discount -= amount
    draft.order_tax += taxed["tax"]
    draft.order_taxes.extend(taxed["taxes"])


def _title(line: dict[str, Any], *names: str) -> str:
    """A name, which the shop keeps as HTML: `&ndash;` is a dash."""
    return text(unescape(text(first(line, *names))), 200)


def _taxed(draft: Draft, line: dict[str, Any], names: dict[str, dict[str, Any]]) -> dict[str, Any]:
    tax = draft.money(line.get("total_tax"), "A tax")
    taxes = [
        DraftTax(
            text(first(names.get(identity(part.get("id")), {}), "label", "rate_code"), 80),
            text(names.get(identity(part.get("id")), {}).get("rate_percent"), 20), draft.money(part.get("total"), "A tax"),
        )
        for part in rows(line.get("taxes"))
        if part.get("total") not in (None, "")
    ]
    summed = sum((part.amount for part in taxes), ZERO)
    agree = abs(summed - tax) < Decimal("0.01") * max(1, len(taxes)) or _rounds_to(summed, tax)
    return {"tax": tax, "taxes": taxes if agree else []}


def _status(draft: Draft, body: dict[str, Any]) -> None:
    draft.words = words(body.get("status"))
    word = draft.words.lower().removeprefix("wc-")
    if word in STATUS:
        draft.status = STATUS[word]
    else:
        draft.unknown_status(draft.words)


def _payments(draft: Draft, body: dict[str, Any]) -> None:
    draft.cash_on_delivery = any(is_cash_on_delivery(body.get(name)) for name in ("payment_method", "payment_method_title"))
    is_paid = first(body, "date_paid_gmt", "date_paid") is not None or draft.status == "refunded"
    draft.paid = (draft.total or ZERO) if is_paid else draft.paid
    refunds = [draft.money(refund.get("total"), "A refund") for refund in rows(body.get("refunds"))]
    draft.refunded = abs(sum(refunds, ZERO))
    if draft.status == "refunded" and not refunds:
        draft.refunded = draft.paid
    draft.paid = max(draft.paid, draft.refunded)
    if draft.status in {"pending", "confirmed"}:
        _removed(draft, body)


def _removed(draft: Draft, body: dict[str, Any]) -> None:
    """Units given back before anything left. The order's own refunds name none; `/orders/{id}/refunds` does, where it is put in."""
    gone: dict[str, int] = {}
    for refund in rows(body.get("refunds")):
        if "line_items" not in refund and number(refund.get("total")):
            draft.trouble(
                "refund_names_no_units", "Money went back, and the body does not say for which units: look before all of it is sent.", holds=False
            )
        for line in rows(refund.get("line_items")):
            meta = next((one.get("value") for one in rows(line.get("meta_data")) if text(one.get("key")) == "_refunded_item_id"), None)
            gone[identity(meta)] = gone.get(identity(meta), 0) + abs(whole(line.get("quantity")) or 0)
    draft.call_off(gone)


def _moment(body: dict[str, Any], name: str) -> Any:
    return moment(body.get(f"{name}_gmt")) or moment(body.get(name), zone_utc=False)


def _buyer(body: dict[str, Any]) -> Buyer:
    billing = obj(body.get("billing"))
    known = identity(body.get("customer_id"))
    return Buyer(
        id="" if known == "0" else known, email=text(billing.get("email"), 254), phone=text(billing.get("phone"), 40),
        name=person(billing),
    )


def _address(said: dict[str, Any]) -> dict[str, str]:
    """In Brazil number and quarter of a house stand in fields of their own."""
    street = ", ".join(filter(None, (text(said.get(name), 200) for name in ("address_1", "number"))))
    return address(
        {**said, "address_1": street}, line1=("address_1",), line2=("address_2", "neighborhood", "company"), state=("state",), zip_=("postcode",),
        country=("country",),
    )
