"""Stock comes in, is counted anew, changes its place, comes back: what staff do, each with an event of its own.

Each verb but `restock` locks the story of the variant itself (its stream is the variant's id), so a caller opens the
operation without one. Reasons are those of `shelves`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory import locks
from inventory.operations.moving import Step, move
from inventory.operations.shelves import (
    QuantityOutOfRange,
    UnknownWarehouse,
    ensure_levels,
    locked,
    places,
    promised,
    put,
    reason_code,
    require_positive,
    require_room,
)
from inventory.stock import Level, Movement, Warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from timeline.operations import Operation


def receive(op: Operation, *, warehouse_code: str, sku: str, quantity: int, reason: str) -> Level:
    """Goods arrive: on hand rises by `quantity`.

    Raises `UnknownVariant`, `UnknownWarehouse`, `QuantityOutOfRange`.
    """
    variant, (warehouse,) = places(op, sku=sku, codes=[warehouse_code])
    require_positive(quantity)
    code, private = reason_code(reason)
    level = locked(op, variant_ids=[variant.id], warehouse=warehouse)[variant.id]

    put(op, levels={level.id: level}, units={level.id: quantity}, kind=Movement.Kind.RECEIVED, reason=code)
    op.record(
        level,
        "stock.received",
        stream=str(variant.id),
        facts={
            "sku": sku,
            "warehouse": warehouse_code,
            "quantity": quantity,
            "on_hand": level.on_hand,
            "reason": code,
        },
        private=private,
        targets=[("variant", variant.id)],
    )
    return level


def adjust(op: Operation, *, warehouse_code: str, sku: str, delta: int, reason: str) -> Level:
    """A count was wrong: on hand changes by `delta`, never to a number (F06).

    Raises `StockPromised` when less than what is held would be left, `UnknownVariant`, `UnknownWarehouse`,
    `QuantityOutOfRange` for zero.
    """
    variant, (warehouse,) = places(op, sku=sku, codes=[warehouse_code])
    if delta == 0:
        raise QuantityOutOfRange("The stock would stay as it is.", errors=[("#/delta", "Not zero.")])
    code, private = reason_code(reason)
    level = locked(op, variant_ids=[variant.id], warehouse=warehouse)[variant.id]

    put(op, levels={level.id: level}, units={level.id: delta}, kind=Movement.Kind.ADJUSTED, reason=code)
    op.record(
        level,
        "stock.adjusted",
        stream=str(variant.id),
        facts={"sku": sku, "warehouse": warehouse_code, "delta": delta, "on_hand": level.on_hand, "reason": code},
        private=private,
        targets=[("variant", variant.id)],
    )
    return level


def transfer(op: Operation, *, from_code: str, to_code: str, sku: str, quantity: int, reason: str = "") -> list[Level]:
    """Units change their place; both levels move in one statement. Returns [from, to].

    Raises `StockPromised` when too few are free at the first place, `UnknownVariant`, `UnknownWarehouse`,
    `QuantityOutOfRange`.
    """
    variant, (source, target) = places(op, sku=sku, codes=[from_code, to_code])
    require_positive(quantity)
    if source.id == target.id:
        raise QuantityOutOfRange("Both places are the same warehouse.")
    code, private = reason_code(reason)
    for warehouse in (source, target):
        ensure_levels(op, variant_ids=[variant.id], warehouse=warehouse)
    levels = {level.warehouse_id: level for level in locks.levels(variant_ids=[variant.id])}
    giving, taking = levels[source.id], levels[target.id]

    require_room(taking, quantity)
    stream = str(variant.id)
    steps = [
        Step(giving, Movement.Kind.SENT, stream, on_hand=-quantity),
        Step(taking, Movement.Kind.TRANSFERRED, stream, on_hand=quantity),
    ]
    if move(op, steps=steps, reason=code):
        raise promised(giving)
    giving.on_hand -= quantity
    taking.on_hand += quantity
    op.record(
        giving,
        "stock.transferred",
        stream=stream,
        facts={"sku": sku, "warehouse": from_code, "to_warehouse": to_code, "quantity": quantity, "reason": code},
        private=private,
        targets=[("variant", variant.id), ("level", taking.id)],
    )
    return [giving, taking]


def restock(
    op: Operation,
    *,
    warehouse_id: UUID,
    quantities: Mapping[UUID, int],
    stream: str,
    reason: str,
    damaged: bool = False,
) -> list[Level]:
    """Units that had left are received back, by variant id: one event in the story `stream`.

    They lie on the shelf again; with `damaged` they lie among the damaged ones and are never on hand. Raises `QuantityOutOfRange`, `UnknownWarehouse`.
    """
    if not quantities:
        return []
    for quantity in quantities.values():
        require_positive(quantity)
    warehouse = Warehouse.objects.filter(id=warehouse_id).first()
    if warehouse is None:
        raise UnknownWarehouse
    code, private = reason_code(reason)
    levels = locked(op, variant_ids=quantities, warehouse=warehouse)

    put(
        op,
        levels={level.id: level for level in levels.values()},
        units={levels[variant_id].id: quantity for variant_id, quantity in quantities.items()},
        kind=Movement.Kind.RESTOCKED,
        reason=code,
        stream=stream,
        damaged=damaged,
    )
    op.record(
        warehouse,
        "stock.restocked",
        stream=stream,
        facts={
            "warehouse": warehouse.code,
            "quantity": sum(quantities.values()),
            "items": [{"variant": variant_id, "quantity": units} for variant_id, units in sorted(quantities.items())],
            "reason": code,
            "damaged": damaged or None,
        },
        private=private,
        targets=[("variant", variant_id) for variant_id in sorted(quantities)],
    )
    return list(levels.values())
