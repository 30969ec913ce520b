"""Talking to gateways: ask with no transaction open, then open an operation and write the answer down.

Note [Intent first]
    Every call answers an intent that is committed: a payment that is opening, an authorisation, a refund that is pending,
    a notice. Each may be made again after a crash. An order is looked up by its receipt before it is made again, a capture
    that was refused is looked at, a refund is sent under the key of its attempt as long as its outcome is unknown. No
    answer is a state, `in_doubt`, and `resolve_doubts` asks; `GatewayBusy` and `GatewayMisconfigured` go up to the relay,
    which backs off and at last parks the delivery for a person.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from payments import asking, disputes, notices, operations, queries, settlements
from payments.gateways import gateway
from payments.gateways.base import GatewayBusy, GatewayError, GatewayRefused, InDoubt
from payments.models import BY_HAND, Notice, Payment, Refund
from payments.operations.notices import body_of
from timeline.actors import system
from timeline.errors import Invalid
from timeline.operations import operation
from timeline.retries import retried
from timeline.subscriptions import exchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from payments.gateways.base import GatewayPayment, GatewayRefund
    from timeline.actors import Actor
    from timeline.models import Event
    from timeline.operations import Operation

SWEEP_ROWS_MAX = 100
MANUAL = "manual"

log = structlog.get_logger("bahi.payments")


class BadReturn(Invalid):
    """The signature is not the gateway's for this payment of this order."""

    slug = "bad-signature"


@exchange("payment.opened", "payment.retried")
def ask_for_order(event: Event, delivery_id: int) -> None:
    """Have the gateway make an order for a payment that is opening."""
    payment = Payment.objects.get(pk=event.subject_uuid)
    if payment.gateway in BY_HAND or payment.status != Payment.Status.OPENING:
        return
    again = payment.attempts > 1 or asking.was_tried(delivery_id)
    asking.for_order(payment, look_first=again)


@exchange("payment.authorized", "payment.capture_asked")
def ask_for_capture(event: Event, delivery_id: int) -> None:  # noqa: ARG001 a capture is looked at, not keyed
    """Take the money that is reserved: at once, or when a person says so (`PAYMENT_CAPTURE`)."""
    if event.kind == "payment.authorized" and settings.PAYMENT_CAPTURE == MANUAL:
        return
    payment = Payment.objects.get(pk=event.subject_uuid)
    if payment.status == Payment.Status.AUTHORIZED:
        asking.for_capture(payment)


@exchange("refund.asked")
def ask_for_refund(event: Event, delivery_id: int) -> None:  # noqa: ARG001 the refund's own key says more
    """Have the gateway send money back."""
    refund = Refund.objects.select_related("payment").get(pk=event.subject_uuid)
    if refund.status == Refund.Status.PENDING and refund.gateway_refund_id is None and not refund.by_other_means:
        asking.for_refund(refund)


@exchange("notice.taken")
def follow_notice(event: Event, delivery_id: int) -> None:  # noqa: ARG001 merging again changes nothing
    """Fetch what a notice speaks of and merge it; what the gateway does not know, or we do not, is left alone."""
    notice = Notice.objects.get(pk=event.subject_uuid)
    spoken = notices.read(body_of(notice))
    talk = gateway(notice.provider)

    refund = asking.seen_refund(talk, spoken.refund_id)
    payment_id = refund.payment_id if refund else spoken.payment_id
    payment = asking.seen_payment(talk, payment_id)
    attempts = [payment] if payment else asking.attempts_of(talk, spoken.order_id)
    refunds = [refund] if refund else asking.refunds_beyond(talk, payment)

    ours = _merge_all(attempts, refunds)
    if spoken.dispute_id is not None:
        ours += disputes.follow(talk, spoken.dispute_id)
    if spoken.settlement_id is not None:
        settlements.follow(talk, spoken.settlement_id)
    with operation("notice.handle", actor=system("payments")) as op:
        operations.handle_notice(op, notice_id=notice.pk)
    log.info("notice.followed", kind=notice.kind, ours=ours)


def take_return(
    *,
    payment_id: UUID,
    gateway_payment_id: str,
    signature: str,
    confirm: Callable[[Operation, Payment], None],
    actor: Actor | None = None,
) -> Payment:
    """The customer's browser came back from the pay page: merge what the gateway shows, and confirm in one operation.

    The signature is checked against the gateway order *we* stored (F31) and proves no capture, so the payment is fetched.
    `confirm(op, payment)` is called when the money is in. When the gateway does not answer in time everything is left to
    the notice, and the payment is returned as it is. Raises `BadReturn`.
    """
    payment = Payment.objects.get(pk=payment_id)
    talk = gateway(payment.gateway)
    ours = payment.gateway_order_id
    if ours is None or not talk.check_return(
        gateway_order_id=ours, gateway_payment_id=gateway_payment_id, signature=signature
    ):
        raise BadReturn
    try:
        seen = talk.fetch_payment(gateway_payment_id=gateway_payment_id)
    except (InDoubt, GatewayBusy) as error:
        log.warning("return.unanswered", payment=str(payment_id), error=str(error))
        return payment
    except GatewayRefused as error:
        raise BadReturn from error
    if seen.order_id != ours:
        raise BadReturn
    return _take_return(payment, seen, confirm, actor or system("payments"))


