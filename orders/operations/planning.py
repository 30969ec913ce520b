"""The plan: which warehouse ships which units that are still to go, as the holds, lines and parcels say now.

Note [What is planned]
    Units to plan are those of a line that are neither cancelled nor in a live parcel. The holds of the order say where they
    lie; what booked parcels have yet to take out of the holds is left to them. What an open fulfilment has, it keeps as far as
    the holds cover it; the rest joins an open fulfilment of the same place which nobody arranged by hand, or becomes one of its own;
    what no hold covers awaits inventory. Planning again changes nothing where nothing changed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inventory.models import Hold
from orders import locks, sourcing
from orders.models import Fulfilment, FulfilmentLine, Line, Order
from orders.operations import whereabouts
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from timeline.operations import Operation

S = Fulfilment.Status
_BORN = {S.AWAITING_INVENTORY: "fulfilment.awaiting", S.SCHEDULED: "fulfilment.scheduled"}
_KEEPING = {S.PACKED: 0, S.PICKING: 1, S.RELEASED: 2, S.SCHEDULED: 3, S.AWAITING_INVENTORY: 4}
_PLANNED = (Order.Status.CONFIRMED, Order.Status.PROCESSING, Order.Status.SHIPPED)
Units = dict["UUID", int]


@dataclass(slots=True)
class Ground:
    """An order under its lock: its lines by id, its fulfilments, and the units of each fulfilment by line id."""

    order: Order
    lines: dict[UUID, Line]
    fulfilments: list[Fulfilment]
    units: dict[UUID, Units] = field(default_factory=dict)

    def open(self) -> list[Fulfilment]:
        """The fulfilments without a parcel that are still to be shipped."""
        return [row for row in self.fulfilments if row.is_open]

    def ready(self) -> list[Fulfilment]:
        """Those of them whose units are there and whose time has come."""
        return [row for row in self.open() if row.status in Fulfilment.READY]

    def in_parcels(self) -> list[Any]:
        """The fulfilments that have a parcel, the oldest first. A parcel moves in its order's story, so the story's lock is its own too."""
        return [row for row in self.fulfilments if row.shipment_id is not None]

    def of(self, fulfilment: Fulfilment) -> Units:
        """The units of one fulfilment."""
        return self.units.get(fulfilment.pk, {})

    def summed(self, fulfilments: Iterable[Fulfilment]) -> Units:
        """The units of several, by line id."""
        found: Units = defaultdict(int)
        for row in fulfilments:
            for pk, units in self.of(row).items():
                found[pk] += units
        return found


def read(order_id: UUID) -> Ground:
    """The order's ground, locked. Raises Missing."""
    order = locks.order(order_id)
    lines = {line.pk: line for line in locks.lines(order_id)}
    fulfilments = locks.fulfilments(order_id)
    units = {row.pk: {item.line_id: item.quantity for item in row.lines.all()} for row in fulfilments}
    return Ground(order, lines, fulfilments, units)


def plan(op: Operation, *, order_id: UUID) -> Ground:
    """Bring the open fulfilments to what is left to ship now, Note [What is planned]. Safe to repeat.

    An order that is not confirmed has none; one that is cancelled or refunded loses those it had.
    """
    return plan_on(op, ground=read(order_id))


def plan_on(op: Operation, *, ground: Ground) -> Ground:
    """The same on a ground that is read already and as it is now."""
    for row in ground.fulfilments:
        if row.shipment is not None and row.shipment.status == "cancelled" and row.status in Fulfilment.OPEN:
            advance(op, row.cancel, **facts(ground, row))
    if ground.order.status == Order.Status.PENDING:
        return ground
    if ground.order.status not in _PLANNED:
        return lay(op, ground=ground, target={row: {} for row in ground.open()}, what="closed")

    left = to_plan(ground)
    there = free_of_parcels(ground)
    target = {row: _kept(ground, row, left, there) for row in _by_progress(ground.open())}
    _distribute(op, ground, target, left, there)
    return lay(op, ground=ground, target=target, what="planned")


