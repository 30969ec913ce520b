"""Reads of money: what each story's payments and refunds are, in two statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from payments.models import RAZORPAY, Notice, Payment, Refund
from timeline import vault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

QUIET, QUIET_LATER = timedelta(minutes=5), timedelta(hours=6)
FIRST_DAY, ASKED_FOR = timedelta(days=1), timedelta(days=8)


@dataclass(slots=True)
class Money:
    """The payments and refunds of one story, oldest first. Sums are in minor units."""

    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def paid_minor(self) -> int:
        """What was captured."""
        return sum(payment.captured_minor for payment in self.payments)

    @property
    def refunded_minor(self) -> int:
        """What has gone back."""
        return sum(payment.refunded_minor for payment in self.payments)

    @property
    def refundable_minor(self) -> int:
        """What may still go back."""
        return sum(payment.refundable_minor for payment in self.payments)

    @property
    def current(self) -> Payment | None:
        """The payment a customer would look at: the captured one that was first, else the newest."""
        captured = [payment for payment in self.payments if payment.status == Payment.Status.CAPTURED]
        return captured[0] if captured else self.payments[-1] if self.payments else None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as callers see it; amounts in minor units of `currency`."""

    id: UUID
    gateway: str
    status: str
    amount_minor: int
    currency: str
    razorpay_order_id: str | None
    razorpay_key_id: str | None
    razorpay_payment_id: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund as callers see it; the reason is None when the key that sealed it is gone."""

    id: UUID
    payment_id: UUID
    amount_minor: int
    currency: str
    status: str
    reason: str | None
    reason_code: str
    items: list[Any]
    restock: bool
    speed: str
    by_other_means: bool
    gateway_refund_id: str | None
    requested_by_type: str
    requested_by_id: str
    created_at: datetime
    processed_at: datetime | None


def of_streams(streams: Iterable[str]) -> dict[str, Money]:
    """The money of each story; two statements however many stories."""
    wanted = list(streams)
    found = {stream: Money() for stream in wanted}
    for payment in Payment.objects.filter(stream__in=wanted).order_by("created_at", "id"):
        found[payment.stream].payments.append(payment)
    for refund in Refund.objects.filter(stream__in=wanted).select_related("key").order_by("created_at", "id"):
        found[refund.stream].refunds.append(refund)
    return found


def of_stream(stream: str) -> Money:
    """The money of one story."""
    return of_streams([stream])[stream]


def payment_row(payment: Payment) -> PaymentRow:
    """The payment for rendering."""
    online = payment.gateway == RAZORPAY
    return PaymentRow(
        id=payment.pk,
        gateway=payment.gateway,
        status=str(payment.status),
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        razorpay_order_id=payment.gateway_order_id if online else None,
        razorpay_key_id=settings.RAZORPAY_KEY_ID if online else None,
        razorpay_payment_id=payment.gateway_payment_id if online else None,
        attempts=payment.attempts,
    )


def refund_row(refund: Refund) -> RefundRow:
    """The refund for rendering, its reason opened."""
    return RefundRow(
        id=refund.pk,
        payment_id=refund.payment_id,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        status=str(refund.status),
        reason=reason_of(refund),
        reason_code=refund.reason_code,
        items=list(refund.items),
        restock=refund.restock,
        speed=refund.speed,
        by_other_means=refund.by_other_means,
        gateway_refund_id=refund.gateway_refund_id,
        requested_by_type=refund.requested_by_type,
        requested_by_id=refund.requested_by_id,
        created_at=refund.created_at,
        processed_at=refund.processed_at,
    )


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


def unhandled(limit: int) -> QuerySet[Notice]:
    """Notices nobody has acted on yet, oldest first."""
    return Notice.objects.filter(handled_at=None).order_by("received_at")[:limit]


def _longest_unasked(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by(F("asked_at").asc(nulls_first=True), "created_at")
