"""Cancel an order with all that follows: stock, parcels, money, coupon (B30, Z4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.timezone import localtime

from orders import locks
from orders.models import Discount, DiscountUse, Line, Order
from orders.operations import axes, fulfil, planning, shelf
from orders.operations.refund import give_back_all
from shipping import operations as parcels
from timeline.errors import Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation

CODES = ("customer_request", "out_of_stock", "payment_overdue", "fraud", "address", "other")


class CannotCancel(Refused):
    """This order can no longer be cancelled."""


def cancel(op: Operation, *, order_id: UUID, code: str = "other", reason: str | None = None) -> Order:
    """Stop the order; stock that has not left is free again, parcels are called back, captured money is given back.

    Raises TransitionRefused once the order is delivered, cancelled or refunded.
    """
    order = locks.order(order_id)
    was_unpaid = order.status == Order.Status.PENDING

    advance(
        op, order.cancel, at=op.now, code=code, private={"reason": reason} if reason else None,
        person=order.person.key, targets=[("customer", order.person_id)],
    )
    _call_parcels_back(op, order_id)
    shelf.free(op, stream=str(order.pk))
    _cancel_units(op, order_id)
    planning.plan(op, order_id=order_id)
    give_back_all(op, order=order, reason_code="order_cancelled")
    if was_unpaid:
        _return_coupon(op, order)
    return axes.refresh(op, order=order)


def cancel_by_customer(op: Operation, *, order_id: UUID, reason: str | None = None) -> Order:
    """Cancel for the customer, who may until packing begins. Raises CannotCancel saying what to do instead."""
    order = locks.order(order_id)

    why = refusal(order)
    if why:
        raise CannotCancel(why, allowed=[])

    return cancel(op, order_id=order_id, code="customer_request", reason=reason)


def refusal(order: Order) -> str:
    """Why the customer cannot cancel now, until when it was possible and what to do instead; empty when it is possible."""
    if order.status in (Order.Status.PENDING, Order.Status.CONFIRMED):
        return ""
    packed = f" (until {localtime(order.processing_at):%d %b %Y, %H:%M %Z})" if order.processing_at else ""
    if order.status == Order.Status.PROCESSING:
        return f"An order can be cancelled until it is packed{packed}. It is being packed: ask the shop, or for a refund."
    if order.status in (Order.Status.SHIPPED, Order.Status.DELIVERED):
        return f"An order can be cancelled until it is packed{packed}. It is {order.status}: ask for a refund instead."
    return f"The order is {order.status} already."


def _call_parcels_back(op: Operation, order_id: UUID) -> None:
    for fulfilment in locks.fulfilments(order_id):
        if fulfilment.shipment is None:
            continue
        if fulfilment.shipment.status in ("booked", "labelled"):
            parcels.cancel(op, shipment_id=fulfilment.shipment.pk)
        elif fulfilment.shipment.status in fulfil.ON_THE_WAY:
            parcels.bring_back(op, shipment_id=fulfilment.shipment.pk)
    fulfil.count_units(op, order_id=order_id)


def _cancel_units(op: Operation, order_id: UUID) -> None:
    lines = locks.lines(order_id)
    for line in lines:
        line.quantity_cancelled = line.quantity - line.quantity_shipped
        line.updated_at = op.now
    Line.objects.bulk_update(lines, ["quantity_cancelled", "updated_at"])


def _return_coupon(op: Operation, order: Order) -> None:
    use = DiscountUse.objects.filter(order=order, returned_at=None).first()
    if use is not None:
        op.record(order, "order.coupon_removed", facts={"discount_code": order.discount_code}, stream=str(order.pk))
        DiscountUse.objects.filter(pk=use.pk).update(returned_at=op.now)
        Discount.objects.filter(pk=use.discount_id, used__gt=0).update(used=F("used") - 1)
