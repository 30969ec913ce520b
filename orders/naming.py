"""Orders, parcels and lines by the names that files and callers use for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from orders.models import Line, Order
from shipping.models import Shipment

if TYPE_CHECKING:
    from collections.abc import Iterable

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"ord-[0-9]{8}-[0-9]{5,9}", re.ASCII)
_AT_HOME = frozenset({"booked", "labelled"})


def ids_of(texts: Iterable[str]) -> dict[str, tuple[UUID, str]]:
    """Id and number of each order that is named by either, under its name in lower case. One statement."""
    named = {text.strip().lower() for text in texts}
    ids = [UUID(text) for text in named if _UUID.fullmatch(text)]
    numbers = [text.upper() for text in named if _NUMBER.fullmatch(text)]
    found: dict[str, tuple[UUID, str]] = {}
    for pk, number in Order.objects.filter(Q(pk__in=ids) | Q(number__in=numbers)).values_list("pk", "number"):
        found[str(pk)] = found[number.lower()] = (pk, number)
    return found


def head(order_id: UUID) -> Order:
    """The order's own row without its snapshots. One statement."""
    return Order.objects.defer("pricing_snapshot", "discount_snapshot").get(pk=order_id)


@dataclass(frozen=True, slots=True)
class NumberedParcel:
    """A parcel of an order by the number on it: whether it has left, and its units by SKU."""

    shipment_id: UUID
    has_left: bool
    units: dict[str, int]


def parcels_numbered(order_id: UUID, tracking_number: str) -> list[NumberedParcel]:
    """The order's parcels that carry this number and were not cancelled, oldest first. One statement."""
    found = Shipment.objects.filter(stream=str(order_id), tracking_number=tracking_number).exclude(status="cancelled")
    parcels = []
    for pk, status, contents in found.order_by("created_at").values_list("pk", "status", "contents"):
        units: dict[str, int] = {}
        for item in contents:
            units[item["sku"]] = units.get(item["sku"], 0) + int(item["quantity"])
        parcels.append(NumberedParcel(pk, status not in _AT_HOME, units))
    return parcels


def lines_to_ship(order_id: UUID) -> list[tuple[UUID, str, int]]:
    """Id, SKU and units left to ship of each line, in their order. One statement."""
    return [(line.pk, line.sku, line.to_ship) for line in Line.objects.filter(order_id=order_id).order_by("place")]
