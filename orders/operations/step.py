"""One step of an order by a person's word: the same for one order, for a batch of them and for a row of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.models import Order
from orders.operations import cancel, confirm, fulfil, notes, process
from orders.operations.actions import allowed_statuses
from timeline.errors import TransitionRefused

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation

S = Order.Status


def take(
    op: Operation, *, order_id: UUID, status: str, note: str | None = None, carrier: str | None = None,
    tracking_number: str | None = None,
) -> None:
    """Bring the order to `status` with all that follows, and keep the note. Raises TransitionRefused, OnHold."""
    if status == S.CONFIRMED:
        confirm.confirm(op, order_id=order_id, by_hand=True)
    elif status == S.PROCESSING:
        process.start_processing(op, order_id=order_id)
    elif status == S.SHIPPED:
        fulfil.ship_all(op, order_id=order_id, carrier=carrier, tracking_number=tracking_number)
    elif status == S.DELIVERED:
        fulfil.deliver_all(op, order_id=order_id)
    elif status == S.CANCELLED:
        # The note stays between staff; a reason given here would be read by the customer.
        cancel.cancel(op, order_id=order_id, code="other")
    else:
        raise TransitionRefused
    if note:
        notes.add(op, order_id=order_id, note=note, is_public=False)


def refused(*, order_id: UUID) -> TransitionRefused:
    """The refusal in a person's words, by the statuses that may be set from where the order is. One statement."""
    return refused_from(Order.objects.only("status").get(pk=order_id))


def refused_from(order: Order) -> TransitionRefused:
    """The same, of an order that is read already."""
    allowed = allowed_statuses(order)
    return TransitionRefused(
        f"The order is {order.status}; from here it may be {', '.join(allowed) or 'changed no more'}.",
        current=str(order.status), allowed=allowed,
    )