def to_plan(ground: Ground) -> Units:
    """Units of each line that are neither cancelled nor in a live parcel."""
    left = {pk: line.quantity - line.quantity_cancelled for pk, line in ground.lines.items()}
    for row in ground.fulfilments:
        if row.shipment_id is not None and row.status != S.CANCELLED and row.outcome not in Fulfilment.GONE:
            for pk, units in ground.of(row).items():
                left[pk] -= units
    return left


def free_of_parcels(ground: Ground) -> dict[str, Units]:
    """Promised units by warehouse code and variant, less those that booked parcels have yet to take along."""
    there: dict[str, Units] = defaultdict(lambda: defaultdict(int))
    holds = Hold.objects.filter(stream=str(ground.order.pk), status__in=Hold.LIVE)
    for code, variant_id, units in holds.values_list("warehouse__code", "variant_id", "quantity"):
        there[code][variant_id] += units
    for row in ground.fulfilments:
        if row.shipment_id is None or row.left_at is not None or row.status == S.CANCELLED:
            continue
        for pk, units in ground.of(row).items():
            _take(there, ground.lines[pk].variant_id, units, first=row.warehouse_code)
    return there


def lay(op: Operation, *, ground: Ground, target: Mapping[Fulfilment, Units], what: str) -> Ground:
    """Write down that these open fulfilments have these units: four statements and one for each event.

    One that is left without units is cancelled and keeps its lines as a record; one without lines so far is begun.
    """
    known = set(ground.fulfilments)
    changed = [row for row, units in target.items() if units and ground.of(row) != units]
    for row, units in target.items():
        if not units and row in known and row.status != S.CANCELLED:
            advance(op, row.cancel, **facts(ground, row))
            continue
        before = ground.of(row)
        ground.units[row.pk] = dict(units)
        if row not in known and units:
            kind = _BORN.get(S(row.status), "fulfilment.planned")
            begin(op, row, kind, **_words(ground, row))
            ground.fulfilments.append(row)
        elif units and before != units:
            told = facts(ground, row)
            op.record(row, "fulfilment.changed", stream=told.pop("stream"), targets=told.pop("targets"), facts={"what": what, **told})
    _write(changed, ground, fresh=target.keys() - known)
    return ground


def facts(ground: Ground, row: Fulfilment) -> dict[str, Any]:
    """What is said of a fulfilment with each of its events: its place and its units."""
    units = ground.of(row)
    return {
        "stream": str(ground.order.pk),
        "targets": [("order", ground.order.pk)],
        "warehouse": row.warehouse_code or None,
        "units": sum(units.values()),
        "items": [{"order_item_id": pk, "quantity": count} for pk, count in units.items()],
    }


def sibling(op: Operation, *, row: Fulfilment, by_hand: bool) -> Fulfilment:
    """Another fulfilment of the same order, place and time, yet without units."""
    status = S.RELEASED if row.status in (S.PICKING, S.PACKED) else row.status
    return Fulfilment(
        id=op.new_id(), order_id=row.order_id, status=status, warehouse_code=row.warehouse_code, reason=row.reason,
        by_hand=by_hand, release_at=row.release_at, created_at=op.now, released_at=op.now if status == S.RELEASED else None,
    )


def _kept(ground: Ground, row: Fulfilment, left: Units, there: Mapping[str, Units]) -> Units:
    """What an open fulfilment may keep of its units; they are taken out of what is left to plan."""
    kept: Units = {}
    if row.status == S.AWAITING_INVENTORY:
        return kept
    for pk, units in ground.of(row).items():
        variant_id = ground.lines[pk].variant_id
        share = min(units, left[pk], there[row.warehouse_code][variant_id] if row.warehouse_code in there else 0)
        if share > 0:
            kept[pk] = share
            left[pk] -= share
            there[row.warehouse_code][variant_id] -= share
    return kept


