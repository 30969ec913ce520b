"""A payment's way to the gateway and back, short of the money itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payments import locks
from payments.models import BY_HAND, Payment, Refund
from timeline.errors import Invalid
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from timeline.operations import Operation

UNANSWERED = (Payment.Status.OPENING, Payment.Status.IN_DOUBT)
REASON_CHARS_MAX = 120
CODE_CHARS_MAX = 60


class AmountDiffers(Invalid):
    """The amount or the currency is not the one this payment was opened for."""


def open(  # noqa: A001 the word of the trade, read as payments.operations.open
    op: Operation, *, stream: str, gateway: str, amount_minor: int, currency: str, receipt: str | None = None,
    is_further: bool = False, facts: Mapping[str, Any] | None = None,
) -> Payment:
    """Begin a payment of `amount_minor` in this story; the gateway is asked for an order afterwards (exchanges).

    Cash on delivery and the credit of an exchange need no gateway and wait as `created`. `receipt` (at most 40 characters)
    is our name for it at the gateway, the payment's id unless given. `is_further` is for what the story costs beyond what
    was paid. `facts` stay with the payment; `fraud_score` is told when it is captured (A13).
    """
    payment_id = op.new_id()
    payment = Payment(
        id=payment_id,
        stream=stream,
        gateway=gateway,
        status=Payment.Status.CREATED if gateway in BY_HAND else Payment.Status.OPENING,
        amount_minor=amount_minor,
        currency=currency,
        receipt=receipt or payment_id.hex,
        is_further=is_further,
        facts=dict(facts or {}),
        created_at=op.now,
    )
    opened = {"gateway": gateway, "amount_minor": amount_minor, "currency": currency, "receipt": payment.receipt}
    begin(op, payment, "payment.opened", stream=stream, facts={**opened, "is_further": is_further or None})
    return payment


def accept(op: Operation, *, payment_id: UUID, gateway_order_id: str) -> Payment:
    """The gateway has an order to be paid: write its id down. A repeat changes nothing."""
    payment = locks.payment(payment_id)
    if payment.gateway_order_id == gateway_order_id or payment.status not in UNANSWERED:
        return payment
    advance(op, payment.accept, stream=payment.stream, gateway_order_id=gateway_order_id, **facts_of(payment))
    return payment


def fail(op: Operation, *, payment_id: UUID, code: str, reason: str, gateway_payment_id: str | None = None) -> Payment:
    """This attempt came to nothing. A captured or authorised payment is never lowered, an old failure never repeated."""
    payment = locks.payment(payment_id)
    known: list[str] = payment.facts.get("failed", [])
    if gateway_payment_id is not None and gateway_payment_id in known:
        return payment

    own = payment.gateway_payment_id in {None, gateway_payment_id}  # the doubt is about one attempt
    if payment.status in (Payment.Status.OPENING, Payment.Status.CREATED) or (
        payment.status == Payment.Status.IN_DOUBT and own
    ):
        advance(
            op,
            payment.fail,
            stream=payment.stream,
            code=code[:CODE_CHARS_MAX],
            reason=reason[:REASON_CHARS_MAX],
            processor_ref=gateway_payment_id,
            **facts_of(payment),
        )
    if gateway_payment_id is not None:
        keep_facts(payment, failed=[*known, gateway_payment_id])
    return payment


def supersede(op: Operation, *, payment_id: UUID, reason: str) -> Payment:
    """This amount is not asked for any more. Only a payment nobody has begun to pay; for others nothing changes."""
    payment = locks.payment(payment_id)
    if payment.status in (Payment.Status.OPENING, Payment.Status.CREATED):
        advance(op, payment.supersede, stream=payment.stream, reason=reason[:REASON_CHARS_MAX], **facts_of(payment))
    return payment


def lapse(op: Operation, *, payment_id: UUID) -> Payment:
    """The gateway set reserved money free because nobody captured it: the attempt has failed. A repeat changes nothing."""
    payment = locks.payment(payment_id)
    if payment.status in (Payment.Status.AUTHORIZED, Payment.Status.IN_DOUBT):
        words = {"code": "authorization_lapsed", "reason": "not captured in time", **facts_of(payment)}
        advance(op, payment.fail, stream=payment.stream, processor_ref=payment.gateway_payment_id, **words)
        keep_facts(payment, failed=[*payment.facts.get("failed", []), payment.gateway_payment_id])
    return payment


def doubt(op: Operation, *, payment_id: UUID) -> Payment:
    """The gateway was asked and did not answer. A repeat changes nothing."""
    payment = locks.payment(payment_id)
    if payment.status in (Payment.Status.OPENING, Payment.Status.AUTHORIZED):
        advance(op, payment.doubt, stream=payment.stream, **facts_of(payment))
    return payment


def retry(op: Operation, *, payment_id: UUID) -> Payment:
    """Another attempt after a failure, on the same gateway order where there is one.

    Raises `TransitionRefused` when the payment has not failed.
    """
    payment = locks.payment(payment_id)
    again = payment.reopen if payment.gateway_order_id is None else payment.retry
    advance(op, again, stream=payment.stream, attempts=payment.attempts + 1, **facts_of(payment))
    return payment


def mark_asked(op: Operation, *, payment_ids: Iterable[UUID] = (), refund_ids: Iterable[UUID] = ()) -> int:
    """Note when the gateway was last asked about these, so that the next sweep asks others first; returns how many."""
    payments = Payment.objects.filter(pk__in=list(payment_ids)).update(asked_at=op.now)
    return payments + Refund.objects.filter(pk__in=list(refund_ids)).update(asked_at=op.now)


def facts_of(payment: Payment) -> dict[str, Any]:
    """What every event of a payment says."""
    return {"gateway": payment.gateway, "amount_minor": payment.amount_minor, "currency": payment.currency}


def keep_facts(payment: Payment, **facts: Any) -> None:
    """Add to what is known of the payment's attempts; Note [What a payment keeps of its attempts]."""
    payment.facts = {**payment.facts, **facts}
    Payment.objects.filter(pk=payment.pk).update(facts=payment.facts)
