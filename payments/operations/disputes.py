"""Disputes taken over from the gateway, forwards only, with the money they move.

Note [Held back, then lost or given back]
    What the gateway takes for a dispute is booked as held back (`disputes_held`) when it takes it, whenever that is: at
    the opening, or at the loss. A lost dispute turns what is held back into a loss, any other end gives it back. So each
    step is one event with one entry, and the notices of a dispute in any order end in the same books.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F

from payments import journal, locks
from payments.dispute import Dispute
from payments.models import Payment
from payments.operations.wishes import said
from timeline.errors import Invalid, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from uuid import UUID

    from payments.operations.seen import SeenDispute
    from timeline.models import Event, SubjectKey
    from timeline.operations import Operation

CONTEST, CONCEDE = "contest", "concede"
REASON_CHARS_MAX = 120


class DisputeDiffers(Invalid):
    """The gateway's dispute is of another payment, amount or currency than ours; a person must look."""


class DisputeOver(Refused):
    """The dispute is decided, or was answered before."""


def merge_dispute(op: Operation, *, payment_id: UUID, seen: SeenDispute) -> Dispute:
    """Take over what the gateway says of a dispute; a repeat or an older word changes nothing (F17, F19).

    Raises `DisputeDiffers`.
    """
    payment = locks.payment(payment_id)
    dispute = locks.dispute_of(seen.id) or _open(op, payment, seen)
    if (dispute.payment_id, dispute.amount_minor, dispute.currency) != (payment.pk, seen.amount_minor, seen.currency):
        raise DisputeDiffers(expected_minor=dispute.amount_minor, got_minor=seen.amount_minor)
    if dispute.status not in Dispute.RUNNING:
        return dispute

    _keep_dates(op, dispute, seen)
    lost = seen.status == Dispute.Status.LOST
    _deduct(op, payment, dispute, (seen.deducted_minor or dispute.amount_minor) if lost else seen.deducted_minor)
    if seen.status == Dispute.Status.UNDER_REVIEW and dispute.status == Dispute.Status.OPEN:
        advance(op, dispute.review, **_words(dispute))
    elif lost:
        _lose(op, dispute)
    elif seen.status in {Dispute.Status.WON, Dispute.Status.CLOSED}:
        _give_back(op, payment, dispute, won=seen.status == Dispute.Status.WON)
    return dispute


def contest(op: Operation, *, dispute_id: UUID, summary: str, person: SubjectKey | None = None) -> Dispute:
    """Stand up against a dispute: the words are sealed, the gateway is told afterwards. Raises `DisputeOver`."""
    return _answer(op, dispute_id, answer=CONTEST, kind="dispute.contested", words=summary, person=person)


def concede(op: Operation, *, dispute_id: UUID, reason: str, person: SubjectKey | None = None) -> Dispute:
    """Accept a dispute: the gateway is told afterwards, and it is lost then. Raises `DisputeOver`."""
    return _answer(op, dispute_id, answer=CONCEDE, kind="dispute.conceded", words=reason, person=person)


def note_refusal(op: Operation, *, dispute_id: UUID, why: str) -> Dispute:
    """The gateway did not take our answer: it may be given anew. A repeat changes nothing."""
    dispute = locks.dispute(dispute_id)
    if not dispute.answer:
        return dispute

    known = _words(dispute)
    stream, targets = known.pop("stream"), known.pop("targets")
    facts = {**known, "answer": dispute.answer, "reason": why[:REASON_CHARS_MAX]}
    op.record(dispute, "dispute.answer_refused", stream=stream, targets=targets, facts=facts)
    dispute.answer, dispute.answer_error = "", why[:REASON_CHARS_MAX]
    Dispute.objects.filter(pk=dispute.pk).update(answer="", answer_error=dispute.answer_error)
    return dispute


def _open(op: Operation, payment: Payment, seen: SeenDispute) -> Dispute:
    if seen.amount_minor > payment.amount_minor or seen.currency != payment.currency:
        raise DisputeDiffers(expected_minor=payment.amount_minor, got_minor=seen.amount_minor)
    dispute = Dispute(
        id=op.new_id(), payment=payment, stream=payment.stream, gateway_dispute_id=seen.id,
        amount_minor=seen.amount_minor, currency=seen.currency, reason_code=seen.reason_code, phase=seen.phase,
        respond_by=seen.respond_by, opened_at=seen.created_at or op.now,
    )
    words = _words(dispute)
    begin(
        op, dispute, "dispute.opened", stream=words.pop("stream"), targets=words.pop("targets"),
        facts={**words, "phase": seen.phase, "respond_by": seen.respond_by, "processor_ref": seen.id},
    )
    return dispute