def _distribute(
    op: Operation, ground: Ground, target: dict[Fulfilment, Units], left: Units, there: Mapping[str, Units]
) -> None:
    """Give what is left to plan to the places where it lies, and what lies nowhere to those that wait."""
    parts: dict[str, Units] = {}
    for code, shelf in there.items():
        for pk in left:
            share = min(left[pk], shelf[ground.lines[pk].variant_id])
            if share > 0:
                parts.setdefault(code, {})[pk] = share
                left[pk] -= share
                shelf[ground.lines[pk].variant_id] -= share
    waiting = [row for row in target if row.status == S.AWAITING_INVENTORY]
    rest = {pk: units for pk, units in left.items() if units > 0}
    if rest:
        row = waiting.pop(0) if waiting else _new(op, ground, status=S.AWAITING_INVENTORY)
        row.reason = sourcing.waiting(sum(rest.values()))
        _keep_reason(row, ground)
        target[row] = rest
    if not parts:
        return
    variants = {ground.lines[pk].variant_id for units in parts.values() for pk in units}
    known = whereabouts.find(ground.order, variant_ids=variants)
    for code, units in parts.items():
        joined = next((row for row in target if row.warehouse_code == code and _joins(row)), None)
        row = joined or (waiting.pop(0) if waiting else _new(op, ground, status=S.RELEASED))
        target[row] = _sum(target.get(row, {}), units)
        row.warehouse_code = code
        row.reason = known.why(code, target[row], ground.lines)
        _keep_reason(row, ground)
        if row.status == S.AWAITING_INVENTORY:
            _let_go(op, ground, row, target[row])


def _let_go(op: Operation, ground: Ground, row: Fulfilment, units: Units) -> None:
    """Stock has come for one that waited: it may be picked, or is scheduled when its time is yet to come."""
    told = facts(ground, row) | {"units": sum(units.values())}
    told.pop("items")
    if row.release_at is not None and row.release_at > op.now:
        advance(op, row.schedule, release_at=row.release_at, **told)
    else:
        advance(op, row.release, at=op.now, **told)


def _joins(row: Fulfilment) -> bool:
    return not row.by_hand and row.status in (S.RELEASED, S.SCHEDULED)


def _new(op: Operation, ground: Ground, *, status: Fulfilment.Status) -> Fulfilment:
    return Fulfilment(
        id=op.new_id(), order=ground.order, status=status, created_at=op.now,
        released_at=op.now if status == S.RELEASED else None,
    )


def _keep_reason(row: Fulfilment, ground: Ground) -> None:
    """Place and reason of a row that is there already; a new one is inserted with them."""
    if any(row.pk == other.pk for other in ground.fulfilments):
        Fulfilment.objects.filter(pk=row.pk).update(warehouse_code=row.warehouse_code, reason=row.reason)


def _by_progress(rows: list[Fulfilment]) -> list[Fulfilment]:
    return sorted(rows, key=lambda row: (_KEEPING[S(row.status)], row.created_at, row.pk))


def _take(there: dict[str, Units], variant_id: UUID, units: int, *, first: str) -> None:
    """Take units out of what lies there, at this place first."""
    for code in sorted(there, key=lambda code: code != first):
        share = min(units, there[code][variant_id])
        there[code][variant_id] -= share
        units -= share


def _sum(one: Units, other: Units) -> Units:
    return {pk: one.get(pk, 0) + other.get(pk, 0) for pk in [*one, *(pk for pk in other if pk not in one)]}


def _words(ground: Ground, row: Fulfilment) -> dict[str, Any]:
    told = facts(ground, row)
    return {"stream": told.pop("stream"), "targets": told.pop("targets"), "facts": told}


def _write(changed: list[Fulfilment], ground: Ground, *, fresh: Collection[Fulfilment]) -> None:
    if not changed:
        return
    there = [row.pk for row in changed if row not in fresh]
    if there:
        FulfilmentLine.objects.filter(fulfilment__in=there).delete()
    FulfilmentLine.objects.bulk_create(
        FulfilmentLine(fulfilment=row, line_id=pk, quantity=units)
        for row in changed
        for pk, units in ground.of(row).items()
    )
