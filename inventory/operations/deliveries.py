"""A delivery of several SKUs is taken in: one event in the story of the warehouse, a movement for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.operations.moving import Step, move
from inventory.operations.shelves import (
    QuantityOutOfRange,
    locked,
    named,
    reason_code,
    require_positive,
    require_room,
    variants_of,
    warehouse_of,
)
from inventory.stock import Level, Movement
from timeline.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from timeline.operations import Operation


@dataclass(frozen=True, slots=True)
class Goods:
    """So many units of a SKU that came, and how many of those are damaged."""

    sku: str
    quantity: int
    damaged: int = 0


def take_delivery(
    op: Operation, *, warehouse_code: str, goods: Sequence[Goods], reference: str = "", reason: str = "purchase"
) -> list[Level]:
    """Goods arrive: on hand rises by what is whole, damaged by what is not. `reference` is the supplier's delivery note.

    Raises `UnknownVariant`, `UnknownWarehouse`, `QuantityOutOfRange`.
    """
    warehouse = warehouse_of(warehouse_code)
    variants = variants_of([item.sku for item in goods])
    for item in goods:
        require_positive(item.quantity)
        if not 0 <= item.damaged <= item.quantity:
            raise QuantityOutOfRange("No more units are damaged than came.")
    code, private = reason_code(reason)
    story = str(warehouse.id)
    op.open_stream(story)
    levels = locked(op, variant_ids=[variant.id for variant in variants.values()], warehouse=warehouse)

    steps = []
    for item in goods:
        level = levels[variants[item.sku].id]
        require_room(level, item.quantity)
        whole = item.quantity - item.damaged
        steps.append(Step(level, Movement.Kind.RECEIVED, story, on_hand=whole, damaged=item.damaged))
        level.on_hand += whole
        level.damaged += item.damaged
    if move(op, steps=steps, reason=code):
        raise Busy
    op.record(
        warehouse,
        "stock.received",
        stream=story,
        facts={
            "sku": named(variants),
            "warehouse": warehouse_code,
            "quantity": sum(item.quantity for item in goods),
            "damaged": sum(item.damaged for item in goods) or None,
            "items": [{"sku": item.sku, "quantity": item.quantity, "damaged": item.damaged or None} for item in goods],
            "reference": reference or None,
            "reason": code,
        },
        private=private,
        targets=[("variant", variant.id) for variant in variants.values()],
    )
    return [levels[variants[item.sku].id] for item in goods]
