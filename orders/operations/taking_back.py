"""A parcel refused at the door is back: graded unit by unit like a return, instead of stock again as a whole (Z4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.models import Fulfilment, Line
from orders.operations import fulfil, return_goods
from orders.operations.return_goods import CountsDiffer, Graded
from orders.operations.returns import place_of
from shipping import operations as parcels
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from shipping.models import Shipment
    from timeline.operations import Operation

_REASON = "returned_to_origin"


def take_back(op: Operation, *, order_id: UUID, shipment_id: UUID, units: Sequence[Graded]) -> Shipment:
    """The parcel is received back, and each of its units graded. Raises TransitionRefused, CountsDiffer, NoWarehouse, Missing."""
    fulfilment = Fulfilment.objects.filter(order_id=order_id, shipment_id=shipment_id).prefetch_related("lines").first()
    if fulfilment is None:
        raise Missing
    came = {item.line_id: item.quantity for item in fulfilment.lines.all()}
    lines = {line.pk: line for line in locks.lines(order_id)}
    return_goods.require_graded(units, came)
    if any(item.disposition == return_goods.D.BACK for item in units):
        raise CountsDiffer("It was refused at the door; nothing of it goes back to the customer.")

    shipment = parcels.take_back(op, shipment_id=shipment_id)
    at = shipment.warehouse_code
    places = {code: place_of(code) for code in {item.warehouse or at for item in units}}
    op.record(
        shipment, "shipment.inspected", stream=str(order_id), facts={
            "tracking_number": shipment.tracking_number, "items": [
                {"order_item_id": item.line_id, "sku": lines[item.line_id].sku, "quantity": item.units,
                 "grade": item.grade, "disposition": item.disposition, "warehouse": item.warehouse or at}
                for item in units
            ],
        },
    )
    return_goods.put_away(op, stream=str(order_id), at=at, units=units, lines=lines, places=places, reason=_REASON)
    Fulfilment.objects.filter(pk=fulfilment.pk).update(back_at=op.now)
    for pk, count in came.items():
        lines[pk].quantity_returned += count
        lines[pk].updated_at = op.now
    Line.objects.bulk_update(lines.values(), ["quantity_returned", "updated_at"])
    fulfil.settle(op, order_id=order_id)
    return shipment
