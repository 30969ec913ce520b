"""What waits for too long: orders in processing (B50) and background work that was given up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from orders.models import Order
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of
from timeline import queries

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(window: Window) -> Iterator[Difference]:
    """A hold is a reason to wait; nothing else is."""
    late = window.now - timedelta(hours=settings.STUCK_HOURS)
    orders = Order.objects.filter(status=Order.Status.PROCESSING, on_hold=False, state_since__lt=late)
    for pk, number, since in orders.values_list("pk", "number", "state_since").iterator(CHUNK):
        yield Difference(
            cause="stuck_processing", key=pk.hex, amount_minor=0, day=day_of(since), stream=str(pk),
            ours={"order": number, "status": "processing", "since": since.isoformat()},
            theirs={"withinHours": settings.STUCK_HOURS},
        )
    for delivery in queries.parked().iterator(CHUNK):
        yield Difference(
            cause="delivery_parked", key=str(delivery.pk), amount_minor=0, day=day_of(delivery.event.recorded_at),
            stream=delivery.stream, ours={"subscriber": delivery.subscriber, "attempts": delivery.attempts},
            theirs={"event": delivery.event.kind},
        )
