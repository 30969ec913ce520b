"""Reads of what waits for a person because of its risk. Each says what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, Subquery

from orders.models import OPEN_STATUSES, Order, OrderHold, RiskAssessment
from orders.operations.holds import FRAUD

if TYPE_CHECKING:
    from django.db.models import QuerySet

_WAITS = Q(reason__in=FRAUD, released_at=None)


def waiting(*, min_score: int = 0) -> QuerySet[Order]:
    """Open orders with an open hold for fraud, each with `waits_since`; `min_score` leaves out those that have less.

    In no order yet. An order of a channel, held by hand, has no score.
    """
    holds = OrderHold.objects.filter(_WAITS, order=OuterRef("pk"))
    found = (
        Order.objects.filter(Exists(holds), on_hold=True, status__in=OPEN_STATUSES)
        .select_related("risk").defer("pricing_snapshot", "discount_snapshot")
        .annotate(waits_since=Subquery(holds.order_by("created_at").values("created_at")[:1]))
    )
    return found.filter(risk__score__gte=min_score) if min_score else found


def of_order(order: Order) -> RiskAssessment | None:
    """The verdict at placement; none for an order that was not assessed. One statement."""
    return RiskAssessment.objects.filter(order=order).first()


def is_waiting(order: Order) -> bool:
    """Whether it waits for a verdict. One statement."""
    return order.status in OPEN_STATUSES and OrderHold.objects.filter(_WAITS, order=order).exists()
