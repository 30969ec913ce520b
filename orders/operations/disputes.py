"""Staff answer a dispute: what they say is sealed under the customer's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.models import OrderPayment
from payments import operations as money

if TYPE_CHECKING:
    from payments.models import Dispute
    from timeline.models import SubjectKey
    from timeline.operations import Operation


def contest(op: Operation, *, dispute: Dispute, summary: str) -> Dispute:
    """Stand up against a dispute; the gateway is told afterwards. Raises DisputeOver."""
    return money.contest(op, dispute_id=dispute.pk, summary=summary, person=_key(dispute))


def concede(op: Operation, *, dispute: Dispute, reason: str) -> Dispute:
    """Accept that it is lost; the gateway is told afterwards. Raises DisputeOver."""
    return money.concede(op, dispute_id=dispute.pk, reason=reason, person=_key(dispute))


def _key(dispute: Dispute) -> SubjectKey | None:
    link = OrderPayment.objects.filter(payment_id=dispute.payment_id).select_related("order__person__key").first()
    return link.order.person.key if link else None
