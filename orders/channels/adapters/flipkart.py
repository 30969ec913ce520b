"""Flipkart's shipment (v3): what a seller gets there is a shipment with its items, and each is an order here.

A push says what happened to which shipment; it is not signed over its body, so the account fetches the shipment before
anything is believed. Prices are rupees and include GST. Cash at the door is collected by Flipkart's own carrier: it is
Flipkart's to pay on, once the shipment is told as delivered.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.channels.adapters.addresses import address
from orders.channels.canonical import Buyer, Canonical
from orders.channels.draft import ZERO, Draft, DraftLine, close
from orders.channels.reading import at, first, identity, moment, obj, rows, text, whole, words

CODE, NAME = "flipkart", "Flipkart"
STATUS = {
    "APPROVED": "confirmed", "PACKING_IN_PROGRESS": "processing", "FORM_FAILED": "processing", "PACKED": "processing",
    "READY_TO_DISPATCH": "processing", "PICKUP_COMPLETE": "shipped", "SHIPPED": "shipped", "DELIVERED": "delivered",
    "COMPLETED": "delivered", "CANCELLED": "cancelled",
}
EVENTS = {
    "shipment_packed": "PACKED", "shipment_ready_to_dispatch": "READY_TO_DISPATCH", "shipment_shipped": "SHIPPED",
    "shipment_delivered": "DELIVERED", "shipment_cancelled": "CANCELLED", "shipment_form_failed": "FORM_FAILED",
}
# A return is asked for of what arrived; what came back may never have arrived, if nobody took it in.
RETURNS = {"RETURN_REQUESTED": "delivered", "RETURNED": "shipped"}
_PLACES = ("deliveryAddress", "shippingAddress", "billingAddress", "buyerDetails")
_CASH_IS_PAID = {"DELIVERED", "COMPLETED"}
_ORDER = ("pending", "confirmed", "processing", "shipped", "delivered")


def identify(body: dict[str, Any]) -> str:
    """The shipment's id; the order's where no shipment is named."""
    return identity(first(body, "shipmentId", "orderId"))


def merge(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A push without prices tells the state of a shipment we know, or of some of its items: everything else stays as it was told."""
    told = _items(new)
    if any(item.get("priceComponents") for item in told):
        return {**{name: known[name] for name in _PLACES if known.get(name)}, **new}  # prices and addresses are told by calls of their own
    word = _told(new) or _event(new)
    units = {identity(item.get("orderItemId")): whole(item.get("quantity")) for item in told}
    before = _told(known)
    items = [_stated(item, word, units, before) for item in _items(known)]
    kept = {name: value for name, value in {**known, **new}.items() if name not in {"status", "attributes"}}
    return {**kept, "orderItems": items} if items else {**known, **new}


