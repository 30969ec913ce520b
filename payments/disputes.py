"""Disputes at the gateway: follow what it says, and tell it our answer, with no transaction open."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from django.utils import timezone

from payments import operations, queries
from payments.dispute import Dispute
from payments.gateways import gateway
from payments.gateways.base import GatewayError, GatewayRefused
from payments.models import RAZORPAY
from timeline.actors import system
from timeline.operations import operation
from timeline.retries import retried
from timeline.subscriptions import exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from payments.gateways.base import Gateway, GatewayDispute
    from timeline.models import Event
    from timeline.operations import Operation

LOOK_BACK = timedelta(days=180)

log = structlog.get_logger("bahi.disputes")


@exchange("dispute.contested", "dispute.conceded")
def tell_gateway(event: Event, delivery_id: int) -> None:  # noqa: ARG001 the gateway is looked at first
    """Tell the gateway what we answer. It is looked at first, so that an answer is not given twice.

    A dispute that is contested there already can still be accepted; what the gateway says to it counts.
    """
    dispute = Dispute.objects.get(pk=event.subject_uuid)
    talk = gateway(RAZORPAY)
    seen = talk.fetch_dispute(gateway_dispute_id=dispute.gateway_dispute_id)
    conceded = dispute.answer == operations.CONCEDE and seen.status == Dispute.Status.UNDER_REVIEW
    if seen.status == Dispute.Status.OPEN or conceded:
        try:
            seen = _answered(talk, dispute, event)
        except GatewayRefused as no:
            why = no.description
            _write(dispute.stream, lambda op: operations.note_refusal(op, dispute_id=dispute.pk, why=why))
            return
    merge(seen)


def follow(talk: Gateway, gateway_dispute_id: str) -> bool:
    """Fetch a dispute and take it over; whether it is over a payment of ours."""
    try:
        seen = talk.fetch_dispute(gateway_dispute_id=gateway_dispute_id)
    except GatewayRefused:
        return False
    return merge(seen)


def sweep() -> int:
    """Ask for the disputes of half a year, so that a lost notice loses nothing; returns how many were news."""
    try:
        found = gateway(RAZORPAY).disputes(since=timezone.now() - LOOK_BACK)
    except GatewayError as error:
        log.warning("disputes.unanswered", error=str(error))
        return 0
    known = {row.gateway_dispute_id: row for row in Dispute.objects.filter(gateway_dispute_id__in=[d.id for d in found])}
    news = [seen for seen in found if _says_more(seen, known.get(seen.id))]
    return sum(merge(seen) for seen in news)


def merge(seen: GatewayDispute) -> bool:
    """Take over what was seen, in the story of its payment; False when the payment is not ours."""
    payment = queries.of_gateway(gateway_payment_id=seen.payment_id, gateway_order_id=None)
    if payment is None:
        return False
    _write(payment.stream, partial(operations.merge_dispute, payment_id=payment.pk, seen=seen))
    return True


def _says_more(seen: GatewayDispute, row: Dispute | None) -> bool:
    if row is None:
        return True
    same = (row.status, row.deducted_minor, row.respond_by, row.phase)
    return row.status in Dispute.RUNNING and same != (seen.status, seen.deducted_minor, seen.respond_by, seen.phase)


def _answered(talk: Gateway, dispute: Dispute, event: Event) -> GatewayDispute:
    if dispute.answer == operations.CONCEDE:
        return talk.accept_dispute(gateway_dispute_id=dispute.gateway_dispute_id)
    words = (event.private() or {}).get("reason", "")
    return talk.contest_dispute(
        gateway_dispute_id=dispute.gateway_dispute_id, amount_minor=dispute.amount_minor, summary=str(words)
    )


@retried
def _write(stream: str, work: Callable[[Operation], object]) -> None:
    with operation("dispute.merge", actor=system("payments"), stream=stream) as op:
        work(op)
