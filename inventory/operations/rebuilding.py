"""Levels are rebuilt from what explains them: the ledger for what lies there, the live holds for what is promised.

Nothing is put right silently: each change is an event that says from what to what, and where the ledger itself lacks a
promise that the holds have, a movement is added to it. A level that cannot be right as the ledger has it (more promised than
there) is left for a count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Sum

from inventory import locks, reconciliation
from inventory.catalogue import Variant
from inventory.operations.shelves import ensure_levels
from inventory.stock import Backorder, Hold, Level, Movement, Warehouse
from timeline.actors import system
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from timeline.operations import Operation

_COUNTS = ("on_hand", "held", "damaged")


@dataclass(slots=True)
class Rebuilt:
    """What was put right, and what could not be."""

    changed: int = 0
    left: list[str] = field(default_factory=list)


def rebuild_all() -> Rebuilt:
    """Rebuild every variant that does not add up, each in an operation of its own."""
    found = Rebuilt()
    for variant_id in sorted({difference.variant_id for difference in reconciliation.differences()}):
        done = _rebuild_one(variant_id)
        found.changed += done.changed
        found.left += done.left
    return found


@retried
def _rebuild_one(variant_id: UUID) -> Rebuilt:
    with operation("stock.rebuild", actor=system("inventory"), stream=str(variant_id)) as op:
        return rebuild(op, variant_id=variant_id)


def rebuild(op: Operation, *, variant_id: UUID) -> Rebuilt:
    """Rebuild the levels of one variant and the length of its queue. Its story is locked by the operation."""
    op.version(str(variant_id))
    warehouses = Movement.objects.filter(variant_id=variant_id).order_by().values_list("warehouse_id", flat=True)
    for warehouse in Warehouse.objects.filter(id__in=warehouses.distinct()).order_by("code"):
        ensure_levels(op, variant_ids=[variant_id], warehouse=warehouse)
    levels = locks.levels(variant_ids=[variant_id])
    (variant,) = locks.variants(variant_ids=[variant_id])
    moved, held = _moved(variant_id), _held(variant_id)

    found = Rebuilt()
    for level in levels:
        sums = moved.get(level.warehouse_id, dict.fromkeys(_COUNTS, 0))
        right = sums | {"held": held.get(level.warehouse_id, 0)}
        if not 0 <= right["held"] <= right["on_hand"] or right["damaged"] < 0:
            found.left.append(f"{variant.sku} at {level.warehouse.code}: the ledger says {right}")
            continue
        found.changed += _put_right(op, level, right, missing=right["held"] - sums["held"])
    found.changed += _count_queue(op, variant)
    return found


def _put_right(op: Operation, level: Level, right: Mapping[str, int], *, missing: int) -> bool:
    before = {name: getattr(level, name) for name in _COUNTS}
    if before == right and not missing:
        return False
    op.record(
        level,
        "stock.rebuilt",
        stream=str(level.variant_id),
        facts={
            "sku": level.variant.sku,
            "warehouse": level.warehouse.code,
            "ledger_held_delta": missing or None,
            **{name: {"from": before[name], "to": right[name]} for name in _COUNTS if before[name] != right[name]},
        },
        targets=[("variant", level.variant_id)],
    )
    if missing:
        Movement.objects.create(
            id=op.new_id(),
            warehouse_id=level.warehouse_id,
            variant_id=level.variant_id,
            kind=Movement.Kind.ADJUSTED,
            on_hand_delta=0,
            held_delta=missing,
            stream=str(level.variant_id),
            operation_id=op.id,
            reason="rebuilt",
            at=op.now,
        )
    Level.objects.filter(id=level.id).update(**right)
    return True


def _count_queue(op: Operation, variant: Variant) -> bool:
    waits = Backorder.objects.filter(variant=variant, status=Backorder.Status.WAITING)
    right = waits.aggregate(units=Sum("quantity"))["units"] or 0
    if right == variant.backordered:
        return False
    op.record(
        variant,
        "stock.rebuilt",
        stream=str(variant.id),
        facts={"sku": variant.sku, "backordered": {"from": variant.backordered, "to": right}},
    )
    Variant.objects.filter(id=variant.id).update(backordered=right)
    return True


def _moved(variant_id: UUID) -> dict[UUID, dict[str, int]]:
    rows = Movement.objects.filter(variant_id=variant_id).order_by().values("warehouse_id")
    sums = rows.annotate(on_hand=Sum("on_hand_delta"), held=Sum("held_delta"), damaged=Sum("damaged_delta"))
    return {
        row["warehouse_id"]: {"on_hand": row["on_hand"], "held": row["held"], "damaged": row["damaged"]} for row in sums
    }


def _held(variant_id: UUID) -> dict[UUID, int]:
    rows = Hold.objects.filter(variant_id=variant_id, status__in=Hold.LIVE).order_by().values_list("warehouse_id")
    return dict(rows.annotate(units=Sum("quantity")))
