"""Where units of an order could come from: the warehouses with what is free there and how far they are from the door."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inventory.models import Level
from orders import sourcing
from orders.operations import people
from shipping.distances import kilometres

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from uuid import UUID

    from inventory.models import Warehouse
    from orders.models import Line, Order


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Active warehouses: distance and priority by code, free units by code and variant."""

    kms: dict[str, int | None]
    priorities: dict[str, int]
    free: dict[str, dict[UUID, int]]

    def place(self, code: str, wants: Mapping[UUID, int]) -> sourcing.Place:
        """The warehouse as the rule sees it."""
        shelf = self.free[code]
        has_all = all(shelf.get(variant, 0) >= units for variant, units in wants.items())
        return sourcing.Place(code, self.kms[code], self.priorities[code], has_all)

    def why(self, code: str, units: Mapping[UUID, int], lines: Mapping[UUID, Line]) -> str:
        """Why these units, by line id, are shipped from there."""
        wants = by_variant(units, lines)
        of_all = sum(line.quantity - line.quantity_cancelled for line in lines.values())
        here = self.place(code, wants) if code in self.kms else sourcing.Place(code, None, 0, has_all=True)
        others = [self.place(other, wants) for other in self.kms if other != code]
        return sourcing.sentence(here, others, units=sum(units.values()), of_all=max(of_all, sum(units.values())))


def find(order: Order, *, variant_ids: Collection[UUID]) -> Whereabouts:
    """Read it: one statement, and three more for the address where there is a choice."""
    kms: dict[str, int | None] = {}
    priorities: dict[str, int] = {}
    free: dict[str, dict[UUID, int]] = defaultdict(dict)
    addresses: dict[str, Mapping[str, Any]] = {}
    levels = Level.objects.filter(variant_id__in=list(variant_ids), warehouse__is_active=True).select_related("warehouse")
    for level in levels.order_by("warehouse__priority", "warehouse__code"):
        code = level.warehouse.code
        addresses[code], priorities[code] = level.warehouse.address, level.warehouse.priority
        free[code][level.variant_id] = level.available
    pin = str(people.read_address(order.shipping_address, order.person).get("postalCode") or "") if len(addresses) > 1 else ""
    for code, address in addresses.items():
        kms[code] = kilometres(str(address.get("postalCode") or ""), pin)
    return Whereabouts(kms, priorities, dict(free))


def distance_to(pin: str) -> Callable[[Warehouse], int]:
    """How far warehouses are from this PIN, for the allocation of stock; nothing is asked of the database."""

    def far(warehouse: Warehouse) -> int:
        km = kilometres(str(warehouse.address.get("postalCode") or ""), pin)
        return sourcing.FAR_KM if km is None else km

    return far


def by_variant(units: Mapping[UUID, int], lines: Mapping[UUID, Line]) -> dict[UUID, int]:
    """Units by line as units by variant."""
    found: dict[UUID, int] = defaultdict(int)
    for pk, count in units.items():
        found[lines[pk].variant_id] += count
    return dict(found)
