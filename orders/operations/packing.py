"""Pick and pack: somebody starts, puts the box together, finds it short, and it is ready for its carrier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.models import Fulfilment, Order, ShortPick
from orders.operations import fulfil, planning, process, shelf, sourcing_stock, whereabouts
from orders.operations.arranging import own
from orders.operations.holds import require_free
from orders.operations.parting import TooManyUnits
from timeline.errors import Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from orders.operations.planning import Ground, Units
    from timeline.operations import Operation

S = Fulfilment.Status


class NotReady(Refused):
    """This fulfilment cannot be picked: it waits for stock or for its time, is packed already, or has ended."""


def start(op: Operation, *, order_id: UUID, fulfilment_id: UUID) -> Fulfilment:
    """Somebody begins to pick it; a confirmed order is being processed from here on. Repeating changes nothing.

    Raises OnHold, NotReady, TransitionRefused, Missing.
    """
    ground = planning.plan(op, order_id=order_id)
    require_free(ground.order)
    row = own(ground, fulfilment_id)
    if row.status == S.PICKING and row.is_open:
        return row
    if row.status != S.RELEASED or not row.is_open:
        raise _not_ready(row)

    if ground.order.status == Order.Status.CONFIRMED:
        process.start_processing(op, order_id=order_id)
    advance(op, row.start_picking, at=op.now, **_told(ground, row))
    return row


def put_back(op: Operation, *, order_id: UUID, fulfilment_id: UUID) -> Fulfilment:
    """Picking is left for somebody else. Raises TransitionRefused unless it is being picked, Missing."""
    ground = planning.read(order_id)
    row = own(ground, fulfilment_id)
    advance(op, row.put_back, **_told(ground, row))
    return row


def pack(
    op: Operation, *, order_id: UUID, fulfilment_id: UUID, carrier: str | None = None, service: str | None = None
) -> Fulfilment:
    """All its units are in the box; with a carrier its parcel is booked at once, so that the label comes.

    Repeating changes nothing. Raises OnHold, NotReady, TransitionRefused, Missing.
    """
    row = start_if_needed(op, order_id=order_id, fulfilment_id=fulfilment_id)
    ground = planning.read(order_id)
    row = own(ground, fulfilment_id)
    if row.status != S.PACKED:
        advance(op, row.pack, at=op.now, **_told(ground, row))
    if carrier is not None and row.shipment_id is None:
        fulfil.book_one(op, ground=ground, row=row, carrier=carrier, service=service)
    return row


def start_if_needed(op: Operation, *, order_id: UUID, fulfilment_id: UUID) -> Fulfilment:
    """The fulfilment, being picked or packed. Raises what `start` raises."""
    ground = planning.plan(op, order_id=order_id)
    require_free(ground.order)
    row = own(ground, fulfilment_id)
    if row.status in (S.PICKING, S.PACKED):
        return row
    return start(op, order_id=order_id, fulfilment_id=fulfilment_id)


def short(op: Operation, *, order_id: UUID, fulfilment_id: UUID, items: Mapping[UUID, int]) -> Fulfilment:
    """These units are not on the shelf: they are counted out of it, and the rest of the box goes on (UX F4).

    Where another place has them they are planned there, otherwise they wait for stock; either way a person is told, for
    the count of that shelf was wrong. Raises OnHold, NotReady, TooManyUnits, Missing.
    """
    ground = planning.plan(op, order_id=order_id)
    require_free(ground.order)
    row = own(ground, fulfilment_id)
    if row.status not in (S.RELEASED, S.PICKING) or not row.is_open:
        raise _not_ready(row)
    _require(ground.of(row), items)

    op.record(
        row, "fulfilment.short", stream=str(order_id), targets=[("order", order_id)],
        facts={
            "warehouse": row.warehouse_code, "units": sum(items.values()),
            "items": [{"order_item_id": pk, "quantity": units} for pk, units in items.items()],
        },
    )
    ShortPick.objects.bulk_create(
        ShortPick(
            id=op.new_id(), fulfilment=row, line_id=pk, variant_id=ground.lines[pk].variant_id, quantity=units,
            warehouse_code=row.warehouse_code, at=op.now,
        )
        for pk, units in items.items()
    )
    shelf.count_missing(
        op, stream=str(order_id), warehouse_code=row.warehouse_code, units=whereabouts.by_variant(items, ground.lines)
    )
    rest = {pk: units - items.get(pk, 0) for pk, units in ground.of(row).items() if units > items.get(pk, 0)}
    planning.lay(op, ground=ground, target={row: rest}, what="short")
    ground = planning.plan(op, order_id=order_id)
    if sourcing_stock.hold_what_is_missing(op, ground=ground):
        planning.plan(op, order_id=order_id)
    return row


def _require(has: Units, items: Mapping[UUID, int]) -> None:
    errors = [
        (f"#/items/{place}", f"{has.get(pk, 0)} units are in this fulfilment.")
        for place, (pk, units) in enumerate(items.items()) if not 1 <= units <= has.get(pk, 0)
    ]
    if errors or not items:
        raise TooManyUnits(errors=errors)


def _told(ground: Ground, row: Fulfilment) -> dict[str, object]:
    told = planning.facts(ground, row)
    told.pop("items")
    return told


def _not_ready(row: Fulfilment) -> NotReady:
    return NotReady(f"This fulfilment is {row.word.replace('_', ' ')}; what is released can be picked.")
