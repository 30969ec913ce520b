"""Somebody counts without being told what to find; somebody confirms the difference, and the levels follow.

The difference is what the level said when it was counted: what is sold between counting and confirming is neither lost nor
taken twice. Each count is its own story.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory import locks
from inventory.operations.moving import Step, move
from inventory.operations.shelves import (
    QuantityOutOfRange,
    StockPromised,
    locked,
    named,
    require_room,
    variants_of,
    warehouse_of,
)
from inventory.papers import CountLine, StockCount
from inventory.stock import ON_HAND_UNITS_MAX, Movement
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from timeline.operations import Operation


def enter_count(op: Operation, *, warehouse_code: str, counted: Mapping[str, int]) -> StockCount:
    """Write down what was counted, by SKU, beside what the levels say now. Nothing moves yet.

    Raises `UnknownVariant`, `UnknownWarehouse`, `QuantityOutOfRange`.
    """
    warehouse = warehouse_of(warehouse_code)
    variants = variants_of(counted)
    if any(not 0 <= units <= ON_HAND_UNITS_MAX for units in counted.values()):
        raise QuantityOutOfRange
    found = StockCount(id=op.new_id(), warehouse=warehouse, counted_by=_who(op), counted_at=op.now)
    story = str(found.id)
    op.open_stream(story)
    levels = locked(op, variant_ids=[variant.id for variant in variants.values()], warehouse=warehouse)

    begin(
        op,
        found,
        "count.entered",
        stream=story,
        facts={
            "sku": named(counted),
            "warehouse": warehouse_code,
            "quantity": sum(counted.values()),
            "items": [
                {"sku": sku, "counted": units, "expected": levels[variants[sku].id].on_hand}
                for sku, units in counted.items()
            ],
        },
        targets=[("warehouse", warehouse.id), *(("variant", variant.id) for variant in variants.values())],
    )
    CountLine.objects.bulk_create(
        CountLine(
            id=op.new_id(),
            count=found,
            variant=variants[sku],
            counted=units,
            expected=levels[variants[sku].id].on_hand,
        )
        for sku, units in counted.items()
    )
    return found


def confirm_count(op: Operation, *, count_id: UUID) -> StockCount:
    """The differences are real: the levels follow, all of them or none.

    Raises `Missing`, `TransitionRefused`, `StockPromised` naming each SKU of which less would be left than is promised.
    """
    op.open_stream(str(count_id))
    found, lines = locks.count(count_id)
    differing = {sku: line for sku, line in lines.items() if line.difference}

    advance(
        op,
        found.confirm,
        at=op.now,
        stream=str(found.id),
        warehouse=found.warehouse.code,
        sku=named(differing) or "nothing",
        delta=sum(line.difference for line in differing.values()),
        items=[{"sku": sku, "delta": line.difference} for sku, line in differing.items()],
        targets=[("warehouse", found.warehouse_id), *(("variant", line.variant_id) for line in differing.values())],
    )
    _sign(op, found)
    levels = locked(op, variant_ids=[line.variant_id for line in differing.values()], warehouse=found.warehouse)
    steps = []
    for line in differing.values():
        level = levels[line.variant_id]
        require_room(level, line.difference)
        steps.append(Step(level, Movement.Kind.ADJUSTED, str(found.id), on_hand=line.difference))
    refused = move(op, steps=steps, reason="count") if steps else []
    if refused:
        skus = sorted(level.variant.sku for level in refused)
        raise StockPromised(
            f"Less would be left than is promised: {', '.join(skus)}.",
            skus=skus,
            available={level.variant.sku: level.free for level in refused},
        )
    return found


def discard_count(op: Operation, *, count_id: UUID) -> StockCount:
    """Somebody miscounted: nothing changes. Raises `Missing`, `TransitionRefused`."""
    op.open_stream(str(count_id))
    found, _ = locks.count(count_id)

    advance(op, found.discard, at=op.now, stream=str(found.id), warehouse=found.warehouse.code)
    _sign(op, found)
    return found


def _sign(op: Operation, found: StockCount) -> None:
    found.decided_by = _who(op)
    StockCount.objects.filter(id=found.id).update(decided_by=found.decided_by)


def _who(op: Operation) -> str:
    return (op.actor.name or op.actor.id)[:120]
