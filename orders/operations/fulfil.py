"""Parcels of an order: book, label, hand over, deliver, take back."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from orders import locks
from orders.models import Fulfilment, Line, Order, OrderPayment
from orders.operations import axes, cash_shares, parting, people, planning, shelf
from orders.operations.completion import is_complete
from orders.operations.holds import require_free
from payments import operations as money
from payments.models import COD, Payment
from shipping import operations as parcels
from shipping.addresses import from_wire
from timeline.errors import Invalid, Missing, Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from shipping.models import Shipment
    from timeline.operations import Operation

OWN_FLEET = "own_fleet"
# A parcel counts as shipped from its label on (B18); before that it is only booked, and after a cancel it is nothing.
_GONE = frozenset({"labelled", "shipped", "in_transit", "out_for_delivery", "attempted", "delivered", "lost", "returning", "returned"})
ON_THE_WAY = frozenset({"shipped", "in_transit", "out_for_delivery", "attempted"})


class BeforePlacement(Invalid):
    """Nothing of an order leaves before it was placed."""


class NotPaid(Refused):
    """The order is not paid; a parcel leaves unpaid only with cash on delivery."""


def book(
    op: Operation, *, order_id: UUID, items: Mapping[UUID, int] | None, carrier: str = OWN_FLEET,
    service: str | None = None, warehouse: str | None = None, tracking_number: str | None = None,
) -> Shipment:
    """Book a parcel for these units, or for all that is ready at one warehouse. The carrier's answer comes later.

    The units become a fulfilment of their own, unless one has exactly them. Raises what `parting.set_apart` raises, OnHold,
    Refused unless the order is being processed, or is shipped and has units to send again.
    """
    ground = planning.plan(op, order_id=order_id)
    order = ground.order

    require_free(order)
    again = order.status == Order.Status.SHIPPED and bool(ground.open())
    if order.status != Order.Status.PROCESSING and not again:
        raise Refused(f"The order is {order.status}; parcels are booked while it is being processed.")

    row = parting.set_apart(op, ground=ground, items=items, warehouse=warehouse)
    return book_one(op, ground=ground, row=row, carrier=carrier, service=service, tracking_number=tracking_number)


def ship_all(
    op: Operation, *, order_id: UUID, carrier: str | None = None, tracking_number: str | None = None
) -> Order:
    """Everything that is left goes out now, by hand: one synchronous operation (`PATCH … shipped`).

    Each warehouse's units are a parcel. With `carrier` and `tracking_number` it is one parcel labelled elsewhere, without
    them the own fleet's. Raises TransitionRefused unless the order is being processed, OnHold, AwaitingStock.
    """
    ground = planning.plan(op, order_id=order_id)
    order = ground.order

    require_free(order)
    if order.status != Order.Status.PROCESSING:
        advance(op, order.ship, at=op.now, carrier=carrier or OWN_FLEET)  # the machine says what is allowed

    parting.release_scheduled(op, ground=ground)
    if len(ground.open()) != len(ground.ready()):
        raise parting.AwaitingStock
    if tracking_number and len(ground.ready()) > 1:
        parting.set_apart(op, ground=ground, items=ground.summed(ground.ready()), warehouse=None)
    for row in ground.ready():
        book_one(op, ground=ground, row=row, carrier=carrier or OWN_FLEET, tracking_number=tracking_number)
    for fulfilment in _with_parcel(order_id):
        if fulfilment.shipment.status == "booked":
            parcels.label_by_hand(op, shipment_id=fulfilment.shipment_id)
    for fulfilment in _with_parcel(order_id):
        if fulfilment.shipment.status == "labelled":
            parcels.dispatch(op, shipment_id=fulfilment.shipment_id)
    return settle(op, order_id=order_id)


def dispatch(op: Operation, *, order_id: UUID, shipment_id: UUID, at: datetime | None = None) -> Shipment:
    """The parcel is handed over: its units leave the stock. Raises TransitionRefused, OnHold, Missing, BeforePlacement."""
    order = locks.order(order_id)
    _of_order(order_id, shipment_id)

    require_free(order)
    if at is not None and at < order.created_at.replace(second=0, microsecond=0):
        raise BeforePlacement(errors=[("#/at", "The order was not placed yet.")])

    shipment = parcels.dispatch(op, shipment_id=shipment_id, at=max(at, order.created_at) if at is not None else None)
    settle(op, order_id=order_id)
    return shipment


def deliver(
    op: Operation, *, order_id: UUID, shipment_id: UUID, delivered_to: str | None = None,
    signature_required: bool | None = None, photo_url: str | None = None, at: datetime | None = None,
) -> Shipment:
    """The parcel has arrived, with what is known of it (A15). Raises TransitionRefused, Missing."""
    _of_order(order_id, shipment_id)

    shipment = parcels.deliver(
        op, shipment_id=shipment_id, delivered_to=delivered_to, signature_required=signature_required,
        photo_url=photo_url, at=at,
    )
    settle(op, order_id=order_id)
    return shipment


def deliver_all(op: Operation, *, order_id: UUID) -> Order:
    """Every parcel has arrived, by a person's word (`PATCH … delivered`). Raises TransitionRefused unless shipped."""
    order = locks.order(order_id)
    if order.status != Order.Status.SHIPPED:
        advance(op, order.deliver, at=op.now)  # the machine says what is allowed

    for fulfilment in _with_parcel(order_id):
        if fulfilment.shipment.status == "labelled":
            parcels.dispatch(op, shipment_id=fulfilment.shipment_id)
    for fulfilment in _with_parcel(order_id):
        if fulfilment.shipment.status in ON_THE_WAY:
            parcels.deliver(op, shipment_id=fulfilment.shipment_id)
    return settle(op, order_id=order_id)


