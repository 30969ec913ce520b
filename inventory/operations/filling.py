"""What was promised beyond what was there is kept, oldest first, when stock comes.

A promise becomes a hold of its story like any other, so held never exceeds what is on hand. Each story is filled in an
operation of its own: its stream is locked first, then the levels, as everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q
from django.utils.timezone import localdate

from inventory import locks
from inventory.catalogue import Variant
from inventory.operations import waiting
from inventory.operations.holding import take
from inventory.stock import Backorder, Hold, Level
from timeline.actors import system
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from timeline.operations import Operation

VARIANTS_PER_RUN_MAX = 50
FILLS_PER_VARIANT_MAX = 200


def fill(op: Operation, *, stream: str, variant_id: UUID, by_hand: bool = False) -> int:
    """Give the story what it waits for of a variant, as far as it is there, when its turn has come; gives how many units.

    `by_hand` is a person's word: out of turn, before the day of a preorder, and down into the safety stock.
    """
    op.version(stream)
    mine = [row for row in locks.waiting(stream=stream) if row.variant_id == variant_id]
    levels = locks.levels(variant_ids=[variant_id])
    if not mine or not levels:
        return 0
    row, variant = mine[0], levels[0].variant
    if not by_hand and (variant.waits_on(localdate(op.now)) or _head(variant_id) != row.id):
        return 0
    there = sum(level.free if by_hand else level.available for level in levels if level.warehouse.is_active)
    units = min(row.quantity, there)
    if not units:
        return 0

    holds = take(
        op,
        stream=stream,
        wanted={variant_id: units},
        levels=levels,
        status=Hold.Status.COMMITTED,
        until=None,
        into_safety=by_hand,
    )
    codes = {level.warehouse_id: level.warehouse.code for level in levels}
    row.variant = variant
    op.record(
        row,
        "backorder.filled",
        stream=stream,
        facts={
            "sku": variant.sku,
            "quantity": units,
            "left": row.quantity - units,
            "warehouse": ", ".join(sorted({codes[held.warehouse_id] for held in holds})),
        },
        targets=[("variant", variant_id)],
    )
    waiting.spend(row, units, filled=units)
    waiting.count(variant_id, -units)
    return units


def fill_due(now: datetime, *, variant_ids: Sequence[UUID] | None = None) -> int:
    """Fill what waits and is there, each story in an operation of its own; gives how many units. Safe to run in twos."""
    filled = 0
    for variant_id in _ready(now, variant_ids):
        for _ in range(FILLS_PER_VARIANT_MAX):
            units = _fill_head(variant_id)
            if not units:
                break
            filled += units
    return filled


@retried
def _fill_head(variant_id: UUID) -> int:
    stream = _queue(variant_id).values_list("stream", flat=True).first()
    if stream is None:
        return 0
    with operation("stock.fill", actor=system("inventory"), stream=stream) as op:
        return fill(op, stream=stream, variant_id=variant_id)


def _ready(now: datetime, variant_ids: Sequence[UUID] | None) -> list[UUID]:
    """Variants that are waited for and lie somewhere. One statement."""
    there = Level.objects.filter(variant_id=OuterRef("pk"), warehouse__is_active=True)
    there = there.filter(on_hand__gt=F("held") + F("safety"))
    early = Q(policy=Variant.Policy.PREORDER, available_on__gt=localdate(now))
    rows = Variant.objects.filter(Exists(there), backordered__gt=0).exclude(early)
    if variant_ids is not None:
        rows = rows.filter(id__in=variant_ids)
    return list(rows.order_by("sku").values_list("id", flat=True)[:VARIANTS_PER_RUN_MAX])


def _queue(variant_id: UUID) -> QuerySet[Backorder]:
    rows = Backorder.objects.filter(variant_id=variant_id, status=Backorder.Status.WAITING)
    return rows.order_by("created_at", "id")


def _head(variant_id: UUID) -> UUID | None:
    return _queue(variant_id).values_list("id", flat=True).first()
