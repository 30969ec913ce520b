"""Does stock add up? Levels against the ledger, promises against the holds (I1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Sum

from inventory.catalogue import Variant
from inventory.stock import Backorder, Hold, Level, Movement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from uuid import UUID

    Place = tuple[UUID, UUID]
    Counts = Mapping[Place, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two accounts of the same units disagree. `what` is on_hand, held, damaged, holds or backordered.

    What is backordered is counted by variant, whatever the warehouse.
    """

    warehouse_id: UUID | None
    variant_id: UUID
    what: str
    expected: int
    found: int


def differences() -> list[Difference]:
    """Every place where the level is not the sum of its movements, or what is held is not the sum of its live holds.

    And every variant of which not so many are backordered as wait. Five statements. Read inside one snapshot to be exact while the shop sells.
    """
    moved = {
        (row["warehouse_id"], row["variant_id"]): (row["on_hand"], row["held"], row["damaged"])
        for row in Movement.objects.values("warehouse_id", "variant_id").annotate(
            on_hand=Sum("on_hand_delta"), held=Sum("held_delta"), damaged=Sum("damaged_delta")
        )
    }
    promised = {
        (row["warehouse_id"], row["variant_id"]): row["units"]
        for row in Hold.objects.filter(status__in=Hold.LIVE)
        .values("warehouse_id", "variant_id")
        .annotate(units=Sum("quantity"))
    }
    levels = {
        (warehouse, variant): (on_hand, held, damaged)
        for warehouse, variant, on_hand, held, damaged in Level.objects.values_list(
            "warehouse_id", "variant_id", "on_hand", "held", "damaged"
        )
    }
    places = sorted(moved.keys() | promised.keys() | levels.keys())
    return [*_compared(places, levels, moved, promised), *_queues()]


def _compared(
    places: Iterable[Place], levels: Counts, moved: Counts, promised: Mapping[Place, int]
) -> Iterator[Difference]:
    for place in places:
        on_hand, held, damaged = levels.get(place, (0, 0, 0))
        moved_on_hand, moved_held, moved_damaged = moved.get(place, (0, 0, 0))
        pairs = [
            ("on_hand", moved_on_hand, on_hand),
            ("held", moved_held, held),
            ("damaged", moved_damaged, damaged),
            ("holds", promised.get(place, 0), held),
        ]
        for what, expected, found in pairs:
            if expected != found:
                yield Difference(*place, what=what, expected=expected, found=found)


def _queues() -> Iterator[Difference]:
    rows = Backorder.objects.filter(status=Backorder.Status.WAITING).order_by().values_list("variant_id")
    waits = dict(rows.annotate(units=Sum("quantity")))
    counted = dict(Variant.objects.filter(backordered__gt=0).values_list("id", "backordered"))
    for variant_id in sorted(waits.keys() | counted.keys()):
        expected, found = waits.get(variant_id, 0), counted.get(variant_id, 0)
        if expected != found:
            yield Difference(None, variant_id, what="backordered", expected=expected, found=found)
