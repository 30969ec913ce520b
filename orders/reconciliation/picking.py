"""The warehouse: shelves whose count was wrong, and parcels that did not arrive and nobody has decided about (D6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef

from inventory.models import Movement
from orders.models import Fulfilment, Order, ShortPick
from orders.operations.completion import UNDELIVERED
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

REMEMBERED = timedelta(days=90)
_COUNTS = ("correction", "count", "found", "recount")


def check(window: Window) -> Iterator[Difference]:
    """What stands until a shelf was counted and a parcel decided about."""
    counted = Movement.objects.filter(
        variant=OuterRef("variant"), warehouse__code=OuterRef("warehouse_code"), at__gt=OuterRef("at"), reason__in=_COUNTS
    )
    short = ShortPick.objects.filter(~Exists(counted), at__gt=window.now - REMEMBERED)
    yield from _short(short.values_list(*_COLUMNS).iterator(CHUNK))
    alive = (Order.Status.PROCESSING, Order.Status.SHIPPED)
    rows = Fulfilment.objects.filter(shipment__status__in=UNDELIVERED, outcome="", order__status__in=alive)
    for pk, order_id, number, status, since in rows.values_list(
        "pk", "order_id", "order__number", "shipment__status", "order__stream__at"
    ).iterator(CHUNK):
        yield Difference(
            cause="parcel_undecided", key=pk.hex, amount_minor=0, day=day_of(since), stream=str(order_id),
            ours={"order": number, "fulfilment": str(pk), "decided": "nothing"}, theirs={"parcel": status},
        )


def of_fulfilment(fulfilment_id: UUID) -> list[Difference]:
    """What was found missing in one box, to be told at once."""
    return list(_short(ShortPick.objects.filter(fulfilment=fulfilment_id).values_list(*_COLUMNS)))


_COLUMNS = ("pk", "quantity", "warehouse_code", "line__sku", "fulfilment__order_id", "fulfilment__order__number", "at")


def _short(rows: Iterable[tuple[Any, ...]]) -> Iterator[Difference]:
    for pk, quantity, warehouse, sku, order_id, number, at in rows:
        yield Difference(
            cause="short_pick", key=pk.hex, amount_minor=0, day=day_of(at), stream=str(order_id),
            ours={"warehouse": warehouse, "sku": sku, "missing": quantity, "order": number}, theirs={"counted": "not since"},
        )
