"""Units that somebody else keeps and sends for us: promised where they lie, and never offered to anybody.

Note [Its keeper says so]
    A channel that sends an order from its own warehouse has the units, whatever we count there. So what our count lacks is put
    there first, and the promise takes it: nothing of ours is touched, nothing is ever short, and the ledger says why. The
    place is no active warehouse: what a cancelled order leaves there waits for the next one of the same keeper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.operations.holding import merged, promise
from inventory.operations.shelves import locked, put
from inventory.stock import Hold, Movement, Warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.operations.holding import Want
    from timeline.operations import Operation


def commit_elsewhere(op: Operation, *, stream: str, wants: Sequence[Want], code: str, name: str) -> list[Hold]:
    """Promise the story these units at the keeper's place, which is made when it is first needed. Note [Its keeper says so].

    The story's first event is written already. Raises `WantOutOfRange`, `QuantityOutOfRange`.
    """
    op.version(stream)
    wanted = merged(wants)
    place = _place(op, code=code, name=name)
    levels = locked(op, variant_ids=wanted, warehouse=place)

    missing = {levels[variant].id: units - levels[variant].free for variant, units in wanted.items() if units > levels[variant].free}
    if missing:
        put(op, levels={level.id: level for level in levels.values()}, units=missing, kind=Movement.Kind.ADJUSTED, reason="at_keeper", stream=stream)
        op.record(
            place, "stock.kept_elsewhere", stream=stream,
            facts={"warehouse": place.code, "quantity": sum(missing.values()), "reason": "at_keeper"}, targets=[("variant", variant) for variant in sorted(wanted)],
        )
    parts = {levels[variant].id: units for variant, units in wanted.items()}
    # Safety stock is kept for those who buy here: nobody does at this place.
    return promise(
        op, stream=stream, parts=parts, levels=list(levels.values()), status=Hold.Status.COMMITTED, until=None, into_safety=True
    )


def _place(op: Operation, *, code: str, name: str) -> Warehouse:
    """The keeper's place; the lock on its code keeps a twin from making it too."""
    found = Warehouse.objects.filter(code=code).first()
    if found is not None:
        return found
    op.open_stream(f"warehouse-code:{code}")
    found = Warehouse.objects.filter(code=code).first()
    if found is not None:
        return found
    state = Warehouse.objects.filter(is_active=True).order_by("priority", "code").values_list("state", flat=True).first() or ""
    made = Warehouse(id=op.new_id(), code=code, name=name, state=state, priority=1000, is_active=False, created_at=op.now)
    op.open_stream(str(made.id))
    op.record(made, "warehouse.added", stream=str(made.id), facts={"warehouse": code, "state": state, "priority": made.priority})
    made.save(force_insert=True)
    return made
