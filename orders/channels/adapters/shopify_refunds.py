"""What Shopify's order says was paid, given back and taken off it again.

Note [Taken off]
    A line keeps the units, discount and taxes it had, whatever was taken off it since; `current_quantity` and the refunds' lines
    say how many are gone, `current_total_price` what the order comes to without them. Units that had left before are a return.
    Others are not sent any more. Where nobody paid for them the order is read as it is now: each refund without a transaction
    lowers its lines by what it names, and only if that comes to Shopify's own total. Where they were paid for, the order
    stands as it was bought, its units are `cancelled`, and their money is told as given back, or is owed. Where neither is
    certain a person looks.

Note [In the buyer's currency]
    A refund's transaction may be in the currency the buyer saw. Its lines and adjustments are told in both; where they come to
    the transaction in the buyer's, they are its amount in the shop's.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from orders.channels.draft import ZERO, Draft, DraftLine
from orders.channels.reading import at, has, identity, number, obj, rows, text, whole, words

PAID = frozenset({"paid", "partially_refunded", "refunded"})
_NO_PARCEL = frozenset({"cancelled", "error", "failure"})
_ON_ITS_WAY = frozenset({"success", "pending"})


def parcels(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The fulfilments that stand."""
    return [parcel for parcel in rows(body.get("fulfillments")) if words(parcel.get("status")) not in _NO_PARCEL]


def read_money(draft: Draft, body: dict[str, Any]) -> None:
    """Paid, given back, and the rounding of cash. The total is known by now."""
    financial = words(body.get("financial_status")).lower()
    waiting = _refunds(draft, body, is_whole=financial == "refunded")
    draft.paid = _paid(draft, body, financial, waiting)
    if financial == "refunded" and (waiting is None or not _deals(body)):
        draft.refunded = draft.paid
    if financial == "partially_refunded" and waiting is not None and not _deals(body):
        _without_transactions(draft, body)
    rounding = draft.money(at(body, "total_cash_rounding_payment_adjustment_set", "shop_money"), "The rounding of cash")
    if rounding and draft.paid:
        draft.paid += rounding
        draft.trouble("cash_rounding", "Paid in cash, rounded to the coins there are: what was paid is not the total.", holds=False)


def _paid(draft: Draft, body: dict[str, Any], financial: str, waiting: Decimal | None) -> Decimal:
    """What came in: what the order comes to now, less what is outstanding of it, and what went back since."""
    total = draft.total or ZERO
    if financial not in PAID | {"partially_paid"}:
        return ZERO
    outstanding = draft.money(body.get("total_outstanding"), "total_outstanding", needed=financial == "partially_paid")
    current = body.get("current_total_price")
    if current is None or waiting is None:
        return total if financial in PAID else max(ZERO, total - outstanding)
    came = draft.money(current, "current_total_price") + draft.refunded + waiting - outstanding
    if financial in PAID and (outstanding > 0 or came < 0):  # says paid in full and not paid in full: the word holds
        return total
    return min(max(came, ZERO), total)


def _without_transactions(draft: Draft, body: dict[str, Any]) -> None:
    """Given back in part, and the refunds are not in the body: what the order comes to now says how much, if nothing is outstanding."""
    total, current = draft.total or ZERO, number(body.get("current_total_price"))
    draft.paid = total
    if current is not None and ZERO <= current < total and number(body.get("total_outstanding")) == ZERO:
        draft.refunded = total - current
    else:
        draft.refund_not_told()


