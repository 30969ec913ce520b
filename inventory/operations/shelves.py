"""What the verbs of staff stand on: the place that is meant, its level under its lock, the reason, and what they refuse.

A `reason` is one of `REASONS`; any other text is free text, which is sealed with the event, and the code is then `other`.
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

LINES_MAX = 100
SKUS_NAMED_MAX = 3
REASONS = frozenset(
    {
        "at_keeper",
        "correction",
        "count",
        "damaged",
        "expired",
        "found",
        "lost",
        "opening_stock",
        "purchase",
        "rebuilt",
        "recount",
        "refunded_with_goods",
        "repaired",
        "returned",
        "returned_to_origin",
        "scrapped",
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


def reason_code(reason: str) -> tuple[str, dict[str, str] | None]:
    """The code that is kept in the clear, and what is sealed: free text may speak of people."""
    return (reason, None) if reason in REASONS or not reason else ("other", {"reason": reason})


def places(op: Operation, *, sku: str, codes: list[str]) -> tuple[Variant, list[Warehouse]]:
    """The variant and the warehouses of these codes, the variant's story locked. Raises `UnknownVariant`, `UnknownWarehouse`."""
    variant = Variant.objects.filter(sku=sku).first()
    if variant is None:
        raise UnknownVariant(f"There is no {sku}.", errors=[("#/sku", "Unknown SKU.")])
    known = {warehouse.code: warehouse for warehouse in Warehouse.objects.filter(code__in=codes)}
    for code in codes:
        if code not in known:
            raise UnknownWarehouse(f"There is no warehouse {code}.", errors=[("#/warehouse", "Unknown warehouse.")])
    op.open_stream(str(variant.id))
    return variant, [known[code] for code in codes]


def warehouse_of(code: str, *, at: str = "warehouse") -> Warehouse:
    """The warehouse of this code. Raises `UnknownWarehouse` with a pointer to where the request names it."""
    found = Warehouse.objects.filter(code=code).first()
    if found is None:
        raise UnknownWarehouse(f"There is no warehouse {code}.", errors=[(f"#/{at}", "Unknown warehouse.")])
    return found


def variants_of(skus: Iterable[str], *, at: str = "items") -> dict[str, Variant]:
    """The variants by SKU, each named once. Raises `UnknownVariant` and `QuantityOutOfRange` with a pointer to each fault."""
    wanted = list(skus)
    found = {variant.sku: variant for variant in Variant.objects.filter(sku__in=wanted)}
    unknown = [(f"#/{at}/{place}/sku", "Unknown SKU.") for place, sku in enumerate(wanted) if sku not in found]
    if unknown:
        raise UnknownVariant(errors=unknown)
    twice = [(f"#/{at}/{place}/sku", "Named twice.") for place, sku in enumerate(wanted) if sku in wanted[:place]]
    if not wanted or len(wanted) > LINES_MAX or twice:
        raise QuantityOutOfRange(f"Name 1 to {LINES_MAX} SKUs, each once.", errors=twice)
    return found


def named(skus: Iterable[str]) -> str:
    """A few SKUs in words, and how many more there are."""
    every = sorted(skus)
    more = f" and {len(every) - SKUS_NAMED_MAX} more" if len(every) > SKUS_NAMED_MAX else ""
    return ", ".join(every[:SKUS_NAMED_MAX]) + more


def ensure_levels(op: Operation, *, variant_ids: Iterable[UUID], warehouse: Warehouse) -> None:
    """An empty level where there is none: a twin that makes it at the same moment is no error."""
    Level.objects.bulk_create(
        [Level(id=op.new_id(), warehouse=warehouse, variant_id=variant_id) for variant_id in sorted(variant_ids)],
        ignore_conflicts=True,
    )


def locked(op: Operation, *, variant_ids: Iterable[UUID], warehouse: Warehouse) -> dict[UUID, Level]:
    """The warehouse's levels by variant id, made where they are missing."""
    wanted = list(variant_ids)
    ensure_levels(op, variant_ids=wanted, warehouse=warehouse)
    return {level.variant_id: level for level in locks.levels(variant_ids=wanted) if level.warehouse_id == warehouse.id}


def put(
    op: Operation,
    *,
    levels: Mapping[UUID, Level],
    units: Mapping[UUID, int],
    kind: Movement.Kind,
    reason: str,
    stream: str | None = None,
    damaged: bool = False,
) -> None:
    """Change on hand, or what is damaged, by so many units of each level id."""
    for level_id, count in units.items():
        require_room(levels[level_id], count)
    steps = [
        Step(
            levels[level_id],
            kind,
            stream or str(levels[level_id].variant_id),
            on_hand=0 if damaged else count,
            damaged=count if damaged else 0,
        )
        for level_id, count in units.items()
    ]
    if refused := move(op, steps=steps, reason=reason):
        raise promised(refused[0])
    for step in steps:
        step.level.on_hand += step.on_hand
        step.level.damaged += step.damaged


def promised(level: Level) -> StockPromised:
    """The refusal, with what is left."""
    return StockPromised(
        f"Only {level.free} of {level.variant.sku} at {level.warehouse.code} are free.",
        on_hand=level.on_hand,
        held=level.held,
        available=level.free,
    )


def require_positive(quantity: int) -> None:
    """Raises `QuantityOutOfRange` unless there is something to move."""
    if not 1 <= quantity <= ON_HAND_UNITS_MAX:
        raise QuantityOutOfRange


def require_room(level: Level, units: int) -> None:
    """Raises `QuantityOutOfRange` when the shelf would hold more than a billion."""
    if max(level.on_hand, level.damaged) + units > ON_HAND_UNITS_MAX:
        raise QuantityOutOfRange