def _keep_dates(op: Operation, dispute: Dispute, seen: SeenDispute) -> None:
    if (dispute.respond_by, dispute.phase) != (seen.respond_by, seen.phase):
        words = _words(dispute)
        stream, targets = words.pop("stream"), words.pop("targets")
        facts = {**words, "respond_by": seen.respond_by, "phase": seen.phase}
        op.record(dispute, "dispute.evidence_asked", stream=stream, targets=targets, facts=facts)
        dispute.respond_by, dispute.phase = seen.respond_by, seen.phase
        Dispute.objects.filter(pk=dispute.pk).update(respond_by=seen.respond_by, phase=seen.phase)


def _deduct(op: Operation, payment: Payment, dispute: Dispute, upto_minor: int) -> None:
    more = min(upto_minor, dispute.amount_minor) - dispute.deducted_minor
    if more <= 0:
        return
    words = _words(dispute)
    stream, targets = words.pop("stream"), words.pop("targets")
    event = op.record(
        dispute, "dispute.deducted", stream=stream, targets=targets, facts={**words, "amount_minor": more}
    )
    dispute.deducted_minor += more
    Dispute.objects.filter(pk=dispute.pk).update(deducted_minor=dispute.deducted_minor)
    _count(payment, more)
    _book(op, event, dispute, debit=journal.DISPUTES_HELD, credit=journal.GATEWAY_RECEIVABLE, amount_minor=more)


def _lose(op: Operation, dispute: Dispute) -> None:
    event = advance(op, dispute.lose, at=op.now, **{**_words(dispute), "amount_minor": dispute.deducted_minor})
    _book(
        op, event, dispute, debit=journal.DISPUTES, credit=journal.DISPUTES_HELD, amount_minor=dispute.deducted_minor
    )


def _give_back(op: Operation, payment: Payment, dispute: Dispute, *, won: bool) -> None:
    held = dispute.deducted_minor
    event = advance(op, dispute.win if won else dispute.close, at=op.now, **_words(dispute), given_back_minor=held)
    _count(payment, -held)
    _book(op, event, dispute, debit=journal.GATEWAY_RECEIVABLE, credit=journal.DISPUTES_HELD, amount_minor=held)


def _count(payment: Payment, more_minor: int) -> None:
    if more_minor:
        Payment.objects.filter(pk=payment.pk).update(disputed_minor=F("disputed_minor") + more_minor)
        payment.disputed_minor += more_minor


def _book(
    op: Operation, event: Event, dispute: Dispute, *, debit: str, credit: str, amount_minor: int
) -> None:
    ref = dispute.gateway_dispute_id
    lines = [journal.Line(debit, amount_minor, ref=ref), journal.Line(credit, -amount_minor, ref=ref)]
    journal.post(op, event, lines, currency=dispute.currency)


def _answer(
    op: Operation, dispute_id: UUID, *, answer: str, kind: str, words: str, person: SubjectKey | None
) -> Dispute:
    dispute = locks.dispute(dispute_id)
    if dispute.status not in Dispute.RUNNING or dispute.answer:
        raise DisputeOver(f"The dispute is {dispute.status}" + (f", and the answer is {dispute.answer}." if dispute.answer else "."))

    known = _words(dispute)
    stream, targets = known.pop("stream"), known.pop("targets")
    op.record(dispute, kind, stream=stream, targets=targets, facts=known, private=said(words), person=person)
    dispute.answer, dispute.answer_error = answer, ""
    Dispute.objects.filter(pk=dispute.pk).update(answer=answer, answer_error="")
    return dispute


def _words(dispute: Dispute) -> dict[str, Any]:
    return {
        "stream": dispute.stream,
        "targets": [("payment", dispute.payment_id)],
        "amount_minor": dispute.amount_minor,
        "currency": dispute.currency,
        "reason_code": dispute.reason_code,
    }
