"""The way back: a reverse parcel booked, fetched, arrived; it never counts as a parcel the order sent out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders import locks
from orders.models import Return, ReturnParcel
from orders.operations import people
from orders.operations.returns import place_of, words_of
from shipping import operations as parcels
from shipping.addresses import from_wire
from shipping.models import Shipment
from timeline.errors import Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from inventory.models import Warehouse
    from orders.models import Line
    from timeline.operations import Operation

S = Shipment.Status
OWN_FLEET = "own_fleet"
NOT_GONE = (S.BOOKED, S.LABELLED)
_ON_ITS_WAY = (*Shipment.MOVING, S.DELIVERED)


class NoParcel(Refused):
    """No parcel for the way back waits to be fetched; book one first."""


class AddressErased(Refused):
    """The customer's address is erased; nothing can be fetched."""


def book(
    op: Operation, *, return_id: UUID, carrier: str = OWN_FLEET, service: str | None = None, warehouse: str | None = None,
    tracking_number: str | None = None, drop_off: bool = False,
) -> Return:
    """Have the goods fetched, or with `drop_off` brought to the carrier by the customer, who gets the label.

    The carrier's answer comes later. Raises TransitionRefused unless it is approved, NoWarehouse, AddressErased, Missing.
    """
    ret = locks.ret(return_id)
    place = place_of(warehouse or ret.warehouse_code or None)

    advance(
        op, ret.book_pickup, at=op.now, warehouse=place.code, carrier=carrier, drop_off=drop_off or None, **words_of(ret)
    )
    units = [(row.line, row.quantity) for row in ret.lines.select_related("line") if row.quantity]
    shipment = parcels.book(
        op, **_parcel(ret, units, place, carrier=carrier, service=service), tracking_number=tracking_number,
        direction=Shipment.Direction.REVERSE,
    )
    ReturnParcel.objects.create(ret=ret, shipment=shipment, created_at=op.now)
    return ret


def collect(op: Operation, *, return_id: UUID) -> Return:
    """The goods were handed to whoever brings them, to us or back to the customer, by a person's word. Raises NoParcel, TransitionRefused, Missing."""
    ret = locks.ret(return_id)
    rows = ReturnParcel.objects.filter(ret=ret).select_related("shipment").order_by("id")
    waiting = [parcel for parcel in rows if parcel.shipment.status in NOT_GONE]
    if not waiting:
        raise NoParcel

    for parcel in waiting:
        if parcel.shipment.status == S.BOOKED:
            parcels.label_by_hand(op, shipment_id=parcel.shipment_id)
        parcels.dispatch(op, shipment_id=parcel.shipment_id)
    return _follow(op, ret)


def follow(op: Operation, *, shipment_id: UUID) -> None:
    """Bring a return to where its parcel is: fetched, or called off. Safe to repeat; arrival alone receives nothing."""
    parcel = ReturnParcel.objects.filter(shipment_id=shipment_id).first()
    if parcel is not None:
        _follow(op, locks.ret(parcel.ret_id))


def arrive(op: Operation, *, return_id: UUID) -> None:
    """The goods are being received: what is on its way has arrived, what nobody fetched is not needed any more."""
    for parcel in _parcels(locks.ret(return_id)):
        if parcel.shipment.status in Shipment.MOVING:
            parcels.deliver(op, shipment_id=parcel.shipment_id)
        elif parcel.shipment.status in NOT_GONE:
            parcels.cancel(op, shipment_id=parcel.shipment_id)


def cancel(op: Operation, *, return_id: UUID) -> Return:
    """The customer keeps the goods, as long as nobody fetched them. Raises TransitionRefused, AlreadyShipped, Missing."""
    ret = locks.ret(return_id)

    advance(op, ret.cancel, at=op.now, **words_of(ret))
    for parcel in _parcels(ret):
        if parcel.shipment.status not in (S.CANCELLED, S.LOST):
            parcels.cancel(op, shipment_id=parcel.shipment_id)
    return ret


def send_back(op: Operation, *, ret: Return, units: Sequence[tuple[Line, int]]) -> None:
    """Units that do not stay with us go back to the customer, in a parcel of their own that collects nothing."""
    place = place_of(ret.warehouse_code or None)
    shipment = parcels.book(op, **_parcel(ret, units, place, carrier=OWN_FLEET, service=None))
    ReturnParcel.objects.create(ret=ret, shipment=shipment, created_at=op.now)
    op.record(
        ret, "return.sent_back", stream=str(ret.order_id), targets=[("shipment", shipment.pk)],
        facts={
            "return_id": ret.pk, "number": ret.number, "shipment_id": shipment.pk,
            "item_count": sum(count for _, count in units),
            "items": [{"order_item_id": line.pk, "sku": line.sku, "quantity": count} for line, count in units],
        },
    )


def _follow(op: Operation, ret: Return) -> Return:
    states = {str(parcel.shipment.status) for parcel in _parcels(ret)}
    if ret.status == Return.Status.PICKUP_BOOKED:
        if states & set(_ON_ITS_WAY):
            advance(op, ret.pick_up, at=op.now, **words_of(ret))
        elif states <= {S.CANCELLED}:
            advance(op, ret.lose_pickup, at=op.now, **words_of(ret))
    return ret


def _parcels(ret: Return) -> list[ReturnParcel]:
    """The reverse parcels of a return, as they are now."""
    rows = ReturnParcel.objects.filter(ret=ret, shipment__direction=Shipment.Direction.REVERSE)
    return list(rows.select_related("shipment").order_by("id"))


def _parcel(
    ret: Return, units: Sequence[tuple[Line, int]], place: Warehouse, *, carrier: str, service: str | None
) -> dict[str, Any]:
    return {
        "stream": str(ret.order_id),
        "reference": ret.number,
        "carrier": carrier,
        "service": service or ret.order.shipping_method,
        "warehouse_code": place.code,
        "origin": dict(place.address),
        "destination": from_wire(_address(ret)),
        "key": ret.order.person.key,
        "weight_g": sum(line.weight_g * count for line, count in units),
        "contents": [
            {"sku": line.sku, "quantity": count, "value_minor": line.worth_minor(count), "order_item_id": str(line.pk)}
            for line, count in units
        ],
        "cod_amount_minor": 0,
        "currency": ret.currency,
    }


def _address(ret: Return) -> Mapping[str, Any]:
    order = ret.order
    found = ret.private(order.person.key).get("pickupAddress") or people.read_address(order.shipping_address, order.person)
    if not found:
        raise AddressErased
    return dict(found)
