"""Units kept back, and the moment when there are few left: said once when it comes, once when it has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, Q

from inventory import locks
from inventory.operations.shelves import QuantityOutOfRange, locked, places
from inventory.stock import ON_HAND_UNITS_MAX, Level
from timeline.actors import system
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from timeline.operations import Operation

VARIANTS_PER_RUN_MAX = 200


def watch(op: Operation, *, warehouse_code: str, sku: str, safety: int, reorder_at: int | None) -> Level:
    """Keep `safety` units from being offered, and say when no more than `reorder_at` are; None is never.

    What is promised stays promised. Raises `QuantityOutOfRange`, `UnknownVariant`, `UnknownWarehouse`.
    """
    variant, (warehouse,) = places(op, sku=sku, codes=[warehouse_code])
    if not 0 <= safety <= ON_HAND_UNITS_MAX or not 0 <= (reorder_at or 0) <= ON_HAND_UNITS_MAX:
        raise QuantityOutOfRange
    level = locked(op, variant_ids=[variant.id], warehouse=warehouse)[variant.id]

    op.record(
        level,
        "stock.watched",
        stream=str(variant.id),
        facts={"sku": sku, "warehouse": warehouse_code, "safety": safety, "reorder_at": reorder_at},
        targets=[("variant", variant.id)],
    )
    level.safety, level.reorder_at = safety, reorder_at
    Level.objects.filter(id=level.id).update(safety=safety, reorder_at=reorder_at)
    return level


def watch_due(now: datetime) -> int:
    """Say which levels ran low since the last look, and which are low no more; gives how many it said. Safe to run in twos.

    A look every few seconds, and not a check at each sale: a sale must not wait for it.
    """
    low = Q(low_since=None) & Q(on_hand__lte=F("held") + F("safety") + F("reorder_at"))
    well = Q(low_since__lte=now) & (Q(reorder_at=None) | Q(on_hand__gt=F("held") + F("safety") + F("reorder_at")))
    found = Level.objects.filter(low & Q(reorder_at__isnull=False) | well).order_by("variant_id")
    variant_ids = dict.fromkeys(found.values_list("variant_id", flat=True)[:VARIANTS_PER_RUN_MAX])
    return sum(_look(variant_id) for variant_id in variant_ids)


@retried
def _look(variant_id: UUID) -> int:
    with operation("stock.watch", actor=system("inventory"), stream=str(variant_id)) as op:
        return sum(_say(op, level) for level in locks.levels(variant_ids=[variant_id]))


def _say(op: Operation, level: Level) -> bool:
    is_low = level.reorder_at is not None and level.available <= level.reorder_at
    if is_low == (level.low_since is not None):
        return False
    op.record(
        level,
        "stock.ran_low" if is_low else "stock.recovered",
        stream=str(level.variant_id),
        facts={
            "sku": level.variant.sku,
            "warehouse": level.warehouse.code,
            "available": level.available,
            "reorder_at": level.reorder_at,
        },
        targets=[("variant", level.variant_id)],
    )
    Level.objects.filter(id=level.id).update(low_since=op.now if is_low else None)
    return True
