"""Somebody else's count of a warehouse becomes ours (B81)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory import locks
from inventory.catalogue import Variant
from inventory.operations.moving import Step, move
from inventory.operations.shelves import UnknownWarehouse, named
from inventory.stock import ON_HAND_UNITS_MAX, Level, Movement, Warehouse
from timeline.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from timeline.operations import Operation

COUNTS_MAX = 200


@dataclass(slots=True)
class Counted:
    """What a count came to: the change of on hand by SKU, and the SKUs that were not taken over, with the reason's code."""

    changed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def take_counts(op: Operation, *, warehouse_code: str, counts: Mapping[str, int]) -> Counted:
    """Take over the units on hand that a warehouse reports, at most 200 SKUs at once: one event for the whole count.

    The difference is reckoned under the lock, so a sale in between is not lost. A SKU whose count is below what is
    promised is refused as `promised` and left for a person; `unknown` and `out_of_range` are refused too, the rest is
    taken. Raises `UnknownWarehouse`; `ValueError` for more than 200.
    """
    if len(counts) > COUNTS_MAX:
        message = f"at most {COUNTS_MAX} counts at once"
        raise ValueError(message)
    warehouse = Warehouse.objects.filter(code=warehouse_code).first()
    if warehouse is None:
        raise UnknownWarehouse
    op.open_stream(str(warehouse.id))
    variants = {variant.sku: variant.id for variant in Variant.objects.filter(sku__in=list(counts))}
    Level.objects.bulk_create(
        [Level(id=op.new_id(), warehouse=warehouse, variant_id=variants[sku]) for sku in sorted(variants)],
        ignore_conflicts=True,
    )
    levels = [level for level in locks.levels(variant_ids=variants.values()) if level.warehouse_id == warehouse.id]

    found = _compared(levels, counts)
    steps = [
        Step(level, Movement.Kind.ADJUSTED, str(warehouse.id), on_hand=found.changed[level.variant.sku])
        for level in levels
        if level.variant.sku in found.changed
    ]
    if steps and move(op, steps=steps, reason="count"):
        raise Busy
    if steps:
        _say(op, warehouse=warehouse, steps=steps)
    return found


def _compared(levels: Sequence[Level], counts: Mapping[str, int]) -> Counted:
    found = Counted(refused=dict.fromkeys(counts.keys() - {level.variant.sku for level in levels}, "unknown"))
    for level in levels:
        sku, counted = level.variant.sku, counts[level.variant.sku]
        if not 0 <= counted <= ON_HAND_UNITS_MAX:
            found.refused[sku] = "out_of_range"
        elif counted < level.held:
            found.refused[sku] = "promised"
        elif counted != level.on_hand:
            found.changed[sku] = counted - level.on_hand
    return found


def _say(op: Operation, *, warehouse: Warehouse, steps: Sequence[Step]) -> None:
    skus = [step.level.variant.sku for step in steps]
    op.record(
        warehouse,
        "stock.adjusted",
        stream=str(warehouse.id),
        facts={
            "sku": named(skus),
            "warehouse": warehouse.code,
            "delta": sum(step.on_hand for step in steps),
            "items": [{"sku": step.level.variant.sku, "delta": step.on_hand} for step in steps],
            "reason": "count",
        },
        targets=[("variant", step.level.variant_id) for step in steps],
    )
