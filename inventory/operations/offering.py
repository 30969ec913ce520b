"""What the shop offers: warehouses, products, variants and their prices."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from inventory import locks
from inventory.catalogue import GST_RATE_BP_MAX, PRICE_MINOR_MAX, WEIGHT_G_MAX, Product, Variant
from inventory.stock import Warehouse
from timeline.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from timeline.operations import Operation

BACKORDER_UNITS_MAX = 10_000_000

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,63}")
_HSN = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,2}")
_STATE = re.compile(r"IN-[A-Z]{2}")


class CodeTaken(Refused):
    """Another one has this code already; codes are never given twice."""


class NotOfferable(Invalid):
    """A price, a rate, a weight or a code is outside what can be sold."""


def add_warehouse(
    op: Operation, *, code: str, name: str, state: str, address: Mapping[str, Any] | None = None, priority: int = 100
) -> Warehouse:
    """A place to keep stock in; `state` is an ISO 3166-2 code (`IN-KA`), a smaller `priority` is asked first.

    Its story is its own id. Raises `CodeTaken`, `NotOfferable`.
    """
    _require(_CODE.fullmatch(code) is not None, "A code is capital letters, digits and hyphens.")
    _require(_STATE.fullmatch(state) is not None, "A state is a code such as IN-KA.")
    if Warehouse.objects.filter(code=code).exists():
        raise CodeTaken(f"There is a warehouse {code} already.")

    warehouse = Warehouse(
        id=op.new_id(),
        code=code,
        name=name,
        state=state,
        address=dict(address or {}),
        priority=priority,
        created_at=op.now,
    )
    op.open_stream(str(warehouse.id))
    facts = {"warehouse": code, "state": state, "priority": priority}
    op.record(warehouse, "warehouse.added", stream=str(warehouse.id), facts=facts)
    warehouse.save(force_insert=True)
    return warehouse


def add_product(op: Operation, *, name: str, description: str = "") -> Product:
    """A product without variants yet; its story is its own id."""
    _require(bool(name.strip()), "A product has a name.")

    product = Product(id=op.new_id(), name=name, description=description, created_at=op.now)
    op.open_stream(str(product.id))
    op.record(product, "product.added", stream=str(product.id), facts={"title": name})
    product.save(force_insert=True)
    return product


def add_variant(
    op: Operation,
    *,
    product_id: UUID,
    sku: str,
    price_minor: int,
    gst_rate_bp: int,
    hsn: str,
    name: str = "",
    weight_g: int = 0,
    currency: str = "INR",
    price_includes_gst: bool = False,
) -> Variant:
    """A variant of a product: price in minor units, rate in basis points (1800 is 18 %), weight in grams.

    The price is without GST unless `price_includes_gst`, as of a maximum retail price. `hsn` is a code of 4, 6 or 8
    digits. Its story is its own id. Raises `CodeTaken`, `NotOfferable`.
    """
    _require(_CODE.fullmatch(sku) is not None, "A SKU is capital letters, digits and hyphens.")
    _require(_HSN.fullmatch(hsn) is not None, "An HSN code has 4, 6 or 8 digits.")
    _require(0 <= price_minor <= PRICE_MINOR_MAX, "The price is out of range.")
    _require(0 <= gst_rate_bp <= GST_RATE_BP_MAX, "The GST rate is out of range.")
    _require(0 <= weight_g <= WEIGHT_G_MAX, "The weight is out of range.")
    if Variant.objects.filter(sku=sku).exists():
        raise CodeTaken(f"There is a variant {sku} already.")

    variant = Variant(
        id=op.new_id(),
        product_id=product_id,
        sku=sku,
        name=name,
        price_minor=price_minor,
        price_includes_gst=price_includes_gst,
        currency=currency,
        gst_rate_bp=gst_rate_bp,
        hsn=hsn,
        weight_g=weight_g,
        created_at=op.now,
        updated_at=op.now,
    )
    op.open_stream(str(variant.id))
    facts = {
        "sku": sku,
        "price_minor": price_minor,
        "price_includes_gst": price_includes_gst,
        "currency": currency,
        "gst_rate_bp": gst_rate_bp,
        "hsn": hsn,
    }
    op.record(variant, "product.added", stream=str(variant.id), facts=facts, targets=[("product", product_id)])
    variant.save(force_insert=True)
    return variant


def change_price(op: Operation, *, sku: str, price_minor: int) -> Variant:
    """A new price from now on; what customers saw before stays in their snapshots (F07).

    Raises `Missing`, `NotOfferable`.
    """
    _require(0 <= price_minor <= PRICE_MINOR_MAX, "The price is out of range.")
    variant = _locked(op, sku=sku)
    before = variant.price_minor

    op.record(
        variant,
        "product.changed",
        stream=str(variant.id),
        facts={"sku": sku, "price_minor": {"from": before, "to": price_minor}},
        targets=[("product", variant.product_id)],
    )
    variant.price_minor, variant.updated_at = price_minor, op.now
    variant.save(update_fields=["price_minor", "updated_at"])
    return variant


def offer(op: Operation, *, sku: str, is_active: bool) -> Variant:
    """Put a variant on sale, or take it off; orders that have it keep it. Raises `Missing`."""
    variant = _locked(op, sku=sku)
    before = variant.is_active

    op.record(
        variant,
        "product.changed",
        stream=str(variant.id),
        facts={"sku": sku, "is_active": {"from": before, "to": is_active}},
        targets=[("product", variant.product_id)],
    )
    variant.is_active, variant.updated_at = is_active, op.now
    variant.save(update_fields=["is_active", "updated_at"])
    return variant


def set_policy(
    op: Operation,
    *,
    sku: str,
    policy: str,
    backorder_units_max: int | None = None,
    available_on: date | None = None,
) -> Variant:
    """Whether more of a variant is sold than is there, how many units at most, and from which day a preorder is sent.

    What waits already keeps waiting and is filled. Raises `Missing`, `NotOfferable`.
    """
    _require(policy in Variant.Policy.values, "A policy is deny, backorder or preorder.")
    _require(
        backorder_units_max is None or 0 <= backorder_units_max <= BACKORDER_UNITS_MAX, "The limit is out of range."
    )
    _require(policy != Variant.Policy.DENY or backorder_units_max is None, "What is not promised needs no limit.")
    _require((policy == Variant.Policy.PREORDER) >= (available_on is not None), "Only a preorder has a day.")
    variant = _locked(op, sku=sku)

    fields = {"policy": policy, "backorder_units_max": backorder_units_max, "available_on": available_on}
    op.record(
        variant,
        "product.changed",
        stream=str(variant.id),
        facts={"sku": sku} | {name: {"from": getattr(variant, name), "to": value} for name, value in fields.items()},
        targets=[("product", variant.product_id)],
    )
    for name, value in fields.items():
        setattr(variant, name, value)
    variant.updated_at = op.now
    variant.save(update_fields=[*fields, "updated_at"])
    return variant


def _locked(op: Operation, *, sku: str) -> Variant:
    """The variant under its story's lock and its own; the story first, as everywhere."""
    found = Variant.objects.filter(sku=sku).values_list("id", flat=True).first()
    if found is not None:
        op.open_stream(str(found))
    return locks.variant(sku=sku)


def _require(fits: bool, sentence: str) -> None:
    if not fits:
        raise NotOfferable(sentence)
