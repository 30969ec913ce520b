"""What becomes of a parcel that was lost or came back: sent again, its money given back, or closed (D6), Note [Last words]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.models import Fulfilment, Line, Order
from orders.operations import fulfil, owing, planning, refund, sourcing_stock
from orders.operations.arranging import own
from orders.operations.completion import UNDELIVERED
from timeline.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from orders.operations.planning import Ground
    from timeline.operations import Operation

_ALIVE = (Order.Status.PROCESSING, Order.Status.SHIPPED)


class NothingToDecide(Refused):
    """This parcel is neither lost nor back, or what becomes of its units has been decided."""


class NotPaidYet(Refused):
    """These units are not paid: send them again, or take them off the order; there is no money that could be kept."""


def reship(op: Operation, *, order_id: UUID, fulfilment_id: UUID) -> Fulfilment:
    """Send the units of a lost or returned parcel again: stock is promised for them and they are planned anew.

    What is not free anywhere waits for stock. Raises NothingToDecide, OnHold, Missing.
    """
    ground, row = _undecided(order_id, fulfilment_id)
    if ground.order.status not in _ALIVE:
        raise NothingToDecide(f"The order is {ground.order.status}; nothing of it is sent again.")

    _decide(op, ground, row, Fulfilment.Outcome.RESHIPPED)
    if row.shipment is not None and row.shipment.status == "returned":
        _no_longer_returned(ground, row)
    fulfil.settle(op, order_id=order_id)
    ground = planning.plan(op, order_id=order_id)
    if sourcing_stock.hold_what_is_missing(op, ground=ground):
        planning.plan(op, order_id=order_id)
    return row


def give_back(op: Operation, *, order_id: UUID, fulfilment_id: UUID, reason: str, limit_minor: int | None = None) -> Fulfilment:
    """The money of a lost or returned parcel's units goes back, at exactly what they cost; an unpaid order owes less by as much.

    Raises NothingToDecide, Missing, and what `refund.give` or `owing.take_off` raise.
    """
    ground, row = _undecided(order_id, fulfilment_id)
    if not ground.order.paid_minor:
        return _drop(op, ground, row)

    _decide(op, ground, row, Fulfilment.Outcome.REFUNDED)
    refund.give(op, order_id=order_id, reason=reason, items=ground.of(row), limit_minor=limit_minor)
    fulfil.settle(op, order_id=order_id)
    return row


def _drop(op: Operation, ground: Ground, row: Fulfilment) -> Fulfilment:
    """Units nobody paid for and nobody got are taken off the order; what was held for others of it stays held."""
    order_id = ground.order.pk
    _decide(op, ground, row, Fulfilment.Outcome.DROPPED)
    if row.shipment is not None and row.shipment.status == "returned":
        _no_longer_returned(ground, row)
    fulfil.count_units(op, order_id=order_id)
    owing.take_off(op, order_id=order_id, items=ground.of(row))
    if sourcing_stock.hold_what_is_missing(op, ground=planning.plan(op, order_id=order_id)):
        planning.plan(op, order_id=order_id)
    fulfil.settle(op, order_id=order_id)
    return row


def close(op: Operation, *, order_id: UUID, fulfilment_id: UUID, reason: str) -> Fulfilment:
    """A person ends it in another way, and says how: the customer was paid otherwise, or keeps a replacement.

    Raises NothingToDecide, NotPaidYet, Missing.
    """
    ground, row = _undecided(order_id, fulfilment_id)
    _require_paid(ground)

    _decide(op, ground, row, Fulfilment.Outcome.CLOSED, private={"reason": reason})
    fulfil.settle(op, order_id=order_id)
    return row


def _undecided(order_id: UUID, fulfilment_id: UUID) -> tuple[Ground, Fulfilment]:
    ground = planning.read(order_id)
    row = own(ground, fulfilment_id)
    if row.shipment is None or row.shipment.status not in UNDELIVERED or row.outcome:
        raise NothingToDecide
    return ground, row


def _require_paid(ground: Ground) -> None:
    """Cash is collected once for the whole order, so what was not taken in keeps the order open."""
    if not ground.order.paid_minor:
        raise NotPaidYet


def _decide(
    op: Operation, ground: Ground, row: Fulfilment, outcome: Fulfilment.Outcome, *, private: Mapping[str, str] | None = None
) -> None:
    told = planning.facts(ground, row)
    op.record(
        row, "fulfilment.settled", stream=told.pop("stream"), targets=told.pop("targets"), facts={"outcome": outcome, "shipment_id": row.shipment_id, **told},
        private=private, person=ground.order.person.key,
    )
    Fulfilment.objects.filter(pk=row.pk).update(outcome=outcome, outcome_at=op.now)
    row.outcome, row.outcome_at = outcome, op.now


def _no_longer_returned(ground: Ground, row: Fulfilment) -> None:
    changed = []
    for pk, units in ground.of(row).items():
        line = ground.lines[pk]
        line.quantity_returned -= units
        changed.append(line)
    Line.objects.bulk_update(changed, ["quantity_returned"])
