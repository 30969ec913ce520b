"""Amazon's Selling Partner API: orders of v0 (`getOrder` with `getOrderItems`) and of 2026-01-01.

An item's price is the whole line. Whether taxes are within the prices depends on the marketplace and is told nowhere, so
both readings are tried and the order's total decides. A pending order tells no amounts at all: it waits. A replacement costs
nothing. What Amazon sends from its own warehouses is not ours to send: it is on hold until Amazon says that it left.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.channels.adapters.addresses import address
from orders.channels.canonical import BY_CHANNEL, Buyer, Canonical
from orders.channels.draft import TAXED_ON_TOP, ZERO, Draft, DraftLine, DraftTax, close
from orders.channels.reading import at, first, identity, is_cash_on_delivery, moment, obj, rows, text, whole, words

CODE, NAME = "amazon", "Amazon"
STATUS = {
    "pending": "pending", "pendingavailability": "pending", "unshipped": "confirmed", "partiallyshipped": "processing",
    "shipped": "shipped", "invoiceunconfirmed": "shipped", "canceled": "cancelled", "cancelled": "cancelled", "unfulfillable": "cancelled",
}
EASY_SHIP_TROUBLES = {
    "RejectedByBuyer", "ReturnedToSeller", "ReturningToSeller", "Undeliverable", "Lost", "Damaged", "LabelCanceled",
    "LostInTransit",
}
_TROUBLES = {word.lower() for word in EASY_SHIP_TROUBLES}
_TAX_IS_THEIRS = "Amazon collects the tax and pays it itself."
_TAX_TITLE = "Tax"
_THEIRS = {"AFN", "AMAZON"}
_EASY_SHIP = {"AMAZON_EASY_SHIP", "DELIVERY_BY_AMAZON"}
_REPLACES = {"REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"}
_FIGURES = ("OrderTotal", "OrderItems", "proceeds", "orderItems")
# Of an item: what is charged, its tax, what is taken off it, and the tax of that.
_PARTS = (
    ("shipping", "ShippingPrice", "ShippingTax", "ShippingDiscount", "ShippingDiscountTax"),
    ("cod_fee", "CODFee", "CODFeeTax", "CODFeeDiscount", ""),
)


# The currency of each marketplace, for bodies that name no amount.
CURRENCIES = {
    "ATVPDKIKX0DER": "USD", "A2EUQ1WTGCTBG2": "CAD", "A1AM78C64UM0Y8": "MXN", "A2Q3Y263D00KWC": "BRL", "A1F83G8C2ARO7P": "GBP",
    "A1PA6795UKMFR9": "EUR", "A13V1IB3VIYZZH": "EUR", "APJ6JRA9NG5V4": "EUR", "A1RKKUPIHCS9HS": "EUR", "A1805IZSGTT6HS": "EUR",
    "AMEN7PMS3EDWL": "EUR", "A28R8C7NBKEWEA": "EUR", "A2NODRKZP88ZB9": "SEK", "A1C3SOZRARQ6R3": "PLN", "A33AVAJ2PDY3EV": "TRY",
    "ARBP9OOSHTCHU": "EGP", "A17E79C6D8DWNP": "SAR", "A2VIGQ35RCS4UG": "AED", "A21TJRUUN4KGV": "INR", "AE08WJ6YKNBMC": "ZAR",
    "A1VC38T7YXB528": "JPY", "A19VAU5U5O7RUS": "SGD", "A39IBJ37TRP1C6": "AUD",
}


def identify(body: dict[str, Any]) -> str:
    """The order's id of either API."""
    return identity(first(body, "AmazonOrderId", "orderId"))


