"""Units that cannot be sold as they are: set aside, mended, thrown away.

Damaged units lie in the warehouse and are not on hand, so no promise can be given on them. Each verb locks the story of
the variant itself and records one event there; reasons are those of `shelves`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.operations.moving import Step, move
from inventory.operations.shelves import locked, places, promised, reason_code, require_positive, require_room
from inventory.stock import Level, Movement
from timeline.errors import Refused

if TYPE_CHECKING:
    from timeline.operations import Operation


class NotDamaged(Refused):
    """So many damaged units do not lie there."""


def damage(op: Operation, *, warehouse_code: str, sku: str, quantity: int, reason: str = "damaged") -> Level:
    """Free units on hand turn out damaged and are set aside.

    Raises `StockPromised` when fewer are free, `UnknownVariant`, `UnknownWarehouse`, `QuantityOutOfRange`.
    """
    return _shift(
        op, warehouse_code=warehouse_code, sku=sku, quantity=quantity, reason=reason, kind=Movement.Kind.DAMAGED
    )


def repair(op: Operation, *, warehouse_code: str, sku: str, quantity: int, reason: str = "repaired") -> Level:
    """Damaged units are as good as new and lie on the shelf again.

    Raises `NotDamaged`, `UnknownVariant`, `UnknownWarehouse`, `QuantityOutOfRange`.
    """
    return _shift(
        op, warehouse_code=warehouse_code, sku=sku, quantity=quantity, reason=reason, kind=Movement.Kind.REPAIRED
    )


def scrap(op: Operation, *, warehouse_code: str, sku: str, quantity: int, reason: str = "scrapped") -> Level:
    """Damaged units leave for good.

    Raises `NotDamaged`, `UnknownVariant`, `UnknownWarehouse`, `QuantityOutOfRange`.
    """
    return _shift(
        op, warehouse_code=warehouse_code, sku=sku, quantity=quantity, reason=reason, kind=Movement.Kind.SCRAPPED
    )


def _shift(
    op: Operation, *, warehouse_code: str, sku: str, quantity: int, reason: str, kind: Movement.Kind
) -> Level:
    variant, (warehouse,) = places(op, sku=sku, codes=[warehouse_code])
    require_positive(quantity)
    code, private = reason_code(reason)
    level = locked(op, variant_ids=[variant.id], warehouse=warehouse)[variant.id]

    on_hand = {Movement.Kind.DAMAGED: -quantity, Movement.Kind.REPAIRED: quantity}.get(kind, 0)
    damaged = quantity if kind == Movement.Kind.DAMAGED else -quantity
    require_room(level, quantity if kind != Movement.Kind.SCRAPPED else 0)
    if move(op, steps=[Step(level, kind, str(variant.id), on_hand=on_hand, damaged=damaged)], reason=code):
        raise promised(level) if kind == Movement.Kind.DAMAGED else _too_few(level)
    level.on_hand += on_hand
    level.damaged += damaged
    op.record(
        level,
        f"stock.{kind}",
        stream=str(variant.id),
        facts={
            "sku": sku,
            "warehouse": warehouse_code,
            "quantity": quantity,
            "on_hand": level.on_hand,
            "damaged": level.damaged,
            "reason": code,
        },
        private=private,
        targets=[("variant", variant.id)],
    )
    return level


def _too_few(level: Level) -> NotDamaged:
    return NotDamaged(
        f"Only {level.damaged} damaged units of {level.variant.sku} lie at {level.warehouse.code}.", damaged=level.damaged
    )
