"""Parcels of an order: book, label, hand over, deliver, take back."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from orders import locks
from orders.models import Address, Fulfilment, Line, Order, OrderPayment
from orders.operations import axes, cash_shares, parting, people, planning, shelf, whereabouts
from orders.operations.completion import is_complete
from orders.operations.holds import require_free
from payments import operations as money
from payments.models import COD, Payment
from shipping import operations as parcels
from shipping.addresses import from_wire
from timeline.errors import Invalid, Missing, Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from orders.operations.planning import Ground
    from shipping.models import Shipment
    from timeline.operations import Operation

OWN_FLEET = "own_fleet"
# A parcel counts as shipped from its label on (B18); before that it is only booked, and after a cancel it is nothing.
_GONE = frozenset({"labelled", "shipped", "in_transit", "out_for_delivery", "attempted", "delivered", "lost", "returning", "returned"})
_LEFT = _GONE - {"labelled"}
_COUNTED = ("quantity_shipped", "quantity_delivered", "quantity_lost", "quantity_returned")
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
    for row in ground.in_parcels():
        if row.shipment.status == "booked":
            parcels.number_by_hand(op, shipment=row.shipment)
    for row in ground.in_parcels():
        if row.shipment.status == "labelled":
            parcels.leave(op, shipment=row.shipment)
    return settle_on(op, ground=ground)


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
    ground = planning.read(order_id)
    order = ground.order
    if order.status != Order.Status.SHIPPED:
        advance(op, order.deliver, at=op.now)  # the machine says what is allowed

    for row in ground.in_parcels():
        if row.shipment.status == "labelled":
            parcels.leave(op, shipment=row.shipment)
    for row in ground.in_parcels():
        if row.shipment.status in ON_THE_WAY:
            parcels.hand_in(op, shipment=row.shipment)
    return settle_on(op, ground=ground)


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
    return settle_on(op, ground=planning.read(order_id))


def settle_on(op: Operation, *, ground: Ground) -> Order:
    """The same on a ground that is read already and as it is now."""
    order = ground.order
    counted = _counts(ground)

    _hand_over(op, ground)
    _move_stock(op, ground)
    _count_units(op, ground, before=counted)
    payments = axes.payments_of(order)
    axes.refresh(op, order=order, payments=payments, lines=ground.lines.values())
    _follow(op, ground, payments)
    if any(row.shipment.status == "cancelled" and row.status in Fulfilment.OPEN for row in ground.in_parcels()):
        planning.plan_on(op, ground=ground)
    return order


def count_units(op: Operation, *, order_id: UUID) -> None:
    """Count the lines' shipped, delivered and lost units from the parcels as they are now."""
    ground = planning.read(order_id)
    _count_units(op, ground, before=_counts(ground))


def book_one(
    op: Operation, *, ground: Ground, row: Fulfilment, carrier: str, service: str | None = None,
    tracking_number: str | None = None,
) -> Shipment:
    """Book the parcel of one fulfilment that is ready."""
    shipment = parcels.book(
        op, **_parcel(ground, row, carrier=carrier, service=service, tracking_number=tracking_number)
    )
    row.shipment = shipment
    Fulfilment.objects.filter(pk=row.pk).update(shipment=shipment)
    return shipment


def _hand_over(op: Operation, ground: Ground) -> None:
    """A fulfilment whose parcel has left is done at the warehouse."""
    for row in ground.in_parcels():
        if row.status in Fulfilment.READY and row.shipment.status in _LEFT:
            told = planning.facts(ground, row)
            told.pop("items")
            advance(op, row.hand_over, **told)


def _follow(op: Operation, ground: Ground, payments: Sequence[Payment]) -> None:
    order, parcels_ = ground.order, [row.shipment for row in ground.in_parcels()]
    all_gone = bool(parcels_) and all(line.to_ship == 0 for line in ground.lines.values())
    if order.status == Order.Status.PROCESSING and all_gone and not order.on_hold:
        gone = [parcel for parcel in parcels_ if parcel.status in _GONE]
        newest = gone[-1] if gone else parcels_[-1]
        left = [parcel.shipped_at for parcel in gone]
        at = _when(op, order, max(left) if left and all(left) else None)
        advance(
            op, order.ship, at=at, occurred_at=at, carrier=newest.carrier, tracking_number=newest.tracking_number or None,
            warehouse=newest.warehouse_code, estimated_delivery=newest.estimated_delivery or newest.promised_on, order_id=order.pk,
            targets=[("shipment", parcel.pk) for parcel in parcels_],
        )
    if order.status == Order.Status.SHIPPED and is_complete(ground):
        _arrive(op, order, parcels_)
        _collect_cash(op, ground, payments)


