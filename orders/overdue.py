"""Nobody pays: the order is cancelled at `payment_due_at`, its stock is free again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.models import Order
from orders.operations.cancel import cancel
from timeline.actors import system
from timeline.operations import operation

if TYPE_CHECKING:
    from datetime import datetime

BATCH_MAX = 200
_WAITING = ("unpaid", "failed")


def cancel_due(now: datetime) -> int:
    """Cancel pending orders past their due time whose money is neither in nor in doubt; returns how many."""
    late = Order.objects.filter(status=Order.Status.PENDING, payment_due_at__lte=now, payment_state__in=_WAITING)
    cancelled = 0
    for order_id in list(late.values_list("pk", flat=True)[:BATCH_MAX]):
        with operation("order.overdue", actor=system("checkout"), stream=str(order_id)) as op:
            order = locks.order(order_id)
            if order.status == Order.Status.PENDING and order.payment_state in _WAITING:
                cancel(op, order_id=order_id, code="payment_overdue")
                cancelled += 1
    return cancelled
