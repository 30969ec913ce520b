"""Reads of money: whose a payment or refund of the gateway is, what is in doubt, quiet or reserved, why money goes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import F, Max, Prefetch, Q

from payments.models import RAZORPAY, Dispute, Payment, Refund
from timeline import vault
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

QUIET, QUIET_LATER = timedelta(minutes=5), timedelta(hours=6)
FIRST_DAY, ASKED_FOR = timedelta(days=1), timedelta(days=8)
# How long the gateway keeps reserved money for us: the `manual_expiry_period` our orders are opened with.
RESERVED_FOR = timedelta(minutes=7200)


def reason_of(refund: Refund) -> str | None:
    """The reason in words; empty when none was given, None when the key that sealed it is gone."""
    if refund.sealed is None or refund.key is None:
        return ""
    data = vault.unseal(refund.key, f"refund:{refund.pk}", bytes(refund.sealed))
    return None if data is None else str(data["reason"])


def of_gateway(*, gateway_payment_id: str | None, gateway_order_id: str | None) -> Payment | None:
    """Our payment behind the gateway's ids: the attempt's own row first, else the row of its order; None if foreign."""
    if gateway_payment_id:
        own = Payment.objects.filter(gateway_payment_id=gateway_payment_id).first()
        if own is not None:
            return own
    return Payment.objects.filter(gateway_order_id=gateway_order_id).first() if gateway_order_id else None


def refund_behind(*, gateway_refund_id: str, receipt: str | None) -> Refund | None:
    """Our refund behind the gateway's: by its id, else by the receipt of the attempt under way; None if not ours."""
    own = Refund.objects.filter(gateway_refund_id=gateway_refund_id).first()
    if own is not None or not receipt:
        return own
    try:
        refund_id = UUID(hex=receipt[:32])
    except ValueError:  # a receipt somebody else wrote
        return None
    named = Refund.objects.filter(pk=refund_id, gateway_refund_id=None).first()
    return named if named is not None and named.receipt == receipt else None


def disputes(*, status: str = "", running: bool = False) -> QuerySet[Dispute]:
    """Disputes of a status, or those that run."""
    rows = Dispute.objects.select_related("payment")
    if status:
        return rows.filter(status=status)
    return rows.filter(status__in=Dispute.RUNNING) if running else rows


def over_disputed() -> QuerySet[Payment]:
    """Payments of which more has gone than came in: refunded, and taken by the customer's bank besides (F32)."""
    kept = F("captured_minor") - F("refunded_minor") - F("pending_refund_minor")
    return Payment.objects.filter(disputed_minor__gt=kept).exclude(disputed_minor=0)


def doubtful() -> QuerySet[Payment]:
    """Payments in doubt, and those of which a refund is; such refunds are in `doubted`."""
    refunds = Refund.objects.filter(status=Refund.Status.IN_DOUBT).select_related("key").order_by("created_at", "id")
    own = Payment.objects.filter(status=Payment.Status.IN_DOUBT).values("pk")
    wanted = own.union(Refund.objects.filter(status=Refund.Status.IN_DOUBT).values("payment_id"))
    return Payment.objects.filter(pk__in=wanted).prefetch_related(Prefetch("refunds", refunds, to_attr="doubted"))


def reserved() -> QuerySet[Payment]:
    """Payments whose money is reserved and not taken."""
    return Payment.objects.filter(status=Payment.Status.AUTHORIZED)


def authorised_at(payment_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """When the money of these payments was last reserved. One statement."""
    names = [pk.hex for pk in payment_ids]
    label = Payment._meta.label_lower
    found = Event.objects.filter(subject_type=label, subject_id__in=names, kind="payment.authorized").order_by()
    rows = found.values("subject_id").annotate(at=Max("occurred_at")).values_list("subject_id", "at")
    return {UUID(hex=name): moment for name, moment in rows}


def failed_refunds() -> QuerySet[Refund]:
    """Refunds the gateway refused for certain: to be retried, or given by other means."""
    return Refund.objects.filter(status=Refund.Status.FAILED).select_related("payment", "key")


def in_doubt(limit: int) -> tuple[list[Payment], list[Refund]]:
    """What the gateway was asked and did not answer, longest unasked first."""
    payments = Payment.objects.filter(status=Payment.Status.IN_DOUBT)
    refunds = Refund.objects.filter(status=Refund.Status.IN_DOUBT).select_related("payment")
    return list(_longest_unasked(payments)[:limit]), list(_longest_unasked(refunds)[:limit])


def quiet(*, now: datetime, limit: int) -> tuple[list[Payment], list[Refund]]:
    """Unsettled money nobody has asked about for a while: five minutes on its first day, then six hours, for eight days.

    A failed payment is among it, for it may be authorised late (F20). Longest unasked first.
    """
    lately, today = now - QUIET, now - FIRST_DAY
    unheard = (
        Q(asked_at=None, created_at__lt=lately)
        | Q(asked_at__lt=lately, created_at__gt=today)
        | Q(asked_at__lt=now - QUIET_LATER)
    )
    payments = Payment.objects.filter(
        unheard,
        gateway=RAZORPAY,
        status__in=[Payment.Status.CREATED, Payment.Status.AUTHORIZED, Payment.Status.FAILED],
        gateway_order_id__isnull=False,
        created_at__gt=now - ASKED_FOR,
    )
    refunds = Refund.objects.filter(
        unheard, status=Refund.Status.PENDING, gateway_refund_id__isnull=False
    ).select_related("payment")
    return list(_longest_unasked(payments)[:limit]), list(_longest_unasked(refunds)[:limit])


def _longest_unasked(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by(F("asked_at").asc(nulls_first=True), "created_at")
