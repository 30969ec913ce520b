"""Stock has come: those who wait for it are served at once.

Note [Each story in its own operation]
    This speaks to nobody outside. It is an exchange and no subscriber from inside because an operation that holds the
    story of a variant would lock the stories of orders after it, while staff lock an order's story first and a variant's
    after it. With no operation open, each order is filled in one of its own, in the one order of locks there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from inventory import operations
from timeline.models import Target
from timeline.subscriptions import exchange

if TYPE_CHECKING:
    from timeline.models import Event


@exchange(
    "stock.received", "stock.adjusted", "stock.transferred", "stock.restocked", "stock.repaired", "stock.watched",
    "transfer.received", "transfer.called_back", "count.confirmed",
)
def serve_queue(event: Event, delivery_id: int) -> None:  # noqa: ARG001 a repeat finds nothing left to fill
    """Fill what waits for the variants that this is about."""
    named = Target.objects.filter(event=event, type="variant").values_list("target_id", flat=True)
    operations.fill_due(timezone.now(), variant_ids=[UUID(hex=text) for text in named])
