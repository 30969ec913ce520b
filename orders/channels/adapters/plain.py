"""An order told in our own plain words, as files and EDI readers make it: the shared reading of `edi` and `file`."""

from __future__ import annotations

from typing import Any

from orders.channels.canonical import ADDRESS_PARTS, STATUSES, Buyer, Canonical
from orders.channels.draft import ZERO, Draft, DraftLine, DraftTax, close
from orders.channels.reading import identity, moment, obj, rows, text, words


def identify(body: dict[str, Any]) -> str:
    """The order's id."""
    return identity(body.get("orderId"))


def translate(channel: str, body: dict[str, Any]) -> Canonical:
    """The canonical order; where no total is told, it is what the parts come to."""
    draft = Draft(
        channel=channel, order_id=identify(body), number=text(body.get("orderNumber"), 60), currency=text(body.get("currency"), 10).upper(),
        placed_at=moment(body.get("placedAt")), changed_at=moment(body.get("changedAt")), tax_included=body.get("taxIncluded") is True,
        buyer=Buyer(identity(body.get("customerId")), text(body.get("email"), 254), text(body.get("phone"), 40), text(body.get("name"), 200)),
        shipping=_address(obj(body.get("shipping"))), billing=_address(obj(body.get("billing"))),
    )
    if draft.placed_at is None and text(body.get("placedAt")):
        draft.trouble("unreadable_date", "The day it was placed cannot be read.", holds=False)
    for line in rows(body.get("lines")):
        draft.lines.append(_line(draft, line, goods=True))
    for charge in rows(body.get("charges")):
        draft.charges.append(_line(draft, charge, goods=False))
    draft.order_discount = draft.money(body.get("discount"), "discount")
    draft.order_tax = draft.money(body.get("tax"), "tax")
    draft.total = draft.money(body.get("total"), "total") if body.get("total") not in (None, "") else _summed(draft)
    draft.words = words(body.get("status"))
    if draft.words in STATUSES:
        draft.status = draft.words
    else:
        draft.unknown_status(draft.words)
    draft.paid, draft.refunded = draft.money(body.get("paid"), "paid"), draft.money(body.get("refunded"), "refunded")
    draft.cash_on_delivery = body.get("cashOnDelivery") is True
    for trouble in rows(body.get("troubles")):
        draft.trouble(words(trouble.get("code")), text(trouble.get("detail"), 300), holds=trouble.get("holds") is not False)
    return close(draft)


def _line(draft: Draft, said: dict[str, Any], *, goods: bool) -> DraftLine:
    tax = draft.money(said.get("tax"), "A tax")
    return DraftLine(
        kind="" if goods else words(said.get("kind")) or "fee", key=identity(said.get("id")), sku=text(said.get("sku"), 100),
        title=text(said.get("title"), 200), quantity=draft.quantity(said.get("quantity"), "A quantity") if goods else 1,
        gross=draft.money(said.get("gross"), "An amount", needed=True), discount=draft.money(said.get("discount"), "A discount"), tax=tax,
        taxes=[DraftTax(text(said.get("taxTitle"), 80) or "Tax", text(said.get("taxRate"), 20), tax)] if tax else [],
    )


def _summed(draft: Draft) -> Any:
    parts = [*draft.lines, *draft.charges]
    tax = ZERO if draft.tax_included else sum((part.tax for part in parts), draft.order_tax)
    return sum((part.gross - part.discount for part in parts), ZERO) - draft.order_discount + tax if draft.lines else None


def _address(said: dict[str, Any]) -> dict[str, str]:
    found = {name: text(said.get(name), 200) for name in ADDRESS_PARTS}
    return found if any(found[name] for name in ("line1", "city", "postalCode")) else {}
