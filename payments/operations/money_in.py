"""Money in: reserved, then ours. A second capture of one story is taken in and sent back at once (F22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payments import journal, locks
from payments.models import BY_HAND, CHANNEL, COD, EXCHANGE, Payment
from payments.operations import attempts
from payments.operations.wishes import ask_refund
from timeline.errors import Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from timeline.models import Event
    from timeline.operations import Operation

DUPLICATE = "duplicate_payment"
_BELOW = (Payment.Status.CREATED, Payment.Status.FAILED, Payment.Status.IN_DOUBT)


class NotReserved(Refused):
    """There is no reserved money of this payment to take."""


def authorise(
    op: Operation, *, payment_id: UUID, gateway_payment_id: str, amount_minor: int, currency: str, method: str
) -> Payment:
    """The money is reserved; it is captured afterwards (exchanges). Nothing happens when it is that far already.

    Raises `AmountDiffers` (F27).
    """
    payment = locks.payment(payment_id)
    _must_agree(payment, amount_minor, currency)
    if payment.status in _BELOW:
        facts = attempts.facts_of(payment)
        advance(
            op,
            payment.authorise,
            stream=payment.stream,
            processor_ref=gateway_payment_id,
            payment_method=method,
            **facts,
        )
    return payment


def ask_capture(op: Operation, *, payment_id: UUID) -> Payment:
    """A person wants the reserved money taken: the gateway is asked afterwards (exchanges). Raises `NotReserved`."""
    payment = locks.payment(payment_id)
    if payment.status != Payment.Status.AUTHORIZED:
        raise NotReserved(f"The payment is {payment.status}; only reserved money can be captured.")
    facts = {"amount_minor": payment.amount_minor, "currency": payment.currency, "processor_ref": payment.gateway_payment_id}
    op.record(payment, "payment.capture_asked", stream=payment.stream, facts=facts)
    return payment


def capture(
    op: Operation,
    *,
    payment_id: UUID,
    gateway_payment_id: str | None,
    amount_minor: int,
    currency: str,
    method: str,
    facts: Mapping[str, Any] | None = None,
) -> Payment:
    """The money is ours: `amount_minor` of `currency`, the whole of the payment. A repeat changes nothing.

    When the story has been paid before and this is not for more (`is_further`), what came now goes back at once. `facts` are the gateway's own about the
    money (fee, bank, network: never about people). Raises `AmountDiffers` (F27), `TransitionRefused`.
    """
    payment = locks.payment(payment_id)
    _must_agree(payment, amount_minor, currency)
    if payment.status == Payment.Status.CAPTURED:
        return payment

    paid_before = payment.gateway != EXCHANGE and not payment.is_further and _is_paid(payment.stream)
    event = advance(
        op,
        payment.capture,
        stream=payment.stream,
        processor_ref=gateway_payment_id,
        amount_minor=amount_minor,
        payment_method=method,
        at=op.now,
        gateway=payment.gateway,
        currency=currency,
        order_id=payment.stream,
        fraud_score=payment.facts.get("fraud_score"),
        **({"duplicate": True} if paid_before else {}),
    )
    _book(op, event, payment)
    if facts:
        attempts.keep_facts(payment, **facts)
    if paid_before and payment.gateway not in BY_HAND:
        return _send_back(op, payment)
    return payment


def adopt(
    op: Operation,
    *,
    beside: Payment,
    gateway_payment_id: str,
    amount_minor: int,
    currency: str,
    method: str,
) -> Payment:
    """Take in a further captured payment of the same gateway order as a row of its own, and send it back (F22)."""
    payment_id = op.new_id()
    payment = Payment(
        id=payment_id,
        stream=beside.stream,
        gateway=beside.gateway,
        status=Payment.Status.CAPTURED,
        amount_minor=amount_minor,
        currency=currency,
        captured_minor=amount_minor,
        gateway_payment_id=gateway_payment_id,
        receipt=payment_id.hex,
        method=method,
        facts={"gateway_order_id": beside.gateway_order_id, "duplicate_of": str(beside.pk)},
        created_at=op.now,
        captured_at=op.now,
    )
    event = begin(
        op,
        payment,
        "payment.captured",
        stream=payment.stream,
        targets=[("payment", beside.pk)],
        facts={
            **attempts.facts_of(payment),
            "order_id": payment.stream,
            "processor_ref": gateway_payment_id,
            "payment_method": method,
            "duplicate": True,
            "duplicate_of": beside.pk,
            "fraud_score": beside.facts.get("fraud_score"),
        },
    )
    _book(op, event, payment)
    return _send_back(op, payment)


def _book(op: Operation, event: Event, payment: Payment) -> None:
    """The money is receivable from whoever took it, and the customer has paid so much."""
    holders = {COD: journal.COD_RECEIVABLE, EXCHANGE: journal.EXCHANGES, CHANNEL: journal.CHANNEL_RECEIVABLE}
    holder = holders.get(payment.gateway, journal.GATEWAY_RECEIVABLE)
    journal.post(
        op,
        event,
        [
            journal.Line(
                holder,
                payment.captured_minor,
                ref=payment.gateway_payment_id or payment.pk.hex,
            ),
            journal.Line(journal.CUSTOMERS, -payment.captured_minor, ref=payment.pk.hex),
        ],
        currency=payment.currency,
    )


def _send_back(op: Operation, payment: Payment) -> Payment:
    refund = ask_refund(op, payment_id=payment.pk, amount_minor=payment.captured_minor, reason_code=DUPLICATE)
    return refund.payment


def _is_paid(stream: str) -> bool:
    """The credit of an exchange pays a part only, so nothing that comes beside it is a second payment."""
    return Payment.objects.filter(stream=stream, status=Payment.Status.CAPTURED).exclude(gateway=EXCHANGE).exists()


def _must_agree(payment: Payment, amount_minor: int, currency: str) -> None:
    if (amount_minor, currency) != (payment.amount_minor, payment.currency):
        raise attempts.AmountDiffers(
            expected_minor=payment.amount_minor, got_minor=amount_minor, expected_currency=payment.currency
        )
