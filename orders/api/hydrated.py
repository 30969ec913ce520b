"""Hydrated messages: the order or cart an event is about, whole, with its products and its person (C2, C3, C6).

All of it is as it stands when the message is sent; `version` and the event's own `streamSeq` say whether more has happened
meanwhile. A receiver that may not know people is given what was bought and the opaque ids, and no word a person wrote:
no name, address, e-mail, phone, note, reason or metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from inventory.models import Product, Variant
from orders import queries
from orders.api.rows import checkout_row, order_row
from orders.models import Checkout, Order, Person
from orders.queries import uuid_of
from orders.quoting import price
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from timeline.models import Event

_ORDER_LEFT_OUT = ("allowedActions", "pricingSnapshot", "discountSnapshot", "holds", "fulfilments", "returns")
_PERSONAL = ("shippingAddress", "billingAddress", "email", "phone", "name", "gstin")
_SHIPMENT = ("id", "status", "carrier", "service", "trackingNumber", "items", "createdAt", "shippedAt", "deliveredAt")
_REFUND = ("id", "paymentId", "amount", "currency", "status", "reasonCode", "createdAt", "processedAt")


def hydrate(event: Event, is_personal: bool) -> dict[str, Any]:
    """`order` or `cart`, `products` and `user`, as far as the event is about such; and when they were read."""
    story = _uuid(event.stream)
    if story is None:
        return {}
    found: dict[str, Any] = {}
    person: Person | None = None
    if Order.objects.filter(pk=story).exists():
        detail = queries.detail(story)
        person, found["order"] = detail.person, _order(order_row(detail, as_staff=False), is_personal=is_personal)
        found["products"] = _products(line.variant_id for line in detail.items)
    elif Checkout.objects.filter(pk=story).exists():
        checkout, lines = queries.checkout(story)
        person, found["cart"] = checkout.person, _cart(checkout, lines, is_personal=is_personal)
        found["products"] = _products(line.variant_id for line in lines)
    else:
        person = Person.objects.select_related("key").filter(pk=story).first()
    if person is not None:
        found["user"] = _user(person, event, is_personal=is_personal)
    return {**found, "hydratedAt": timezone.now()} if found else {}


def _order(row: dict[str, Any], *, is_personal: bool) -> dict[str, Any]:
    order = {name: value for name, value in row.items() if name not in _ORDER_LEFT_OUT}
    order["items"] = [_line(line, is_personal=is_personal) for line in row["items"]]
    order["shipments"] = [{name: parcel.get(name) for name in _SHIPMENT} for parcel in row["shipments"]]
    order["refunds"] = [{name: refund.get(name) for name in _REFUND} for refund in row["refunds"]]
    return order if is_personal else _without_person(order)


def _cart(checkout: Checkout, lines: Any, *, is_personal: bool) -> dict[str, Any]:
    cart = checkout_row(checkout, lines, price(checkout, lines, contact=checkout.contact(), now=timezone.now()))
    cart["lines"] = [_line(line, is_personal=is_personal) for line in cart["lines"]]
    cart |= {"updatedAt": checkout.updated_at, "createdAt": checkout.created_at, "recoveryUrl": f"{settings.PUBLIC_URL}/cart/"}
    return cart if is_personal else _without_person(cart)


def _line(line: dict[str, Any], *, is_personal: bool) -> dict[str, Any]:
    return line if is_personal else {name: value for name, value in line.items() if name != "metadata"}


def _without_person(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _PERSONAL}


def _products(variant_ids: Iterable[UUID]) -> list[dict[str, Any]]:
    """What was bought, as the catalogue knows it now. One statement."""
    rows = Variant.objects.select_related("product").filter(pk__in=set(variant_ids)).order_by("sku")
    return [_product(row, row.product) for row in rows]


def _product(row: Variant, product: Product) -> dict[str, Any]:
    return {
        "productVariantId": row.pk, "productId": product.pk, "sku": row.sku, "name": row.title, "productName": product.name,
        "description": product.description, "price": row.price_minor, "priceIncludesGst": row.price_includes_gst,
        "currency": row.currency, "hsn": row.hsn, "weightGrams": row.weight_g, "isActive": row.is_active and product.is_active,
    }


def _user(person: Person, event: Event, *, is_personal: bool) -> dict[str, Any]:
    """Opaque ids and the session; what is known of the person only where it may be told."""
    user = {"id": person.pk, "kind": person.kind, "sessionId": event.session_id or None}
    if is_personal:
        profile = person.profile()
        user |= {name: profile.get(name) for name in ("email", "phone", "name")}
    return user


def _uuid(text: str) -> UUID | None:
    try:
        return uuid_of(text)
    except Missing:
        return None
