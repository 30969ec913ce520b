"""Set apart the units of one parcel: an open fulfilment that has exactly them, or one that is made to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.models import Fulfilment
from orders.operations import planning, shelf, whereabouts
from timeline.errors import Invalid, Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from orders.operations.planning import Ground, Units
    from timeline.operations import Operation

_RANK = {Fulfilment.Status.PACKED: 0, Fulfilment.Status.PICKING: 1, Fulfilment.Status.RELEASED: 2}
BY_HAND = "Chosen by hand."


class NothingToShip(Refused):
    """Every unit of this order is in a parcel already, or cancelled."""


class AwaitingStock(Refused):
    """Units of this order wait for stock, or for their time; ship the others as a parcel of their own."""


class TooManyUnits(Invalid):
    """The parcel asks for more units than are left to ship."""


def set_apart(op: Operation, *, ground: Ground, items: Mapping[UUID, int] | None, warehouse: str | None) -> Fulfilment:
    """The ready fulfilment with exactly these units, at this place; without items, all that lies at one place.

    Other fulfilments keep the rest. Units that lie elsewhere than at a named warehouse are promised there instead, and
    without one they travel with the parcel from where most of them lie. Raises NothingToShip, AwaitingStock, TooManyUnits,
    NoWarehouse, OutOfStock.
    """
    if warehouse is not None:
        shelf.place_of(warehouse)
    ready = ground.ready()
    if not items:
        rows = _of_one_place(ground, ready, warehouse)
        if not rows:
            raise nothing(ground)
        wanted = dict(ground.summed(rows))
    else:
        wanted = dict(items)
        _require_left(ground, wanted, ground.summed(ready))
    for row in ready:
        if ground.of(row) == wanted and warehouse in (None, row.warehouse_code):
            return row
    base = max(ready, key=lambda row: (row.warehouse_code == warehouse, _shared(ground.of(row), wanted), -_RANK[row.status]))
    target = _parted(op, ground, ready, base, wanted)
    if warehouse is not None:
        _gather(op, ground, target=target, base=base, wanted=wanted, warehouse=warehouse)
    planning.lay(op, ground=ground, target=target, what="parcel")
    return base


def release_scheduled(op: Operation, *, ground: Ground) -> None:
    """What was scheduled may go now: a person says so."""
    for row in ground.open():
        if row.status == Fulfilment.Status.SCHEDULED:
            advance(op, row.release, at=op.now, **planning.facts(ground, row))


def nothing(ground: Ground) -> Refused:
    """Why there is nothing for a parcel."""
    waits = ground.summed(ground.open())
    if waits:
        return AwaitingStock(f"{sum(waits.values())} units wait for stock or for their time; nothing else is left to ship.")
    return NothingToShip()


def _of_one_place(ground: Ground, ready: Sequence[Fulfilment], warehouse: str | None) -> list[Fulfilment]:
    """All that lies at the named place; else at the place where most lies."""
    places: dict[str, list[Fulfilment]] = {}
    for row in ready:
        places.setdefault(row.warehouse_code, []).append(row)
    if not places or warehouse in places:
        return places.get(warehouse or "", [])
    return max(places.values(), key=lambda rows: sum(ground.summed(rows).values()))


def _parted(
    op: Operation, ground: Ground, ready: Sequence[Fulfilment], base: Fulfilment, wanted: Units
) -> dict[Fulfilment, Units]:
    """The units of each fulfilment once `base` has exactly those wanted."""
    left = dict(wanted)
    target: dict[Fulfilment, Units] = {base: wanted}
    for row in [base, *(row for row in ready if row.pk != base.pk)]:
        rest: Units = {}
        for pk, units in ground.of(row).items():
            share = min(units, left.get(pk, 0))
            left[pk] = left.get(pk, 0) - share
            if units > share:
                rest[pk] = units - share
        if row.pk != base.pk:
            if rest != ground.of(row):
                target[row] = rest
        elif rest:
            target[planning.sibling(op, row=base, by_hand=base.by_hand)] = rest
    return target


def _gather(
    op: Operation, ground: Ground, *, target: Mapping[Fulfilment, Units], base: Fulfilment, wanted: Units, warehouse: str
) -> None:
    """Promise the wanted units at the named warehouse, wherever they lie now."""
    left = dict(wanted)
    for row in [base, *(row for row in ground.ready() if row.pk != base.pk)]:
        share = {pk: min(units, left.get(pk, 0)) for pk, units in ground.of(row).items() if left.get(pk, 0)}
        if share and (row.pk == base.pk or row in target):
            left = {pk: units - share.get(pk, 0) for pk, units in left.items()}
            shelf.bring(
                op, stream=str(ground.order.pk), from_code=row.warehouse_code, to_code=warehouse,
                units=whereabouts.by_variant(share, ground.lines),
            )
    if base.warehouse_code != warehouse:
        base.warehouse_code, base.reason, base.by_hand = warehouse, BY_HAND, True
        Fulfilment.objects.filter(pk=base.pk).update(warehouse_code=warehouse, reason=BY_HAND, by_hand=True)


def _require_left(ground: Ground, wanted: Mapping[UUID, int], left: Mapping[UUID, int]) -> None:
    errors = []
    for place, (pk, units) in enumerate(wanted.items()):
        if pk not in ground.lines:
            errors.append((f"#/items/{place}", "There is no such line."))
        elif units > left.get(pk, 0):
            errors.append((f"#/items/{place}", f"{max(left.get(pk, 0), 0)} units are left to ship."))
    if errors:
        raise TooManyUnits(errors=errors)


def _shared(one: Mapping[UUID, int], other: Mapping[UUID, int]) -> int:
    return sum(min(units, other.get(pk, 0)) for pk, units in one.items())
