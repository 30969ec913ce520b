"""Promises beyond what is there: given where a variant's policy allows it, ended with their story. `filling` keeps them.

The limit of a variant is counted on its own row, under its lock, so it is exact however many order at once. Nothing here
moves a unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F

from inventory import locks
from inventory.allocation import OutOfStock
from inventory.catalogue import Variant
from inventory.stock import Backorder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from timeline.operations import Operation


def promise(
    op: Operation, *, stream: str, units: Mapping[UUID, int], is_quiet: bool = False
) -> list[Backorder]:
    """Promise these units for later, in the queue behind everybody who waits already; nothing when none are named.

    Says so, unless `is_quiet`: then `say_promised` does it later in the operation. Raises `OutOfStock` naming each SKU
    whose policy or limit does not allow it, and then nothing is promised.
    """
    if not units:
        return []
    variants = locks.variants(variant_ids=units)
    short = {
        variant.sku: variant.later_units or 0
        for variant in variants
        if variant.later_units is not None and variant.later_units < units[variant.id]
    }
    if short:
        names = sorted(short)
        raise OutOfStock(f"Not enough in stock: {', '.join(names)}.", skus=names, available=short)

    found = [
        Backorder(
            id=op.new_id(),
            stream=stream,
            variant=variant,
            wanted=units[variant.id],
            quantity=units[variant.id],
            created_at=op.now,
        )
        for variant in variants
    ]
    if not is_quiet:
        say(op, kind="backorder.opened", rows=found, units={row.id: row.quantity for row in found})
    Backorder.objects.bulk_create(found)
    for variant in variants:
        count(variant.id, units[variant.id])
    return found


def say_promised(op: Operation, *, stream: str) -> None:
    """Say what the story waits for, after its first event."""
    found = list(Backorder.objects.select_related("variant").filter(stream=stream, status=Backorder.Status.WAITING))
    say(op, kind="backorder.opened", rows=found, units={row.id: row.quantity for row in found})


def kept(waits: Sequence[Backorder], wanted: Mapping[UUID, int]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Of what a story waits for: what it still wants, by variant id, and what is to be ended, by backorder id."""
    still: dict[UUID, int] = {}
    ending: dict[UUID, int] = {}
    for row in waits:
        units = max(0, min(row.quantity, wanted.get(row.variant_id, 0) - still.get(row.variant_id, 0)))
        if units:
            still[row.variant_id] = still.get(row.variant_id, 0) + units
        if units < row.quantity:
            ending[row.id] = row.quantity - units
    return still, ending


def forgo(op: Operation, *, stream: str, units: Mapping[UUID, int] | None = None) -> dict[UUID, int]:
    """The story waits no more: for so many units of each variant, the youngest promise first, or for any.

    Gives the units it waited for and does no more, by variant id; that may be fewer than were named.
    """
    op.version(stream)
    waits = locks.waiting(stream=stream)
    left = {row.variant_id: row.quantity for row in waits} if units is None else dict(units)
    ending: dict[UUID, int] = {}
    ended: dict[UUID, int] = {}
    for row in reversed(waits):
        part = row.quantity if units is None else min(row.quantity, left.get(row.variant_id, 0))
        if part:
            left[row.variant_id] = left.get(row.variant_id, 0) - part
            ending[row.id] = part
            ended[row.variant_id] = ended.get(row.variant_id, 0) + part
    end(op, waits=waits, ending=ending)
    return ended


def end(op: Operation, *, waits: Sequence[Backorder], ending: Mapping[UUID, int]) -> None:
    """So many units of these backorders, by id, are not waited for any more. After the levels are locked, if they are."""
    if not ending:
        return
    known = {row.id: row for row in waits if row.id in ending}
    names = {variant.id: variant for variant in locks.variants(variant_ids={row.variant_id for row in known.values()})}
    for row in known.values():
        row.variant = names[row.variant_id]
    say(op, kind="backorder.ended", rows=list(known.values()), units=ending)
    for row_id, units in ending.items():
        spend(known[row_id], units)
        count(known[row_id].variant_id, -units)


def say(op: Operation, *, kind: str, rows: Sequence[Backorder], units: Mapping[UUID, int]) -> None:
    """One event for all of them, in their story."""
    if rows:
        op.record(
            rows[0],
            kind,
            stream=rows[0].stream,
            facts={
                "sku": ", ".join(sorted({row.variant.sku for row in rows})),
                "quantity": sum(units[row.id] for row in rows),
                "items": [{"sku": row.variant.sku, "quantity": units[row.id]} for row in rows],
                "available_on": max((row.variant.available_on for row in rows if row.variant.available_on), default=None),
            },
            targets=[("variant", row.variant_id) for row in rows],
        )


def spend(row: Backorder, units: int, *, filled: int = 0) -> None:
    """Take units off what is waited for. The row is locked by the caller."""
    row.quantity -= units
    row.filled += filled
    if not row.quantity:
        row.status = Backorder.Status.FILLED if filled else Backorder.Status.ENDED
    Backorder.objects.filter(id=row.id).update(quantity=row.quantity, filled=row.filled, status=row.status)


def count(variant_id: UUID, units: int) -> None:
    """Count what is waited for on the variant itself; the database refuses to count below nothing."""
    Variant.objects.filter(id=variant_id).update(backordered=F("backordered") + units)
