"""The rows money waits for, locked. The story's stream comes first (`operation`), then the payment, then the refund."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payments.models import BankLine, Dispute, Payment, Refund
from timeline.errors import Missing

if TYPE_CHECKING:
    from uuid import UUID


def payment(payment_id: UUID) -> Payment:
    """The payment, locked. Raises `Missing`."""
    found = Payment.objects.select_for_update(no_key=True).filter(pk=payment_id).first()
    if found is None:
        raise Missing
    return found


def refund(refund_id: UUID) -> Refund:
    """The refund with its payment, both locked, the payment first. Raises `Missing`."""
    payment_id = Refund.objects.filter(pk=refund_id).values_list("payment_id", flat=True).first()
    if payment_id is None:
        raise Missing
    owner = payment(payment_id)
    found = Refund.objects.select_for_update(no_key=True).get(pk=refund_id)
    found.payment = owner
    return found


def dispute(dispute_id: UUID) -> Dispute:
    """The dispute, locked. Raises `Missing`."""
    found = Dispute.objects.select_for_update(no_key=True).filter(pk=dispute_id).first()
    if found is None:
        raise Missing
    return found


def dispute_of(gateway_dispute_id: str) -> Dispute | None:
    """The dispute of this id at the gateway, locked; None when it is new."""
    return Dispute.objects.select_for_update(no_key=True).filter(gateway_dispute_id=gateway_dispute_id).first()


def bank_line(line_id: UUID) -> BankLine | None:
    """The bank's line, locked; None when it is matched."""
    rows = BankLine.objects.select_for_update(no_key=True)
    return rows.filter(pk=line_id, settlement=None, remittance=None).first()
