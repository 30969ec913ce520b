"""Payments and refunds: what the gateway said, what we hold, what the order knows of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce, TruncDate

from orders.models import Order, OrderPayment
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of
from payments import reconciliation as sums
from payments.models import COD, Dispute, Payment, Refund
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

RESERVED = timedelta(minutes=30)
_ANSWERED = {"payment.doubted": "payment", "refund.doubted": "refund"}
_BACK = {"duplicate_payment": "duplicate_capture", "captured_after_cancel": "captured_after_cancel"}


def check(window: Window) -> Iterator[Difference]:
    """Every payment and refund that is not where it should be."""
    yield from _in_doubt(window)
    yield from _answers_cut(window)
    yield from _mismatched(window)
    yield from _reserved(window)
    yield from _sent_back(window)
    yield from _refunds_failed()
    yield from _refunds_late(window)
    yield from _of_cancelled(window)
    yield from _unknown_to_order(window)
    yield from _sums()


def _in_doubt(window: Window) -> Iterator[Difference]:
    for payment in Payment.objects.filter(status=Payment.Status.IN_DOUBT, created_at__lt=window.settled).iterator(CHUNK):
        yield _of_payment("payment_in_doubt", payment, payment.amount_minor, theirs={"status": "unknown"})
    for refund in Refund.objects.filter(status=Refund.Status.IN_DOUBT, created_at__lt=window.settled).iterator(CHUNK):
        yield _of_refund("refund_in_doubt", refund, theirs={"status": "unknown"})


def _answers_cut(window: Window) -> Iterator[Difference]:
    still = {pk.hex for model in (Payment, Refund) for pk in model.objects.filter(status="in_doubt").values_list("pk", flat=True)}
    for kind, subject in _ANSWERED.items():
        for event in _said(window, kind):
            if event.subject_id not in still:
                yield Difference(
                    cause="answer_cut", key=f"{event.pk}", amount_minor=0, day=day_of(event.recorded_at), stream=event.stream,
                    ours={"event": event.kind, subject: str(event.subject_uuid), "amountMinor": event.facts.get("amount_minor", 0)},
                    theirs={"answer": "known since"},
                )


def _mismatched(window: Window) -> Iterator[Difference]:
    for event in _said(window, "payment.mismatched"):
        facts = event.facts
        yield Difference(
            cause="amount_mismatch", key=str(facts["processor_ref"]),
            amount_minor=facts["got_minor"] - facts["expected_minor"], day=day_of(event.recorded_at), stream=event.stream,
            currency=facts["expected_currency"],
            ours={"payment": str(event.subject_uuid), "amountMinor": facts["expected_minor"], "currency": facts["expected_currency"]},
            theirs={
                "payment": facts["processor_ref"], "amountMinor": facts["got_minor"], "currency": facts["got_currency"],
                "status": facts["seen"],
            },
        )


def _reserved(window: Window) -> Iterator[Difference]:
    late = Payment.objects.filter(status=Payment.Status.AUTHORIZED, created_at__lt=window.now - RESERVED)
    for payment in late.iterator(CHUNK):
        yield _of_payment("authorised_not_captured", payment, payment.amount_minor, theirs={"status": "authorized"})


def _sent_back(window: Window) -> Iterator[Difference]:
    """Money that came in once too often or too late, and went back; and what was sent back at the gateway itself."""
    found = Refund.objects.filter(
        created_at__range=(window.start, window.end), reason_code__in=[*_BACK, "made_at_gateway"]
    )
    for refund in found.select_related("payment").iterator(CHUNK):
        cause = _BACK.get(refund.reason_code, "refund_at_gateway")
        yield _of_refund(cause, refund, theirs={"payment": refund.payment.gateway_payment_id or ""})


def _refunds_failed() -> Iterator[Difference]:
    for refund in Refund.objects.filter(status=Refund.Status.FAILED).iterator(CHUNK):
        yield _of_refund("refund_failed", refund, theirs={"code": refund.error_code, "reason": refund.error_reason})


def _refunds_late(window: Window) -> Iterator[Difference]:
    """Still on its way after days: somebody must look. Done on another day than it was asked for: the days explain it."""
    old = window.now - timedelta(days=settings.REFUND_DAYS)
    for refund in _wished(Refund.objects.filter(status=Refund.Status.PENDING)).filter(wished_at__lt=old).iterator(CHUNK):
        yield _of_refund("refund_late", refund, theirs={"status": "pending"})
    done = _wished(Refund.objects.filter(status=Refund.Status.PROCESSED, attempts=1, processed_at__range=(window.start, window.end)))
    later = done.annotate(asked_day=TruncDate("wished_at"), done_day=TruncDate("processed_at")).filter(asked_day__lt=F("done_day"))
    for refund in later.iterator(CHUNK):
        yield _of_refund(
            "refund_late", refund, theirs={"status": "processed", "day": refund.done_day.isoformat()},
            is_explained=True,
        )


def _of_cancelled(window: Window) -> Iterator[Difference]:
    """PAINS 2: money without an order. What failed to go back, or waits for a dispute, is named by its own cause."""
    links = OrderPayment.objects.filter(
        order__status=Order.Status.CANCELLED, order__cancelled_at__lt=window.settled, payment__captured_at__lt=window.settled,
        payment__captured_minor__gt=F("payment__refunded_minor") + F("payment__pending_refund_minor") + F("payment__disputed_minor"),
    ).exclude(payment__gateway=COD)
    links = links.exclude(payment__refunds__status=Refund.Status.FAILED).exclude(payment__disputes__status__in=Dispute.RUNNING)
    for link in links.select_related("payment").iterator(CHUNK):
        yield _of_payment("money_of_cancelled", link.payment, link.payment.refundable_minor, theirs={"order": "cancelled"})


def _unknown_to_order(window: Window) -> Iterator[Difference]:
    kept = Payment.objects.filter(stream=OuterRef("stream_id"), captured_at__lt=window.settled)
    held = kept.values("stream").annotate(sum=Sum("captured_minor") - Sum("refunded_minor")).values("sum")
    pending = Order.objects.filter(status=Order.Status.PENDING, on_hold=False).annotate(
        held_minor=Coalesce(Subquery(held), 0)
    )
    for order in pending.filter(held_minor__gte=F("total_minor"), total_minor__gt=0).iterator(CHUNK):
        knows = order.paid_minor - order.refunded_minor >= order.total_minor
        yield Difference(
            cause="order_paid_but_pending" if knows else "paid_not_confirmed", key=order.pk.hex,
            amount_minor=0 if knows else order.total_minor - order.paid_minor, day=day_of(order.created_at),
            stream=str(order.pk), currency=order.currency,
            ours={"order": order.number, "status": order.status, "paidMinor": order.paid_minor},
            theirs={"capturedMinor": getattr(order, "held_minor")},  # noqa: B009 an annotation
        )


def _sums() -> Iterator[Difference]:
    found = sums.differences()
    days = dict(Payment.objects.filter(pk__in={row.payment_id for row in found}).values_list("pk", "created_at")) if found else {}
    for row in found:
        yield Difference(
            cause="payment_sums_differ", key=f"{row.payment_id.hex}:{row.what}", amount_minor=row.found_minor - row.expected_minor,
            day=day_of(days[row.payment_id]), stream=row.stream, ours={row.what: row.found_minor},
            theirs={row.what: row.expected_minor},
        )


def _wished(refunds: QuerySet[Refund]) -> QuerySet[Any]:
    """When the money was to go: a customer's wish is granted later than it is made."""
    return refunds.annotate(
        wished_at=Case(
            When(Q(requested_by_type__in=["customer", "guest"], asked_at__isnull=False), then=F("asked_at")),
            default=F("created_at"),
        )
    )


