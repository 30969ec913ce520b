"""The counts of what the tests made, at once."""

from __future__ import annotations

from orders.analytics import rebuild
from timeline.models import Delivery


def count_now() -> None:
    """As after a while: nothing is owed to the counter, and everything is counted."""
    Delivery.objects.filter(subscriber=rebuild.COUNTER).update(state="done")
    rebuild.apply()
