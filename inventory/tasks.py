"""What runs in the background: each body is one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from inventory import operations


@shared_task(soft_time_limit=30)
def expire_holds(**_: object) -> None:
    """Put what outlived its checkout back on sale."""
    operations.expire_due(timezone.now())


@shared_task(soft_time_limit=50)
def fill_backorders(**_: object) -> None:
    """Give what is there to those who wait for it."""
    operations.fill_due(timezone.now())


@shared_task(soft_time_limit=30)
def watch_levels(**_: object) -> None:
    """Say where stock ran low."""
    operations.watch_due(timezone.now())
