"""One question to the gateway and its answer written down: the parts `payments.exchanges` is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payments import operations, queries
from payments.gateways import gateway
from payments.gateways.base import GatewayRefused, InDoubt
from payments.models import Payment
from timeline.actors import system
from timeline.models import Delivery
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from payments.gateways.base import Gateway, GatewayPayment, GatewayRefund
    from payments.models import Refund
    from timeline.operations import Operation


def for_order(payment: Payment, *, look_first: bool) -> None:
    """Have an order made and write its id down; when asked before, it may be there already, under its receipt."""
    talk = gateway(payment.gateway)
    try:
        order = talk.find_order(receipt=payment.receipt) if look_first else None
        order = order or talk.create_order(
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            receipt=payment.receipt,
            notes={"order": payment.stream},
        )
    except InDoubt:
        _write("payment.doubt", payment.stream, lambda op: operations.doubt(op, payment_id=payment.pk))
    except GatewayRefused as no:
        words = _words_of(no)
        _write("payment.fail", payment.stream, lambda op: operations.fail(op, payment_id=payment.pk, **words))
    else:
        made = order.id
        _write(
            "payment.accept",
            payment.stream,
            lambda op: operations.accept(op, payment_id=payment.pk, gateway_order_id=made),
        )


def for_capture(payment: Payment) -> None:
    """Take reserved money. A refusal is looked at: it may be ours already, or set free; else it is raised."""
    talk = gateway(payment.gateway)
    attempt = payment.gateway_payment_id or ""
    try:
        seen = talk.capture(
            gateway_payment_id=attempt, amount_minor=payment.amount_minor, currency=payment.currency
        )
    except InDoubt:
        _write("payment.doubt", payment.stream, lambda op: operations.doubt(op, payment_id=payment.pk))
        return
    except GatewayRefused:
        seen = talk.fetch_payment(gateway_payment_id=attempt)
        if seen.status == Payment.Status.AUTHORIZED:
            raise
    _write("payment.capture", payment.stream, lambda op: operations.merge(op, payment_id=payment.pk, seen=seen))


def for_refund(refund: Refund) -> None:
    """Have money sent back under the key of this attempt; the same key gives the same refund (F23, F25)."""
    talk = gateway(refund.payment.gateway)
    try:
        seen = talk.refund(
            gateway_payment_id=refund.payment.gateway_payment_id or "",
            amount_minor=refund.amount_minor,
            idempotency_key=refund.gateway_key,
            receipt=refund.receipt,
            notes={"order": refund.stream},
            speed="optimum" if refund.speed == "optimum" else "normal",
        )
    except InDoubt:
        _write("refund.doubt", refund.stream, lambda op: operations.doubt_refund(op, refund_id=refund.pk))
    except GatewayRefused as no:
        words = _words_of(no)
        _write("refund.fail", refund.stream, lambda op: operations.fail_refund(op, refund_id=refund.pk, **words))
    else:
        write_refund(refund, seen)


def write_refund(refund: Refund, seen: GatewayRefund) -> None:
    """Merge what the gateway shows of one refund of ours."""
    _write("refund.merge", refund.stream, lambda op: operations.merge_refund(op, refund_id=refund.pk, seen=seen))


def merge_refund(op: Operation, payment: Payment | None, seen: GatewayRefund) -> None:
    """Merge a refund of ours, or take in one that a person made at the gateway."""
    ours = queries.refund_behind(gateway_refund_id=seen.id, receipt=seen.receipt)
    if ours is not None and ours.payment_id == (payment.pk if payment else None):
        operations.merge_refund(op, refund_id=ours.pk, seen=seen)
    elif ours is None and payment is not None:
        operations.adopt_refund(op, payment_id=payment.pk, seen=seen)


def seen_payment(talk: Gateway, gateway_payment_id: str | None) -> GatewayPayment | None:
    """The payment as the gateway has it; None when it has none of this id."""
    if gateway_payment_id is None:
        return None
    try:
        return talk.fetch_payment(gateway_payment_id=gateway_payment_id)
    except GatewayRefused:
        return None


def seen_refund(talk: Gateway, gateway_refund_id: str | None) -> GatewayRefund | None:
    """The refund as the gateway has it; None when it has none of this id."""
    if gateway_refund_id is None:
        return None
    try:
        return talk.fetch_refund(gateway_refund_id=gateway_refund_id)
    except GatewayRefused:
        return None


def attempts_of(talk: Gateway, gateway_order_id: str | None) -> list[GatewayPayment]:
    """Every attempt to pay the gateway's order; none when it has no such order."""
    if gateway_order_id is None:
        return []
    try:
        return talk.payments_of(gateway_order_id=gateway_order_id)
    except GatewayRefused:
        return []


def refunds_beyond(talk: Gateway, seen: GatewayPayment | None) -> list[GatewayRefund]:
    """The refunds of a payment when more went back than we know of; else none, without asking."""
    if seen is None or not seen.captured_minor or not seen.amount_refunded_minor:
        return []
    ours = queries.of_gateway(gateway_payment_id=seen.id, gateway_order_id=seen.order_id)
    if ours is None or (ours.gateway_payment_id == seen.id and ours.refunded_minor >= seen.amount_refunded_minor):
        return []
    return talk.refunds_of(gateway_payment_id=seen.id)


def was_tried(delivery_id: int) -> bool:
    """Whether this delivery was handed over before: its attempts are counted before the work."""
    return Delivery.objects.filter(pk=delivery_id, attempts__gt=1).exists()


def _words_of(no: GatewayRefused) -> dict[str, str]:
    """The refusal as codes; its sentence may quote what a customer typed and is not kept."""
    return {"code": no.code or "refused", "reason": no.reason or no.field or f"http_{no.status}"}


@retried
def _write(name: str, stream: str, work: Callable[[Operation], object]) -> None:
    with operation(name, actor=system("payments"), stream=stream) as op:
        work(op)
