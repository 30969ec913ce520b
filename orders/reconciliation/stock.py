"""Units: levels against movements and holds, and what left the stock against what the parcels hold (B50, I1, I2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from inventory import reconciliation as levels
from inventory.models import Level, Movement
from orders.models import Fulfilment, FulfilmentLine, Order
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(window: Window) -> Iterator[Difference]:
    """Amounts are units, so no case of stock carries money."""
    for row in levels.differences():
        yield Difference(
            cause="stock_differs", key=f"{row.warehouse_id.hex if row.warehouse_id else 'all'}:{row.variant_id.hex}:{row.what}", amount_minor=0,
            day=day_of(window.now), ours={"level": row.found, "of": row.what}, theirs={"movements": row.expected},
        )
    wrong = Level.objects.filter(Q(on_hand__lt=0) | Q(held__lt=0) | Q(damaged__lt=0) | Q(held__gt=F("on_hand")))
    for level in wrong.select_related("warehouse", "variant").iterator(CHUNK):
        yield Difference(
            cause="stock_negative", key=level.pk.hex, amount_minor=0, day=day_of(window.now),
            ours={"onHand": level.on_hand, "held": level.held, "damaged": level.damaged},
            theirs={"sku": level.variant.sku, "warehouse": level.warehouse.code},
        )
    yield from _consumed(window)


def _consumed(window: Window) -> Iterator[Difference]:
    left = FulfilmentLine.objects.filter(fulfilment__order=OuterRef("pk"), fulfilment__left_at__isnull=False)
    parcels = left.values("fulfilment__order").annotate(units=Sum("quantity")).values("units")
    moved = Movement.objects.filter(stream=OuterRef("stream_id"), kind=Movement.Kind.CONSUMED)
    consumed = moved.values("stream").annotate(units=-Sum("on_hand_delta")).values("units")
    lately = Fulfilment.objects.filter(order=OuterRef("pk"), left_at__range=(window.start, window.end))
    orders = Order.objects.filter(Exists(lately)).annotate(
        in_parcels=Coalesce(Subquery(parcels), 0), from_stock=Coalesce(Subquery(consumed), 0)
    )
    wrong = orders.exclude(in_parcels=F("from_stock")).values_list("pk", "number", "in_parcels", "from_stock", "state_since")
    for pk, number, in_parcels, from_stock, since in wrong.iterator(CHUNK):
        yield Difference(
            cause="consumption_differs", key=pk.hex, amount_minor=0, day=day_of(since), stream=str(pk),
            ours={"order": number, "unitsInParcels": in_parcels}, theirs={"unitsFromStock": from_stock},
        )
