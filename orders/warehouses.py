"""An external warehouse says that a parcel left: it is handed over here too, or a person sees why not (B81).

Note [What the warehouse says]
    The units leave the stock only through `fulfil.dispatch`, which asks the order. A parcel that could not leave (unknown,
    of another warehouse, without a label, of an order on hold) is left as it is and kept as a conflict.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

from inventory import operations as stock
from inventory.models import Conflict, OutsideDispatch, Warehouse
from orders import locks
from orders.models import Order
from orders.operations import fulfil
from shipping.models import Shipment
from timeline.actors import system
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from timeline.operations import Operation

WAREHOUSES = system("warehouses")
_READY = "labelled"
_WAITING = frozenset({"booked", "labelled"})


@retried
def hand_over(told: OutsideDispatch) -> str:
    """Hand over the parcel that is named; gives the kind of the conflict, or nothing. A repeat changes nothing."""
    shipment = _shipment(told.parcel)
    if shipment is None:
        return _report(told, Conflict.Kind.UNKNOWN_PARCEL, {})
    with operation("warehouse.hand_over", actor=WAREHOUSES, stream=shipment.stream) as op:
        found = _hand_over(op, told, shipment.pk)
    return _report(told, *found) if found is not None else ""


def _hand_over(op: Operation, told: OutsideDispatch, shipment_id: UUID) -> tuple[str, dict[str, Any]] | None:
    """Why not, with what we know; nothing when the parcel has left."""
    shipment = Shipment.objects.get(pk=shipment_id)
    order = locks.order(UUID(shipment.stream))
    ours = {
        "order": order.number, "parcel": str(shipment.status), "warehouse": shipment.warehouse_code, "onHold": order.on_hold,
    }
    if shipment.direction != Shipment.Direction.FORWARD:
        return Conflict.Kind.PARCEL_NOT_READY, ours
    if shipment.status not in _WAITING | {Shipment.Status.CANCELLED}:
        return None
    if shipment.warehouse_code != told.warehouse.code:
        return Conflict.Kind.OTHER_WAREHOUSE, ours
    if order.on_hold or shipment.status != _READY:
        return Conflict.Kind.PARCEL_NOT_READY, ours
    fulfil.dispatch(op, order_id=order.pk, shipment_id=shipment.pk, at=min(told.dispatched_at, op.now))
    return None


def _shipment(parcel: str) -> Shipment | None:
    """The parcel of this tracking number or id, where it belongs to an order of ours and to one alone."""
    rows = Shipment.objects.filter(tracking_number=parcel)
    with contextlib.suppress(ValueError):
        rows = rows | Shipment.objects.filter(pk=UUID(parcel))
    found = list(rows[:2])
    if len(found) != 1:
        return None
    try:
        order_id = UUID(found[0].stream)
    except ValueError:
        return None
    return found[0] if Order.objects.filter(pk=order_id).exists() else None


def _report(told: OutsideDispatch, kind: str, ours: dict[str, Any]) -> str:
    warehouse = Warehouse.objects.get(pk=told.warehouse_id)
    with operation("warehouse.report_conflict", actor=WAREHOUSES, stream=str(warehouse.pk)) as op:
        stock.report_conflict(
            op, warehouse=warehouse, kind=kind, about=told.parcel, reference=told.reference, ours=ours,
            theirs={"parcel": told.parcel, "dispatchedAt": told.dispatched_at.isoformat()},
        )
    return kind
