"""What is still to be paid for an order, or was paid too much: one signed balance, and what an edit does about it.

Note [One balance]
    An order owes its total, less the parts of the refunds that have gone back or are on their way. What came in for it is
    what was captured, less all refunds that are no gift. The balance is the difference: above zero it is to be paid, below
    zero it was paid too much (PAINS 5). It counts money that was really captured and nothing else, and it is the same
    difference as in Note [Paid too much, or too little]. An edit gives back exactly what it made too much, asks for
    exactly what is missing, and when it comes out even nothing moves.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Sum

from orders.models import Order, OrderHold, OrderPayment, RefundPart, RiskAssessment
from orders.operations import axes, holds, refund_parts
from orders.operations.refund_parts import COUNTED, GivenBackMeanwhile
from orders.outstanding import GOODWILL
from payments import operations as money
from payments.models import COD, Payment, Refund

if TYPE_CHECKING:
    from collections.abc import Sequence

    from timeline.operations import Operation

ORDER_EDITED = "order_edited"
EDIT_HOLDS = "order edit"
OPEN = (Order.Status.PENDING, Order.Status.CONFIRMED, Order.Status.PROCESSING)
UNDER_WAY = (Payment.Status.AUTHORIZED, Payment.Status.IN_DOUBT)


def of(order: Order, *, total_minor: int | None = None) -> int:
    """The balance of the order in minor units, or what it would be at another total. At most three statements."""
    payments = refund_parts.due_payments(order.pk)
    given = Refund.objects.filter(payment__in=[row.pk for row in payments], status__in=COUNTED)
    back = given.exclude(reason_code=GOODWILL).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    parts = RefundPart.objects.filter(order=order, refund__status__in=COUNTED).aggregate(sum=Sum("total_minor"))["sum"] or 0
    came_in = sum(payment.captured_minor for payment in payments) - int(back)
    return (order.total_minor if total_minor is None else total_minor) - int(parts) - came_in


def close(op: Operation, *, order: Order, has_risen: bool) -> int:
    """Give back what an edit made too much, ask for what is missing; returns the balance as it was before that.

    Goods of a paid order that costs more now wait on hold until the rest is paid or a person releases them.
    """
    balance_minor = of(order)
    if balance_minor < 0:
        _give_back(op, order, -balance_minor)
    follow(op, order=order)
    if balance_minor > 0 and has_risen and order.status != Order.Status.PENDING and order.payment_method != COD:
        _wait(op, order)
    return balance_minor


def follow(op: Operation, *, order: Order) -> None:
    """Ask for exactly what an edited order still has to be paid: no other amount, and nothing when it is paid.

    A payment that is under way is waited for. What a channel took is its channel's to ask for. Safe to repeat.
    """
    if order.channel_order_id:
        return
    is_collected = order.payment_method == COD and order.status == Order.Status.SHIPPED
    if not order.revision or not (order.status in OPEN or is_collected):
        return
    balance_minor = of(order)
    payments = refund_parts.due_payments(order.pk)
    asked = [payment for payment in payments if not payment.captured_minor and not payment.is_superseded]
    if any(payment.status in UNDER_WAY for payment in asked):
        return
    if balance_minor <= 0:
        _take_back(op, asked)
        _go_on(op, order)
    elif not asked or asked[-1].amount_minor != balance_minor:
        _take_back(op, asked)
        _ask(op, order, balance_minor, is_further=any(payment.captured_minor for payment in payments))
    axes.refresh(op, order=order)


def is_under_way(order: Order) -> bool:
    """Whether a payment of the order is being taken just now. One statement."""
    return OrderPayment.objects.filter(order=order, payment__status__in=UNDER_WAY).exists()


def require_over(order: Order, refund: Refund) -> None:
    """That what an edit wanted to give back still is too much. Raises GivenBackMeanwhile."""
    if refund.reason_code == ORDER_EDITED and of(order) > -refund.amount_minor:
        raise GivenBackMeanwhile


def _give_back(op: Operation, order: Order, amount_minor: int) -> None:
    """From the newest payment on; cash, and what a bank is deciding over, waits for a person in the list of overpaid."""
    for payment in reversed(refund_parts.due_payments(order.pk)):
        part = min(amount_minor, payment.refundable_minor)
        if part > 0 and payment.gateway != COD and not money.is_disputed(payment):
            money.ask_refund(op, payment_id=payment.pk, amount_minor=part, reason_code=ORDER_EDITED)
            amount_minor -= part


def _take_back(op: Operation, asked: Sequence[Payment]) -> None:
    for payment in asked:
        money.supersede(op, payment_id=payment.pk, reason="the order was changed")


def _ask(op: Operation, order: Order, amount_minor: int, *, is_further: bool) -> None:
    score = RiskAssessment.objects.filter(order=order).values_list("score", flat=True).first()
    payment = money.open(
        op, stream=str(order.pk), gateway=order.payment_method, amount_minor=amount_minor, currency=order.currency,
        is_further=is_further, facts={"fraud_score": score} if score is not None else None,
    )
    OrderPayment.objects.create(order=order, payment=payment)
    if order.status == Order.Status.PENDING:
        order.payment_due_at = op.now + timedelta(minutes=settings.PAYMENT_DUE_MINUTES)
        Order.objects.filter(pk=order.pk).update(payment_due_at=order.payment_due_at)


def _wait(op: Operation, order: Order) -> None:
    if not _waiting(order):
        holds.hold(op, order_id=order.pk, reason=OrderHold.Reason.PAYMENT, created_by=EDIT_HOLDS)
        order.on_hold = True


def _go_on(op: Operation, order: Order) -> None:
    for row in _waiting(order):
        holds.release(op, order_id=order.pk, hold_id=row.pk)
        order.on_hold = OrderHold.objects.filter(order=order, released_at=None).exists()


def _waiting(order: Order) -> list[OrderHold]:
    return list(OrderHold.objects.filter(order=order, created_by=EDIT_HOLDS, released_at=None))
