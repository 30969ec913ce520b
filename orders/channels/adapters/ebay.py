"""eBay's Fulfillment API order. `lineItemCost` is the whole line; discounts are negative.

Note [Whose tax is in the total]
    The summary tells the seller's own tax, lines tell theirs, and beside it what eBay collects and pays on. Whether that is in the
    total differs by marketplace and by when the body was made, so each reading is tried and the order's total decides.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.channels.adapters.addresses import address
from orders.channels.canonical import Buyer, Canonical
from orders.channels.draft import TAXED_ON_TOP, ZERO, Draft, DraftLine, DraftTax, close
from orders.channels.reading import at, first, identity, moment, obj, rows, text, words

CODE, NAME = "ebay", "eBay"
FULFILMENT = {"NOT_STARTED": "confirmed", "IN_PROGRESS": "processing", "FULFILLED": "shipped"}
_NOT_BACK = {"FAILED", "PENDING"}
PAYMENT = {"PENDING", "FAILED", "PAID", "PARTIALLY_REFUNDED", "FULLY_REFUNDED"}


def identify(body: dict[str, Any]) -> str:
    """The order's id."""
    return identity(first(body, "orderId", "legacyOrderId"))


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order; never raises for a body that is an object."""
    sums = obj(body.get("pricingSummary"))
    draft = Draft(
        channel=CODE, order_id=identify(body), number=text(first(body, "salesRecordReference", "orderId"), 60),
        currency=text(first(obj(sums.get("total")), "currency", "convertedFromCurrency"), 10).upper(),
        placed_at=moment(body.get("creationDate")), changed_at=moment(body.get("lastModifiedDate")),
    )
    ship = _ship_to(draft, rows(body.get("fulfillmentStartInstructions")))
    draft.buyer = _buyer(body, ship)
    for line in rows(body.get("lineItems")):
        _line(draft, line)
    _charges(draft, sums)
    draft.total = draft.money(sums.get("total"), "total") if sums.get("total") is not None else None
    off = draft.money(first(sums, "priceDiscount", "priceDiscountSubtotal"), "priceDiscount")
    draft.order_discount += max(ZERO, abs(off) - sum((line.discount for line in draft.lines), ZERO))
    _tax(draft, body, sums)
    _status(draft, body)
    _payments(draft, body)
    return close(draft)


def _ship_to(draft: Draft, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Where it goes. What goes abroad by eBay's own forwarder bears its reference: without it nobody knows whose parcel that is."""
    places = [obj(at(step, "shippingStep", "shipTo")) for step in steps]
    if len({tuple(sorted(_address(place).items())) for place in places}) > 1:
        draft.trouble("several_destinations", "Lines of the order go to different places.")
    ship = places[0] if places else {}
    draft.shipping = _address(ship)
    mark = text(at(steps[0], "shippingStep", "shipToReferenceId") if steps else "", 60)
    if mark and draft.shipping:
        draft.shipping["line2"] = ", ".join(filter(None, (draft.shipping["line2"], f"Reference {mark}")))
    if any(words(step.get("fulfillmentInstructionsType")).upper() == "PREPARE_FOR_PICKUP" for step in steps):
        draft.trouble("to_be_collected", "The buyer collects it in the store.", holds=False)
    return ship


def _line(draft: Draft, line: dict[str, Any]) -> None:
    gross = draft.money(line.get("lineItemCost"), "lineItemCost", needed=True)
    paid = draft.money(line.get("discountedLineItemCost"), "discountedLineItemCost") if line.get("discountedLineItemCost") else gross
    taxes, tax = _taxes(draft, rows(line.get("taxes")))
    draft.lines.append(
        DraftLine(
            key=identity(line.get("lineItemId")), sku=text(line.get("sku"), 100), title=text(line.get("title"), 200),
            quantity=draft.quantity(line.get("quantity"), "A line's quantity"), gross=gross, discount=max(ZERO, gross - paid),
            tax=tax, taxes=taxes,
        )
    )


def _charges(draft: Draft, sums: dict[str, Any]) -> None:
    cost = draft.money(sums.get("deliveryCost"), "deliveryCost")
    off = abs(draft.money(sums.get("deliveryDiscount"), "deliveryDiscount"))
    if cost or off:
        draft.charges.append(DraftLine(kind="shipping", title="Delivery", gross=cost, discount=off))
    for name in ("fee", "adjustment"):
        amount: Decimal = draft.money(sums.get(name), name)
        if amount > 0:
            draft.charges.append(DraftLine(kind=name, title=name.capitalize(), gross=amount))
        elif amount < 0:
            draft.order_discount -= amount


