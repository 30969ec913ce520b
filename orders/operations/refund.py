"""Money back: asked for by the customer, given by staff, REFUNDED when all of it is back (B32, Z1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.models import Line, Order, OrderPayment
from orders.operations import axes, shelf
from payments import operations as money
from timeline.errors import Invalid, Missing
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from payments.models import Payment, Refund
    from timeline.operations import Operation

AMOUNT_MINOR_MIN = 100


class AboveRefundable(Invalid):
    """More than can be refunded: captured, less what went back or is on its way."""


class TooManyUnitsBack(Invalid):
    """The refund names more units than the order has."""


def request(
    op: Operation, *, order_id: UUID, amount_minor: int, reason: str, items: Mapping[UUID, int] | None = None
) -> Refund:
    """The customer asks; a person or a rule decides. Raises AboveRefundable, TooManyUnitsBack."""
    order = locks.order(order_id)
    lines = locks.lines(order_id)

    payment = _payment_for(order, amount_minor)
    _require_units(lines, items)

    return money.request_refund(
        op, payment_id=payment.pk, amount_minor=amount_minor, reason_code="customer_request", reason=reason,
        items=_wire(items), person=order.person.key,
    )


def give(
    op: Operation, *, order_id: UUID, amount_minor: int, reason: str, initiate_payment_refund: bool = True,
    items: Mapping[UUID, int] | None = None, restock: bool = False,
) -> Refund:
    """Staff give money back: through the gateway, or recorded as given by other means.

    `restock` puts the named units (without names: all of them) back: those not yet shipped are taken out of the order,
    delivered ones go on the shelf. Raises AboveRefundable, TooManyUnitsBack.
    """
    order = locks.order(order_id)
    lines = locks.lines(order_id)

    payment = _payment_for(order, amount_minor)
    _require_units(lines, items)

    refund = money.ask_refund(
        op, payment_id=payment.pk, amount_minor=amount_minor, reason_code="items" if items else "amount",
        reason=reason, items=_wire(items), restock=restock, by_other_means=not initiate_payment_refund,
        person=order.person.key,
    )
    if restock:
        _put_back(op, order, lines, items)
    axes.refresh(op, order=order)
    settle(op, order=order)
    return refund


def approve(op: Operation, *, order_id: UUID, refund_id: UUID) -> Refund:
    """Grant the customer's request: the money is on its way; money that came in cash has been given back in cash.

    Raises TransitionRefused, AboveRefundable, Missing.
    """
    _require_own(order_id, refund_id)
    in_cash = OrderPayment.objects.filter(payment__refunds__id=refund_id, payment__gateway="cod").exists()

    refund = money.approve_refund(op, refund_id=refund_id, by_other_means=in_cash)
    if in_cash:
        order = axes.refresh(op, order=locks.order(order_id))
        settle(op, order=order)
    return refund


def decline(op: Operation, *, order_id: UUID, refund_id: UUID, reason: str) -> Refund:
    """Decline the customer's request, with a reason they can read. Raises TransitionRefused, Missing."""
    _require_own(order_id, refund_id)
    return money.decline_refund(op, refund_id=refund_id, reason=reason)


def give_back_all(op: Operation, *, order: Order, reason_code: str) -> list[Refund]:
    """Whatever is captured and neither back nor on its way goes back now: once, however often it is asked.

    What the customer's bank is asking for waits for its verdict (F32).
    """
    refunds = []
    for payment in _payments(order.pk):
        left = refundable(payment)
        if left > 0 and payment.gateway != "cod" and not money.is_disputed(payment):
            refunds.append(
                money.ask_refund(op, payment_id=payment.pk, amount_minor=left, reason_code=reason_code)
            )
    return refunds


def settle(op: Operation, *, order: Order) -> Order:
    """REFUNDED, once all captured money has gone back; a cancelled order stays cancelled (Z1)."""
    ended = order.status in (Order.Status.PENDING, Order.Status.CANCELLED, Order.Status.REFUNDED)
    if not ended and order.paid_minor > 0 and order.refunded_minor >= order.paid_minor:
        shelf.free(op, stream=str(order.pk))
        advance(op, order.refund, at=op.now, amount_minor=order.refunded_minor, targets=[("customer", order.person_id)])
    return order


def refundable(payment: Payment) -> int:
    """Captured, less refunded, on its way and disputed."""
    return payment.refundable_minor


def _payment_for(order: Order, amount_minor: int) -> Payment:
    payments = _payments(order.pk)
    whole = sum(refundable(payment) for payment in payments)
    fits = [payment for payment in payments if refundable(payment) >= amount_minor]
    if amount_minor <= 0 or not fits:
        most = max((refundable(payment) for payment in payments), default=0)
        raise AboveRefundable(
            f"At most {most} can be refunded in one go; {whole} in all.", refundable=whole, currency=order.currency,
            errors=[("#/amount", f"At most {most}.")],
        )
    return min(fits, key=refundable)


def _payments(order_id: UUID) -> list[Payment]:
    links = OrderPayment.objects.filter(order_id=order_id).select_related("payment").order_by("id")
    return [link.payment for link in links]


def _require_units(lines: list[Line], items: Mapping[UUID, int] | None) -> None:
    known = {line.pk: line.quantity for line in lines}
    errors = [
        (f"#/items/{place}", f"The line has {known[pk]} units." if pk in known else "There is no such line.")
        for place, (pk, units) in enumerate((items or {}).items())
        if units > known.get(pk, 0)
    ]
    if errors:
        raise TooManyUnitsBack(errors=errors)


def _put_back(op: Operation, order: Order, lines: list[Line], items: Mapping[UUID, int] | None) -> None:
    unshipped: dict[UUID, int] = {}
    returned: dict[UUID, int] = {}
    for line in lines:
        wanted = (items or {}).get(line.pk, 0) if items else line.quantity
        free = min(wanted, line.to_ship)
        back = min(wanted - free, line.quantity_delivered - line.quantity_returned)
        line.quantity_cancelled += free
        line.quantity_returned += back
        line.updated_at = op.now
        unshipped[line.variant_id] = unshipped.get(line.variant_id, 0) + free
        returned[line.variant_id] = returned.get(line.variant_id, 0) + back
    shelf.free(op, stream=str(order.pk), units={pk: n for pk, n in unshipped.items() if n})
    goods = {pk: n for pk, n in returned.items() if n}
    if goods:
        shelf.come_back(
            op, stream=str(order.pk), warehouse_code=None, units=goods, reason="refunded_with_goods"
        )
    Line.objects.bulk_update(lines, ["quantity_cancelled", "quantity_returned", "updated_at"])


def _require_own(order_id: UUID, refund_id: UUID) -> None:
    if not OrderPayment.objects.filter(order_id=order_id, payment__refunds__id=refund_id).exists():
        raise Missing


def _wire(items: Mapping[UUID, int] | None) -> list[dict[str, object]]:
    return [{"orderItemId": str(pk), "quantity": units} for pk, units in (items or {}).items()]