def take_back(op: Operation, *, order_id: UUID, shipment_id: UUID) -> Shipment:
    """A parcel that was called back is received: only now its units are stock again (Z4)."""
    _of_order(order_id, shipment_id)

    shipment = parcels.take_back(op, shipment_id=shipment_id)
    settle(op, order_id=order_id)
    return shipment


def settle(op: Operation, *, order_id: UUID) -> Order:
    """Bring stock, units, axes and status of the order to what its parcels say now. Safe to repeat.

    This is the one place where a parcel's fact becomes the order's: calls by hand and events of carriers both end here.
    """
    ground = planning.read(order_id)
    order, lines = ground.order, ground.lines
    fulfilments: list[Any] = [row for row in ground.fulfilments if row.shipment_id is not None]

    _hand_over(op, ground, fulfilments)
    _move_stock(op, order, fulfilments, lines)
    _count_units(op, fulfilments, lines)
    axes.refresh(op, order=order)
    _follow(op, order, fulfilments, list(lines.values()))
    if any(row.shipment.status == "cancelled" and row.status in Fulfilment.OPEN for row in fulfilments):
        planning.plan(op, order_id=order_id)
    return order


def count_units(op: Operation, *, order_id: UUID) -> None:
    """Count the lines' shipped, delivered and lost units from the parcels as they are now."""
    _count_units(op, _with_parcel(order_id), {line.pk: line for line in locks.lines(order_id)})


def book_one(
    op: Operation, *, ground: planning.Ground, row: Fulfilment, carrier: str, service: str | None = None,
    tracking_number: str | None = None,
) -> Shipment:
    """Book the parcel of one fulfilment that is ready."""
    shipment = parcels.book(
        op, **_parcel(ground, row, carrier=carrier, service=service, tracking_number=tracking_number)
    )
    row.shipment = shipment
    Fulfilment.objects.filter(pk=row.pk).update(shipment=shipment)
    return shipment


def _hand_over(op: Operation, ground: planning.Ground, fulfilments: list[Any]) -> None:
    """A fulfilment whose parcel has left is done at the warehouse."""
    for row in fulfilments:
        if row.status in Fulfilment.READY and row.shipment.status in _GONE - {"labelled"}:
            told = planning.facts(ground, row)
            told.pop("items")
            advance(op, row.hand_over, **told)


def _follow(op: Operation, order: Order, fulfilments: list[Any], lines: list[Line]) -> None:
    all_gone = bool(fulfilments) and all(line.to_ship == 0 for line in lines)
    if order.status == Order.Status.PROCESSING and all_gone and not order.on_hold:
        newest = next((f.shipment for f in reversed(fulfilments) if f.shipment.status in _GONE), fulfilments[-1].shipment)
        left = [f.shipment.shipped_at for f in fulfilments if f.shipment.status in _GONE]
        at = _when(op, order, max(left) if left and all(left) else None)
        advance(
            op, order.ship, at=at, occurred_at=at, carrier=newest.carrier, tracking_number=newest.tracking_number or None,
            warehouse=newest.warehouse_code, estimated_delivery=newest.estimated_delivery or newest.promised_on, order_id=order.pk,
            targets=[("shipment", f.shipment_id) for f in fulfilments],
        )
    if order.status == Order.Status.SHIPPED and is_complete(fulfilments, lines):
        _arrive(op, order, fulfilments)
        _collect_cash(op, order)


def _arrive(op: Operation, order: Order, fulfilments: list[Any]) -> None:
    """The order has arrived with its last parcel: what is known of that one is said of the order (A15), who took it in sealed."""
    arrived = [f.shipment for f in fulfilments if f.shipment.status == "delivered"]
    last = max(arrived, key=lambda shipment: shipment.delivered_at, default=None)
    told = {} if last is None else {
        "carrier": last.carrier, "tracking_number": last.tracking_number, "signature_required": last.signature_required,
    }
    sealed = {} if last is None else {
        "delivered_to": last.private().get("deliveredTo"), "delivery_photo_url": last.photo_url or None,
    }
    at = _when(op, order, last.delivered_at if last is not None else None)
    advance(
        op, order.deliver, at=at, occurred_at=at, order_id=order.pk, private=sealed if any(sealed.values()) else None,
        person=order.person.key, targets=[("shipment", f.shipment_id) for f in fulfilments], **told,
    )


def _when(op: Operation, order: Order, told: datetime | None) -> datetime:
    """When the order's step happened, by what its last parcel says; never before the step that came before, nor after now."""
    return min(max(told or op.now, order.state_since), op.now)


