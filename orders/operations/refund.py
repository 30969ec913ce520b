"""Money back: asked for by the customer, given by staff, REFUNDED when all of it is back (B32, Z1)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from orders import locks
from orders.models import Line, Order, OrderPayment
from orders.operations import axes, balance, planning, refund_goods, refund_limits, refund_parts, shelf
from orders.operations.refund_parts import AboveRefundable, Quote, TooManyUnitsBack, Wish
from payments import operations as money
from payments.models import BY_HAND, Payment, Refund
from timeline.errors import Missing
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from timeline.operations import Operation

__all__ = ["AboveRefundable", "Quote", "TooManyUnitsBack", "Wish"]
_CALLED_OFF = (refund_parts.ORDER_CANCELLED, "captured_after_cancel")
SPEEDS = {"normal": "normal", "instant": "optimum"}


def request(
    op: Operation, *, order_id: UUID, amount_minor: int, reason: str, items: Mapping[UUID, int] | None = None
) -> Refund:
    """The customer asks; a person or a rule decides. Raises AboveRefundable, TooManyUnitsBack."""
    order = locks.order(order_id)
    lines = locks.lines(order_id)

    found = refund_parts.quote(order=order, lines=lines, wish=Wish(items=items or {}, amount_minor=amount_minor))

    refund = money.request_refund(
        op, payment_id=found.payment.pk, amount_minor=amount_minor, reason_code="customer_request", reason=reason,
        items=_wire(items), person=order.person.key,
    )
    refund_parts.write(op, order=order, refund=refund, parts=found.parts)
    return refund


def quote(*, order_id: UUID, wish: Wish) -> Quote:
    """What a refund would come to, without writing: what `give` does is exactly this. Raises what `give` raises."""
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise Missing
    return refund_parts.quote(order=order, lines=list(Line.objects.filter(order=order).order_by("place")), wish=wish)


def give(
    op: Operation, *, order_id: UUID, reason: str, amount_minor: int | None = None,
    items: Mapping[UUID, int] | None = None, with_shipping: bool | None = None, goodwill: bool = False,
    initiate_payment_refund: bool = True, speed: str = "normal", restock: bool = False,
    restock_lines: Sequence[Mapping[str, Any]] = (), limit_minor: int | None = None, return_id: UUID | None = None,
    despite_dispute: bool = False, reason_code: str = "", fees: Mapping[UUID, int] | None = None,
) -> Refund:
    """Staff give money back: through the gateway, or recorded as given by other means.

    By items (their worth less `fees` by line, unless an amount is named), by amount, or as goodwill. Above `limit_minor` it becomes a
    request that another person approves. Raises AboveRefundable, TooManyUnitsBack, CannotRestock, what `quote` raises, and
    DisputeOpen while the customer's bank decides over the same money, unless it is wanted `despite_dispute` (F32).
    """
    order = locks.order(order_id)
    lines = locks.lines(order_id)

    wish = Wish(
        items=items or {}, fees=fees or {}, amount_minor=amount_minor, with_shipping=with_shipping, goodwill=goodwill
    )
    found = refund_parts.quote(order=order, lines=lines, wish=wish)
    if goodwill and (restock or restock_lines):
        raise refund_parts.GoodwillStandsAlone
    kept = refund_goods.wanted(order=order, lines=lines, items=wish.items, restock=restock, restock_lines=restock_lines)
    waits = refund_limits.needs_approval(
        stream=str(order.pk), actor=op.actor, amount_minor=found.amount_minor, limit_minor=limit_minor
    )

    ask = money.request_refund if waits else partial(money.ask_refund, despite_dispute=despite_dispute)
    refund = ask(
        op, payment_id=found.payment.pk, amount_minor=found.amount_minor, reason=reason, items=_wire(items),
        reason_code=reason_code or ("goodwill" if goodwill else "items" if items else "amount"), restock_lines=kept,
        speed=SPEEDS[speed], by_other_means=not initiate_payment_refund, return_id=return_id, person=order.person.key,
    )
    refund_parts.write(op, order=order, refund=refund, parts=found.parts, kept=found.kept)
    return refund if waits else _follow(op, order, refund, lines)


def approve(op: Operation, *, order_id: UUID, refund_id: UUID, limit_minor: int | None = None) -> Refund:
    """Grant a request: the money is on its way; money that came in cash has been given back in cash.

    Raises MakerIsChecker, AboveYourLimit, GivenBackMeanwhile, TransitionRefused, AboveRefundable, Missing.
    """
    order = locks.order(order_id)
    asked = _own(order_id, refund_id)

    refund_limits.require_other_hand(refund=asked, actor=op.actor, limit_minor=limit_minor)
    refund_parts.require_there(order=order, refund=asked)

    refund = money.approve_refund(
        op, refund_id=refund_id, by_other_means=asked.by_other_means or asked.payment.gateway in BY_HAND
    )
    return _follow(op, order, refund, locks.lines(order_id))


def decline(op: Operation, *, order_id: UUID, refund_id: UUID, reason: str) -> Refund:
    """Decline a request, with a reason the customer can read. Raises TransitionRefused, Missing."""
    _own(order_id, refund_id)
    return money.decline_refund(op, refund_id=refund_id, reason=reason)


def retry(op: Operation, *, order_id: UUID, refund_id: UUID) -> Refund:
    """Ask the gateway again for a refund that failed for certain (PAINS 7).

    Raises GivenBackMeanwhile, TransitionRefused, AboveRefundable, DisputeOpen, Missing.
    """
    order = locks.order(order_id)
    failed = _own(order_id, refund_id)

    refund_parts.require_there(order=order, refund=failed)
    balance.require_over(order, failed)
    if money.is_disputed(failed.payment):
        raise money.DisputeOpen

    return money.retry_refund(op, refund_id=refund_id)


def settle_by_other_means(op: Operation, *, order_id: UUID, refund_id: UUID, reference: str, reason: str) -> Refund:
    """Record that a failed refund was given by transfer or in cash; it is never retried then.

    Raises GivenBackMeanwhile, TransitionRefused, AboveRefundable, Missing.
    """
    order = locks.order(order_id)
    failed = _own(order_id, refund_id)

    refund_parts.require_there(order=order, refund=failed)
    balance.require_over(order, failed)

    refund = money.settle_refund_otherwise(op, refund_id=refund_id, reference=reference, reason=reason)
    settle(op, order=axes.refresh(op, order=order))
    return refund


def give_back_all(op: Operation, *, order: Order, reason_code: str) -> list[Refund]:
    """Whatever is captured and neither back nor on its way goes back now: once, however often it is asked.

    What the customer's bank is asking for waits for its verdict (F32), and what the gateway refused to give back for a
    cancelled order waits for a person: it would be asked without end (PAINS 7). Money that came after the order was
    called off was never due and has no parts.
    """
    refunds = []
    refused = set(
        Refund.objects.filter(
            stream=str(order.pk), status=Refund.Status.FAILED, reason_code__in=_CALLED_OFF
        ).values_list("payment_id", flat=True)
    )
    due = {payment.pk for payment in refund_parts.due_payments(order.pk)}
    for payment in _payments(order.pk):
        left = refundable(payment)
        waits = payment.pk in refused or money.is_disputed(payment)
        if left > 0 and payment.gateway not in BY_HAND and not waits:
            refund = money.ask_refund(op, payment_id=payment.pk, amount_minor=left, reason_code=reason_code)
            if reason_code == refund_parts.ORDER_CANCELLED and payment.pk in due:
                refund_parts.write_by_amount(op, order=order, refund=refund, lines=locks.lines(order.pk))
            refunds.append(refund)
    return refunds


def settle(op: Operation, *, order: Order) -> Order:
    """REFUNDED, once all captured money has gone back; a cancelled order stays cancelled (Z1)."""
    ended = order.status in (Order.Status.PENDING, Order.Status.CANCELLED, Order.Status.REFUNDED)
    if not ended and order.paid_minor > 0 and order.refunded_minor >= order.paid_minor:
        shelf.free(op, stream=str(order.pk))
        advance(
            op, order.refund, at=op.now, amount_minor=order.refunded_minor, currency=order.currency, stream=str(order.pk),
            targets=[("customer", order.person_id)],
        )
        planning.plan(op, order_id=order.pk)
    return order


def refundable(payment: Payment) -> int:
    """Captured, less refunded, on its way and disputed."""
    return payment.refundable_minor


def _follow(op: Operation, order: Order, refund: Refund, lines: list[Line]) -> Refund:
    """What a refund that is on its way means for goods, axes and status."""
    if refund.restock_lines:
        refund_goods.put_back(op, order=order, lines=lines, kept=refund.restock_lines, refund_id=refund.pk)
        planning.plan(op, order_id=order.pk)
    settle(op, order=axes.refresh(op, order=order))
    return refund


def _payments(order_id: UUID) -> list[Payment]:
    links = OrderPayment.objects.filter(order_id=order_id).select_related("payment").order_by("id")
    return [link.payment for link in links]


def _own(order_id: UUID, refund_id: UUID) -> Refund:
    if not OrderPayment.objects.filter(order_id=order_id, payment__refunds__id=refund_id).exists():
        raise Missing
    return Refund.objects.select_related("payment").get(pk=refund_id)


def _wire(items: Mapping[UUID, int] | None) -> list[dict[str, object]]:
    return [{"orderItemId": str(pk), "quantity": units} for pk, units in (items or {}).items()]
