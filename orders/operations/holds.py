"""Holds: a person says wait, and nothing moves forward until a person says go (E12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import colleagues, locks
from orders.models import Order, OrderHold
from timeline import vault
from timeline.errors import Missing, Refused

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation

HOLDS_OPEN_MAX = 10
FRAUD = (OrderHold.Reason.FRAUD, OrderHold.Reason.FRAUD_REVIEW)


class OnHold(Refused):
    """The order is on hold; release the hold first."""


class HoldsFull(Refused):
    """This order has as many open holds as an order may have; release one first."""


def hold(
    op: Operation, *, order_id: UUID, reason: str, note: str | None = None, created_by: str | None = None
) -> OrderHold:
    """Stop the order's forward steps. It is the caller's, unless something else is named that will release it. Raises HoldsFull, and TransitionRefused once the order has ended."""
    order = locks.order(order_id)

    if order.status in (Order.Status.DELIVERED, Order.Status.CANCELLED, Order.Status.REFUNDED):
        raise Refused(f"The order is {order.status}; there is nothing left to hold.")
    if OrderHold.objects.filter(order=order, released_at=None).count() >= HOLDS_OPEN_MAX:
        raise HoldsFull

    row = OrderHold(id=op.new_id(), order=order, reason=reason, created_by=created_by or op.actor.id, created_at=op.now)
    row.sealed = vault.seal(order.person.key, f"hold:{row.pk}", {"note": note}) if note else None
    op.record(
        order, "order.held", facts={"reason": reason, "hold_id": row.pk},
        private={"note": note} if note else None, person=order.person.key,
    )
    row.save(force_insert=True)
    Order.objects.filter(pk=order.pk).update(on_hold=True)
    return row


def release(op: Operation, *, order_id: UUID, hold_id: UUID) -> OrderHold:
    """Release one hold; releasing it again changes nothing. Raises Missing for a hold of another order, MayNotJudge for one for fraud.

    What waited for the release alone (an order that was paid, or whose last label came meanwhile) goes on at once.
    """
    from orders.operations import fulfil
    from orders.operations.confirm import confirm_when_paid

    order = locks.order(order_id)
    row = OrderHold.objects.filter(pk=hold_id, order=order).first()
    if row is None:
        raise Missing

    if row.released_at is not None:
        return row
    if row.reason in FRAUD:
        colleagues.require_judge(op.actor)

    op.record(order, "order.released", facts={"reason": row.reason, "hold_id": row.pk})
    OrderHold.objects.filter(pk=row.pk).update(released_at=op.now)
    row.released_at = op.now
    if not OrderHold.objects.filter(order=order, released_at=None).exists():
        Order.objects.filter(pk=order.pk).update(on_hold=False)
        order.on_hold = False
        confirm_when_paid(op, order=order)
        if order.status == Order.Status.PROCESSING:
            fulfil.settle(op, order_id=order.pk)
    return row


def require_free(order: Order) -> None:
    """Raises OnHold while any hold stands."""
    if order.on_hold:
        raise OnHold
