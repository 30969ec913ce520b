"""The derived axes (Z2), computed in this one place from payments, refunds, lines and parcels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from orders import lifecycle
from orders.models import Line, Order, OrderPayment
from payments.models import Dispute, Payment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from timeline.operations import Operation


COUNTED = ("quantity", "quantity_cancelled", "quantity_shipped", "quantity_delivered", "quantity_returned")


@dataclass(frozen=True, slots=True)
class Axes:
    """What an order's payments and lines say together."""

    payment_state: str
    fulfilment_state: str
    paid_minor: int
    refunded_minor: int


def refresh(
    op: Operation, *, order: Order, payments: Iterable[Payment] | None = None, lines: Iterable[Line] | None = None
) -> Order:
    """Write the axes down as payments (of `payments_of`) and lines now say; nothing when they are as they were.

    Whoever has the order's payments or lines before them as they are now names them; else they are read.
    """
    del op  # the capability: only an operation may write
    axes = derive(
        payments=payments_of(order) if payments is None else payments,
        lines=Line.objects.filter(order=order).only(*COUNTED) if lines is None else lines,
    )
    changed = {name: getattr(axes, name) for name in Axes.__slots__ if getattr(order, name) != getattr(axes, name)}
    if changed:
        Order.objects.filter(pk=order.pk).update(**changed)
        for name, value in changed.items():
            setattr(order, name, value)
    return order


def derive(*, payments: Iterable[Payment], lines: Iterable[Line]) -> Axes:
    """The axes of an order with these payments (of `payments_of`) and lines."""
    attempts, rows = list(payments), list(lines)
    disputed = any(getattr(payment, "has_dispute", False) for payment in attempts)
    paid = sum(payment.captured_minor for payment in attempts)
    refunded = sum(payment.refunded_minor for payment in attempts)
    return Axes(
        payment_state=lifecycle.payment_state(
            [str(payment.status) for payment in attempts], paid=paid, refunded=refunded, is_disputed=disputed
        ),
        fulfilment_state=lifecycle.fulfilment_state(
            units=sum(line.quantity - line.quantity_cancelled for line in rows),
            shipped=sum(line.quantity_shipped for line in rows),
            delivered=sum(line.quantity_delivered for line in rows),
            returned=sum(line.quantity_returned for line in rows),
        ),
        paid_minor=paid,
        refunded_minor=refunded,
    )


def payments_of(order: Order) -> list[Payment]:
    """The order's payments of `attempts`. One statement."""
    return list(attempts().filter(pk__in=OrderPayment.objects.filter(order=order).values("payment_id")))


def attempts() -> QuerySet[Payment]:
    """Payments, oldest first, each saying whether a dispute over it runs."""
    running = Dispute.objects.filter(payment=OuterRef("pk"), status__in=Dispute.RUNNING)
    return Payment.objects.annotate(has_dispute=Exists(running)).order_by("created_at", "id")
