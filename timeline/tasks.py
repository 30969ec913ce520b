"""Background work of the kernel."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from timeline import rates, relay
from timeline.models import Receipt

RECEIPT_DAYS = 30
DRAIN_S = 20.0


@shared_task(soft_time_limit=30)
def relay_due(**_: object) -> None:
    """Hand over everything that is due."""
    relay.drain(DRAIN_S)


@shared_task(soft_time_limit=50)
def forget_old(**_: object) -> None:
    """Let go of receipts and rate windows that nobody can ask for any more; the effects keep their own constraints."""
    Receipt.objects.filter(created_at__lt=timezone.now() - timedelta(days=RECEIPT_DAYS)).delete()
    rates.forget(timezone.now().timestamp())
