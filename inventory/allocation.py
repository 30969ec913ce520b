"""Which warehouse gives what, and what is promised for later: pure arithmetic over levels that somebody has locked.

Note [The queue comes first]
    What waits for stock is served before what is asked for now: units that are there and fewer than those that wait are
    nobody's to take. So a variant offers what its levels have, less what is backordered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from timeline.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from uuid import UUID

    from inventory.catalogue import Variant
    from inventory.stock import Level, Warehouse

    Distance = Callable[[Warehouse], int]


class OutOfStock(Refused):
    """There is not enough of something; take less of it or leave it out."""

    slug = "out-of-stock"
    title = "Out of stock"


def divide(
    wants: Mapping[UUID, int], levels: Sequence[Level], *, variants: Mapping[UUID, Variant], today: date
) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """What is taken now of each variant, and what is promised for later where its policy allows that.

    Note [The queue comes first]; a preorder before its day is a promise alone. Raises `OutOfStock` naming every SKU that
    is short.
    """
    now: dict[UUID, int] = {}
    later: dict[UUID, int] = {}
    short: list[UUID] = []
    for variant_id, wanted in wants.items():
        variant = variants.get(variant_id)
        offered = offered_now(variant, levels, today=today) if variant is not None else 0
        rest = max(0, wanted - offered)
        left = 0 if variant is None else variant.later_units
        if rest and left is not None and rest > left:
            short.append(variant_id)
            continue
        if wanted > rest:
            now[variant_id] = wanted - rest
        if rest:
            later[variant_id] = rest
    if short:
        raise out_of_stock(short, levels, variants=variants, today=today)
    return now, later


def allocate(
    wants: Mapping[UUID, int],
    levels: Sequence[Level],
    *,
    into_safety: bool = False,
    distance: Distance | None = None,
) -> dict[UUID, int]:
    """Units to take from each level id, so that every variant gets what it wants, which `divide` said is there.

    The first active warehouse by (distance, priority, code) that can give everything gives it, so that one parcel does;
    else as few warehouses as can be are asked, each for whole variants, and a variant is spread only where none has enough.
    """
    room = {level.id: level.free if into_safety else level.available for level in levels}
    offers = _by_warehouse(levels, distance)
    for shelf in offers:
        if all(variant in shelf and room[shelf[variant].id] >= wanted for variant, wanted in wants.items()):
            return {shelf[variant].id: wanted for variant, wanted in wants.items()}

    taken, rest = _whole(wants, offers, room)
    for variant, wanted in rest.items():
        taken |= _of_one_variant(wanted, [shelf[variant].id for shelf in offers if variant in shelf], room)
    return taken


def offered_now(variant: Variant, levels: Iterable[Level], *, today: date) -> int:
    """Units of a variant that somebody who comes now may have at once; Note [The queue comes first]."""
    if variant.waits_on(today):
        return 0
    there = sum(level.available for level in levels if level.variant_id == variant.id and level.warehouse.is_active)
    return max(0, there - variant.backordered)


def out_of_stock(
    short: Iterable[UUID], levels: Sequence[Level], *, variants: Mapping[UUID, Variant], today: date
) -> OutOfStock:
    """The refusal, with each SKU and what may still be ordered of it."""
    left: dict[str, int] = {}
    for variant_id in set(short):
        variant = variants.get(variant_id)
        name = str(variant_id) if variant is None else variant.sku
        left[name] = 0 if variant is None else offered_now(variant, levels, today=today) + (variant.later_units or 0)
    names = sorted(left)
    return OutOfStock(
        f"Not enough in stock: {', '.join(names)}.",
        skus=names,
        available={name: left[name] for name in names},
    )


def _whole(
    wants: Mapping[UUID, int], offers: Sequence[Mapping[UUID, Level]], room: Mapping[UUID, int]
) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Whole variants from as few warehouses as can be: units by level id, and what no warehouse has enough of.

    Each time the warehouse is asked that can give most of what is left; between equals the preferred one.
    """
    taken: dict[UUID, int] = {}
    rest = dict(wants)
    while rest:
        best: dict[UUID, UUID] = {}
        for shelf in offers:
            gives = {
                variant: shelf[variant].id
                for variant, wanted in rest.items()
                if variant in shelf and room[shelf[variant].id] >= wanted
            }
            best = gives if len(gives) > len(best) else best
        if not best:
            break
        taken |= {level_id: rest.pop(variant) for variant, level_id in best.items()}
    return taken, rest


def _by_warehouse(levels: Sequence[Level], distance: Distance | None) -> list[dict[UUID, Level]]:
    """One mapping of variant to level for each active warehouse, the preferred first."""
    shelves: dict[tuple[int, int, str], dict[UUID, Level]] = {}
    for level in levels:
        if level.warehouse.is_active:
            far = distance(level.warehouse) if distance is not None else 0
            place = (far, level.warehouse.priority, level.warehouse.code)
            shelves.setdefault(place, {})[level.variant_id] = level
    return [shelf for _, shelf in sorted(shelves.items())]


def _of_one_variant(wanted: int, levels: Sequence[UUID], room: Mapping[UUID, int]) -> dict[UUID, int]:
    """From one level where one has enough, else from several in their order."""
    for level in levels:
        if room[level] >= wanted:
            return {level: wanted}
    parts: dict[UUID, int] = {}
    for level in levels:
        part = min(wanted, room[level])
        if part > 0:
            parts[level] = part
            wanted -= part
    return parts
