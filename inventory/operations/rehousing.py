"""Promised units are promised at another place instead: staff choose another warehouse for an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory import locks
from inventory.allocation import OutOfStock
from inventory.operations.moving import Step, move, spend
from inventory.stock import Hold, Movement
from timeline.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from inventory.stock import Level
    from timeline.operations import Operation


class NotPromisedThere(Refused):
    """Fewer units of this story are promised at that place than are to be promised elsewhere."""


def rehouse(
    op: Operation, *, stream: str, from_id: UUID, to_id: UUID, units: Mapping[UUID, int]
) -> None:
    """So many committed units of each variant are promised at warehouse `to_id` and no longer at `from_id`.

    A person says so, and may reach into the safety stock there. Both sides move in one statement. Raises `OutOfStock` naming each SKU of which too few are free there, `NotPromisedThere`;
    and then nothing has changed.
    """
    op.version(stream)
    mine = [held for held in locks.live_holds(stream=stream) if held.warehouse_id == from_id and held.variant_id in units]
    levels = locks.levels(variant_ids=units.keys())
    places = {(level.warehouse_id, level.variant_id): level for level in levels}

    given = _spread(mine, units)
    short = [
        variant_id for variant_id, count in units.items()
        if (to_id, variant_id) not in places or places[to_id, variant_id].free < count
    ]
    if short:
        raise _too_few(short, levels, to_id)

    by_id = {held.id: held for held in mine}
    if given.keys() - spend(units=given, ending=Hold.Status.RELEASED):
        raise NotPromisedThere
    found = [
        Hold(
            id=op.new_id(), stream=stream, warehouse_id=to_id, variant_id=variant_id, taken=count, quantity=count,
            status=Hold.Status.COMMITTED, expires_at=None, created_at=op.now,
        )
        for variant_id, count in units.items()
    ]
    Hold.objects.bulk_create(found)
    steps = [
        *(
            Step(places[from_id, by_id[pk].variant_id], Movement.Kind.RELEASED, stream, held=-count, hold_id=pk)
            for pk, count in given.items()
        ),
        *(
            Step(places[to_id, held.variant_id], Movement.Kind.HELD, stream, held=held.quantity, hold_id=held.id)
            for held in found
        ),
    ]
    if refused := move(op, steps=steps, into_safety=True):
        raise _too_few([level.variant_id for level in refused], levels, to_id)


def _spread(mine: Sequence[Hold], units: Mapping[UUID, int]) -> dict[UUID, int]:
    """Which holds give these units. Raises `NotPromisedThere`."""
    left = dict(units)
    given: dict[UUID, int] = {}
    for held in mine:
        share = min(held.quantity, left[held.variant_id])
        if share:
            given[held.id] = share
            left[held.variant_id] -= share
    if any(left.values()):
        raise NotPromisedThere
    return given


def _too_few(short: Sequence[UUID], levels: Sequence[Level], to_id: UUID) -> OutOfStock:
    """The refusal: each SKU, and what is free of it there."""
    skus = {level.variant_id: level.variant.sku for level in levels}
    free = {level.variant_id: level.free for level in levels if level.warehouse_id == to_id}
    left = {skus.get(variant_id, str(variant_id)): free.get(variant_id, 0) for variant_id in sorted(short)}
    return OutOfStock(f"Not enough in stock: {', '.join(sorted(left))}.", skus=sorted(left), available=left)
