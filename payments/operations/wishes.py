"""The wish for money back, and the decision on it.

Note [What may go back]
    The limit is `captured − refunded − pending − disputed` of the payment and nothing else. It is taken by one
    conditional UPDATE, with a CHECK constraint behind it (F24), and given back when the gateway says no for certain.
    While a dispute runs whose money is still with us nothing goes back unless a person says so: it would be paid twice (F32).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F

from payments import journal, locks
from payments.models import BY_HAND, CHANNEL, EXCHANGE, Dispute, Payment, Refund
from timeline import vault
from timeline.errors import Invalid, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from timeline.models import Event, SubjectKey
    from timeline.operations import Operation

GOODWILL, MADE_AT_CHANNEL = "goodwill", "made_at_channel"
TO_STOCK = "stock"
_NOBODY_SAID = ""


class AboveRefundable(Invalid):
    """More than what was captured, less what went back or is on its way."""


class DisputeOpen(Refused):
    """The customer's bank is asking for this money: a refund now would pay it twice."""


class OnlyByOtherMeans(Invalid):
    """No gateway has this money, it was cash or the credit of an exchange: give it back by other means and record it."""


def request_refund(
    op: Operation,
    *,
    payment_id: UUID,
    amount_minor: int,
    reason_code: str,
    reason: str = _NOBODY_SAID,
    items: Sequence[dict[str, Any]] = (),
    restock_lines: Sequence[dict[str, Any]] = (),
    speed: str = "normal",
    by_other_means: bool = False,
    return_id: UUID | None = None,
    person: SubjectKey | None = None,
) -> Refund:
    """A wish, to be approved or declined; no money is set aside yet. What else is said holds once it is approved.

    Raises `AboveRefundable`.
    """
    payment = locks.payment(payment_id)
    _must_fit(payment, amount_minor)

    refund = _drawn(
        op,
        payment=payment,
        state=Refund.Status.REQUESTED,
        amount_minor=amount_minor,
        reason_code=reason_code,
        reason=reason,
        items=items,
        restock_lines=restock_lines,
        speed=speed,
        by_other_means=by_other_means,
        return_id=return_id,
        person=person,
    )
    _begin(op, refund, "refund.requested", reason, person)
    return refund


def ask_refund(
    op: Operation,
    *,
    payment_id: UUID,
    amount_minor: int,
    reason_code: str,
    reason: str = _NOBODY_SAID,
    items: Sequence[dict[str, Any]] = (),
    restock_lines: Sequence[dict[str, Any]] = (),
    speed: str = "normal",
    by_other_means: bool = False,
    return_id: UUID | None = None,
    despite_dispute: bool = False,
    person: SubjectKey | None = None,
) -> Refund:
    """Money must go back: it is set aside, and the gateway is asked afterwards (exchanges).

    `by_other_means` records money a person has given back already. Raises `AboveRefundable`, `OnlyByOtherMeans` for what no
    gateway has, and `DisputeOpen` unless it is wanted `despite_dispute`.
    """
    payment = locks.payment(payment_id)
    _must_be_possible(payment, by_other_means=by_other_means)
    disputed = is_disputed(payment)
    if disputed and not despite_dispute:
        raise DisputeOpen
    reserve(payment, amount_minor)

    state = Refund.Status.PROCESSED if by_other_means else Refund.Status.PENDING
    refund = _drawn(
        op,
        payment=payment,
        state=state,
        amount_minor=amount_minor,
        reason_code=reason_code,
        reason=reason,
        items=items,
        restock_lines=restock_lines,
        speed=speed,
        by_other_means=by_other_means,
        return_id=return_id,
        person=person,
    )
    refund.asked_at = op.now
    if by_other_means:
        refund.processed_at = op.now
        settle(payment, amount_minor)
        say_issued(op, refund=refund)
    kind = "refund.processed" if by_other_means else "refund.asked"
    event = _begin(op, refund, kind, reason, person, despite_dispute=disputed)
    if by_other_means:
        book(op, event=event, refund=refund)
    return refund