def _said(window: Window, kind: str) -> Iterator[Event]:
    said = Event.objects.filter(kind=kind, recorded_at__range=(window.start, window.end))
    return said.only("kind", "stream", "subject_id", "facts", "recorded_at").iterator(CHUNK)


def _of_payment(cause: str, payment: Payment, amount_minor: int, *, theirs: dict[str, Any]) -> Difference:
    return Difference(
        cause=cause, key=payment.pk.hex, amount_minor=amount_minor, day=day_of(payment.created_at), stream=payment.stream,
        currency=payment.currency,
        ours={"payment": str(payment.pk), "status": str(payment.status), "amountMinor": payment.amount_minor}, theirs=theirs,
    )


def _of_refund(
    cause: str, refund: Refund, *, theirs: dict[str, Any], is_explained: bool | None = None
) -> Difference:
    return Difference(
        cause=cause, key=refund.pk.hex, amount_minor=refund.amount_minor, day=day_of(refund.created_at), stream=refund.stream,
        currency=refund.currency, is_explained=is_explained,
        ours={
            "refund": str(refund.pk), "payment": str(refund.payment_id), "status": str(refund.status),
            "amountMinor": refund.amount_minor, "reason": refund.reason_code,
        },
        theirs={**theirs, "refund": refund.gateway_refund_id} if refund.gateway_refund_id else theirs,
    )
