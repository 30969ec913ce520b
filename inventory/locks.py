"""Rows of stock, fetched under their lock. Streams first, then these, in (warehouse, sku) order: the only order there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from inventory.catalogue import Variant
from inventory.papers import CountLine, StockCount, Transfer, TransferLine
from inventory.stock import Backorder, Hold, Level
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID


def levels(*, variant_ids: Collection[UUID]) -> list[Level]:
    """Every level of the variants, in (warehouse, sku) order, with warehouse and variant: one statement.

    The order of codes, not of priorities: a priority may change while somebody waits, a code never does.
    """
    return list(
        Level.objects.select_for_update(no_key=True, of=("self",))
        .select_related("warehouse", "variant")
        .filter(variant_id__in=list(variant_ids))
        .order_by("warehouse__code", "variant__sku")
    )


def live_holds(*, stream: str) -> list[Hold]:
    """The live holds of a story with their warehouse. The story's own lock decides who writes; this one keeps the rows from everybody else."""
    rows = Hold.objects.select_for_update(no_key=True, of=("self",)).select_related("warehouse")
    return list(rows.filter(stream=stream, status__in=Hold.LIVE).order_by("id"))


def holds(*, hold_ids: Collection[UUID]) -> list[Hold]:
    """The holds of these ids, sorted by id; those that are not there are left out."""
    return list(Hold.objects.select_for_update(no_key=True).filter(id__in=list(hold_ids)).order_by("id"))


def due_holds(*, stream: str, now: datetime) -> list[Hold]:
    """The story's holds that have outlived their time."""
    due = Q(status=Hold.Status.HELD, expires_at__lte=now)
    return list(Hold.objects.select_for_update(no_key=True).filter(due, stream=stream).order_by("id"))


def waiting(*, stream: str) -> list[Backorder]:
    """What the story waits for, the oldest first."""
    rows = Backorder.objects.select_for_update(no_key=True).filter(stream=stream, status=Backorder.Status.WAITING)
    return list(rows.order_by("created_at", "id"))


def variants(*, variant_ids: Collection[UUID]) -> list[Variant]:
    """The variants of these ids, sorted by SKU. After the levels: the last of stock's locks."""
    rows = Variant.objects.select_for_update(no_key=True, of=("self",)).filter(id__in=list(variant_ids))
    return list(rows.order_by("sku"))


def transfer(transfer_id: UUID) -> tuple[Transfer, dict[str, TransferLine]]:
    """The transfer with its places, and its lines by SKU. Raises Missing."""
    rows = Transfer.objects.select_for_update(no_key=True, of=("self",)).select_related("source", "target")
    found = rows.filter(id=transfer_id).first()
    if found is None:
        raise Missing
    lines = TransferLine.objects.select_related("variant").filter(transfer=found).order_by("variant__sku")
    return found, {line.variant.sku: line for line in lines}


def count(count_id: UUID) -> tuple[StockCount, dict[str, CountLine]]:
    """The count with its warehouse, and its lines by SKU. Raises Missing."""
    rows = StockCount.objects.select_for_update(no_key=True, of=("self",)).select_related("warehouse")
    found = rows.filter(id=count_id).first()
    if found is None:
        raise Missing
    lines = CountLine.objects.select_related("variant").filter(count=found).order_by("variant__sku")
    return found, {line.variant.sku: line for line in lines}


def variant(*, sku: str) -> Variant:
    """The variant with its product. Raises Missing."""
    found = (
        Variant.objects.select_for_update(no_key=True, of=("self",)).select_related("product").filter(sku=sku).first()
    )
    if found is None:
        raise Missing
    return found