def give_back_all(op: Operation, *, payment_id: UUID, reason_code: str) -> Refund | None:
    """Send back whatever of this payment may still go back; None when that is nothing. For cancelled orders (F20, F21).

    Raises `OnlyByOtherMeans` for captured cash on delivery.
    """
    payment = locks.payment(payment_id)
    if payment.refundable_minor <= 0:
        return None
    return ask_refund(op, payment_id=payment_id, amount_minor=payment.refundable_minor, reason_code=reason_code)


def approve_refund(op: Operation, *, refund_id: UUID, by_other_means: bool = False) -> Refund:
    """Grant a wish: the money must go back, or has gone by other means.

    Raises `TransitionRefused` when it was decided before, `AboveRefundable`, `OnlyByOtherMeans`, `DisputeOpen`.
    """
    refund = locks.refund(refund_id)
    _must_be_possible(refund.payment, by_other_means=by_other_means)
    if is_disputed(refund.payment):
        raise DisputeOpen

    words = {**words_of(refund), "refund_method": _method(refund, by_other_means=by_other_means)}
    advance(op, refund.approve, at=op.now, by_other_means=by_other_means, speed=refund.speed, **words)
    reserve(refund.payment, refund.amount_minor)
    if by_other_means:
        say_issued(op, refund=refund)
        event = advance(op, refund.finish, gateway_refund_id=None, at=op.now, **words_of(refund))
        settle(refund.payment, refund.amount_minor)
        book(op, event=event, refund=refund)
    return refund


def decline_refund(op: Operation, *, refund_id: UUID, reason: str = _NOBODY_SAID) -> Refund:
    """Refuse a wish, with a reason in words. Raises `TransitionRefused` when it was decided before."""
    refund = locks.refund(refund_id)
    words = {**words_of(refund), "requested_by_type": refund.requested_by_type}
    advance(op, refund.decline, private=said(reason), person=refund.key, **words)
    return refund


def is_disputed(payment: Payment) -> bool:
    """Whether a dispute over this payment runs."""
    return payment.disputes.filter(status__in=Dispute.RUNNING).exists()


def reserve(payment: Payment, amount_minor: int) -> None:
    """Set money aside for going back; Note [What may go back]. Raises `AboveRefundable`."""
    if amount_minor <= 0:
        raise _above(payment, amount_minor)
    rows = Payment.objects.filter(
        pk=payment.pk,
        captured_minor__gte=F("refunded_minor") + F("pending_refund_minor") + F("disputed_minor") + amount_minor,
    ).update(pending_refund_minor=F("pending_refund_minor") + amount_minor)
    if rows != 1:
        raise _above(payment, amount_minor)
    payment.pending_refund_minor += amount_minor


def settle(payment: Payment, amount_minor: int) -> None:
    """What was set aside has gone back."""
    Payment.objects.filter(pk=payment.pk).update(
        pending_refund_minor=F("pending_refund_minor") - amount_minor, refunded_minor=F("refunded_minor") + amount_minor
    )
    payment.pending_refund_minor -= amount_minor
    payment.refunded_minor += amount_minor


def set_free(payment: Payment, amount_minor: int) -> None:
    """What was set aside stays after all."""
    Payment.objects.filter(pk=payment.pk).update(pending_refund_minor=F("pending_refund_minor") - amount_minor)
    payment.pending_refund_minor -= amount_minor


def book(op: Operation, *, event: Event, refund: Refund) -> None:
    """The money has gone: from the gateway, by other means or into an exchange, to the customer's account, or as goodwill."""
    other = journal.EXCHANGES if refund.reason_code == EXCHANGE else journal.BANK
    if refund.payment.gateway == CHANNEL and refund.reason_code == MADE_AT_CHANNEL:
        other = journal.CHANNEL_RECEIVABLE  # the channel gave it back and pays out so much less
    source = other if refund.by_other_means else journal.GATEWAY_RECEIVABLE
    bearer = journal.GOODWILL if refund.reason_code == GOODWILL else journal.CUSTOMERS
    journal.post(
        op,
        event,
        [
            journal.Line(bearer, refund.amount_minor, ref=refund.pk.hex),
            journal.Line(source, -refund.amount_minor, ref=refund.gateway_refund_id or refund.pk.hex),
        ],
        currency=refund.currency,
    )


