"""One function for webhook, browser, poller and janitor: take over what the gateway shows, forwards only.

Note [Forwards only]
    `created < authorized < captured`; a failure lowers neither of the last two, and a late authorisation or capture after
    a failure is accepted (F20). So the same attempts seen in any order, any number of times, end in the same state (F19),
    and what says nothing new records nothing (F17, F18).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payments import locks
from payments.models import Payment
from payments.operations import attempts, money_in
from timeline.errors import Invalid

if TYPE_CHECKING:
    from uuid import UUID

    from payments.operations.seen import SeenPayment
    from timeline.operations import Operation

_AUTHORIZED, _CAPTURED, _REFUNDED, _FAILED = "authorized", "captured", "refunded", "failed"


class ForeignPayment(Invalid):
    """This payment belongs to another order of the gateway."""


def merge(op: Operation, *, payment_id: UUID, seen: SeenPayment) -> Payment:
    """Merge one attempt as the gateway shows it; Note [Forwards only].

    An amount or a currency that is not ours is recorded once as `payment.mismatched` and moves nothing (F27). A second
    captured attempt becomes a payment of its own and goes back at once (F22). Raises `ForeignPayment`.
    """
    payment = locks.payment(payment_id)
    if seen.order_id is None or seen.order_id != _order_id(payment):
        raise ForeignPayment

    if Payment.objects.filter(gateway_payment_id=seen.id).exclude(pk=payment.pk).exists():
        return payment
    if payment.status == Payment.Status.CAPTURED:
        return _beside(op, payment, seen)
    if (seen.amount_minor, seen.currency) != (payment.amount_minor, payment.currency):
        return _mismatched(op, payment, seen)
    return _forward(op, payment, seen)


def _forward(op: Operation, payment: Payment, seen: SeenPayment) -> Payment:
    if seen.captured_minor:
        return money_in.capture(
            op,
            payment_id=payment.pk,
            gateway_payment_id=seen.id,
            amount_minor=seen.amount_minor,
            currency=seen.currency,
            method=seen.method,
            facts=_of_the_money(seen),
        )
    if seen.status == _AUTHORIZED:
        return money_in.authorise(
            op,
            payment_id=payment.pk,
            gateway_payment_id=seen.id,
            amount_minor=seen.amount_minor,
            currency=seen.currency,
            method=seen.method,
        )
    if seen.status == _FAILED:
        return attempts.fail(
            op, payment_id=payment.pk, code=seen.error_code, reason=seen.error_reason, gateway_payment_id=seen.id
        )
    if seen.status == _REFUNDED and seen.id == payment.gateway_payment_id:
        return attempts.lapse(op, payment_id=payment.pk)
    return payment


def _beside(op: Operation, payment: Payment, seen: SeenPayment) -> Payment:
    """Our money is in already: only a further capture is news."""
    if seen.id != payment.gateway_payment_id and seen.captured_minor:
        money_in.adopt(
            op,
            beside=payment,
            gateway_payment_id=seen.id,
            amount_minor=seen.amount_minor,
            currency=seen.currency,
            method=seen.method,
        )
    return payment


def _mismatched(op: Operation, payment: Payment, seen: SeenPayment) -> Payment:
    known: list[str] = payment.facts.get("mismatched", [])
    if seen.id in known or seen.status not in {_AUTHORIZED, _CAPTURED, _REFUNDED}:
        return payment
    op.record(
        payment,
        "payment.mismatched",
        stream=payment.stream,
        facts={
            "gateway": payment.gateway,
            "processor_ref": seen.id,
            "expected_minor": payment.amount_minor,
            "expected_currency": payment.currency,
            "got_minor": seen.amount_minor,
            "got_currency": seen.currency,
            "seen": seen.status,
        },
    )
    attempts.keep_facts(payment, mismatched=[*known, seen.id])
    return payment


def _order_id(payment: Payment) -> str | None:
    return payment.gateway_order_id or payment.facts.get("gateway_order_id")


def _of_the_money(seen: SeenPayment) -> dict[str, Any]:
    """What the gateway says about the money itself; nothing about people."""
    told = {"fee_minor": seen.fee_minor, "tax_minor": seen.tax_minor, "references": dict(seen.references)}
    return {word: value for word, value in told.items() if value}
