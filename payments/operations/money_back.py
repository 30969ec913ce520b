"""What the gateway said about money going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payments import locks
from payments.models import Refund
from payments.operations import wishes
from payments.operations.attempts import CODE_CHARS_MAX, REASON_CHARS_MAX
from timeline import vault
from timeline.errors import Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from uuid import UUID

    from payments.operations.seen import SeenRefund
    from timeline.operations import Operation

AT_GATEWAY = "gateway"
SPEED_CHARS_MAX, REFERENCE_CHARS_MAX = 10, 40
_OPEN = (Refund.Status.PENDING, Refund.Status.IN_DOUBT)


class RefundDiffers(Refused):
    """The gateway's refund is of another amount than ours; a person must look."""


def accept_refund(op: Operation, *, refund_id: UUID, gateway_refund_id: str) -> Refund:
    """The gateway works on it. A repeat changes nothing."""
    refund = locks.refund(refund_id)
    known = refund.gateway_refund_id == gateway_refund_id and refund.status == Refund.Status.PENDING
    if refund.status in _OPEN and not known:
        advance(
            op,
            refund.accept,
            gateway_refund_id=gateway_refund_id,
            **wishes.issued(refund, processor_ref=gateway_refund_id),
            **wishes.words_of(refund),
        )
    return refund


def finish_refund(op: Operation, *, refund_id: UUID, gateway_refund_id: str | None = None) -> Refund:
    """The money has gone back. A repeat changes nothing. Raises `TransitionRefused` when it was never on its way."""
    refund = locks.refund(refund_id)
    if refund.status == Refund.Status.PROCESSED:
        return refund
    if refund.status == Refund.Status.PENDING and refund.gateway_refund_id is None:
        wishes.say_issued(op, refund=refund, processor_ref=gateway_refund_id)
    event = advance(
        op,
        refund.finish,
        gateway_refund_id=gateway_refund_id or refund.gateway_refund_id,
        at=op.now,
        processor_ref=gateway_refund_id,
        **wishes.words_of(refund),
    )
    wishes.settle(refund.payment, refund.amount_minor)
    wishes.book(op, event=event, refund=refund)
    return refund


def fail_refund(
    op: Operation, *, refund_id: UUID, code: str, reason: str, gateway_refund_id: str | None = None
) -> Refund:
    """The gateway said no, for certain: what was set aside is free again, and the refund can be retried (PAINS 7)."""
    refund = locks.refund(refund_id)
    if refund.status in _OPEN:
        code, reason = code[:CODE_CHARS_MAX], reason[:REASON_CHARS_MAX]
        known = gateway_refund_id or refund.gateway_refund_id
        advance(
            op, refund.fail, code=code, reason=reason, gateway_refund_id=known, **wishes.words_of(refund)
        )
        wishes.set_free(refund.payment, refund.amount_minor)
    return refund


def doubt_refund(op: Operation, *, refund_id: UUID) -> Refund:
    """The gateway was asked and did not answer: the money stays set aside until it says (F25)."""
    refund = locks.refund(refund_id)
    if refund.status == Refund.Status.PENDING:
        advance(op, refund.doubt, **wishes.words_of(refund))
    return refund


def retry_refund(op: Operation, *, refund_id: UUID) -> Refund:
    """Ask again after a certain failure, under a key of its own.

    Raises `TransitionRefused` when it has not failed, `AboveRefundable` when the money went elsewhere meanwhile.
    """
    refund = locks.refund(refund_id)
    advance(op, refund.retry, attempts=refund.attempts + 1, at=op.now, **wishes.words_of(refund))
    wishes.reserve(refund.payment, refund.amount_minor)
    return refund


def merge_refund(op: Operation, *, refund_id: UUID, seen: SeenRefund) -> Refund:
    """Take over what the gateway says of this refund, forwards only. Raises `RefundDiffers`."""
    refund = locks.refund(refund_id)
    if (seen.amount_minor, seen.currency) != (refund.amount_minor, refund.currency):
        raise RefundDiffers(expected_minor=refund.amount_minor, got_minor=seen.amount_minor)
    if refund.gateway_refund_id not in {None, seen.id}:
        return refund
    _keep_facts(op, refund, seen)
    if seen.status == "failed":
        return fail_refund(
            op, refund_id=refund_id, code="gateway_failed", reason="not paid out by the gateway", gateway_refund_id=seen.id
        )
    if refund.status == Refund.Status.FAILED:
        if seen.status == "pending" and refund.gateway_refund_id == seen.id:
            return refund
        retry_refund(op, refund_id=refund_id)
    if seen.status == "processed":
        return finish_refund(op, refund_id=refund_id, gateway_refund_id=seen.id)
    return accept_refund(op, refund_id=refund_id, gateway_refund_id=seen.id)


