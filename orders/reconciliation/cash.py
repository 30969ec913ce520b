"""Cash on delivery: what was collected at doors against what carriers handed over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, OuterRef, Subquery, Sum

from orders.reconciliation.difference import CHUNK, Difference, Window, day_of
from payments.models import COD, Payment, RemittanceLine

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(window: Window) -> Iterator[Difference]:
    """Too little, too much, of nothing we know, or not at all."""
    yield from _handed_over(window)
    old = window.now - timedelta(days=settings.COD_DAYS)
    owed = Payment.objects.filter(
        ~Exists(RemittanceLine.objects.filter(payment=OuterRef("pk"))), gateway=COD, captured_at__lt=old
    )
    for payment in owed.iterator(CHUNK):
        yield Difference(
            cause="cod_not_remitted", key=payment.pk.hex, amount_minor=payment.captured_minor, day=day_of(payment.captured_at or payment.created_at),
            stream=payment.stream, currency=payment.currency,
            ours={"payment": str(payment.pk), "collectedMinor": payment.captured_minor}, theirs={"remittance": "none"},
        )


def _handed_over(window: Window) -> Iterator[Difference]:
    paid = RemittanceLine.objects.filter(payment=OuterRef("payment")).values("payment").annotate(sum=Sum("paid_minor"))
    lines = RemittanceLine.objects.filter(remittance__booked_at__range=(window.start, window.end)).annotate(
        in_all=Subquery(paid.values("sum"))
    )
    for line in lines.select_related("remittance", "payment").iterator(CHUNK):
        in_all = getattr(line, "in_all")  # noqa: B009 an annotation
        handed = line.paid_minor if in_all is None else int(in_all)
        if line.payment is not None and handed == line.payment.captured_minor:
            continue
        due = line.payment.captured_minor if line.payment else 0
        cause = "cod_foreign" if line.payment is None else "cod_short" if handed < due else "cod_over"
        yield Difference(
            cause=cause, key=line.payment.pk.hex if line.payment else line.pk.hex, amount_minor=handed - due,
            day=day_of(line.remittance.booked_at), stream=line.payment.stream if line.payment else line.remittance.stream,
            currency=line.remittance.currency,
            ours={"payment": str(line.payment.pk) if line.payment else "none", "dueMinor": due},
            theirs={
                "carrier": line.remittance.carrier, "remittance": line.remittance.reference,
                "trackingNumber": line.tracking_number, "paidMinor": handed,
            },
        )
