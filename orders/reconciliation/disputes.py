"""Disputes: money the customer's bank asks back over our head (F32)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.reconciliation.difference import CHUNK, Difference, Window, day_of
from payments import queries
from payments.models import Dispute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date


def check(window: Window) -> Iterator[Difference]:
    """What runs, what was lost, and what was paid back twice."""
    for dispute in Dispute.objects.filter(status__in=Dispute.RUNNING).iterator(CHUNK):
        yield _of("dispute_open", dispute, day_of(dispute.opened_at))
    lost = Dispute.objects.filter(status=Dispute.Status.LOST, decided_at__range=(window.start, window.end))
    for dispute in lost.iterator(CHUNK):
        yield _of("dispute_lost", dispute, day_of(dispute.decided_at or dispute.opened_at))
    for payment in queries.over_disputed().iterator(CHUNK):
        gone = payment.refunded_minor + payment.pending_refund_minor + payment.disputed_minor
        yield Difference(
            cause="dispute_after_refund", key=payment.pk.hex, amount_minor=payment.captured_minor - gone,
            day=day_of(payment.captured_at or payment.created_at), stream=payment.stream, currency=payment.currency,
            ours={
                "payment": payment.gateway_payment_id, "capturedMinor": payment.captured_minor,
                "refundedMinor": payment.refunded_minor + payment.pending_refund_minor,
            },
            theirs={"disputedMinor": payment.disputed_minor},
        )


def _of(cause: str, dispute: Dispute, day: date) -> Difference:
    return Difference(
        cause=cause, key=dispute.gateway_dispute_id, amount_minor=-dispute.amount_minor, day=day, stream=dispute.stream,
        currency=dispute.currency, ours={"payment": str(dispute.payment_id), "heldBackMinor": dispute.deducted_minor},
        theirs={
            "dispute": dispute.gateway_dispute_id, "status": str(dispute.status), "amountMinor": dispute.amount_minor,
            "reason": dispute.reason_code, "respondBy": dispute.respond_by and dispute.respond_by.isoformat(),
        },
    )