def settle_refund_otherwise(op: Operation, *, refund_id: UUID, reference: str, reason: str) -> Refund:
    """Record that a person has given back what the gateway could not: by transfer, in cash. It is never retried then.

    `reference` is the number of that transfer, `reason` words for the record. Raises `TransitionRefused` when it has not
    failed, `AboveRefundable` when the money went elsewhere meanwhile.
    """
    refund = locks.refund(refund_id)
    words = {**wishes.words_of(refund), "refund_method": "other_means", "by_other_means": True}
    wishes.say_issued(op, refund=refund, processor_ref=reference, refund_method="other_means")
    event = advance(
        op, refund.settle_otherwise, reference=reference, at=op.now, processor_ref=reference,
        private=wishes.said(reason), person=refund.key or vault.house_key(), **words,
    )
    wishes.reserve(refund.payment, refund.amount_minor)
    wishes.settle(refund.payment, refund.amount_minor)
    wishes.book(op, event=event, refund=refund)
    return refund


def adopt_refund(op: Operation, *, payment_id: UUID, seen: SeenRefund) -> Refund | None:
    """Take in a refund that a person made at the gateway (PAINS 9); None for one that failed there or is known.

    Raises `AboveRefundable` while refunds of ours that cannot succeed any more still hold the money.
    """
    payment = locks.payment(payment_id)
    if seen.status == "failed" or Refund.objects.filter(gateway_refund_id=seen.id).exists():
        return None
    wishes.reserve(payment, seen.amount_minor)
    done = seen.status == "processed"
    if done:
        wishes.settle(payment, seen.amount_minor)
    refund = Refund(
        id=op.new_id(),
        payment=payment,
        stream=payment.stream,
        amount_minor=seen.amount_minor,
        currency=payment.currency,
        status=Refund.Status.PROCESSED if done else Refund.Status.PENDING,
        reason_code="made_at_gateway",
        gateway_refund_id=seen.id,
        speed_processed=(seen.speed_processed or "")[:SPEED_CHARS_MAX],
        reference=(seen.reference or "")[:REFERENCE_CHARS_MAX],
        requested_by_type=op.actor.type,
        requested_by_id=AT_GATEWAY,
        created_at=op.now,
        asked_at=op.now,
        processed_at=op.now if done else None,
    )
    wishes.say_issued(op, refund=refund, processor_ref=seen.id)
    words = wishes.words_of(refund)
    event = begin(
        op,
        refund,
        "refund.processed" if done else "refund.asked",
        stream=words.pop("stream"),
        targets=words.pop("targets"),
        facts={**words, "processor_ref": seen.id, "by_other_means": False},
    )
    if done:
        wishes.book(op, event=event, refund=refund)
    return refund


def _keep_facts(op: Operation, refund: Refund, seen: SeenRefund) -> None:
    """The speed the money goes at and the bank's number for it; that instant became normal is said, once."""
    speed = (seen.speed_processed or refund.speed_processed)[:SPEED_CHARS_MAX]
    reference = (seen.reference or refund.reference)[:REFERENCE_CHARS_MAX]
    before = refund.speed_processed
    if refund.by_other_means or (speed, reference) == (before, refund.reference):
        return
    refund.speed_processed, refund.reference = speed, reference
    Refund.objects.filter(pk=refund.pk).update(speed_processed=speed, reference=reference)
    if refund.speed == "optimum" and speed == "normal" and before != "normal":
        words = wishes.words_of(refund)
        op.record(
            refund, "refund.speed_changed", stream=words.pop("stream"), targets=words.pop("targets"),
            facts={**words, "processor_ref": seen.id, "speed": speed, "asked_speed": "instant"},
        )
