"""CONFIRMED to PROCESSING: somebody begins to pick and pack (B18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.operations.holds import require_free
from timeline.transitions import advance

if TYPE_CHECKING:
    from uuid import UUID

    from orders.models import Order
    from timeline.operations import Operation


def start_processing(op: Operation, *, order_id: UUID) -> Order:
    """Start packing. Raises TransitionRefused, OnHold."""
    order = locks.order(order_id)

    require_free(order)

    advance(op, order.start_processing, at=op.now)
    return order
