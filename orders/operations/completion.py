"""When an order is complete: every unit has had its last word, and at least one was delivered (D6).

Note [Last words]
    Delivered, cancelled, or decided about. A parcel that was lost, or that came back to where it started, ends nothing by itself:
    its units are sent again, their money goes back, or a person closes it with a reason. Sent again, they are counted in their
    new parcel alone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from orders.models import Fulfilment

if TYPE_CHECKING:
    from uuid import UUID

    from orders.operations.planning import Ground

UNDELIVERED = ("lost", "returned")
_DECIDED = (Fulfilment.Outcome.REFUNDED, Fulfilment.Outcome.CLOSED)


def is_complete(ground: Ground) -> bool:
    """Whether every unit has had its last word and at least one was delivered. Note [Last words]."""
    ended: dict[UUID, int] = defaultdict(int)
    arrived = 0
    for row in ground.in_parcels():
        status = row.shipment.status
        if status != "delivered" and not (status in UNDELIVERED and row.outcome in _DECIDED):
            continue
        for pk, units in ground.of(row).items():
            ended[pk] += units
            arrived += units if status == "delivered" else 0
    return arrived > 0 and all(ended[pk] == line.quantity - line.quantity_cancelled for pk, line in ground.lines.items())
