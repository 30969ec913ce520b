"""The derived axes (Z2), computed in this one place from payments, refunds, lines and parcels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from orders.models import Line, Order, OrderPayment
from payments.models import Dispute, Payment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from timeline.operations import Operation

P, F = Order.PaymentState, Order.FulfilmentState


@dataclass(frozen=True, slots=True)
class Axes:
    """What an order's payments and lines say together."""

    payment_state: str
    fulfilment_state: str
    paid_minor: int
    refunded_minor: int


def refresh(op: Operation, *, order: Order) -> Order:
    """Write the axes down as payments and lines now say; nothing when they are as they were."""
    del op  # the capability: only an operation may write
    axes = derive(payments=payments_of(order), lines=list(Line.objects.filter(order=order)))
    changed = {name: getattr(axes, name) for name in Axes.__slots__ if getattr(order, name) != getattr(axes, name)}
    if changed:
        Order.objects.filter(pk=order.pk).update(**changed)
        for name, value in changed.items():
            setattr(order, name, value)
    return order


def derive(*, payments: Iterable[Payment], lines: Iterable[Line]) -> Axes:
    """The axes of an order with these payments (of `payments_of`) and lines."""
    attempts = list(payments)
    disputed = any(getattr(payment, "has_dispute", False) for payment in attempts)
    paid = sum(payment.captured_minor for payment in attempts)
    refunded = sum(payment.refunded_minor for payment in attempts)
    return Axes(
        payment_state=P.DISPUTED if disputed else payment_state_of([str(p.status) for p in attempts], paid, refunded),
        fulfilment_state=_fulfilment_state(list(lines)),
        paid_minor=paid,
        refunded_minor=refunded,
    )


def payment_state_of(statuses: list[str], paid: int, refunded: int) -> str:
    """Where the money is, by the states of the payments and what came and went; a running dispute says more."""
    if paid:
        if refunded >= paid:
            return P.REFUNDED
        return P.PARTIALLY_REFUNDED if refunded else P.PAID
    for status, state in (("in_doubt", P.IN_DOUBT), ("authorized", P.AUTHORIZED)):
        if status in statuses:
            return state
    return P.FAILED if statuses and set(statuses) == {"failed"} else P.UNPAID


def payments_of(order: Order) -> list[Payment]:
    """The order's payments, each saying whether a dispute over it runs. One statement."""
    running = Dispute.objects.filter(payment=OuterRef("pk"), status__in=Dispute.RUNNING)
    owned = OrderPayment.objects.filter(order=order).values("payment_id")
    return list(Payment.objects.filter(pk__in=owned).annotate(has_dispute=Exists(running)).order_by("created_at", "id"))


def _fulfilment_state(lines: list[Line]) -> str:
    units = sum(line.quantity - line.quantity_cancelled for line in lines)
    shipped = sum(line.quantity_shipped for line in lines)
    delivered = sum(line.quantity_delivered for line in lines)
    returned = sum(line.quantity_returned for line in lines)
    if returned and returned >= shipped:
        return F.RETURNED
    if units and delivered >= units:
        return F.DELIVERED
    if units and shipped >= units:
        return F.FULFILLED
    return F.PARTIAL if shipped else F.UNFULFILLED
