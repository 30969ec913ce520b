"""Reads of what warehouses have to do: fulfilments by state and place. Each says what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.models import Fulfilment
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.db.models import QuerySet


def fulfilments(*, statuses: Sequence[str] = (), warehouse: str = "") -> QuerySet[Fulfilment]:
    """Fulfilments of these states and this warehouse, with parcels and lines: one statement more for a page of them."""
    found = Fulfilment.objects.select_related("shipment").prefetch_related("lines")
    if statuses:
        found = found.filter(status__in=list(statuses))
    return found.filter(warehouse_code=warehouse) if warehouse else found


def fulfilment(fulfilment_id: UUID) -> Fulfilment:
    """One fulfilment. Raises Missing. Two statements."""
    found = fulfilments().filter(pk=fulfilment_id).first()
    if found is None:
        raise Missing
    return found


def order_of_fulfilment(fulfilment_id: UUID) -> UUID:
    """The order it belongs to. Raises Missing. One statement."""
    found = Fulfilment.objects.filter(pk=fulfilment_id).values_list("order_id", flat=True).first()
    if found is None:
        raise Missing
    return found
