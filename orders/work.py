"""Reads of what warehouses have to do: fulfilments by state and place. Each says what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count

from inventory.models import Warehouse
from orders.models import Fulfilment
from shipping.distances import ZONES, zone
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from django.db.models import QuerySet

BOXES_MAX = 500
_TO_PICK = (Fulfilment.Status.RELEASED, Fulfilment.Status.PICKING)


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


@dataclass(frozen=True, slots=True)
class Wave:
    """Boxes of one warehouse that leave at one cutoff for one zone."""

    cutoff: datetime
    warehouse: str
    zone: str
    boxes: tuple[Fulfilment, ...]

    @property
    def units(self) -> int:
        """Units to pick."""
        return sum(item.quantity for box in self.boxes for item in box.lines.all())

    @property
    def is_started(self) -> bool:
        """Whether somebody picks one of them."""
        return any(box.status == Fulfilment.Status.PICKING for box in self.boxes)

    @property
    def key(self) -> str:
        """Its name in an address."""
        return f"{self.warehouse}.{self.zone}.{self.cutoff:%Y%m%d%H%M}"


def waves(*, cutoffs: Sequence[time], zone_info: tzinfo) -> list[Wave]:
    """Boxes to pick, by cutoff, warehouse and zone, the most urgent first; at most `BOXES_MAX`. Four statements."""
    states = dict(Warehouse.objects.values_list("code", "state"))
    rows = (
        Fulfilment.objects.filter(status__in=_TO_PICK, shipment=None, order__on_hold=False)
        .select_related("order").prefetch_related("lines__line").order_by("created_at", "id")
    )
    found: dict[tuple[datetime, str, str], list[Fulfilment]] = {}
    for row in rows[:BOXES_MAX]:
        since = row.released_at or row.created_at
        zone_ = zone(states.get(row.warehouse_code, ""), row.order.destination_state)
        found.setdefault((cutoff_after(since, cutoffs, zone_info), row.warehouse_code, zone_), []).append(row)
    keys = sorted(found, key=lambda key: (key[0], key[1], ZONES.index(key[2])))
    return [Wave(*key, tuple(found[key])) for key in keys]


def cutoff_after(since: datetime, cutoffs: Sequence[time], zone_info: tzinfo) -> datetime:
    """The first cutoff after a moment, today's or tomorrow's; without cutoffs the end of the day."""
    here = since.astimezone(zone_info)
    times = sorted(cutoffs) or [time(23, 59)]
    later = next((at for at in times if at > here.timetz().replace(tzinfo=None)), None)
    day = here.date() if later is not None else here.date() + timedelta(days=1)
    return datetime.combine(day, later or times[0], tzinfo=zone_info)


def find_box(text: str) -> Fulfilment | None:
    """The box a scanned code opens: a fulfilment's id, or the first open one of an order's number. One statement."""
    rows = Fulfilment.objects.select_related("order").order_by("created_at", "id")
    try:
        return rows.filter(pk=UUID(text)).first()
    except ValueError:
        pass
    open_ = rows.filter(order__number=text.upper(), status__in=[*_TO_PICK, Fulfilment.Status.PACKED])
    return open_.filter(shipment=None).first() or open_.first() or rows.filter(order__number=text.upper()).last()


def box(fulfilment_id: UUID) -> Fulfilment:
    """One box with its order, parcel and lines. Raises Missing. Three statements."""
    rows = Fulfilment.objects.select_related("shipment", "order__person__key", "order__shipping_address")
    found = rows.prefetch_related("lines__line", "order__fulfilments").filter(pk=fulfilment_id).first()
    if found is None:
        raise Missing
    return found


def next_box(after: Fulfilment) -> Fulfilment | None:
    """The oldest other box to pick at the same warehouse. One statement."""
    rows = Fulfilment.objects.filter(status=Fulfilment.Status.RELEASED, shipment=None, order__on_hold=False)
    return rows.filter(warehouse_code=after.warehouse_code).exclude(pk=after.pk).order_by("created_at", "id").first()


def waiting() -> dict[str, int]:
    """How many fulfilments wait, by why: for stock, for their time. One statement."""
    statuses = (Fulfilment.Status.AWAITING_INVENTORY, Fulfilment.Status.SCHEDULED)
    rows = Fulfilment.objects.filter(status__in=statuses).order_by().values_list("status").annotate(n=Count("pk"))
    return {str(status): int(n) for status, n in rows}