def words_of(refund: Refund) -> dict[str, Any]:
    """What every event of a refund says, and where (A17). Needs its payment."""
    return {
        "stream": refund.stream,
        "targets": [("payment", refund.payment_id)],
        "order_id": refund.stream,
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "reason_code": refund.reason_code,
        "return_id": refund.return_id,
        "refund_method": _method(refund, by_other_means=refund.by_other_means),
    }


def issued(refund: Refund, *, processor_ref: str | None) -> dict[str, Any]:
    """What is said when the money has left us (A17), beside `words_of`: who wished it, and its number at whoever pays it out."""
    return {
        "refund_amount_minor": refund.amount_minor,
        "processor_ref": processor_ref,
        "requested_by_type": refund.requested_by_type,
        "requested_by": refund.requested_by_id,
    }


def say_issued(op: Operation, *, refund: Refund, processor_ref: str | None = None, **more: Any) -> None:
    """Book that the money has left us, where the gateway did not take it on as a step of its own."""
    words = {**words_of(refund), **issued(refund, processor_ref=processor_ref), **more}
    op.record(refund, "refund.issued", stream=words.pop("stream"), targets=words.pop("targets"), facts=words)


def said(reason: str) -> dict[str, str] | None:
    """Free text, for the sealed part of an event."""
    return {"reason": reason} if reason else None


def _method(refund: Refund, *, by_other_means: bool) -> str:
    """How the money goes: the way it came, or by other means."""
    return "other_means" if by_other_means else refund.payment.method or refund.payment.gateway


def _begin(
    op: Operation, refund: Refund, kind: str, reason: str, person: SubjectKey | None, *, despite_dispute: bool = False
) -> Event:
    words = words_of(refund)
    stream, targets = words.pop("stream"), words.pop("targets")
    facts = {
        **words,
        "items": refund.items,
        "restock": refund.restock,
        "restock_lines": refund.restock_lines,
        "speed": refund.speed,
        "by_other_means": refund.by_other_means,
        "processor_ref": refund.gateway_refund_id,
        **({"despite_dispute": True} if despite_dispute else {}),
    }
    return begin(op, refund, kind, stream=stream, targets=targets, facts=facts, private=said(reason), person=person)


def _drawn(
    op: Operation,
    *,
    payment: Payment,
    state: str,
    amount_minor: int,
    reason_code: str,
    reason: str,
    items: Sequence[dict[str, Any]],
    restock_lines: Sequence[dict[str, Any]],
    speed: str,
    by_other_means: bool,
    return_id: UUID | None,
    person: SubjectKey | None,
) -> Refund:
    refund_id = op.new_id()
    key = (person if person is not None and vault.is_alive(person) else vault.house_key()) if reason else None
    return Refund(
        id=refund_id,
        payment=payment,
        stream=payment.stream,
        amount_minor=amount_minor,
        currency=payment.currency,
        status=state,
        reason_code=reason_code,
        sealed=vault.seal(key, f"refund:{refund_id}", {"reason": reason}) if key else None,
        key=key,
        items=list(items),
        restock=any(line["to"] == TO_STOCK for line in restock_lines),
        restock_lines=list(restock_lines),
        speed=speed,
        by_other_means=by_other_means,
        return_id=return_id,
        requested_by_type=op.actor.type,
        requested_by_id=op.actor.id,
        created_at=op.now,
    )


def _must_be_possible(payment: Payment, *, by_other_means: bool) -> None:
    if payment.gateway in BY_HAND and not by_other_means:
        raise OnlyByOtherMeans


def _must_fit(payment: Payment, amount_minor: int) -> None:
    if not 0 < amount_minor <= payment.refundable_minor:
        raise _above(payment, amount_minor)


def _above(payment: Payment, amount_minor: int) -> AboveRefundable:
    return AboveRefundable(
        f"At most {payment.refundable_minor} {payment.currency} (minor units) of this payment may still go back.",
        errors=[("#/amount", f"at most {payment.refundable_minor}")],
        refundable_minor=payment.refundable_minor,
        asked_minor=amount_minor,
    )
