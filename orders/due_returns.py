"""Approved goods that were never sent: the return expires at `send_by`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.models import Return
from orders.operations import returns
from timeline.actors import system
from timeline.operations import operation

if TYPE_CHECKING:
    from datetime import datetime

BATCH_MAX = 200


def expire_due(now: datetime) -> int:
    """End approved returns whose goods are not on their way in time; returns how many."""
    late = Return.objects.filter(status=Return.Status.APPROVED, send_by__lte=now, exchange_order=None)
    expired = 0
    for return_id, order_id in list(late.values_list("pk", "order_id")[:BATCH_MAX]):
        with operation("return.expire", actor=system("returns"), stream=str(order_id)) as op:
            if locks.ret(return_id).status == Return.Status.APPROVED:
                returns.expire(op, return_id=return_id)
                expired += 1
    return expired