def _arrive(op: Operation, order: Order, parcels_: Sequence[Any]) -> None:
    """The order has arrived with its last parcel: what is known of that one is said of the order (A15), who took it in sealed."""
    arrived = [parcel for parcel in parcels_ if parcel.status == "delivered"]
    last = max(arrived, key=lambda parcel: parcel.delivered_at, default=None)
    told = {} if last is None else {
        "carrier": last.carrier, "tracking_number": last.tracking_number, "signature_required": last.signature_required,
    }
    sealed = {} if last is None else {
        "delivered_to": last.private().get("deliveredTo"), "delivery_photo_url": last.photo_url or None,
    }
    private = sealed if any(sealed.values()) else None
    at = _when(op, order, last.delivered_at if last is not None else None)
    advance(
        op, order.deliver, at=at, occurred_at=at, order_id=order.pk, private=private, person=order.person.key if private else None,
        targets=[("shipment", parcel.pk) for parcel in parcels_], **told,
    )


def _when(op: Operation, order: Order, told: datetime | None) -> datetime:
    """When the order's step happened, by what its last parcel says; never before the step that came before, nor after now."""
    return min(max(told or op.now, order.state_since), op.now)


def _collect_cash(op: Operation, ground: Ground, payments: Sequence[Payment]) -> None:
    """What is still due was collected at the door. What was paid elsewhere after the parcel left is not booked as cash once more."""
    order = ground.order
    for asked in payments:
        if asked.gateway != COD or asked.status != Payment.Status.CREATED:
            continue
        payment = _still_due(op, order, asked)
        if payment is None:
            continue
        money.capture(
            op, payment_id=payment.pk, gateway_payment_id=None, amount_minor=payment.amount_minor,
            currency=payment.currency, method="cash",
        )
        axes.refresh(op, order=order, lines=ground.lines.values())


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


def _move_stock(op: Operation, ground: Ground) -> None:
    stream = str(ground.order.pk)
    for row in ground.in_parcels():
        parcel = row.shipment
        if row.left_at is None and parcel.status in _LEFT:
            shelf.leave(op, stream=stream, warehouse_code=parcel.warehouse_code, units=_of_variants(ground, row))
            row.left_at = op.now
            Fulfilment.objects.filter(pk=row.pk).update(left_at=op.now)
        if row.back_at is None and parcel.status == "returned":
            shelf.come_back(
                op, stream=stream, warehouse_code=parcel.warehouse_code, units=_of_variants(ground, row), reason="returned_to_origin"
            )
            row.back_at = op.now
            Fulfilment.objects.filter(pk=row.pk).update(back_at=op.now)
            for pk, units in ground.of(row).items():
                ground.lines[pk].quantity_returned += units


def _of_variants(ground: Ground, row: Fulfilment) -> dict[UUID, int]:
    return whereabouts.by_variant(ground.of(row), ground.lines)


def _counts(ground: Ground) -> dict[UUID, tuple[int, ...]]:
    """What each line counts of parcels."""
    return {pk: tuple(getattr(line, name) for name in _COUNTED) for pk, line in ground.lines.items()}


def _count_units(op: Operation, ground: Ground, *, before: Mapping[UUID, tuple[int, ...]]) -> None:
    """Count each line's units in its parcels and write down what is not as it was. One statement, or none."""
    shipped: dict[UUID, int] = defaultdict(int)
    delivered: dict[UUID, int] = defaultdict(int)
    lost: dict[UUID, int] = defaultdict(int)
    for row in ground.in_parcels():
        if row.outcome in Fulfilment.GONE:
            continue
        for pk, units in ground.of(row).items():
            if row.shipment.status in _GONE:
                shipped[pk] += units
            if row.shipment.status == "delivered":
                delivered[pk] += units
            if row.shipment.status == "lost":
                lost[pk] += units
    for pk, line in ground.lines.items():
        line.quantity_shipped, line.quantity_delivered, line.quantity_lost = shipped[pk], delivered[pk], lost[pk]

    now = _counts(ground)
    changed = [line for pk, line in ground.lines.items() if now[pk] != before[pk]]
    for line in changed:
        line.updated_at = op.now
    names = [name for place, name in enumerate(_COUNTED) if any(now[line.pk][place] != before[line.pk][place] for line in changed)]
    if names:
        Line.objects.bulk_update(changed, [*names, "updated_at"])


def _parcel(
    ground: Ground, row: Fulfilment, *, carrier: str, service: str | None, tracking_number: str | None
) -> dict[str, Any]:
    order, lines, wanted = ground.order, ground.lines, ground.of(row)
    origin = shelf.lying_at(row.warehouse_code)
    address = Address.objects.select_related("person__key").get(pk=order.shipping_address_id)
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
        "destination": from_wire(people.read_address(address, address.person)),
        "key": address.person.key,
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
