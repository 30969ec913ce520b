"""Reads of catalogue and stock. Each says its cost; lists are querysets, to be paged by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, IntegerField, OuterRef, Prefetch, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from inventory.catalogue import Variant
from inventory.outside import Conflict
from inventory.papers import CountLine, StockCount, Transfer, TransferLine
from inventory.stock import Backorder, Hold, Level, Movement
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date
    from uuid import UUID

    from django.db.models import QuerySet

# What a level offers.
_FREE = Greatest(F("on_hand") - F("held") - F("safety"), Value(0))


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be ordered now of a SKU: units that are there, and whether more is promised, for a day if it has one."""

    sku: str
    available: int
    backorder: bool
    policy: str
    available_on: date | None


def available(variant_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Units of each variant that can be promised now, over all active warehouses; 0 where there are none. One statement."""
    wanted = list(variant_ids)
    rows = _offered(Variant.objects.filter(id__in=wanted)).values_list("id", "available")
    return dict.fromkeys(wanted, 0) | dict(rows)


def availability(skus: Collection[str]) -> list[Offer]:
    """What may be ordered now of each SKU that is on sale, sorted by SKU; others are left out. One statement."""
    rows = _offered(Variant.objects.filter(sku__in=skus, is_active=True, product__is_active=True)).order_by("sku")
    return [
        Offer(variant.sku, variant.available, variant.backorder, variant.policy, variant.available_on)
        for variant in rows.only("sku", "policy", "backorder_units_max", "backordered", "available_on")
    ]


def list_products(q: str = "") -> QuerySet[Any]:
    """What is on sale, with its product and `available` units; `q` looks in names and SKUs. One statement, ordered by the caller."""
    rows = Variant.objects.select_related("product").filter(is_active=True, product__is_active=True)
    if q:
        rows = rows.filter(Q(sku__icontains=q) | Q(name__icontains=q) | Q(product__name__icontains=q))
    return _offered(rows)


def _offered(rows: QuerySet[Variant]) -> QuerySet[Any]:
    """With `available` units: what the levels offer less what waits already; none of a preorder before its day."""
    there = (
        Level.objects.filter(variant_id=OuterRef("pk"), warehouse__is_active=True)
        .order_by()
        .values("variant_id")
        .annotate(units=Sum(_FREE))
        .values("units")
    )
    early = Q(policy=Variant.Policy.PREORDER, available_on__gt=timezone.localdate())
    offered = Greatest(
        Coalesce(Subquery(there, output_field=IntegerField()), Value(0)) - F("backordered"), Value(0)
    )
    return rows.annotate(available=Case(When(early, then=Value(0)), default=offered, output_field=IntegerField()))


def levels(sku: str | None = None) -> QuerySet[Level]:
    """The shelves, with warehouse, variant and product; of one SKU when it is given. One statement."""
    rows = Level.objects.select_related("warehouse", "variant__product")
    return rows if sku is None else rows.filter(variant__sku=sku)


def units_on_hand() -> int:
    """Units on all shelves together. One statement."""
    return int(Level.objects.aggregate(n=Sum("on_hand"))["n"] or 0)


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


def waiting(stream: str) -> dict[UUID, int]:
    """Units a story was promised and waits for, by variant. One statement."""
    rows = Backorder.objects.filter(stream=stream, status=Backorder.Status.WAITING).order_by()
    return dict(rows.values_list("variant_id").annotate(units=Sum("quantity")))


def queue(sku: str | None = None) -> QuerySet[Backorder]:
    """Who waits for what, the oldest first, with the variant; of one SKU when it is given. One statement."""
    rows = Backorder.objects.select_related("variant").filter(status=Backorder.Status.WAITING)
    rows = rows if sku is None else rows.filter(variant__sku=sku)
    return rows.order_by("created_at", "id")


def low() -> QuerySet[Level]:
    """Levels that are low, with warehouse, variant and product. One statement, ordered by the caller."""
    return levels().filter(low_since__isnull=False)


def backorder(backorder_id: UUID) -> Backorder:
    """One promise, with its variant. Raises Missing."""
    found = Backorder.objects.select_related("variant").filter(id=backorder_id).first()
    if found is None:
        raise Missing
    return found


def is_known(sku: str) -> bool:
    """Whether the shop has this SKU."""
    return Variant.objects.filter(sku=sku).exists()


def transfers(*, is_open: bool = False) -> QuerySet[Transfer]:
    """Goods between two places, with places and lines; those on their way alone. Two statements, ordered by the caller."""
    lines = Prefetch(
        "lines", TransferLine.objects.select_related("variant", "transfer").order_by("variant__sku")
    )
    rows = Transfer.objects.select_related("source", "target").prefetch_related(lines)
    return rows.filter(status=Transfer.Status.IN_TRANSIT) if is_open else rows


def counts(*, is_open: bool = False) -> QuerySet[StockCount]:
    """Counts with their lines; those nobody has decided on alone. Two statements, ordered by the caller."""
    lines = Prefetch("lines", CountLine.objects.select_related("variant").order_by("variant__sku"))
    rows = StockCount.objects.select_related("warehouse").prefetch_related(lines)
    return rows.filter(status=StockCount.Status.COUNTED) if is_open else rows


def conflicts(*, is_open: bool = False) -> QuerySet[Conflict]:
    """Where a warehouse and we disagree, with the warehouse; what nobody has resolved alone. One statement, ordered by the caller."""
    rows = Conflict.objects.select_related("warehouse")
    return rows.filter(resolved_at=None) if is_open else rows


def policy_of(sku: str) -> dict[str, Any]:
    """What the shop does with an order for more than is there; nothing of a SKU it has not. One statement."""
    found = Variant.objects.filter(sku=sku).values("policy", "backorder_units_max", "available_on").first()
    return dict(found) if found is not None else {}
