"""Somebody else's count of a warehouse becomes ours (B81).

Note [As of the count]
    A count says what lay there when it was taken, not when we hear of it. So it is compared with the level as the ledger had
    it at that time, and the difference is applied to the level as it is now: what we sold and received in between is neither
    lost nor taken twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Sum

from inventory import locks
from inventory.catalogue import Variant
from inventory.operations.moving import Step, move
from inventory.operations.shelves import UnknownWarehouse, ensure_levels, named
from inventory.stock import ON_HAND_UNITS_MAX, Level, Movement, Warehouse
from timeline.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from timeline.operations import Operation

COUNTS_MAX = 200


@dataclass(slots=True)
class Counted:
    """What a count came to: the change of on hand by SKU, and the SKUs that were not taken over, with the reason's code.

    `ours` says of each of those what we have: on hand, held, and when it was counted last.
    """

    changed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    ours: dict[str, dict[str, object]] = field(default_factory=dict)


def take_counts(
    op: Operation, *, warehouse_code: str, counts: Mapping[str, int], taken_at: datetime | None = None
) -> Counted:
    """Take over the units on hand that a warehouse reports, at most 200 SKUs at once: one event for the whole count.

    Note [As of the count]; without `taken_at` it was taken now. A SKU whose count leaves less than what is promised is
    refused as `promised` and left for a person; `unknown_sku`, `out_of_range` and `stale` (counted before a count we have
    taken) are refused too, the rest is taken. Raises `UnknownWarehouse`; `ValueError` for more than 200.
    """
    if len(counts) > COUNTS_MAX:
        message = f"at most {COUNTS_MAX} counts at once"
        raise ValueError(message)
    warehouse = Warehouse.objects.filter(code=warehouse_code).first()
    if warehouse is None:
        raise UnknownWarehouse
    op.open_stream(str(warehouse.id))
    variants = {variant.sku: variant.id for variant in Variant.objects.filter(sku__in=list(counts))}
    ensure_levels(op, variant_ids=variants.values(), warehouse=warehouse)
    levels = [level for level in locks.levels(variant_ids=variants.values()) if level.warehouse_id == warehouse.id]

    at = taken_at or op.now
    found = _compared(levels, counts, at, _since(warehouse, levels, at))
    steps = [
        Step(level, Movement.Kind.ADJUSTED, str(warehouse.id), on_hand=found.changed[level.variant.sku])
        for level in levels
        if level.variant.sku in found.changed
    ]
    if steps and move(op, steps=steps, reason="count"):
        raise Busy
    taken = [level.id for level in levels if level.variant.sku not in found.refused]
    Level.objects.filter(id__in=taken).update(counted_at=at)
    if steps:
        _say(op, warehouse=warehouse, steps=steps)
    return found


def _since(warehouse: Warehouse, levels: Sequence[Level], at: datetime) -> dict[UUID, int]:
    """What moved on hand after that time, by variant. One statement."""
    rows = Movement.objects.filter(
        warehouse=warehouse, variant_id__in=[level.variant_id for level in levels], at__gt=at
    )
    return dict(rows.order_by().values_list("variant_id").annotate(units=Sum("on_hand_delta")))


def _compared(levels: Sequence[Level], counts: Mapping[str, int], at: datetime, since: Mapping[UUID, int]) -> Counted:
    found = Counted(refused=dict.fromkeys(counts.keys() - {level.variant.sku for level in levels}, "unknown_sku"))
    for level in levels:
        sku = level.variant.sku
        delta = counts[sku] - (level.on_hand - since.get(level.variant_id, 0))
        if level.counted_at is not None and at < level.counted_at:
            found.refused[sku] = "stale"
        elif not 0 <= counts[sku] <= ON_HAND_UNITS_MAX or level.on_hand + delta > ON_HAND_UNITS_MAX:
            found.refused[sku] = "out_of_range"
        elif level.on_hand + delta < level.held:
            found.refused[sku] = "promised"
        elif delta:
            found.changed[sku] = delta
        if sku in found.refused:
            found.ours[sku] = {"onHand": level.on_hand, "held": level.held, "countedAt": _text(level.counted_at)}
    return found


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _say(op: Operation, *, warehouse: Warehouse, steps: Sequence[Step]) -> None:
    op.record(
        warehouse,
        "stock.adjusted",
        stream=str(warehouse.id),
        facts={
            "sku": named(step.level.variant.sku for step in steps),
            "warehouse": warehouse.code,
            "delta": sum(step.on_hand for step in steps),
            "items": [{"sku": step.level.variant.sku, "delta": step.on_hand} for step in steps],
            "reason": "count",
        },
        targets=[("variant", step.level.variant_id) for step in steps],
    )
