"""The plan changed by hand: another warehouse, a split, a merge, a time, a release. Planning keeps to what a person arranged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orders.models import Fulfilment
from orders.operations import planning, shelf, sourcing_stock, whereabouts
from orders.operations.holds import require_free
from orders.operations.parting import BY_HAND, AwaitingStock, TooManyUnits
from timeline.errors import Invalid, Missing, Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from orders.operations.planning import Ground, Units
    from timeline.operations import Operation

S = Fulfilment.Status
RELEASE_DAYS_MAX = 366
_ARRANGEABLE = (S.RELEASED, S.SCHEDULED)


class CannotArrange(Refused):
    """This fulfilment is being picked, has a parcel, or has ended; only what is planned can be arranged."""


class NothingLeft(Invalid):
    """A split leaves units on both sides."""


class NotOneFulfilment(Refused):
    """Only fulfilments of one order and one warehouse can be merged."""


class NotATime(Invalid):
    """A release is scheduled into the future, and at most a year ahead."""


def move(op: Operation, *, order_id: UUID, fulfilment_id: UUID, warehouse: str) -> Fulfilment:
    """Another warehouse ships it: its units are promised there instead.

    Raises CannotArrange, NoWarehouse, OutOfStock naming what is not free there, and then nothing has changed; Missing.
    """
    ground = planning.plan(op, order_id=order_id)
    row = _planned(ground, fulfilment_id)
    place = shelf.place_of(warehouse)
    if row.warehouse_code == place.code:
        return row

    before = row.warehouse_code
    shelf.bring(
        op, stream=str(order_id), from_code=before, to_code=place.code,
        units=whereabouts.by_variant(ground.of(row), ground.lines),
    )
    row.warehouse_code, row.reason, row.by_hand = place.code, BY_HAND, True
    _record(op, ground, row, what="moved", before=before)
    Fulfilment.objects.filter(pk=row.pk).update(warehouse_code=place.code, reason=BY_HAND, by_hand=True)
    return row


def split(op: Operation, *, order_id: UUID, fulfilment_id: UUID, items: Mapping[UUID, int]) -> Fulfilment:
    """These units become a fulfilment of their own, which is returned.

    Raises CannotArrange, TooManyUnits, NothingLeft, Missing.
    """
    ground = planning.plan(op, order_id=order_id)
    row = _planned(ground, fulfilment_id)
    has = ground.of(row)
    errors = [
        (f"#/items/{place}", f"{has.get(pk, 0)} units are in this fulfilment.")
        for place, (pk, units) in enumerate(items.items()) if units > has.get(pk, 0)
    ]
    if errors:
        raise TooManyUnits(errors=errors)
    rest: Units = {pk: units - items.get(pk, 0) for pk, units in has.items() if units > items.get(pk, 0)}
    if not rest or not items:
        raise NothingLeft

    made = planning.sibling(op, row=row, by_hand=True)
    _by_hand(row)
    planning.lay(op, ground=ground, target={row: rest, made: dict(items)}, what="split")
    return made


def merge(op: Operation, *, order_id: UUID, fulfilment_id: UUID, into_id: UUID) -> Fulfilment:
    """Its units join another fulfilment of the same order and place, which is returned; it ends.

    Raises CannotArrange, NotOneFulfilment, Missing.
    """
    ground = planning.plan(op, order_id=order_id)
    row, into = _planned(ground, fulfilment_id), _planned(ground, into_id)
    if row.pk == into.pk or row.warehouse_code != into.warehouse_code:
        raise NotOneFulfilment

    planning.lay(op, ground=ground, target={row: {}, into: dict(ground.summed([into, row]))}, what="merged")
    return into


def schedule(op: Operation, *, order_id: UUID, fulfilment_id: UUID, release_at: datetime) -> Fulfilment:
    """It is not picked before this time; a sweep releases it then. Raises CannotArrange, NotATime, Missing."""
    ground = planning.plan(op, order_id=order_id)
    row = own(ground, fulfilment_id)
    if not op.now < release_at <= op.now + timedelta(days=RELEASE_DAYS_MAX):
        raise NotATime(errors=[("#/releaseAt", "In the future, and at most a year ahead.")])

    if row.status == S.RELEASED and row.is_open:
        advance(op, row.schedule, release_at=release_at, **planning.facts(ground, row))
    elif row.status in (S.SCHEDULED, S.AWAITING_INVENTORY) and row.is_open:
        row.release_at = release_at
        _record(op, ground, row, what="scheduled", release_at=release_at)
        Fulfilment.objects.filter(pk=row.pk).update(release_at=release_at)
    else:
        raise CannotArrange
    _by_hand(row)
    return row


def release(op: Operation, *, order_id: UUID, fulfilment_id: UUID) -> Fulfilment:
    """It may be picked now, although its time is yet to come, or because its stock has come; repeating changes nothing.

    Raises OnHold, AwaitingStock while its units are nowhere, CannotArrange, Missing.
    """
    ground = planning.plan(op, order_id=order_id)
    row = own(ground, fulfilment_id)
    require_free(ground.order)

    if row.status == S.AWAITING_INVENTORY:
        sourcing_stock.hold_what_is_missing(op, ground=ground)
        ground = planning.plan(op, order_id=order_id)
        row = own(ground, fulfilment_id)
        if row.status in (S.AWAITING_INVENTORY, S.CANCELLED):
            raise AwaitingStock
    if row.status == S.SCHEDULED:
        advance(op, row.release, at=op.now, **planning.facts(ground, row))
    if row.status not in Fulfilment.READY:
        raise CannotArrange
    return row


def own(ground: Ground, fulfilment_id: UUID) -> Fulfilment:
    """The fulfilment of this order. Raises Missing."""
    found = next((row for row in ground.fulfilments if row.pk == fulfilment_id), None)
    if found is None:
        raise Missing
    return found


def _planned(ground: Ground, fulfilment_id: UUID) -> Fulfilment:
    row = own(ground, fulfilment_id)
    if not row.is_open or row.status not in _ARRANGEABLE:
        raise CannotArrange(f"This fulfilment is {row.word.replace('_', ' ')}; only what is planned can be arranged.")
    return row


def _by_hand(row: Fulfilment) -> None:
    Fulfilment.objects.filter(pk=row.pk).update(by_hand=True)
    row.by_hand = True


def _record(op: Operation, ground: Ground, row: Fulfilment, *, what: str, **more: object) -> None:
    told = planning.facts(ground, row)
    op.record(
        row, "fulfilment.changed", stream=str(ground.order.pk), targets=[("order", ground.order.pk)],
        facts={"what": what, **more, **{name: told[name] for name in ("warehouse", "units", "items")}},
    )
