"""PENDING to CONFIRMED: money is in, or a person has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.models import Order
from orders.operations.holds import require_free
from timeline.transitions import advance

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation


def confirm(op: Operation, *, order_id: UUID, by_hand: bool = False) -> Order:
    """Confirm the order. `by_hand` says in the event that a person vouched for the money.

    Raises TransitionRefused from any state but pending, OnHold while a hold stands.
    """
    order = locks.order(order_id)

    require_free(order)

    advance(op, order.confirm, at=op.now, by_hand=by_hand or None, targets=[("customer", order.person_id)])
    return order


def confirm_when_paid(op: Operation, *, order: Order) -> Order:
    """Confirm a pending order whose money is all in, or is collected at the door; anything else is left as it is."""
    if order.status == Order.Status.PENDING and not order.on_hold and (
        order.paid_minor >= order.total_minor or (order.payment_method == "cod" and not order.channel_order_id)
    ):
        advance(op, order.confirm, at=op.now, stream=str(order.pk), targets=[("customer", order.person_id)])
    return order
