"""What happens when: the instruments' events, and what the order does about each. One page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from orders.analytics import tallies
from orders.analytics.fold import KINDS
from orders.channels import booking
from orders.models import Order
from orders.operations import documents, exchange, fulfil, pay, planning, return_money, return_pickup
from timeline.subscriptions import subscribe

if TYPE_CHECKING:
    from timeline.models import Event
    from timeline.operations import Operation


@subscribe(
    "payment.accepted", "payment.authorized", "payment.captured", "payment.failed", "payment.doubted", "payment.retried",
    "refund.asked", "refund.processed", "refund.failed", "dispute.opened", "dispute.deducted", "dispute.won", "dispute.lost", "dispute.closed",
)
def money_moved(op: Operation, event: Event) -> None:
    """A payment or refund changed: confirm, give back, or end the order as its money says."""
    order_id = _order_of(event)
    if order_id is not None:
        pay.follow(op, order_id=order_id)
    if event.kind == "refund.processed" and event.facts.get("return_id"):
        return_money.follow(op, return_id=UUID(event.facts["return_id"]))


@subscribe(
    "shipment.labelled", "shipment.shipped", "shipment.delivered", "shipment.cancelled", "shipment.returned",
    "shipment.lost",
)
def parcel_moved(op: Operation, event: Event) -> None:
    """A parcel changed: stock, units, axes and status follow."""
    order_id = _order_of(event)
    if order_id is not None:
        fulfil.settle(op, order_id=order_id)


@subscribe("order.confirmed", "order.edited", "order.processing_started", "backorder.opened", "backorder.filled", "backorder.ended")
def work_planned(op: Operation, event: Event) -> None:
    """An order may be packed, or its stock has come: which warehouse ships which units of it is planned."""
    order_id = _order_of(event)
    if order_id is not None:
        planning.plan(op, order_id=order_id)


@subscribe("order.cancelled")
def exchange_given_up(op: Operation, event: Event) -> None:
    """Nobody paid for an exchange: its return may be refunded, or exchanged anew."""
    exchange.give_up(op, order=Order.objects.get(pk=UUID(event.subject_id)))


@subscribe("shipment.shipped", "shipment.delivered", "shipment.cancelled")
def goods_come_back(op: Operation, event: Event) -> None:
    """A parcel of a return was fetched or called off; when it arrives, a person receives it."""
    return_pickup.follow(op, shipment_id=UUID(event.subject_id))


@subscribe("shipment.labelled", "shipment.shipped", "refund.processed", "order.cancelled")
def paper_due(op: Operation, event: Event) -> None:
    """An invoice at or before the removal of the goods, a credit note for what goes back after it (Z6).

    One subscriber for all of them, so that an order's documents come in the order of its events.
    """
    order_id = _order_of(event)
    if order_id is None:
        return
    if event.kind == "refund.processed":
        pay.follow(op, order_id=order_id)  # a refund made at the gateway gets its parts there; a repeat changes nothing
        documents.issue_credit_note(op, order_id=order_id, refund_id=UUID(event.subject_id))
    elif event.kind == "order.cancelled":
        documents.take_invoice_back(op, order_id=order_id)
    else:
        documents.issue_invoice(op, order_id=order_id)


@subscribe(*KINDS)
def counted(op: Operation, event: Event) -> None:
    """The counts that metrics and reports are made of (B62 to B66)."""
    tallies.count(op, event=event)


@subscribe("order.shipped", "order.delivered", "order.cancelled", "order.refunded", "refund.processed")
def channel_sale_due(op: Operation, event: Event) -> None:
    """The sale of a channel's order is booked when its goods leave, and taken back with what goes back."""
    order_id = _order_of(event)
    if order_id is not None:
        booking.settle(op, order_id=order_id)


def _order_of(event: Event) -> UUID | None:
    try:
        order_id = UUID(event.stream)
    except ValueError:
        return None
    return order_id if Order.objects.filter(pk=order_id).exists() else None
