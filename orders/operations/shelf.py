"""Units of an order on the shelf: which holds of its story they are, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inventory import locks
from inventory import operations as stock
from inventory.models import Hold, Warehouse
from inventory.queries import waiting
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from timeline.operations import Operation


_LOST = "lost"


class NoWarehouse(Invalid):
    """There is no such warehouse, or none has stock of this order."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a parcel starts: the warehouse's code and its address as a label prints it."""

    code: str
    address: dict[str, Any]


def origin_for(*, stream: str, code: str | None, variant_ids: Sequence[UUID]) -> Origin:
    """The named warehouse, or the one that holds most of these units. Raises NoWarehouse."""
    if code is not None:
        chosen = Warehouse.objects.filter(code=code, is_active=True).first()
    else:
        held: dict[Any, int] = {}
        for hold in _live(stream).select_related("warehouse"):
            if hold.variant_id in variant_ids:
                held[hold.warehouse] = held.get(hold.warehouse, 0) + hold.quantity
        chosen = max(held, key=lambda place: (held[place], -place.priority)) if held else None
        chosen = chosen or Warehouse.objects.filter(is_active=True).order_by("priority", "code").first()
    if chosen is None:
        raise NoWarehouse(errors=[("#/warehouse", "Not known.")])
    return Origin(code=chosen.code, address=dict(chosen.address))


def place_of(code: str) -> Origin:
    """The active warehouse of this code. Raises NoWarehouse."""
    return origin_for(stream="", code=code, variant_ids=())


def lying_at(code: str) -> Origin:
    """Where units that are promised lie: also a place that sells no more, or is somebody else's. Raises NoWarehouse."""
    found = Warehouse.objects.filter(code=code).first()
    if found is None:
        raise NoWarehouse(errors=[("#/warehouse", "Not known.")])
    return Origin(code=found.code, address=dict(found.address))


def bring(op: Operation, *, stream: str, from_code: str, to_code: str, units: Mapping[UUID, int]) -> None:
    """Units of these variants that are promised at one warehouse are promised at another instead.

    Raises NoWarehouse, and what `stock.rehouse` raises.
    """
    ids = dict(Warehouse.objects.filter(code__in=[from_code, to_code]).values_list("code", "id"))
    if from_code not in ids or to_code not in ids:
        raise NoWarehouse
    if units and from_code != to_code:
        stock.rehouse(op, stream=stream, from_id=ids[from_code], to_id=ids[to_code], units=units)


def leave(op: Operation, *, stream: str, warehouse_code: str, units: Mapping[UUID, int]) -> None:
    """Units of these variants leave with a parcel: first what lies at its warehouse, then what lies elsewhere."""
    holds = locks.live_holds(stream=stream)
    stock.consume(op, quantities=_spread(holds, units, first=warehouse_code), holds=holds)


def free(op: Operation, *, stream: str, units: Mapping[UUID, int] | None = None) -> None:
    """Promised units are free again, first those that are waited for; without names, all of the story."""
    if units is None:
        stock.release(op, stream=stream)
        return
    coming = waiting(stream)
    here = {variant: count - min(count, coming.get(variant, 0)) for variant, count in units.items()}
    given = _spread(locks.live_holds(stream=stream), {variant: count for variant, count in here.items() if count}, first=None)
    if given:
        stock.release(op, stream=stream, quantities=given)
    if units.keys() & coming.keys():
        stock.forgo(op, stream=stream, units=units)


def free_at(op: Operation, *, stream: str, places: Mapping[str, Mapping[UUID, int]]) -> None:
    """Units promised at these warehouses, by code and variant, are free again there."""
    given: dict[UUID, int] = {}
    left = {code: dict(units) for code, units in places.items()}
    for hold in _live(stream).select_related("warehouse"):
        shelf = left.get(hold.warehouse.code, {})
        share = min(shelf.get(hold.variant_id, 0), hold.quantity)
        if share:
            given[hold.pk] = share
            shelf[hold.variant_id] -= share
    if given:
        stock.release(op, stream=stream, quantities=given)


def come_back(
    op: Operation, *, stream: str, warehouse_code: str | None, units: Mapping[UUID, int], reason: str, damaged: bool = False
) -> None:
    """Units that had left are at the named warehouse again, or at the first one: on the shelf, or among the damaged."""
    places = Warehouse.objects.order_by("priority", "code")
    place = places.filter(code=warehouse_code).first() if warehouse_code else places.filter(is_active=True).first()
    if place is None:
        raise NoWarehouse
    stock.restock(op, warehouse_id=place.pk, quantities=units, stream=stream, reason=reason, damaged=damaged)


def write_off(op: Operation, *, stream: str, units: Mapping[UUID, int]) -> None:
    """Promised units turn out damaged: they are free of their holds and set aside where they lie."""
    given = _spread(locks.live_holds(stream=stream), units, first=None) if units else {}
    if not given:
        return
    holds = list(_live(stream).filter(pk__in=list(given)).select_related("warehouse", "variant"))
    stock.release(op, stream=stream, quantities=given)
    for hold in holds:
        stock.damage(op, warehouse_code=hold.warehouse.code, sku=hold.variant.sku, quantity=given[hold.pk])


def count_missing(op: Operation, *, stream: str, warehouse_code: str, units: Mapping[UUID, int]) -> None:
    """Units promised at this warehouse are not where they ought to lie: they are free of their holds and counted out."""
    left = dict(units)
    given: dict[Hold, int] = {}
    for hold in _live(stream).filter(warehouse__code=warehouse_code).select_related("variant"):
        share = min(left.get(hold.variant_id, 0), hold.quantity)
        if share:
            given[hold] = share
            left[hold.variant_id] -= share
    stock.release(op, stream=stream, quantities={hold.pk: share for hold, share in given.items()})
    for hold, share in given.items():
        stock.adjust(op, warehouse_code=warehouse_code, sku=hold.variant.sku, delta=-share, reason=_LOST)


def _spread(holds: Sequence[Hold], units: Mapping[UUID, int], *, first: str | None) -> dict[UUID, int]:
    """Which of the story's holds give these units; what no hold covers is left out."""
    left = dict(units)
    given: dict[UUID, int] = {}
    for hold in sorted(holds, key=lambda hold: hold.warehouse.code != first):
        take = min(left.get(hold.variant_id, 0), hold.quantity)
        if take:
            given[hold.pk] = take
            left[hold.variant_id] -= take
    return given


def _live(stream: str) -> Any:
    return Hold.objects.filter(stream=stream, status__in=Hold.LIVE).order_by("id")
