"""What each parcel of an order collects at the door: its own units' worth, and all parcels together exactly what is due.

The first parcel also collects the delivery charge, the last one what the others leave. A parcel that was cancelled, or whose
units were sent again, collects nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from orders.models import Fulfilment
from orders.operations import planning
from orders.pricing.snapshot import refund_share

if TYPE_CHECKING:
    from uuid import UUID

    from orders.operations.planning import Ground


def of_parcel(ground: Ground, row: Fulfilment) -> int:
    """The amount in minor units that the parcel of this fulfilment is to collect."""
    others = [
        other for other in ground.fulfilments
        if other.shipment is not None and other.pk != row.pk and other.status != Fulfilment.Status.CANCELLED
        and other.outcome not in Fulfilment.GONE
    ]
    collected = sum(other.shipment.cod_amount_minor for other in others if other.shipment is not None)
    due = ground.order.total_minor - ground.order.paid_minor - collected
    mine = ground.of(row)
    left = planning.to_plan(ground)
    if all(left[pk] == mine.get(pk, 0) for pk in left):
        return max(due, 0)

    before: dict[UUID, int] = defaultdict(int)
    for other in others:
        for pk, units in ground.of(other).items():
            before[pk] += units
    worth = sum(
        refund_share(
            total_minor=ground.lines[pk].total_minor, quantity=ground.lines[pk].quantity, units=units, already=before[pk]
        )
        for pk, units in mine.items()
    )
    return max(min(due, worth + (0 if others else ground.order.shipping_minor)), 0)
