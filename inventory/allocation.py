"""Which warehouse gives what: pure arithmetic over levels that somebody has locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timeline.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from inventory.stock import Level


class OutOfStock(Refused):
    """There is not enough of something; take less of it or leave it out."""

    slug = "out-of-stock"
    title = "Out of stock"


def allocate(
    wants: Mapping[UUID, int], levels: Sequence[Level], *, skus: Mapping[UUID, str] | None = None
) -> dict[UUID, int]:
    """Units to take from each level id, so that every variant gets what it wants.

    The first active warehouse by (priority, code) that can give everything gives it, so that one parcel does; else each
    variant comes from one warehouse where one has enough, and is spread by priority only where none has. Raises
    `OutOfStock` naming every SKU that is short; `skus` names those variants that never lay anywhere.
    """
    offers = _by_warehouse(levels)
    for shelf in offers:
        if all(variant in shelf and shelf[variant].available >= wanted for variant, wanted in wants.items()):
            return {shelf[variant].id: wanted for variant, wanted in wants.items()}

    taken: dict[UUID, int] = {}
    short: list[UUID] = []
    for variant, wanted in wants.items():
        parts = _of_one_variant(wanted, [shelf[variant] for shelf in offers if variant in shelf])
        if parts is None:
            short.append(variant)
        else:
            taken |= parts
    if short:
        raise out_of_stock(short, levels, skus=skus)
    return taken


def out_of_stock(
    variants: Iterable[UUID], levels: Iterable[Level], *, skus: Mapping[UUID, str] | None = None
) -> OutOfStock:
    """The refusal, with each SKU and what is left of it."""
    known = dict(skus or {})
    left: dict[UUID, int] = {}
    for level in levels:
        known[level.variant_id] = level.variant.sku
        if level.warehouse.is_active:
            left[level.variant_id] = left.get(level.variant_id, 0) + level.available
    short = sorted((known.get(variant, str(variant)), left.get(variant, 0)) for variant in set(variants))
    names = [name for name, _ in short]
    return OutOfStock(
        f"Not enough in stock: {', '.join(names)}.",
        skus=names,
        available=dict(short),
    )


def _by_warehouse(levels: Sequence[Level]) -> list[dict[UUID, Level]]:
    """One mapping of variant to level for each active warehouse, the preferred first."""
    shelves: dict[tuple[int, str], dict[UUID, Level]] = {}
    for level in levels:
        if level.warehouse.is_active:
            place = (level.warehouse.priority, level.warehouse.code)
            shelves.setdefault(place, {})[level.variant_id] = level
    return [shelf for _, shelf in sorted(shelves.items())]


def _of_one_variant(wanted: int, levels: Sequence[Level]) -> dict[UUID, int] | None:
    """From one level where one has enough, else from several in their order; None when all together have too little."""
    for level in levels:
        if level.available >= wanted:
            return {level.id: wanted}
    parts: dict[UUID, int] = {}
    for level in levels:
        part = min(wanted, level.available)
        if part > 0:
            parts[level.id] = part
            wanted -= part
    return None if wanted else parts
