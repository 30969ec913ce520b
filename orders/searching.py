"""Reads of many orders: by search, by customer, with what a list shows. Each says what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db.models import Prefetch, Q

from orders.models import Line, Order, OrderPayment, Person
from orders.models.person import of as people_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from orders.models import OrderTag
    from payments.models import Payment

SORTS = {
    "createdAt": "created_at",
    "total": "total_minor",
    "orderNumber": "number",
    "updatedAt": "stream__at",
    "status": "status",
}
APART_MAX = 4
# Snapshots and reasons are larger than all the rest of a row.
_NOT_LISTED = ("pricing_snapshot", "discount_snapshot", "risk__reasons", "risk__signals")
# In lists of their own: Django makes a queryset for every order otherwise, only to hold what it found.
_LINES, _PAYMENTS, _TAGS = "listed_lines", "listed_payments", "listed_tags"


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """What staff look for. Words of one field are alternatives, fields go together.

    The ends of intervals are exclusive, money is in minor units. `extra` is what else must hold, such as what
    `orders.finding` makes of the search language.
    """

    statuses: Sequence[str] = ()
    payment_states: Sequence[str] = ()
    fulfilment_states: Sequence[str] = ()
    channels: Sequence[str] = ()
    person_ids: Sequence[UUID] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    delivered_from: datetime | None = None
    delivered_to: datetime | None = None
    min_total_minor: int | None = None
    max_total_minor: int | None = None
    risk_verdicts: Sequence[str] = ()
    min_risk: int | None = None
    extra: Q = field(default_factory=Q)


def search(filters: OrderSearch) -> QuerySet[Order]:
    """The orders that fit, in no order yet; `rows` adds what a list shows."""
    wanted = filters.extra
    for column, values in (
        ("status", filters.statuses), ("payment_state", filters.payment_states), ("channel", filters.channels),
        ("fulfilment_state", filters.fulfilment_states), ("risk__verdict", filters.risk_verdicts),
    ):
        if values:
            wanted &= Q(**{f"{column}__in": list(values)})
    if filters.person_ids:
        wanted &= Q(person__in=Person.objects.filter(Q(pk__in=filters.person_ids) | Q(owner__in=filters.person_ids)))
    for column, bound in (
        ("created_at__gte", filters.created_from),
        ("created_at__lt", filters.created_to),
        ("delivered_at__gte", filters.delivered_from),
        ("delivered_at__lt", filters.delivered_to),
        ("total_minor__gte", filters.min_total_minor),
        ("total_minor__lte", filters.max_total_minor),
        ("risk__score__gte", filters.min_risk),
    ):
        if bound is not None:
            wanted &= Q(**{column: bound})
    return Order.objects.filter(wanted)


def apart(filters: OrderSearch, *, order: Sequence[str]) -> list[QuerySet[Order]]:
    """The same orders by status, where several are asked for: each newest first by an index, which all together are not. Else none.

    In another order than that of their placement no index serves them apart either; and of nearly all statuses the next order is never far.
    """
    several = sorted(set(filters.statuses)) if order[0].removeprefix("-") == SORTS["createdAt"] else []
    return [search(replace(filters, statuses=[status])) for status in several] if 1 < len(several) <= APART_MAX else []


def for_customer(person_id: UUID, *, statuses: Sequence[str] = ()) -> QuerySet[Order]:
    """The orders of one person, and those they placed as a guest."""
    return search(OrderSearch(extra=Q(person__in=people_of(person_id)), statuses=statuses))


def rows(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The same orders with what a list shows: two statements more, however many orders there are.

    Their lines and payments are read by `lines_of` and `payments_of`; what no list shows is left where it is.
    """
    return orders.select_related("stream", "person__key", "risk").defer(*_NOT_LISTED).prefetch_related(
        Prefetch("lines", Line.objects.order_by("place"), to_attr=_LINES),
        Prefetch("order_payments", OrderPayment.objects.select_related("payment").order_by("id"), to_attr=_PAYMENTS),
    )


def staff_rows(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The same with what only staff see, tags and who looks after them: one statement more than `rows`."""
    return rows(orders).select_related("assignment").prefetch_related(Prefetch("tags", to_attr=_TAGS))


def lines_of(order: Order) -> list[Line]:
    """What still stands of an order of `rows`, in its order."""
    return [line for line in getattr(order, _LINES) if line.quantity]


def payments_of(order: Order) -> list[Payment]:
    """The payments of an order of `rows`, oldest first."""
    return [link.payment for link in getattr(order, _PAYMENTS)]


def tags_of(order: Order) -> list[str]:
    """The tags of an order, by name. One statement, or none for an order of `staff_rows`."""
    listed: list[OrderTag] | None = getattr(order, _TAGS, None)
    return sorted(row.tag for row in (order.tags.all() if listed is None else listed))


def numbers(orders: QuerySet[Order], *, limit: int) -> list[str]:
    """The numbers of so many of these orders at most, the newest first. One statement."""
    return list(orders.order_by("-created_at", "-id").values_list("number", flat=True)[:limit])
