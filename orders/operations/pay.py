"""What a payment's fact means for the order: confirm it, or give the money back when the order is gone (F20, F21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks, queries
from orders.models import Order, OrderPayment
from orders.operations import assessing, axes, balance, exchange, refund_parts
from orders.operations.confirm import confirm_when_paid
from orders.operations.refund import give_back_all, settle
from payments import operations as money
from timeline.errors import Missing, Refused

if TYPE_CHECKING:
    from uuid import UUID

    from payments.models import Payment
    from timeline.operations import Operation


class NothingToPay(Refused):
    """This order does not wait for a payment."""


def follow(op: Operation, *, order_id: UUID) -> Order:
    """Bring axes and status to what the payments and refunds of the order say now. Safe to repeat.

    Webhook, browser return, poller and refunds all end here. Money for a cancelled order goes back, once.
    """
    order = locks.order(order_id)
    payments = _adopted(order)
    if any(payment.facts.get("references", {}).get("international") for payment in payments):
        assessing.weigh_card(op, order=order)
    refund_parts.adopt(op, order=order, payments=payments)
    if exchange.take_credit(op, order=order, payments=payments):
        payments = axes.payments_of(order)

    axes.refresh(op, order=order, payments=payments)
    balance.follow(op, order=order)
    if order.status == Order.Status.CANCELLED:
        give_back_all(op, order=order, reason_code="captured_after_cancel")
    confirm_when_paid(op, order=order)
    return settle(op, order=order)


def again(op: Operation, *, order_id: UUID) -> Payment:
    """Another attempt after a failed payment of a pending order, or of the rest an edited order costs.

    Raises NothingToPay for any other.
    """
    order = locks.order(order_id)

    failed = queries.payment_of(order_id)
    waits = order.status == Order.Status.PENDING or (order.status in balance.OPEN and failed is not None and failed.is_further)
    if not waits or order.payment_method == "cod":
        raise NothingToPay
    if failed is None or failed.status != "failed" or failed.is_superseded:
        raise NothingToPay("The payment of this order has not failed.")

    payment = money.retry(op, payment_id=failed.pk)
    axes.refresh(op, order=order)
    return payment


def capture(op: Operation, *, order_id: UUID, payment_id: UUID) -> Payment:
    """Staff take reserved money of an order that is not cancelled; the gateway is asked afterwards.

    Raises NotReserved, NothingToPay, Missing.
    """
    order = locks.order(order_id)
    if not OrderPayment.objects.filter(order=order, payment_id=payment_id).exists():
        raise Missing
    if order.status == Order.Status.CANCELLED:
        raise NothingToPay("The order is cancelled; what is reserved goes back by itself.")
    return money.ask_capture(op, payment_id=payment_id)


def _adopted(order: Order) -> list[Payment]:
    """The order's payments: those of its story. A second capture of it is a payment of this order too (F22)."""
    known = set(OrderPayment.objects.filter(order=order).values_list("payment_id", flat=True))
    found = list(axes.attempts().filter(stream=str(order.pk)))
    OrderPayment.objects.bulk_create([OrderPayment(order=order, payment=payment) for payment in found if payment.pk not in known])
    return found
