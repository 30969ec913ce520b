"""Unicommerce's sale order. Each `saleOrderItem` is one unit; those alike are one line here. Prices include GST."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders.channels.adapters.addresses import address
from orders.channels.canonical import Buyer, Canonical
from orders.channels.draft import ZERO, Draft, DraftLine, DraftTax, close
from orders.channels.reading import at, first, identity, moment, obj, rows, text, words

CODE, NAME = "unicommerce", "Unicommerce"
STATUS = {"CREATED": "confirmed", "PENDING_VERIFICATION": "pending", "PROCESSING": "processing", "COMPLETE": "shipped", "CANCELLED": "cancelled"}
ITEM_STATUS = {
    "CREATED", "FULFILLABLE", "UNFULFILLABLE", "DISPATCHED", "DELIVERED", "CANCELLED", "REPLACED", "RESHIPPED", "LOCATION_NOT_SERVICEABLE",
    "ALTERNATE_SUGGESTED", "ALTERNATE_ACCEPTED", "PICKING_FOR_INVOICING", "PICKING_FOR_STAGING", "STAGED", "MANIFESTED", "PACKED", "SHIPPED",
}
GONE = {"DISPATCHED", "DELIVERED", "SHIPPED"}
_NO_PARCEL = {"CANCELLED", "RETURNED"}
_CHARGES = (
    ("shipping", "shippingCharges"), ("shipping", "shippingMethodCharges"), ("cod_fee", "cashOnDeliveryCharges"),
    ("gift_wrap", "giftWrapCharges"),
)
_TAXES = (("CGST", "Central"), ("SGST", "State"), ("IGST", "Integrated"), ("UTGST", "UnionTerritory"))


def identify(body: dict[str, Any]) -> str:
    """The sale order's code."""
    return identity(first(body, "code", "saleOrderCode"))


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order; never raises for a body that is an object."""
    items = rows(body.get("saleOrderItems"))
    draft = Draft(
        channel=CODE, order_id=identify(body), number=text(first(body, "displayOrderCode", "code"), 60),
        currency=text(first(body, "currencyCode") or "INR", 10).upper(), tax_included=True,
        placed_at=moment(first(body, "displayOrderDateTime", "created")), changed_at=moment(body.get("updated")),
        buyer=Buyer(
            identity(body.get("customerCode")), text(body.get("notificationEmail"), 254), text(body.get("notificationMobile"), 40),
            text(first(body, "customerName") or at(body, "billingAddress", "name"), 200),
        ),
        billing=_address(obj(body.get("billingAddress"))),
    )
    draft.shipping = _destination(draft, rows(body.get("addresses")), items)
    if draft.billing and body.get("customerGSTIN"):
        draft.billing["gstin"] = text(body.get("customerGSTIN"), 15)
    draft.total = ZERO if items else None
    for item in items:
        _unit(draft, item)
    if first(body, "totalPrice") is not None:
        draft.total = draft.money(body.get("totalPrice"), "totalPrice")
    _status(draft, body, items)
    _parcels(draft, body)
    if any(item.get("onHold") is True for item in items):
        draft.on_hold = "held_by_channel"
    draft.cash_on_delivery = body.get("cod") is True or body.get("cashOnDelivery") is True
    prepaid = sum((draft.money(item.get("prepaidAmount"), "prepaidAmount") for item in items), ZERO)
    if draft.status not in {"", "pending", "cancelled"}:
        draft.paid = prepaid if draft.cash_on_delivery else draft.total or ZERO
    gone = {line.key: line.cancelled for line in draft.lines if line.cancelled}
    for line in draft.lines:
        line.cancelled = 0
    if draft.status not in {"", "cancelled"} and gone:
        draft.call_off(gone)
        draft.trouble("check_cancellation", "Units were called off; whether their money went back is not told.", holds=False)
    return close(draft)


def _unit(draft: Draft, item: dict[str, Any]) -> None:
    """One unit: its price less discount, and its charges; alike units are counted onto one line."""
    total = draft.money(item.get("totalPrice"), "totalPrice", needed=True)
    price = draft.money(item.get("sellingPrice"), "sellingPrice")
    charges = [(kind, draft.money(item.get(name), name)) for kind, name in _CHARGES]
    beside = sum((amount for _, amount in charges), ZERO)
    told = draft.money(item.get("discount"), "discount") + draft.money(item.get("voucherValue"), "voucherValue")
    credit = draft.money(item.get("storeCredit"), "storeCredit")
    gross, off = _worth(draft, price=price, discount=told, credit=credit, goods=total - beside)
    taxes = [
        DraftTax(title, text(item.get(f"{name.lower() if name != 'UnionTerritory' else 'unionTerritory'}GstPercentage"), 20), amount)
        for title, name in _TAXES
        if (amount := draft.money(item.get(f"total{name}Gst"), f"total{name}Gst"))
    ]
    draft.total = (draft.total or ZERO) + total
    sku = text(first(item, "itemSku", "sellerSkuCode"), 100)
    _count(draft, DraftLine(
        key=identity(first(item, "id", "code")), sku=sku, title=text(item.get("itemName"), 200), gross=gross, discount=off,
        tax=sum((tax.amount for tax in taxes), ZERO), taxes=taxes, hsn=text(item.get("hsnCode"), 8),
        cancelled=int(words(item.get("statusCode")).upper() == "CANCELLED"),
    ))
    draft.charges.extend(DraftLine(kind=kind, title=kind.replace("_", " ").capitalize(), gross=amount) for kind, amount in charges if amount)


def _worth(draft: Draft, *, price: Decimal, discount: Decimal, credit: Decimal, goods: Decimal) -> tuple[Decimal, Decimal]:
    if price == goods:
        return price, ZERO  # the selling price is after the discount
    if price - discount == goods:
        return price, discount
    if credit > 0 and goods in {price - credit, price - discount - credit}:
        draft.trouble("paid_by_credit", "Store credit is taken off the goods.", holds=False)
        return price, price - goods
    draft.trouble("item_does_not_add_up", "An item's price, discount and charges do not come to its total.")
    return goods, ZERO


def _count(draft: Draft, unit: DraftLine) -> None:
    """Put the unit onto the last line when both are alike."""
    last = draft.lines[-1] if draft.lines else None
    if last is None or last.sku != unit.sku or last.title != unit.title:
        draft.lines.append(unit)
        return
    if last.gross / last.quantity != unit.gross or last.discount / last.quantity != unit.discount:
        draft.lines.append(unit)
        return
    last.quantity, last.cancelled = last.quantity + 1, last.cancelled + unit.cancelled
    last.gross, last.discount, last.tax = last.gross + unit.gross, last.discount + unit.discount, last.tax + unit.tax
    for mine, other in zip(last.taxes, unit.taxes, strict=False):
        mine.amount += other.amount


def _status(draft: Draft, body: dict[str, Any], items: list[dict[str, Any]]) -> None:
    draft.words = words(body.get("status"))
    seen = {words(item.get("statusCode")).upper() for item in items} - {""}
    if draft.words.upper() not in STATUS:
        draft.unknown_status(draft.words)
        return
    draft.status = STATUS[draft.words.upper()]
    alive = seen - {"CANCELLED"}
    if draft.status == "shipped" and alive == {"DELIVERED"}:
        draft.status, draft.words = "delivered", f"{draft.words}/DELIVERED"
    if seen - ITEM_STATUS:
        draft.trouble("unknown_item_status", f"An item's status “{min(seen - ITEM_STATUS)[:40]}” is not known.")
    if draft.status == "processing" and alive & GONE and alive - GONE:
        draft.partly_shipped()
    if rows(body.get("returns")):
        draft.trouble("return_at_channel", "A return runs at the channel: book it here.", holds=False)


def _parcels(draft: Draft, body: dict[str, Any]) -> None:
    """The packages with a number: who carries each."""
    for parcel in rows(body.get("shippingPackages")):
        number = text(parcel.get("trackingNumber"), 60)
        if number and words(parcel.get("status")).upper() not in _NO_PARCEL:
            draft.tracking.append((text(first(parcel, "shippingProvider", "shippingCourier"), 40), number))


def _destination(draft: Draft, places: list[dict[str, Any]], items: list[dict[str, Any]]) -> dict[str, str]:
    """The address the items name; the first where they name none. Items that go to several places are a case for a person."""
    named = [known for item in items if (known := identity(item.get("shippingAddressId")))]
    by_id = {identity(place.get("id")): _address(place) for place in places if identity(place.get("id"))}
    found = [by_id[known] for known in dict.fromkeys(named) if known in by_id]
    if len({tuple(sorted(place.items())) for place in found}) > 1:
        draft.trouble("several_destinations", "Items of the order go to different places.")
    return found[0] if found else _address(next(iter(places), {}))


def _address(said: dict[str, Any]) -> dict[str, str]:
    return address(
        said, line1=("addressLine1",), line2=("addressLine2",), state=("state",), zip_=("pincode",), country=("country",),
    )
