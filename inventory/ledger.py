"""The ledger of a variant with what lay there after each movement: every unit explained, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, Sum

from inventory.stock import Movement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement, and the counts of its warehouse after it."""

    movement: Movement
    on_hand: int
    held: int
    damaged: int


def explained(rows: Sequence[Movement]) -> list[Entry]:
    """Movements of one variant, the newest first, as they stand in the ledger, with the balances. One statement more."""
    if not rows:
        return []
    newest = rows[0]
    until = Q(at__lt=newest.at) | Q(at=newest.at, id__lte=newest.id)
    sums = Movement.objects.filter(until, variant_id=newest.variant_id).order_by().values("warehouse_id")
    balances: dict[UUID, tuple[int, int, int]] = {
        row["warehouse_id"]: (row["on_hand"], row["held"], row["damaged"])
        for row in sums.annotate(on_hand=Sum("on_hand_delta"), held=Sum("held_delta"), damaged=Sum("damaged_delta"))
    }
    found = []
    for row in rows:
        on_hand, held, damaged = balances[row.warehouse_id]
        found.append(Entry(row, on_hand, held, damaged))
        balances[row.warehouse_id] = (
            on_hand - row.on_hand_delta, held - row.held_delta, damaged - row.damaged_delta,
        )  # fmt: skip
    return found
