"""Reads of catalogue and stock. Each says its cost; lists are querysets, to be paged by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, IntegerField, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from inventory.catalogue import Variant
from inventory.stock import Hold, Level, Movement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.db.models import QuerySet

_FREE = F("on_hand") - F("held")


def available(variant_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Units of each variant that can be promised now, over all active warehouses; 0 where there are none. One statement."""
    wanted = list(variant_ids)
    rows = (
        Level.objects.filter(variant_id__in=wanted, warehouse__is_active=True)
        .values("variant_id")
        .annotate(free=Sum(_FREE))
        .values_list("variant_id", "free")
    )
    return dict.fromkeys(wanted, 0) | {variant_id: int(free) for variant_id, free in rows}


def list_products(q: str = "") -> QuerySet[Any]:
    """What is on sale, with its product and `available` units; `q` looks in names and SKUs. One statement, ordered by the caller."""
    free = (
        Level.objects.filter(variant_id=OuterRef("pk"), warehouse__is_active=True)
        .values("variant_id")
        .annotate(free=Sum(_FREE))
        .values("free")
    )
    rows = Variant.objects.select_related("product").filter(is_active=True, product__is_active=True)
    if q:
        rows = rows.filter(Q(sku__icontains=q) | Q(name__icontains=q) | Q(product__name__icontains=q))
    return rows.annotate(available=Coalesce(Subquery(free, output_field=IntegerField()), Value(0)))


def levels(sku: str | None = None) -> QuerySet[Level]:
    """The shelves, with warehouse, variant and product; of one SKU when it is given. One statement."""
    rows = Level.objects.select_related("warehouse", "variant__product")
    return rows if sku is None else rows.filter(variant__sku=sku)


def ledger(sku: str) -> QuerySet[Movement]:
    """Every movement of a variant, the newest first, with its warehouse. One statement."""
    return Movement.objects.select_related("warehouse").filter(variant__sku=sku).order_by("-at", "-id")


def holds(stream: str) -> list[Hold]:
    """The live holds of a story, with warehouse and variant, in (warehouse, SKU) order. One statement."""
    return list(
        Hold.objects.select_related("warehouse", "variant")
        .filter(stream=stream, status__in=Hold.LIVE)
        .order_by("warehouse__code", "variant__sku", "id")
    )
