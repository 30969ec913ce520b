"""Reads of parcels as orders know them: one, many with their filters, and what their goods are worth."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import localdate

from orders import return_queries
from orders.models import FulfilmentLine, Line, Order
from orders.queries import Parcel, uuid_of
from shipping.models import Label, Shipment
from shipping.queries import late
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

_NUMBER = re.compile(r"ORD-[0-9]{8}-[0-9]{5,9}", re.IGNORECASE | re.ASCII)
NEWEST_FIRST = ("-created_at", "-id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parcels; what is empty or None does not matter. `number` is a tracking number or an order's."""

    statuses: Sequence[str] = ()
    carriers: Sequence[str] = ()
    warehouses: Sequence[str] = ()
    direction: str = ""
    number: str = ""
    is_late: bool | None = None
    is_flagged: bool | None = None
    on_manifest: bool | None = None


def found(wanted: Wanted, *, now: datetime) -> QuerySet[Shipment]:
    """The parcels that are wanted. One statement for a page, one to count."""
    rows = Shipment.objects.all()
    if wanted.statuses:
        rows = rows.filter(status__in=wanted.statuses)
    if wanted.carriers:
        rows = rows.filter(carrier__in=wanted.carriers)
    if wanted.warehouses:
        rows = rows.filter(warehouse_code__in=wanted.warehouses)
    if wanted.direction:
        rows = rows.filter(direction=wanted.direction)
    if wanted.number:
        rows = rows.filter(_numbered(wanted.number.strip()))
    if wanted.is_flagged is not None:
        rows = rows.filter(is_flagged=wanted.is_flagged)
    if wanted.is_late is not None:
        is_late = late(localdate(now))
        rows = rows.filter(is_late) if wanted.is_late else rows.exclude(is_late)
    if wanted.on_manifest is not None:
        on_one = Q(manifest_rows__is_live=True)
        rows = rows.filter(on_one) if wanted.on_manifest else rows.exclude(on_one)
    return rows


def with_parts(rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    """The same rows with all that is shown of a parcel: three statements, however many."""
    return (
        rows.select_related("key")
        .annotate(has_label=Exists(Label.objects.filter(shipment_id=OuterRef("pk"))))
        .prefetch_related("scans", "claims")
    )


def as_parcels(shipments: Iterable[Shipment]) -> list[Parcel]:
    """The parcels with their units, in the order given. One statement, and at most two more where a return's are among them."""
    every = list(shipments)
    units: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    lines = FulfilmentLine.objects.filter(fulfilment__shipment_id__in=[row.pk for row in every]).order_by("pk")
    for shipment_id, line_id, quantity in lines.values_list("fulfilment__shipment_id", "line_id", "quantity"):
        if shipment_id is not None:
            units[shipment_id].append((line_id, quantity))
    if len(units) < len(every):
        units |= return_queries.units_of_parcels([row.pk for row in every if row.pk not in units])
    return [
        Parcel(shipment=row, units=tuple(units[row.pk]), has_label=bool(getattr(row, "has_label", False))) for row in every
    ]


def parcel(shipment_id: UUID) -> Parcel:
    """One parcel, also one of a return. Raises Missing. Six statements at most."""
    return as_parcels([_one(with_parts(Shipment.objects.all()), shipment_id)])[0]


def story_of(text: str) -> tuple[UUID, Shipment]:
    """The order a parcel belongs to, and the parcel. Raises Missing. Two statements."""
    shipment = _one(Shipment.objects.all(), uuid_of(text))
    try:
        order_id = UUID(shipment.stream)
    except ValueError:
        raise Missing from None
    if not Order.objects.filter(pk=order_id).exists():
        raise Missing
    return order_id, shipment


def worth_minor(shipment: Shipment) -> int:
    """What the customer pays for the goods in it, GST included: what its carrier owes when it is lost. Four statements at most."""
    units = as_parcels([shipment])[0].units
    lines = Line.objects.in_bulk([line_id for line_id, _ in units])
    return sum(_share(lines[line_id], count) for line_id, count in units)


def _share(line: Line, units: int) -> int:
    return line.total_minor * units // line.quantity if line.quantity else 0


def _one(rows: QuerySet[Shipment], shipment_id: UUID) -> Any:
    row = rows.filter(pk=shipment_id).first()
    if row is None:
        raise Missing
    return row


def _numbered(text: str) -> Q:
    if _NUMBER.fullmatch(text):
        order_id = Order.objects.filter(number=text.upper()).values_list("pk", flat=True).first()
        return Q(stream=str(order_id))
    return Q(tracking_number=text)