def merge(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """v0 tells an order and its items by two calls: each completes what the other told, and items come page by page.

    A cancelled order keeps the figures it had. A body of the other API that has its own figures stands for itself, one without
    any says how far the order is.
    """
    if known and _is_v0(known) != _is_v0(new):
        return _across(known, new)
    if STATUS.get(_plain(_word(new))) == "cancelled":
        return {**known, **new, **{name: known[name] for name in _FIGURES if known.get(name)}}
    if "OrderItems" in new and "OrderStatus" not in new:
        ids = {identity(item.get("OrderItemId")) for item in rows(new["OrderItems"])}
        others = [item for item in rows(known.get("OrderItems")) if identity(item.get("OrderItemId")) not in ids]
        return {**known, **new, "OrderItems": [*others, *rows(new["OrderItems"])]}
    return {**known, **new} if "OrderStatus" in new else new


def _across(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    is_whole = (new.get("OrderTotal") and rows(new.get("OrderItems"))) if _is_v0(new) else at(new, "proceeds", "grandTotal")
    if (is_whole and STATUS.get(_plain(_word(new))) != "cancelled") or not _word(new):
        return new if is_whole else known
    at_ = first(new, "LastUpdateDate", "lastUpdatedTime")
    if _is_v0(known):
        return {**known, "OrderStatus": _word(new), "LastUpdateDate": at_}
    return {**known, "fulfillment": {**obj(known.get("fulfillment")), "fulfillmentStatus": _word(new)}, "lastUpdatedTime": at_}


def _is_v0(body: dict[str, Any]) -> bool:
    return "AmazonOrderId" in body


def _word(body: dict[str, Any]) -> str:
    return words(body.get("OrderStatus") or at(body, "fulfillment", "fulfillmentStatus") or body.get("fulfillmentStatus"))


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order of whichever API; never raises for a body that is an object."""
    return _v0(body) if _is_v0(body) else _newer(body)


def _v0(body: dict[str, Any]) -> Canonical:
    items = rows(body.get("OrderItems"))
    currency = at(body, "OrderTotal", "CurrencyCode") or next(
        (at(item, "ItemPrice", "CurrencyCode") for item in items if at(item, "ItemPrice", "CurrencyCode")), ""
    ) or _currency(body.get("MarketplaceId"))
    draft = Draft(
        channel=CODE, order_id=identify(body), number=identify(body), currency=text(currency, 10).upper(),
        placed_at=moment(body.get("PurchaseDate")), changed_at=moment(body.get("LastUpdateDate")), buyer=_buyer(body),
        shipping=_address(obj(body.get("ShippingAddress")), upper=True),
    )
    if body.get("OrderTotal") is not None:
        draft.total = draft.money(body.get("OrderTotal"), "OrderTotal")
    elif text(first(body, "IsReplacementOrder")).lower() == "true" or body.get("IsReplacementOrder") is True:
        draft.total = ZERO
    for item in items:
        _v0_item(draft, item)
    draft.words = words(body.get("OrderStatus"))
    easy = words(body.get("EasyShipShipmentStatus"))
    _status(draft, draft.words)
    if easy:
        draft.words = f"{draft.words}/{easy}"
        if easy == "Delivered" and draft.status == "shipped":
            draft.status = "delivered"
        elif easy in EASY_SHIP_TROUBLES:
            draft.trouble("parcel_in_trouble", f"The parcel is {easy}.", holds=False)
    ways = body.get("PaymentMethodDetails")
    is_cash = any(is_cash_on_delivery(way) for way in (body.get("PaymentMethod"), *(ways if isinstance(ways, list) else ())))
    _whose(draft, words(body.get("FulfillmentChannel")))
    _to_be_collected(draft, is_so=body.get("IsISPU") is True)
    _asked_to_cancel(draft, is_asked=any(text(at(item, "BuyerRequestedCancel", "IsBuyerRequestedCancel")).lower() == "true" for item in items))
    if any(words(at(item, "TaxCollection", "Model")) == "MarketplaceFacilitator" for item in items):
        draft.trouble("tax_collected_by_channel", _TAX_IS_THEIRS, holds=False)
    deals = rows(body.get("PaymentExecutionDetail"))
    beside = sum((draft.money(deal.get("Payment"), "A payment") for deal in deals if words(deal.get("PaymentMethod")) != "COD"), ZERO)
    return _finished(draft, _beside_cash(draft, beside, is_cash=is_cash, is_easy=bool(easy)))


def _beside_cash(draft: Draft, paid: Decimal, *, is_cash: bool, is_easy: bool) -> Decimal | None:
    """What is paid while cash is owed, None when none is. With Easy Ship Amazon's own carrier collects it, for Amazon to pay on."""
    draft.cash_on_delivery = is_cash and not is_easy
    if is_cash and is_easy:
        draft.trouble("cash_collected_by_channel", "Amazon's carrier collects the cash; ours to receive from Amazon once delivered.", holds=False)
    is_owed = is_cash and not (is_easy and draft.status == "delivered")
    return paid if is_owed else None


def _asked_to_cancel(draft: Draft, *, is_asked: bool) -> None:
    """A buyer's wish to cancel holds an order that has not left."""
    if is_asked and draft.status in {"pending", "confirmed", "processing"}:
        draft.on_hold = "cancel_requested"


def _to_be_collected(draft: Draft, *, is_so: bool) -> None:
    if is_so:
        draft.trouble("to_be_collected", "The buyer collects it in the store.", holds=False)


def _whose(draft: Draft, word: str) -> None:
    if word.upper() in _THEIRS and draft.status != "cancelled":
        draft.trouble(BY_CHANNEL, "Amazon sends it from its own stock; ours is not touched.", holds=False)
        draft.on_hold = BY_CHANNEL if draft.status in {"pending", "confirmed", "processing"} else ""


def _v0_item(draft: Draft, item: dict[str, Any]) -> None:
    quantity = draft.quantity(item.get("QuantityOrdered"), "QuantityOrdered")
    gross = draft.money(item.get("ItemPrice"), "ItemPrice")
    if not quantity and not gross:
        return  # a line that was cancelled whole
    tax = draft.money(item.get("ItemTax"), "ItemTax")
    draft.lines.append(
        DraftLine(
            key=identity(item.get("OrderItemId")), sku=text(item.get("SellerSKU"), 100), title=text(item.get("Title"), 200),
            quantity=quantity, gross=gross, discount=abs(draft.money(item.get("PromotionDiscount"), "PromotionDiscount")),
            tax=tax - abs(draft.money(item.get("PromotionDiscountTax"), "PromotionDiscountTax")),
            taxes=[DraftTax(_TAX_TITLE, "", tax)] if tax else [],
        )
    )
    for kind, price, its_tax, off, off_tax in _PARTS:
        amount = draft.money(item.get(price), price)
        if amount or item.get(off):
            whole_tax = draft.money(item.get(its_tax), its_tax)
            draft.charges.append(
                DraftLine(
                    kind=kind, title=kind.replace("_", " ").capitalize(), gross=amount, discount=abs(draft.money(item.get(off), off)),
                    tax=whole_tax - abs(draft.money(item.get(off_tax), off_tax)), taxes=[DraftTax(_TAX_TITLE, "", whole_tax)] if whole_tax else [],
                )
            )
    gift = obj(item.get("BuyerInfo"))
    wrap = draft.money(first(gift, "GiftWrapPrice") or item.get("GiftWrapPrice"), "GiftWrapPrice")
    if wrap:
        its = draft.money(first(gift, "GiftWrapTax") or item.get("GiftWrapTax"), "GiftWrapTax")
        draft.charges.append(DraftLine(kind="gift_wrap", title="Gift wrap", gross=wrap, tax=its))
    _one_currency(draft, item)


def _one_currency(draft: Draft, item: dict[str, Any]) -> None:
    told = [*item.values(), *obj(item.get("BuyerInfo")).values()]
    if any(isinstance(value, dict) and value.get("CurrencyCode") not in (None, draft.currency) for value in told):
        draft.trouble("several_currencies", "The amounts of the order are in several currencies.")


def _newer(body: dict[str, Any]) -> Canonical:
    grand = at(body, "proceeds", "grandTotal")
    items = rows(body.get("orderItems"))
    currency = at(grand, "currencyCode") or next(
        (code for item in items if (code := at(item, "proceeds", "proceedsTotal", "currencyCode") or at(item, "product", "price", "unitPrice", "currencyCode"))), ""
    ) or _currency(at(body, "salesChannel", "marketplaceId"))
    draft = Draft(
        channel=CODE, order_id=identify(body), number=identify(body), currency=text(currency, 10).upper(),
        placed_at=moment(body.get("createdTime")), changed_at=moment(body.get("lastUpdatedTime")),
        buyer=Buyer(email=text(at(body, "buyer", "buyerEmail"), 254), name=text(at(body, "buyer", "buyerName"), 200)),
        shipping=_address(obj(at(body, "recipient", "deliveryAddress"))),
    )
    if grand is not None:
        draft.total = draft.money(grand, "grandTotal")
    elif any(words(one.get("associationType")).upper() in _REPLACES for one in rows(body.get("associatedOrders"))):
        draft.total = ZERO
    for item in items:
        _newer_item(draft, item)
    draft.words = words(at(body, "fulfillment", "fulfillmentStatus") or body.get("fulfillmentStatus"))
    _status(draft, draft.words)
    parcels = rows(body.get("packages"))
    seen = [words(at(parcel, "packageStatus", "status")) for parcel in parcels]
    closer = [words(at(parcel, "packageStatus", "detailedStatus")) for parcel in parcels]
    strange = [word for word in closer if _plain(word) in _TROUBLES]
    for word in strange:
        draft.trouble("parcel_in_trouble", f"The parcel is {word}.", holds=False)
    if draft.status == "shipped" and seen and not strange and all(word == "DELIVERED" for word in seen):
        draft.status, draft.words = "delivered", f"{draft.words}/DELIVERED"
    for parcel in parcels:
        if number := text(parcel.get("trackingNumber"), 60):
            draft.tracking.append((text(parcel.get("carrier"), 40), number))
    _whose(draft, words(at(body, "fulfillment", "fulfilledBy")))
    _asked_to_cancel(draft, is_asked=any(words(at(item, "cancellation", "cancellationRequest", "requester") or at(item, "cancellation", "requester")) for item in items))
    is_cash = any(words(at(item, "fulfillment", "shipping", "shippingConstraints", "cashOnDelivery")) == "MANDATORY" for item in items)
    programs = {words(name) for name in body["programs"]} if isinstance(body.get("programs"), list) else set()
    is_easy = bool(programs & _EASY_SHIP)
    _to_be_collected(draft, is_so="IN_STORE_PICK_UP" in programs)
    return _finished(draft, _beside_cash(draft, ZERO, is_cash=is_cash, is_easy=is_easy))


def _newer_item(draft: Draft, item: dict[str, Any]) -> None:
    quantity = draft.quantity(item.get("quantityOrdered"), "quantityOrdered")
    sums: dict[str, Decimal] = {}
    of: dict[str, dict[str, Decimal]] = {"TAX": {}, "DISCOUNT": {}}
    for part in rows(at(item, "proceeds", "breakdowns")):
        kind = words(part.get("type")).upper()
        amount = draft.money(part.get("subtotal"), f"The {kind} amount")
        if kind in of:
            _share(draft, part, amount, of[kind])
        else:
            sums[kind] = sums.get(kind, ZERO) + amount
    gross = sums.pop("ITEM", None)
    if gross is None:
        gross = draft.money(at(item, "product", "price", "unitPrice"), "unitPrice") * quantity
    if not quantity and not gross:
        return
    off, tax = abs(of["DISCOUNT"].pop("ITEM", ZERO)), of["TAX"].pop("ITEM", ZERO)
    draft.lines.append(
        DraftLine(
            key=identity(item.get("orderItemId")), sku=text(at(item, "product", "sellerSku"), 100),
            title=text(at(item, "product", "title"), 200), quantity=quantity, gross=gross, discount=off, tax=tax,
            taxes=[DraftTax(_TAX_TITLE, "", tax)] if tax else [],
        )
    )
    for kind in sorted({*sums, *of["TAX"], *of["DISCOUNT"]}):
        charge = DraftLine(
            kind=kind.lower()[:20], title=kind.replace("_", " ").capitalize()[:60], gross=sums.get(kind, ZERO),
            discount=abs(of["DISCOUNT"].get(kind, ZERO)), tax=of["TAX"].get(kind, ZERO),
        )
        if charge.gross or charge.discount or charge.tax:
            draft.charges.append(charge)
    _removed(draft, item, quantity)


def _share(draft: Draft, part: dict[str, Any], amount: Decimal, of: dict[str, Decimal]) -> None:
    """Whose tax or discount it is, where the parts come to the whole; else all of it is the item's, as is the tax of a discount."""
    shares: dict[str, Decimal] = {}
    for share in rows(part.get("detailedBreakdowns")):
        kind = words(share.get("subtype")).upper()
        kind = "ITEM" if kind in {"DISCOUNT", ""} else kind
        shares[kind] = shares.get(kind, ZERO) + draft.money(share.get("value"), f"The {kind} amount")
    for kind, its in (shares if sum(shares.values(), ZERO) == amount else {"ITEM": amount}).items():
        of[kind] = of.get(kind, ZERO) + its


def _removed(draft: Draft, item: dict[str, Any], quantity: int) -> None:
    sent, waiting = (whole(at(item, "fulfillment", name)) for name in ("quantityFulfilled", "quantityUnfulfilled"))
    if sent is not None and waiting is not None and sent + waiting < quantity:
        draft.trouble("partly_cancelled", "Some units of an item are neither sent nor to be sent.")


def _finished(draft: Draft, beside_cash: Decimal | None) -> Canonical:
    """Taxes within the prices or on top: whichever reading comes to the total. All is paid, or what was paid beside cash that is owed."""
    parts = [*draft.lines, *draft.charges]
    net = sum((part.gross - part.discount for part in parts), ZERO)
    tax = sum((part.tax for part in parts), ZERO)
    if draft.total is not None and tax and net == draft.total:
        _beside_total(draft)
    elif draft.total is not None and net + tax != draft.total:
        _by_full_tax(draft, net)
    if draft.status in {"pending", "cancelled"} and (draft.total is None or not draft.lines):
        draft.trouble("amounts_not_told_yet", "Amazon tells no amounts of an order that is cancelled, or whose payment it has not authorised.")
    draft.nothing_taken = draft.status == "cancelled"  # Amazon charges when it is sent
    if draft.status not in {"", "pending", "cancelled"}:
        draft.paid = draft.total or ZERO if beside_cash is None else beside_cash
    return close(draft)


def _beside_total(draft: Draft) -> None:
    """A tax that is told and not on top: within the prices, but for where no price has its tax within. There Amazon keeps it to itself."""
    draft.tax_included = draft.currency not in TAXED_ON_TOP
    if draft.tax_included:
        return
    for part in (*draft.lines, *draft.charges):
        part.tax, part.taxes = ZERO, []
    draft.trouble("tax_collected_by_channel", _TAX_IS_THEIRS, holds=False)


def _by_full_tax(draft: Draft, net: Decimal) -> None:
    """Some marketplaces tell a tax after its promotion already: the promotion's tax is not taken off again, of goods, of charges or of both."""
    for parts in (draft.lines, draft.charges, [*draft.lines, *draft.charges]):
        more = {id(part): full for part in parts if (full := sum((tax.amount for tax in part.taxes), ZERO)) > part.tax}
        if net + sum((more.get(id(part), part.tax) for part in (*draft.lines, *draft.charges)), ZERO) == draft.total:
            for part in parts:
                part.tax = more.get(id(part), part.tax)
            return


def _currency(marketplace: Any) -> str:
    return CURRENCIES.get(text(marketplace, 20), "")


def _plain(word: str) -> str:
    return word.lower().replace("_", "")


def _status(draft: Draft, word: str) -> None:
    known = STATUS.get(_plain(word))
    if known is None:
        draft.unknown_status(word)
    else:
        draft.status = known
    if known == "processing":
        draft.partly_shipped()


def _buyer(body: dict[str, Any]) -> Buyer:
    info = obj(body.get("BuyerInfo"))
    return Buyer(
        email=text(first(info, "BuyerEmail") or body.get("BuyerEmail"), 254),
        name=text(first(info, "BuyerName") or body.get("BuyerName"), 200),
        phone=text(at(body, "ShippingAddress", "Phone"), 40),
    )


def _address(said: dict[str, Any], *, upper: bool = False) -> dict[str, str]:
    flat = {key[:1].lower() + key[1:]: value for key, value in said.items()} if upper else said
    return address(
        flat, line1=("addressLine1",), line2=("addressLine2", "addressLine3", "companyName", "district", "districtOrCounty"), city=("city", "municipality"),
        state=("stateOrRegion",), zip_=("postalCode",), country=("countryCode",),
    )
