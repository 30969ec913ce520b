"""Release what may go now: what was scheduled for this time, what waited for stock that has come, what was never planned."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef

from inventory.models import Backorder, Level
from orders.models import Fulfilment, Order
from orders.operations import arranging, planning, sourcing_stock
from orders.operations.holds import OnHold
from timeline.actors import system
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from timeline.operations import Operation

BATCH_MAX = 200
S = Fulfilment.Status


def release_due(now: datetime) -> int:
    """Do all three, each order in an operation of its own; returns how many orders were looked at.

    An order on hold keeps what is scheduled until a person lets it go; it is asked again the next time.
    """
    done = 0
    scheduled = Fulfilment.objects.filter(status=S.SCHEDULED, release_at__lte=now, order__on_hold=False).order_by("release_at")
    for order_id, pk in list(scheduled.values_list("order_id", "pk")[:BATCH_MAX]):
        done += _do("fulfilment.release", order_id, partial(_release, order_id=order_id, fulfilment_id=pk))
    for order_id in list(_supplied().values_list("order_id", flat=True).distinct()[:BATCH_MAX]):
        done += _do("fulfilment.supply", order_id, partial(_supply, order_id=order_id))
    for order_id in list(_unplanned().values_list("pk", flat=True)[:BATCH_MAX]):
        done += _do("fulfilment.plan", order_id, partial(planning.plan, order_id=order_id))
    return done


def _do(name: str, order_id: UUID, act: Callable[[Operation], object]) -> int:
    with operation(name, actor=system("fulfilment"), stream=str(order_id)) as op:
        act(op)
    return 1


def _release(op: Operation, *, order_id: UUID, fulfilment_id: UUID) -> None:
    row = arranging.own(planning.read(order_id), fulfilment_id)
    if row.status == S.SCHEDULED and row.release_at is not None and row.release_at <= op.now:
        try:
            arranging.release(op, order_id=order_id, fulfilment_id=fulfilment_id)
        except OnHold:
            return


def _supply(op: Operation, *, order_id: UUID) -> None:
    ground = planning.plan(op, order_id=order_id)
    if sourcing_stock.hold_what_is_missing(op, ground=ground):
        planning.plan(op, order_id=order_id)


def _supplied() -> QuerySet[Any]:
    """Fulfilments that wait outside the queue for stock while something of theirs is free somewhere."""
    free = Level.objects.filter(
        variant=OuterRef("lines__line__variant"), warehouse__is_active=True, on_hand__gt=F("held") + F("safety")
    )
    queued = Backorder.objects.filter(stream=OuterRef("order__stream_id"), status=Backorder.Status.WAITING)
    return Fulfilment.objects.filter(Exists(free), ~Exists(queued), status=S.AWAITING_INVENTORY).order_by()


def _unplanned() -> QuerySet[Any]:
    """Orders that were confirmed before fulfilments were planned."""
    planned = Fulfilment.objects.filter(order=OuterRef("pk"))
    waiting = Order.objects.filter(~Exists(planned), status__in=[Order.Status.CONFIRMED, Order.Status.PROCESSING])
    return waiting.order_by()