def _deals(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [deal for refund in rows(body.get("refunds")) for deal in _deals_of(refund)]


def _deals_of(refund: dict[str, Any]) -> list[dict[str, Any]]:
    return [deal for deal in rows(refund.get("transactions")) if words(deal.get("kind")) == "refund"]


def _refunds(draft: Draft, body: dict[str, Any], *, is_whole: bool) -> Decimal | None:
    """Sum up what went back; returns what is on its way back beside, None where a refund is no figure of this order."""
    waiting, foreign = ZERO, False
    for refund in rows(body.get("refunds")):
        ours = [_amount(draft, deal) for deal in _deals_of(refund)]
        if None in ours:
            shop = _in_shop_money(draft, refund)
            foreign = foreign or shop is None
            draft.refunded += shop or ZERO
            continue
        for deal, amount in zip(_deals_of(refund), ours, strict=True):
            if words(deal.get("status")) == "success":
                draft.refunded += amount or ZERO
            elif words(deal.get("status")) == "pending":
                waiting += amount or ZERO
    if foreign:
        draft.trouble("several_currencies", "A refund is told in another currency than the order's.", holds=not is_whole)
    return None if foreign else waiting


def _amount(draft: Draft, deal: dict[str, Any]) -> Decimal | None:
    """The transaction's amount in the order's currency; None in another."""
    shop = obj(at(deal, "amount_set", "shop_money"))
    currency = text(shop.get("currency_code") or deal.get("currency") or draft.currency, 10).upper()
    if currency != draft.currency:
        return None
    return draft.money(shop.get("amount", deal.get("amount")), "A refund", needed=words(deal.get("status")) in _ON_ITS_WAY)


def _in_shop_money(draft: Draft, refund: dict[str, Any]) -> Decimal | None:
    """Note [In the buyer's currency]; None where it cannot be told."""
    deals = _deals_of(refund)
    if any(words(deal.get("status")) == "pending" for deal in deals):
        return None
    done = [deal for deal in deals if words(deal.get("status")) == "success"]
    told = sum((number(deal.get("amount")) or ZERO for deal in done), ZERO)
    currencies = {text(deal.get("currency"), 10).upper() for deal in done}
    lines = [(line.get("subtotal_set"), 1) for line in rows(refund.get("refund_line_items"))]
    lines += [(more.get(name), -1) for more in rows(refund.get("order_adjustments")) for name in ("amount_set", "tax_amount_set")]
    lines += [(refund[name], 1) for name in ("total_duties_set", "total_additional_fees_set") if refund.get(name)]
    on_top = [] if draft.tax_included else [(line.get("total_tax_set"), 1) for line in rows(refund.get("refund_line_items"))]
    seen, shop = ZERO, ZERO
    for pair, sign in [*lines, *on_top]:
        theirs, ours = obj(at(pair, "presentment_money")), obj(at(pair, "shop_money"))
        figures = number(theirs.get("amount")), number(ours.get("amount"))
        if None in figures or text(theirs.get("currency_code"), 10).upper() not in currencies:
            return None
        if text(ours.get("currency_code"), 10).upper() != draft.currency:
            return None
        seen += sign * (figures[0] or ZERO)
        shop += sign * (figures[1] or ZERO)
    return shop if seen == told and shop >= 0 and len(currencies) == 1 else None


def read_removed(draft: Draft, body: dict[str, Any]) -> None:
    """Note [Taken off]. The last to be read."""
    if draft.status in {"cancelled", "refunded"}:
        return
    gone, is_return = _gone(draft, body)
    if is_return:
        draft.trouble("return_at_channel", "Units that had left were taken back at the channel: book it here.", holds=False)
    if not gone:
        return
    stay = sum(line.quantity for line in draft.lines) - sum(gone.values())
    if stay > 0 and _lowered(draft, body, gone):
        return
    if _is_certain(body, gone):
        draft.call_off(gone)
    else:
        draft.partly_cancelled()


def _is_certain(body: dict[str, Any], gone: Counter[str]) -> bool:
    """Whether it is known that these units were paid for: by what is outstanding, or as their money went back."""
    outstanding = number(body.get("total_outstanding"))
    if body.get("current_total_price") is not None and outstanding is not None and outstanding <= 0:
        return True
    refunds = [refund for refund in rows(body.get("refunds")) if _deals_of(refund)]
    return all(any(has(refund.get("refund_line_items"), "line_item_id", known) for refund in refunds) for known in gone)


def _gone(draft: Draft, body: dict[str, Any]) -> tuple[Counter[str], bool]:
    """Units by line that were taken off before they left, and whether others came back."""
    left, back = Counter[str](), Counter[str]()
    inside = [line for parcel in parcels(body) for line in rows(parcel.get("line_items"))]
    for line in inside:
        left[identity(line.get("id"))] += whole(line.get("quantity")) or 0
    for refund in rows(body.get("refunds")):
        for line in rows(refund.get("refund_line_items")):
            back[identity(line.get("line_item_id"))] += whole(line.get("quantity")) or 0
    all_left = draft.status in {"shipped", "delivered"} and not inside
    gone, is_return = Counter[str](), False
    for line in rows(body.get("line_items")):
        units, current = whole(line.get("quantity")) or 0, whole(line.get("current_quantity"))
        known = identity(line.get("id"))
        away = back[known] if current is None else max(back[known], units - current)
        waiting = 0 if all_left else units - left[known]
        if min(away, waiting) > 0:
            gone[known] += min(away, waiting)
        is_return = is_return or away > max(waiting, 0)
    return gone, is_return


def _lowered(draft: Draft, body: dict[str, Any], gone: Counter[str]) -> bool:
    """Take off the figures what nobody paid for; whether that was certain, else nothing is changed."""
    current = number(body.get("current_total_price"))
    outstanding = number(body.get("total_outstanding"))
    if current is None or draft.total is None or (outstanding is not None and outstanding < 0) or "total_outstanding" not in body:
        return False
    parts = [
        (line, obj(refund)) for refund in rows(body.get("refunds")) if not _deals_of(refund) for line in rows(refund.get("refund_line_items"))
    ]
    units = Counter[str]()
    for line, _ in parts:
        units[identity(line.get("line_item_id"))] += whole(line.get("quantity")) or 0
    if units != gone or any(rows(refund.get("order_adjustments")) for _, refund in parts):
        return False
    net = sum((number(line.get("subtotal")) or ZERO for line, _ in parts), ZERO)
    tax = sum((number(line.get("total_tax")) or ZERO for line, _ in parts), ZERO)
    total = draft.total - net - (ZERO if draft.tax_included else tax)
    if total != current + draft.refunded or any(number(line.get("subtotal")) is None for line, _ in parts):
        return False
    lines = {line.key: line for line in draft.lines}
    if len(lines) != len(draft.lines) or not units.keys() <= lines.keys():
        return False
    for line, _ in parts:
        _lower(lines[identity(line.get("line_item_id"))], line)
    draft.total = total
    draft.tax = None if draft.tax is None else draft.tax - tax
    draft.paid = min(draft.paid, total)
    return True


def _lower(line: DraftLine, said: dict[str, Any]) -> None:
    """A line without these units, their discount and their taxes."""
    units, net = whole(said.get("quantity")) or 0, number(said.get("subtotal")) or ZERO
    price = line.gross / line.quantity if line.quantity else ZERO
    before = line.tax
    line.quantity -= units
    line.discount -= price * units - net
    line.gross -= price * units
    line.tax -= number(said.get("total_tax")) or ZERO
    for part in line.taxes:
        part.amount = part.amount * line.tax / before if before else ZERO
