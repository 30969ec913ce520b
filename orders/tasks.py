"""Background work of orders: one call each; what they need, they ask the database."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from orders import checkout, overdue
from timeline.actors import system


@shared_task(soft_time_limit=50)
def cancel_overdue(**_: object) -> None:
    """Cancel orders that nobody paid in time."""
    overdue.cancel_due(timezone.now())


@shared_task(soft_time_limit=50)
def expire_checkouts(**_: object) -> None:
    """End checkouts that nobody touched for a day."""
    checkout.expire_due(timezone.now(), actor=system("checkout"))
