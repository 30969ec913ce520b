"""Stock comes in, is counted anew, changes its place, comes back: what staff do, each with an event of its own.

Each verb but `restock` locks the story of the variant itself (its stream is the variant's id), so a caller opens the
operation without one. A `reason` is one of `REASONS`; any other text is free text, which is sealed with the event, and the
code is then `other`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory import locks
from inventory.catalogue import Variant
from inventory.operations.moving import Step, move
from inventory.stock import ON_HAND_UNITS_MAX, Level, Movement, Warehouse
from timeline.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from timeline.operations import Operation


REASONS = frozenset(
    {
        "correction",
        "count",
        "damaged",
        "expired",
        "found",
        "lost",
        "opening_stock",
        "purchase",
        "recount",
        "refunded_with_goods",
        "returned",
        "returned_to_origin",
        "theft",
        "transfer",
    }
)


class UnknownVariant(Invalid):
    """The shop has no variant with this SKU."""


class UnknownWarehouse(Invalid):
    """The shop has no warehouse with this code."""


class QuantityOutOfRange(Invalid):
    """So many units cannot be moved: the number is zero or below, or the shelf would hold more than a billion."""


class StockPromised(Refused):
    """Units that orders or open checkouts have been promised cannot be taken away; cancel some of those first."""


def receive(op: Operation, *, warehouse_code: str, sku: str, quantity: int, reason: str) -> Level:
    """Goods arrive: on hand rises by `quantity`.

    Raises `UnknownVariant`, `UnknownWarehouse`, `QuantityOutOfRange`.
    """
    variant, (warehouse,) = _places(op, sku=sku, codes=[warehouse_code])
    _require_positive(quantity)
    code, private = _reason(reason)
    level = _locked(op, variant_ids=[variant.id], warehouse=warehouse)[variant.id]

    _put(op, levels={level.id: level}, units={level.id: quantity}, kind=Movement.Kind.RECEIVED, reason=code)
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
    variant, (warehouse,) = _places(op, sku=sku, codes=[warehouse_code])
    if delta == 0:
        raise QuantityOutOfRange("The stock would stay as it is.", errors=[("#/delta", "Not zero.")])
    code, private = _reason(reason)
    level = _locked(op, variant_ids=[variant.id], warehouse=warehouse)[variant.id]

    _put(op, levels={level.id: level}, units={level.id: delta}, kind=Movement.Kind.ADJUSTED, reason=code)
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
    variant, (source, target) = _places(op, sku=sku, codes=[from_code, to_code])
    _require_positive(quantity)
    if source.id == target.id:
        raise QuantityOutOfRange("Both places are the same warehouse.")
    code, private = _reason(reason)
    for warehouse in (source, target):
        _ensure_levels(op, variant_ids=[variant.id], warehouse=warehouse)
    levels = {level.warehouse_id: level for level in locks.levels(variant_ids=[variant.id])}
    giving, taking = levels[source.id], levels[target.id]

    _require_room(taking, quantity)
    stream = str(variant.id)
    steps = [
        Step(giving, Movement.Kind.SENT, stream, on_hand=-quantity),
        Step(taking, Movement.Kind.TRANSFERRED, stream, on_hand=quantity),
    ]
    if move(op, steps=steps, reason=code):
        raise _promised(giving)
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
    op: Operation, *, warehouse_id: UUID, quantities: Mapping[UUID, int], stream: str, reason: str
) -> list[Level]:
    """Units that had left are received back and lie on the shelf again, by variant id: one event in the story `stream`.

    Raises `QuantityOutOfRange`, `UnknownWarehouse`.
    """
    if not quantities:
        return []
    for quantity in quantities.values():
        _require_positive(quantity)
    warehouse = Warehouse.objects.filter(id=warehouse_id).first()
    if warehouse is None:
        raise UnknownWarehouse
    code, private = _reason(reason)
    levels = _locked(op, variant_ids=quantities, warehouse=warehouse)

    _put(
        op,
        levels={level.id: level for level in levels.values()},
        units={levels[variant_id].id: quantity for variant_id, quantity in quantities.items()},
        kind=Movement.Kind.RESTOCKED,
        reason=code,
        stream=stream,
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
        },
        private=private,
        targets=[("variant", variant_id) for variant_id in sorted(quantities)],
    )
    return list(levels.values())


def _reason(reason: str) -> tuple[str, dict[str, str] | None]:
    """The code that is kept in the clear, and what is sealed: free text may speak of people."""
    return (reason, None) if reason in REASONS or not reason else ("other", {"reason": reason})


def _places(op: Operation, *, sku: str, codes: list[str]) -> tuple[Variant, list[Warehouse]]:
    variant = Variant.objects.filter(sku=sku).first()
    if variant is None:
        raise UnknownVariant(f"There is no {sku}.", errors=[("#/sku", "Unknown SKU.")])
    known = {warehouse.code: warehouse for warehouse in Warehouse.objects.filter(code__in=codes)}
    for code in codes:
        if code not in known:
            raise UnknownWarehouse(f"There is no warehouse {code}.", errors=[("#/warehouse", "Unknown warehouse.")])
    op.open_stream(str(variant.id))
    return variant, [known[code] for code in codes]


def _ensure_levels(op: Operation, *, variant_ids: Iterable[UUID], warehouse: Warehouse) -> None:
    """An empty level where there is none: a twin that makes it at the same moment is no error."""
    Level.objects.bulk_create(
        [Level(id=op.new_id(), warehouse=warehouse, variant_id=variant_id) for variant_id in sorted(variant_ids)],
        ignore_conflicts=True,
    )


def _locked(op: Operation, *, variant_ids: Iterable[UUID], warehouse: Warehouse) -> dict[UUID, Level]:
    """The warehouse's levels by variant id, made where they are missing."""
    wanted = list(variant_ids)
    _ensure_levels(op, variant_ids=wanted, warehouse=warehouse)
    return {level.variant_id: level for level in locks.levels(variant_ids=wanted) if level.warehouse_id == warehouse.id}


def _put(
    op: Operation,
    *,
    levels: Mapping[UUID, Level],
    units: Mapping[UUID, int],
    kind: Movement.Kind,
    reason: str,
    stream: str | None = None,
) -> None:
    """Change on hand by so many units of each level id."""
    for level_id, count in units.items():
        _require_room(levels[level_id], count)
    steps = [
        Step(levels[level_id], kind, stream or str(levels[level_id].variant_id), on_hand=count)
        for level_id, count in units.items()
    ]
    if refused := move(op, steps=steps, reason=reason):
        raise _promised(refused[0])
    for level_id, count in units.items():
        levels[level_id].on_hand += count


def _promised(level: Level) -> StockPromised:
    return StockPromised(
        f"Only {level.available} of {level.variant.sku} at {level.warehouse.code} are free.",
        on_hand=level.on_hand,
        held=level.held,
        available=level.available,
    )


def _require_positive(quantity: int) -> None:
    if not 1 <= quantity <= ON_HAND_UNITS_MAX:
        raise QuantityOutOfRange


def _require_room(level: Level, units: int) -> None:
    if level.on_hand + units > ON_HAND_UNITS_MAX:
        raise QuantityOutOfRange