def _tax(draft: Draft, body: dict[str, Any], sums: dict[str, Any]) -> None:
    """Note [Whose tax is in the total]."""
    told = draft.money(sums.get("tax"), "tax")
    of_lines = [(line.taxes, line.tax) for line in draft.lines]
    theirs = [_taxes(draft, rows(line.get("ebayCollectAndRemitTaxes"))) for line in rows(body.get("lineItems"))]
    own, collected = sum((tax for _, tax in of_lines), ZERO), sum((tax for _, tax in theirs), ZERO)
    rest = (draft.total or ZERO) - _net(draft)
    chosen = next((tax for tax in (told, own, collected, told + collected) if tax == rest), told)
    if told and not rest and draft.currency not in TAXED_ON_TOP:
        draft.tax_included, chosen = True, told  # of prices that have their tax within
    by_line = of_lines if chosen == own else theirs if chosen == collected else [([], ZERO)] * len(draft.lines)
    for line, (taxes, tax) in zip(draft.lines, by_line, strict=True):
        line.taxes, line.tax = taxes, tax
    draft.order_tax = chosen - sum((line.tax for line in draft.lines), ZERO)
    draft.tax = chosen
    is_left_out = max(own, told) > 0 and chosen not in {own, told} - {ZERO}
    if is_left_out or any(rows(line.get("ebayCollectAndRemitTaxes")) for line in rows(body.get("lineItems"))):
        inside = "the total has it" if collected and chosen in {collected, told + collected} else "it is not in the total"
        draft.trouble("tax_collected_by_channel", f"eBay collects tax and pays it itself; {inside}.", holds=False)


def _net(draft: Draft) -> Decimal:
    return sum((part.gross - part.discount for part in (*draft.lines, *draft.charges)), ZERO) - draft.order_discount


def _taxes(draft: Draft, said: list[dict[str, Any]]) -> tuple[list[DraftTax], Decimal]:
    found = [DraftTax(text(tax.get("taxType"), 80), "", draft.money(tax.get("amount"), "A tax")) for tax in said]
    return found, sum((tax.amount for tax in found), ZERO)


def _status(draft: Draft, body: dict[str, Any]) -> None:
    cancel = words(at(body, "cancelStatus", "cancelState"))
    payment, fulfilment = words(body.get("orderPaymentStatus")), words(body.get("orderFulfillmentStatus"))
    draft.words = "/".join(filter(None, (payment, fulfilment, cancel if cancel not in {"", "NONE_REQUESTED"} else "")))
    if cancel == "CANCELED":
        draft.status = "cancelled"
    elif payment not in PAYMENT or fulfilment not in FULFILMENT:
        draft.unknown_status(draft.words)
    elif payment == "FULLY_REFUNDED":
        draft.status = "refunded"
    elif payment in {"PENDING", "FAILED"} and fulfilment == "NOT_STARTED":
        draft.status = "pending"
    else:
        draft.status = FULFILMENT[fulfilment]
    if draft.status == "processing":
        draft.partly_shipped()
    if cancel == "IN_PROGRESS":
        draft.on_hold = "cancel_requested"


def _payments(draft: Draft, body: dict[str, Any]) -> None:
    """The payments eBay lists are less its fees; what the buyer paid is the total."""
    payment = words(body.get("orderPaymentStatus"))
    draft.paid = (draft.total or ZERO) if payment in {"PAID", "PARTIALLY_REFUNDED", "FULLY_REFUNDED"} else ZERO
    of_order = rows(at(body, "paymentSummary", "refunds"))
    of_lines = [refund for line in rows(body.get("lineItems")) for refund in rows(line.get("refunds"))]
    told = of_order or of_lines
    refunds = [draft.money(refund.get("amount"), "A refund") for refund in told if words(refund.get("refundStatus")).upper() not in _NOT_BACK]
    draft.refunded = draft.paid if payment == "FULLY_REFUNDED" else sum(refunds, ZERO)
    if payment == "PARTIALLY_REFUNDED" and not told:
        draft.trouble("status_to_check", "A part of it was given back, and how much is not told.", holds=False)


def _buyer(body: dict[str, Any], ship: dict[str, Any]) -> Buyer:
    home = obj(at(body, "buyer", "buyerRegistrationAddress"))
    return Buyer(
        id=identity(at(body, "buyer", "username")), email=text(first(ship, "email") or home.get("email"), 254),
        phone=text(at(ship, "primaryPhone", "phoneNumber"), 40), name=text(first(ship, "fullName") or home.get("fullName"), 200),
    )


def _address(said: dict[str, Any]) -> dict[str, str]:
    flat = {
        **obj(said.get("contactAddress")), "fullName": said.get("fullName"), "companyName": said.get("companyName"),
        "phone": at(said, "primaryPhone", "phoneNumber"),
    }
    return address(
        flat, line1=("addressLine1",), line2=("addressLine2", "companyName"), state=("stateOrProvince", "county"), zip_=("postalCode",),
        country=("countryCode",),
    )
