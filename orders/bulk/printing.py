"""Which parcels of many orders have a label to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import naming
from orders.models import JobResult
from shipping.models import Shipment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from orders.models import Job

ORDERS_AT_ONCE = 500


def parcels_of(names: Sequence[str]) -> list[UUID]:
    """The parcels with a label of these orders, by number or id, in their order. Two statements for each 500."""
    found: list[UUID] = []
    for first in range(0, len(names), ORDERS_AT_ONCE):
        some = names[first : first + ORDERS_AT_ONCE]
        known = naming.ids_of(some)
        found += _labelled([known[name.strip().lower()][0] for name in some if name.strip().lower() in known])
    return found


def parcels_of_job(job: Job) -> list[UUID]:
    """The parcels with a label of the orders that a job was through with, in the order of its rows."""
    rows = JobResult.objects.filter(job=job, order__isnull=False).exclude(outcome=JobResult.Outcome.FAILED).order_by("row")
    ids = list(rows.values_list("order_id", flat=True))
    return [pk for first in range(0, len(ids), ORDERS_AT_ONCE) for pk in _labelled(ids[first : first + ORDERS_AT_ONCE])]


def _labelled(order_ids: Iterable[UUID | None]) -> list[UUID]:
    places = {str(pk): place for place, pk in enumerate(order_ids)}
    rows = Shipment.objects.filter(stream__in=places, label_file__isnull=False, direction="forward").exclude(
        status=Shipment.Status.CANCELLED
    )
    return [pk for pk, _ in sorted(rows.values_list("pk", "stream"), key=lambda row: (places[row[1]], row[0]))]