def _stated(item: dict[str, Any], word: str, units: dict[str, int | None], before: str) -> dict[str, Any]:
    """The item with the word that is told of it, or of all; one of whose units only some are meant has a word of its own."""
    known = identity(item.get("orderItemId"))
    status = before or item.get("status")
    if word and (not units or known in units):
        is_part = units.get(known) is not None and units[known] != whole(item.get("quantity"))
        status = f"PARTLY_{word}" if is_part else word
    return {**item, "status": status}


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order; never raises for a body that is an object."""
    items = _items(body)
    draft = Draft(
        channel=CODE, order_id=identify(body), currency="INR", tax_included=True,
        number=text(next((item.get("orderId") for item in items if item.get("orderId")), None) or body.get("orderId"), 60),
        placed_at=moment(next((item.get("orderDate") for item in items), None) or body.get("orderDate")),
        changed_at=moment(first(body, "updatedAt", "timestamp")), buyer=_buyer(body),
        shipping=_address(obj(first(body, "deliveryAddress", "shippingAddress"))), billing=_address(obj(body.get("billingAddress"))),
    )
    draft.total = ZERO if items else None
    for item in items:
        _item(draft, item)
    gone = _status(draft, body, items)
    _payments(draft, items)
    _called_off(draft, gone)
    if body.get("hold") is True or any(item.get("hold") is True for item in items) or words(body.get("eventType")).lower() == "shipment_hold":
        draft.on_hold = "held_by_channel"
    return close(draft)


def _payments(draft: Draft, items: list[dict[str, Any]]) -> None:
    """A return is told of parcels that nobody took in, too: it is no sign that cash was paid."""
    is_cash = any(words(item.get("paymentType")).upper() == "COD" for item in items)
    if is_cash:
        draft.trouble("cash_collected_by_channel", "Flipkart collects the cash; ours to receive from it once delivered.", holds=False)
    draft.nothing_taken = draft.status == "cancelled"  # Flipkart gives it back itself
    if draft.status not in {"", "pending", "cancelled"} and (not is_cash or set(draft.words.split("/")) <= _CASH_IS_PAID):
        draft.paid = draft.total or ZERO


def _called_off(draft: Draft, gone: list[dict[str, Any]]) -> None:
    """Items of a paid shipment that Flipkart called off: it gives their money back itself."""
    if not gone:
        return
    if draft.paid == draft.total:
        draft.refunded = sum((draft.money(at(item, "priceComponents", "totalPrice"), "totalPrice") for item in gone), ZERO)
    units: dict[str, int] = {}
    for item in gone:
        known = identity(item.get("orderItemId"))
        units[known] = units.get(known, 0) + max(1, whole(item.get("quantity")) or 0)
    draft.call_off(units)


def _told(body: dict[str, Any]) -> str:
    """The word for the whole shipment."""
    return words(first(body, "status") or at(body, "attributes", "status")).upper()


def _event(body: dict[str, Any]) -> str:
    """The same by what happened to it."""
    return EVENTS.get(words(body.get("eventType")).lower(), "")


def _items(body: dict[str, Any]) -> list[dict[str, Any]]:
    return rows(body.get("orderItems")) or rows(at(body, "attributes", "orderItems"))


def _item(draft: Draft, item: dict[str, Any]) -> None:
    units = draft.quantity(item.get("quantity"), "An item's quantity")
    said = obj(item.get("priceComponents"))
    total = draft.money(said.get("totalPrice"), "totalPrice", needed=True)
    shipping = draft.money(said.get("shippingCharge"), "shippingCharge")
    price = draft.money(said.get("sellingPrice"), "sellingPrice")
    paid = draft.money(said.get("customerPrice"), "customerPrice") if said.get("customerPrice") is not None else price
    gross, off, shipped = _divided(draft, units=units, price=price, paid=paid, shipping=shipping, total=total)
    draft.total = (draft.total or ZERO) + total
    draft.lines.append(
        DraftLine(
            key=identity(item.get("orderItemId")), sku=text(item.get("sku"), 100).strip('"'), title=text(item.get("title"), 200),
            quantity=units, gross=gross, discount=off, hsn=text(item.get("hsn"), 8),
        )
    )
    if shipped:
        draft.charges.append(DraftLine(kind="shipping", title="Shipping", gross=shipped))


def _divided(draft: Draft, *, units: int, price: Decimal, paid: Decimal, shipping: Decimal, total: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Goods, discount and shipping of an item: prices are of one unit or of the line, before Flipkart's own discount or after it.

    Whichever comes to the item's total.
    """
    for each, off in ((price, ZERO), (paid, price - paid)):
        for count, delivery in ((units, shipping), (units, shipping * units), (1, shipping), (units, ZERO), (1, ZERO)):
            if each * count + delivery == total:
                if units > 1 and count == 1:
                    draft.trouble("price_of_all_units", "An item's price was read as that of all its units: only so it comes to its total.", holds=False)
                if off:
                    draft.trouble("discount_by_channel", "Flipkart gives a discount of its own, and pays it itself.", holds=False)
                return price * count, off * count, delivery
    draft.trouble("item_does_not_add_up", "An item's price and shipping do not come to its total.")
    return total, ZERO, ZERO


def _status(draft: Draft, body: dict[str, Any], items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How far the shipment is; the items of it that were called off while others were not."""
    told = _told(body)
    seen = [told] if told else [words(item.get("status")).upper() or _event(body) for item in items]
    draft.words = "/".join(dict.fromkeys(filter(None, seen)))
    strange = [word for word in seen if word not in STATUS and word not in RETURNS]
    if strange or not seen:
        draft.unknown_status(draft.words)
        return []
    ours = [RETURNS.get(word) or STATUS[word] for word in seen]
    alive = [word for word in ours if word != "cancelled"]
    draft.status = min(alive, key=_ORDER.index) if alive else "cancelled"
    if any(word in RETURNS for word in seen):
        draft.trouble("return_at_channel", "A return runs at the channel: book it here.", holds=False)
    return [item for item, word in zip(items, ours, strict=False) if word == "cancelled"] if alive else []


def _buyer(body: dict[str, Any]) -> Buyer:
    said = obj(first(body, "deliveryAddress", "shippingAddress", "buyerDetails"))
    names = [text(said.get(key), 100) for key in ("firstName", "lastName")]
    return Buyer(phone=text(first(said, "contactNumber", "phone"), 40), name=" ".join(filter(None, names)) or text(said.get("name"), 200))


def _address(said: dict[str, Any]) -> dict[str, str]:
    found = address(
        said, line1=("addressLine1", "address"), line2=("addressLine2", "landmark"), state=("stateCode", "stateName", "state"),
        zip_=("pinCode", "pincode", "postalCode"), country=("country",), phone=("contactNumber", "phone"),
    )
    return {**found, "country": found["country"] or "IN"} if found else {}
