"""What the gateway told us, and in which order: missed, repeated, disordered; and of money we know nothing of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q

from orders.reconciliation.difference import CHUNK, Difference, Window, day_of
from payments import notices
from payments.models import RAZORPAY, Notice, Payment
from payments.operations.notices import body_of
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

CAPTURED = ("payment.captured", "order.paid")


def check(window: Window) -> Iterator[Difference]:
    """F17 to F19, F30: what happened to the notices, though nothing depends on them."""
    yield from _missed(window)
    for cause, rows in (("notice_repeated", _repeated(window)), ("notice_disordered", _disordered(window))):
        for notice in rows.only("kind", "entity_id", "received_at", "sent_at", "repeats").iterator(CHUNK):
            yield Difference(
                cause=cause, key=notice.pk.hex, amount_minor=0, day=day_of(notice.received_at), stream=notice.stream,
                ours={"receivedAt": notice.received_at.isoformat(), "repeats": notice.repeats},
                theirs={"kind": notice.kind, "entity": notice.entity_id, "sentAt": notice.sent_at and notice.sent_at.isoformat()},
            )
    yield from _unknown(window)


def _missed(window: Window) -> Iterator[Difference]:
    spoken = Notice.objects.filter(kind__in=CAPTURED)
    captured = Payment.objects.filter(
        ~Exists(spoken.filter(entity_id=OuterRef("gateway_payment_id"))), gateway=RAZORPAY,
        captured_at__gte=window.start, captured_at__lt=min(window.end, window.settled), gateway_payment_id__isnull=False,
    )
    for payment in captured.iterator(CHUNK):
        yield Difference(
            cause="notice_missed", key=payment.pk.hex, amount_minor=payment.captured_minor, day=day_of(payment.captured_at or payment.created_at),
            stream=payment.stream, currency=payment.currency,
            ours={"payment": payment.gateway_payment_id, "capturedMinor": payment.captured_minor}, theirs={"notice": "none"},
        )


def _repeated(window: Window) -> QuerySet[Notice]:
    return Notice.objects.filter(received_at__range=(window.start, window.end), repeats__gt=0)


def _disordered(window: Window) -> QuerySet[Notice]:
    overtaken = Notice.objects.filter(
        entity_id=OuterRef("entity_id"), received_at__lt=OuterRef("received_at"), sent_at__gt=OuterRef("sent_at")
    )
    return Notice.objects.filter(
        ~Q(entity_id=""), Exists(overtaken), received_at__range=(window.start, window.end), sent_at__isnull=False
    )


def _unknown(window: Window) -> Iterator[Difference]:
    """A notice of a capture that was followed, and no payment of ours is behind it; what differed has its own cause."""
    ours = Payment.objects.filter(gateway_payment_id=OuterRef("entity_id"))
    followed = Notice.objects.filter(
        ~Q(entity_id=""), ~Exists(ours), kind__in=CAPTURED, received_at__gte=window.start,
        received_at__lt=min(window.end, window.settled), handled_at__isnull=False,
    )
    differed = set(
        Event.objects.filter(kind="payment.mismatched", recorded_at__gte=window.start).values_list(
            F("facts__processor_ref"), flat=True
        )
    )
    seen: set[str] = set()
    for notice in followed.order_by("received_at").iterator(CHUNK):
        if notice.entity_id in differed or notice.entity_id in seen:
            continue
        seen.add(notice.entity_id)
        spoken = notices.read(body_of(notice))
        yield Difference(
            cause="captured_unknown", key=notice.entity_id, amount_minor=spoken.amount_minor, day=day_of(notice.received_at),
            stream=notice.stream, ours={"payment": "none"},
            theirs={"payment": notice.entity_id, "order": spoken.order_id, "amountMinor": spoken.amount_minor},
        )
