"""Cancel single lines or units of an order, with their money and their stock (B30, PAINS 15).

Note [The money of a cancelled unit]
    Of a paid order exactly what the units cost goes back, from the frozen prices, and the units stand in the order as cancelled.
    An order that is not paid yet, or is paid at the door, owes less: the units are taken off it by the same revision as an edit,
    and what is asked for falls by exactly their worth. When the last unit goes the order itself is cancelled, with all that
    follows, the delivery charge too.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from inventory import operations as stock
from orders.models import Fulfilment, Line, Order
from orders.operations import cancel, edit_rules, fulfil, owing, planning, refund, shelf
from orders.operations.cancel import CannotCancel
from orders.operations.parting import TooManyUnits
from orders.operations.refund_parts import WorthNothing
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from orders.operations.planning import Ground, Units
    from timeline.operations import Operation

S = Order.Status
F = Fulfilment.Status
# The least progress first: units are taken from where the least work is undone.
_ORDER = {F.AWAITING_INVENTORY: 0, F.SCHEDULED: 1, F.RELEASED: 2, F.PICKING: 3, F.PACKED: 4}
_UNTOUCHED = (F.AWAITING_INVENTORY, F.SCHEDULED, F.RELEASED)


class UnitsPacked(CannotCancel):
    """These units are in a parcel, or being packed; call the parcel off first, or ask for a return."""


def cancel_units(
    op: Operation, *, order_id: UUID, items: Mapping[UUID, int], code: str = "other", reason: str | None = None,
    limit_minor: int | None = None,
) -> Order:
    """Take these units out of the order; see Note [The money of a cancelled unit].

    Above `limit_minor` the refund becomes a request that another person approves; the units are cancelled all the same. Raises
    CannotCancel, UnitsPacked, TooManyUnits, Missing, and what a refund or a revision raises.
    """
    return _cancel(op, planning.plan(op, order_id=order_id), items, code=code, reason=reason, limit_minor=limit_minor)


def cancel_units_by_customer(op: Operation, *, order_id: UUID, items: Mapping[UUID, int], reason: str | None = None) -> Order:
    """The customer takes units out that nobody has begun to pack. Raises as `cancel_units`."""
    ground = planning.plan(op, order_id=order_id)
    order = ground.order
    if order.status not in (S.PENDING, S.CONFIRMED, S.PROCESSING):
        raise CannotCancel(cancel.refusal(order), allowed=[])
    if order.status == S.PROCESSING:
        untouched = ground.summed(row for row in ground.open() if row.status in _UNTOUCHED)
        errors = _beyond(items, untouched)
        if errors:
            raise UnitsPacked("These units are being packed, or are packed: ask the shop, or for a refund.", errors=errors, allowed=[])
    return _cancel(op, ground, items, code="customer_request", reason=reason)


def take_out(op: Operation, *, order_id: UUID, items: Mapping[UUID, int], code: str) -> Order:
    """Units that somebody else called off who settles their money: they are cancelled here too, and no money moves.

    Raises CannotCancel, UnitsPacked, TooManyUnits, Missing.
    """
    ground = planning.plan(op, order_id=order_id)
    order = ground.order
    free = _free(ground)
    _require(ground, items, free)

    record(op, order=order, items=items, code=code, outcome="cancelled")
    if order.status == S.PENDING:
        units: dict[UUID, int] = {}
        for pk, count in items.items():
            units[ground.lines[pk].variant_id] = units.get(ground.lines[pk].variant_id, 0) + count
        shelf.free(op, stream=str(order_id), units=units)
    _take_out(op, ground, items)
    return fulfil.settle(op, order_id=order_id)


def record(op: Operation, *, order: Order, items: Mapping[UUID, int], code: str, outcome: str, reason: str | None = None) -> None:
    """Write down that these units are not sent: `cancelled` on an order that keeps its sums, or `taken_off` it."""
    op.record(
        order, "order.units_cancelled", stream=str(order.pk), targets=[("customer", order.person_id)],
        facts={
            "code": code, "units": sum(items.values()),
            "items": [{"order_item_id": pk, "quantity": units} for pk, units in items.items()], "outcome": outcome,
        },
        private={"reason": reason} if reason else None, person=order.person.key,
    )


def _cancel(
    op: Operation, ground: Ground, items: Mapping[UUID, int], *, code: str, reason: str | None, limit_minor: int | None = None
) -> Order:
    order, order_id = ground.order, ground.order.pk
    _require(ground, items, _free(ground))

    if all(items.get(pk, 0) == line.quantity - line.quantity_cancelled for pk, line in ground.lines.items()):
        return cancel.cancel(op, order_id=order_id, code=code, reason=reason)
    record(op, order=order, items=items, code=code, outcome="cancelled" if order.paid_minor else "taken_off", reason=reason)
    if not order.paid_minor:
        _take_off(op, order_id, items)
        return fulfil.settle(op, order_id=order_id)
    _take_out(op, ground, items)
    with contextlib.suppress(WorthNothing):
        refund.give(
            op, order_id=order_id, reason=reason or _WORDS[code], items=items, limit_minor=limit_minor,
            reason_code="units_cancelled",
        )
    return fulfil.settle(op, order_id=order_id)


def _free(ground: Ground) -> Mapping[UUID, int]:
    """Units by line that nobody packed yet. Raises CannotCancel for an order that has none to give."""
    order = ground.order
    if order.status not in (S.PENDING, S.CONFIRMED, S.PROCESSING, S.SHIPPED):
        raise CannotCancel(f"The order is {order.status}; nothing of it can be cancelled.", allowed=[])
    return ground.summed(ground.open()) if order.status != S.PENDING else {pk: line.to_ship for pk, line in ground.lines.items()}


def _take_off(op: Operation, order_id: UUID, items: Mapping[UUID, int]) -> None:
    """Nothing was paid for them: the order is lowered by exactly their worth."""
    try:
        owing.take_off(op, order_id=order_id, items=items)
    except edit_rules.NotEditable as error:
        raise CannotCancel(error.detail, allowed=[]) from error


def _take_out(op: Operation, ground: Ground, items: Mapping[UUID, int]) -> None:
    """The units are cancelled, leave their fulfilments, and what was promised for them is free again where it lies.

    Those that lie nowhere (place `""`) are waited for no more.
    """
    left = dict(items)
    target: dict[Fulfilment, Units] = {}
    free: dict[str, Units] = {}
    for row in sorted(ground.open(), key=lambda row: (_ORDER[F(row.status)], row.created_at, row.pk)):
        rest: Units = {}
        for pk, units in ground.of(row).items():
            share = min(units, left.get(pk, 0))
            left[pk] = left.get(pk, 0) - share
            if units > share:
                rest[pk] = units - share
            if share:
                shelf_ = free.setdefault(row.warehouse_code if row.status != F.AWAITING_INVENTORY else "", {})
                variant = ground.lines[pk].variant_id
                shelf_[variant] = shelf_.get(variant, 0) + share
        if rest != ground.of(row):
            target[row] = rest
    changed = []
    for pk, units in items.items():
        line = ground.lines[pk]
        line.quantity_cancelled += units
        line.updated_at = op.now
        changed.append(line)
    Line.objects.bulk_update(changed, ["quantity_cancelled", "updated_at"])
    planning.lay(op, ground=ground, target=target, what="units_cancelled")
    story = str(ground.order.pk)
    if coming := free.pop("", None):
        stock.forgo(op, stream=story, units=coming)
    shelf.free_at(op, stream=story, places=free)


def _require(ground: Ground, items: Mapping[UUID, int], free: Mapping[UUID, int]) -> None:
    if not items:
        raise TooManyUnits(errors=[("#/items", "Name at least one unit.")])
    if not items.keys() <= ground.lines.keys():
        raise Missing
    errors = _beyond(items, free)
    if errors:
        packed = any(units <= ground.lines[pk].quantity - ground.lines[pk].quantity_cancelled for pk, units in items.items())
        raise UnitsPacked(errors=errors, allowed=[]) if packed else TooManyUnits(errors=errors)


def _beyond(items: Mapping[UUID, int], free: Mapping[UUID, int]) -> list[tuple[str, str]]:
    return [
        (f"#/items/{place}", f"{max(free.get(pk, 0), 0)} units can be cancelled.")
        for place, (pk, units) in enumerate(items.items()) if units > free.get(pk, 0)
    ]


_WORDS = {
    "customer_request": "The customer asked", "out_of_stock": "Out of stock", "payment_overdue": "Not paid in time",
    "fraud": "Looks like fraud", "address": "The address is wrong", "other": "Cancelled",
}