def _collect_cash(op: Operation, order: Order) -> None:
    """What is still due was collected at the door. What was paid elsewhere after the parcel left is not booked as cash once more."""
    for asked in Payment.objects.filter(stream=str(order.pk), gateway=COD, status=Payment.Status.CREATED):
        payment = _still_due(op, order, asked)
        if payment is None:
            continue
        money.capture(
            op, payment_id=payment.pk, gateway_payment_id=None, amount_minor=payment.amount_minor,
            currency=payment.currency, method="cash",
        )
        axes.refresh(op, order=order)


def _still_due(op: Operation, order: Order, asked: Payment) -> Payment | None:
    """The cash as it was asked for, or what is left of it to pay."""
    due = order.total_minor - order.paid_minor
    if asked.amount_minor <= due:
        return asked
    money.supersede(op, payment_id=asked.pk, reason="paid elsewhere after the parcel left")
    if due <= 0:
        return None
    rest = money.open(
        op, stream=str(order.pk), gateway=COD, amount_minor=due, currency=order.currency, receipt=f"{order.number}-D", is_further=True
    )
    OrderPayment.objects.create(order=order, payment=rest)
    return rest


def _move_stock(
    op: Operation, order: Order, fulfilments: list[Any], lines: Mapping[UUID, Line]
) -> None:
    for fulfilment in fulfilments:
        units: dict[UUID, int] = defaultdict(int)
        for item in fulfilment.lines.all():
            units[lines[item.line_id].variant_id] += item.quantity
        status = fulfilment.shipment.status
        if fulfilment.left_at is None and status in _GONE - {"labelled"}:
            shelf.leave(op, stream=str(order.pk), warehouse_code=fulfilment.shipment.warehouse_code, units=units)
            fulfilment.left_at = op.now
            Fulfilment.objects.filter(pk=fulfilment.pk).update(left_at=op.now)
        if fulfilment.back_at is None and status == "returned":
            shelf.come_back(
                op, stream=str(order.pk), warehouse_code=fulfilment.shipment.warehouse_code, units=units,
                reason="returned_to_origin",
            )
            fulfilment.back_at = op.now
            Fulfilment.objects.filter(pk=fulfilment.pk).update(back_at=op.now)
            for item in fulfilment.lines.all():
                lines[item.line_id].quantity_returned += item.quantity


def _count_units(op: Operation, fulfilments: list[Any], lines: Mapping[UUID, Line]) -> None:
    shipped: dict[UUID, int] = defaultdict(int)
    delivered: dict[UUID, int] = defaultdict(int)
    lost: dict[UUID, int] = defaultdict(int)
    for fulfilment in fulfilments:
        if fulfilment.outcome in Fulfilment.GONE:
            continue
        for item in fulfilment.lines.all():
            if fulfilment.shipment.status in _GONE:
                shipped[item.line_id] += item.quantity
            if fulfilment.shipment.status == "delivered":
                delivered[item.line_id] += item.quantity
            if fulfilment.shipment.status == "lost":
                lost[item.line_id] += item.quantity
    for line in lines.values():
        line.quantity_shipped, line.quantity_delivered = shipped[line.pk], delivered[line.pk]
        line.quantity_lost = lost[line.pk]
        line.updated_at = op.now
    Line.objects.bulk_update(
        lines.values(), ["quantity_shipped", "quantity_delivered", "quantity_lost", "quantity_returned", "updated_at"]
    )


def _with_parcel(order_id: UUID) -> list[Any]:
    """Fulfilments whose `shipment` is there."""
    return [row for row in locks.fulfilments(order_id) if row.shipment_id is not None]


def _parcel(
    ground: planning.Ground, row: Fulfilment, *, carrier: str, service: str | None, tracking_number: str | None
) -> dict[str, Any]:
    order, lines, wanted = ground.order, ground.lines, ground.of(row)
    origin = shelf.lying_at(row.warehouse_code)
    address = people.read_address(order.shipping_address, order.person)
    cash = order.payment_method == "cod" and order.paid_minor < order.total_minor
    if not cash and order.paid_minor < order.total_minor and order.confirmed_at is None:
        raise NotPaid
    return {
        "stream": str(order.pk),
        "reference": order.number,
        "carrier": carrier,
        "service": service or order.shipping_method,
        "warehouse_code": origin.code,
        "origin": origin.address,
        "destination": from_wire(address),
        "key": order.person.key,
        "weight_g": sum(lines[pk].weight_g * units for pk, units in wanted.items()),
        "contents": [
            {"sku": lines[pk].sku, "quantity": units, "value_minor": lines[pk].worth_minor(units), "order_item_id": str(pk)}
            for pk, units in wanted.items()
        ],
        "cod_amount_minor": cash_shares.of_parcel(ground, row) if cash else 0,
        "currency": order.currency,
        "tracking_number": tracking_number,
    }


def _of_order(order_id: UUID, shipment_id: UUID) -> Fulfilment:
    found = Fulfilment.objects.filter(order_id=order_id, shipment_id=shipment_id).first()
    if found is None:
        raise Missing
    return found
