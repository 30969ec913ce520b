"""Promise an order the units that wait for stock, as far as they are free now or their policy lets them wait in the queue."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.utils.timezone import localdate

from inventory import operations as stock
from inventory.allocation import offered_now
from inventory.models import Backorder, Hold, Level, Variant
from inventory.operations import Want
from orders.models import Fulfilment
from orders.operations import whereabouts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from uuid import UUID

    from orders.operations.planning import Ground
    from timeline.operations import Operation


def hold_what_is_missing(op: Operation, *, ground: Ground) -> int:
    """Commit what may be had of the units that wait outside the queue; returns how many. Planning puts them to their places."""
    story = str(ground.order.pk)
    waiting = [row for row in ground.open() if row.status == Fulfilment.Status.AWAITING_INVENTORY]
    missing = Counter(whereabouts.by_variant(ground.summed(waiting), ground.lines))
    if not missing:
        return 0
    queued: Counter[UUID] = Counter()
    for variant_id, units in Backorder.objects.filter(stream=story, status="waiting").values_list("variant_id", "quantity"):
        queued[variant_id] += units
    more = _to_be_had(missing - queued, localdate(op.now))
    if not more:
        return 0
    wants = queued + Counter(more)
    for variant_id, units in Hold.objects.filter(stream=story, status__in=Hold.LIVE).values_list("variant_id", "quantity"):
        wants[variant_id] += units
    stock.commit(op, stream=story, wants=[Want(variant_id=variant_id, quantity=units) for variant_id, units in wants.items()])
    return sum(more.values())


def _to_be_had(missing: Mapping[UUID, int], today: date) -> dict[UUID, int]:
    """How much of each variant somebody who comes now may have, at once or in the queue."""
    variants = Variant.objects.filter(pk__in=list(missing))
    levels = list(Level.objects.filter(variant__in=list(missing)).select_related("warehouse"))
    found: dict[UUID, int] = {}
    for variant in variants:
        later = variant.later_units
        units = missing[variant.pk]
        if later is not None:
            units = min(units, offered_now(variant, levels, today=today) + later)
        if units > 0:
            found[variant.pk] = units
    return found