def resolve_doubts(limit: int = SWEEP_ROWS_MAX) -> int:
    """Ask about everything the gateway did not answer; returns how many were asked about (F25)."""
    payments, refunds = queries.in_doubt(limit)
    _mark_asked(payments, refunds)
    for payment in payments:
        if payment.gateway_order_id is None:
            _one_by_one(partial(asking.for_order, payment, look_first=True))
        else:
            _one_by_one(partial(_ask_attempts, payment))
    for refund in refunds:
        _one_by_one(partial(_ask_refund_again, refund))
    return len(payments) + len(refunds)


def ask_about(stream: str) -> int:
    """Ask about every payment and refund of one story that is not settled, now, because a person wants to know.

    Returns how many were asked about. Raises GatewayError.
    """
    ended = (Payment.Status.CAPTURED, Payment.Status.OPENING)
    payments = list(Payment.objects.filter(stream=stream).exclude(gateway__in=BY_HAND).exclude(status__in=ended))
    refunds = list(
        Refund.objects.filter(stream=stream, status__in=[Refund.Status.PENDING, Refund.Status.IN_DOUBT], by_other_means=False)
        .select_related("payment")
    )
    _mark_asked(payments, refunds)
    for payment in payments:
        if payment.gateway_order_id is None:
            asking.for_order(payment, look_first=True)
        else:
            _ask_attempts(payment)
    for refund in refunds:
        _ask_refund_again(refund)
    return len(payments) + len(refunds)


def sweep_quiet(limit: int = SWEEP_ROWS_MAX) -> int:
    """Ask about unsettled money no notice has spoken of for some minutes, so that a lost webhook loses nothing (F30).

    See `queries.quiet` for how often. Returns how many rows were asked about.
    """
    payments, refunds = queries.quiet(now=timezone.now(), limit=limit)
    _mark_asked(payments, refunds)
    for payment in payments:
        _one_by_one(partial(_ask_attempts, payment))
    for refund in refunds:
        _one_by_one(partial(_ask_refund_again, refund))
    return len(payments) + len(refunds)


def _merge_all(attempts: list[GatewayPayment], refunds: list[GatewayRefund]) -> int:
    """Merge attempts, then refunds, each story in an operation of its own; returns how many were ours."""
    ours = 0
    for seen in attempts:
        mine = [refund for refund in refunds if refund.payment_id == seen.id]
        payment = queries.of_gateway(gateway_payment_id=seen.id, gateway_order_id=seen.order_id)
        if payment is not None:
            _merge(payment, seen, mine)
            ours += 1
    return ours


@retried
def _merge(payment: Payment, seen: GatewayPayment, refunds: list[GatewayRefund]) -> None:
    with operation("payment.merge", actor=system("payments"), stream=payment.stream) as op:
        operations.merge(op, payment_id=payment.pk, seen=seen)
        owner = queries.of_gateway(gateway_payment_id=seen.id, gateway_order_id=None)
        for refund in refunds if owner else []:
            asking.merge_refund(op, owner, refund)


@retried
def _take_return(
    payment: Payment, seen: GatewayPayment, confirm: Callable[[Operation, Payment], None], actor: Actor
) -> Payment:
    with operation("payment.return", actor=actor, stream=payment.stream) as op:
        merged = operations.merge(op, payment_id=payment.pk, seen=seen)
        if merged.status == Payment.Status.CAPTURED:
            confirm(op, merged)
        return merged


def _ask_attempts(payment: Payment) -> None:
    talk = gateway(payment.gateway)
    for seen in asking.attempts_of(talk, payment.gateway_order_id):
        _merge(payment, seen, asking.refunds_beyond(talk, seen))


def _ask_refund_again(refund: Refund) -> None:
    """Look first, by id or among the payment's refunds; send again under the same key only when it is not there."""
    talk = gateway(refund.payment.gateway)
    paid = refund.payment.gateway_payment_id or ""
    if refund.gateway_refund_id is not None:
        asking.write_refund(refund, talk.fetch_refund(gateway_refund_id=refund.gateway_refund_id))
        return
    for seen in talk.refunds_of(gateway_payment_id=paid):
        if seen.receipt == refund.receipt:
            asking.write_refund(refund, seen)
            return
    asking.for_refund(refund)


def _mark_asked(payments: list[Payment], refunds: list[Refund]) -> None:
    if payments or refunds:
        with operation("payments.mark_asked", actor=system("payments")) as op:
            operations.mark_asked(
                op, payment_ids=[row.pk for row in payments], refund_ids=[row.pk for row in refunds]
            )


def _one_by_one(ask: Callable[[], None]) -> None:
    """One row's trouble at the gateway does not keep the others waiting; it is asked about again next time."""
    try:
        ask()
    except GatewayError as error:
        log.warning("sweep.unanswered", error=str(error), kind=type(error).__name__)

