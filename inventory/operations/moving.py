"""The two statements by which stock moves, and the ledger rows that go with them.

Note [One conditional UPDATE]
    All levels of an operation move by one `UPDATE ... FROM (VALUES ...)` whose condition is checked by the database on
    the row as it is at that moment: nothing is read, changed and written back (F01, F06). The rows are locked before in
    (warehouse, sku) order by `locks.levels`, because an UPDATE over several rows locks them in an order of its own and
    two of them could wait for each other (F03). The CHECK constraints stand behind both. Either alone keeps the count
    right; together they also keep it fast and free of deadlocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from inventory.stock import Hold, Level, Movement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from timeline.operations import Operation

_ROOM = (
    "inventory_level.on_hand + m.on_hand_delta >= inventory_level.held + m.held_delta"
    " AND inventory_level.held + m.held_delta >= 0"
    " AND inventory_level.damaged + m.damaged_delta >= 0"
    " AND (m.held_delta <= 0 OR inventory_level.on_hand + m.on_hand_delta"
    " >= inventory_level.held + m.held_delta + inventory_level.safety * m.spared)"
)
_LEFT = "inventory_hold.quantity >= m.spent"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one level: by how much, why, in which story, and for which hold."""

    level: Level
    kind: str
    stream: str
    on_hand: int = 0
    held: int = 0
    damaged: int = 0
    hold_id: UUID | None = None


def move(op: Operation, *, steps: Sequence[Step], reason: str = "", into_safety: bool = False) -> list[Level]:
    """Change every level as the steps say and write the ledger: two statements, however many steps.

    A promise leaves the safety stock alone, unless a person reaches `into_safety`.

    Returns the levels that would not move, because too few units were free at that moment; nothing may be kept then, so
    the caller raises. Steps on one level are summed.
    """
    sums: dict[UUID, tuple[int, int, int]] = {}
    for step in steps:
        on_hand, held, damaged = sums.get(step.level.id, (0, 0, 0))
        sums[step.level.id] = (on_hand + step.on_hand, held + step.held, damaged + step.damaged)

    moved = _update_levels(sums, spared=0 if into_safety else 1)
    refused = {step.level.id: step.level for step in steps if step.level.id not in moved}
    if refused:
        return list(refused.values())
    Movement.objects.bulk_create(
        Movement(
            id=op.new_id(),
            warehouse_id=step.level.warehouse_id,
            variant_id=step.level.variant_id,
            kind=step.kind,
            on_hand_delta=step.on_hand,
            held_delta=step.held,
            damaged_delta=step.damaged,
            stream=step.stream,
            operation_id=op.id,
            hold_id=step.hold_id,
            reason=reason,
            at=op.now,
        )
        for step in steps
    )
    return []


def spend(*, units: Mapping[UUID, int], ending: str) -> set[UUID]:
    """Take units off holds, by id; a hold whose last unit goes ends as `ending`. One statement.

    Returns the ids of the holds that had enough.
    """
    if not units:
        return set()
    table = Hold._meta.db_table
    return _update(
        f"WITH m (hold, spent) AS ({_values(units, 1)}) UPDATE {table}"  # noqa: S608 constants and placeholders
        f" SET quantity = {table}.quantity - m.spent,"
        f" status = CASE WHEN {table}.quantity = m.spent THEN %s ELSE {table}.status END"
        f" FROM m WHERE {table}.id = m.hold AND {_LEFT} RETURNING id",
        [*_flat((hold, spent) for hold, spent in units.items()), ending],
    )


def _update_levels(sums: Mapping[UUID, tuple[int, int, int]], *, spared: int) -> set[UUID]:
    """Note [One conditional UPDATE]. Returns the ids of the levels that had room."""
    if not sums:
        return set()
    table = Level._meta.db_table
    return _update(
        f"WITH m (level, on_hand_delta, held_delta, damaged_delta, spared) AS ({_values(sums, 4)}) UPDATE {table}"  # noqa: S608 constants and placeholders
        f" SET on_hand = {table}.on_hand + m.on_hand_delta, held = {table}.held + m.held_delta,"
        f" damaged = {table}.damaged + m.damaged_delta"
        f" FROM m WHERE {table}.id = m.level AND {_ROOM} RETURNING id",
        _flat((level, *deltas, spared) for level, deltas in sums.items()),
    )


def _update(statement: str, values: Sequence[Any]) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        to_id = Level._meta.pk.to_python
        return {to_id(row[0]) for row in cursor.fetchall()}


def _values(rows: Mapping[UUID, Any], numbers: int) -> str:
    """`VALUES (id, n), ...`; PostgreSQL takes the types of the columns from the casts."""
    casts = ("::uuid", "::integer") if connection.vendor == "postgresql" else ("", "")
    row = f"(%s{casts[0]}{f', %s{casts[1]}' * numbers})"
    return "VALUES " + ", ".join([row] * len(rows))


def _flat(rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    adapt = Level._meta.pk.get_db_prep_value
    return [value for first, *rest in rows for value in (adapt(first, connection), *rest)]
