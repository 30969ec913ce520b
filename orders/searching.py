"""Reads of many orders: by search, by customer, with what a list shows. Each says what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Prefetch, Q

from orders.models import Fulfilment, Line, Order, OrderPayment, Person, PersonToken
from orders.models.person import of as people_of
from orders.queries import ORDER_NUMBER, UUID_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

SORTS = {
    "createdAt": "created_at",
    "total": "total_minor",
    "orderNumber": "number",
    "updatedAt": "stream__at",
    "status": "status",
}

Token = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """What staff look for. Words of one field are alternatives, fields go together.

    `tokens` and `text_tokens` are groups of blind tokens (`orders.operations.people.tokens_for_search`); a person fits
    when each group has one of theirs. The ends of intervals are exclusive, money is in minor units.
    """

    statuses: Sequence[str] = ()
    payment_states: Sequence[str] = ()
    fulfilment_states: Sequence[str] = ()
    channels: Sequence[str] = ()
    person_ids: Sequence[UUID] = ()
    tokens: Sequence[Sequence[Token]] = ()
    number: str = ""
    text: str = ""
    text_tokens: Sequence[Sequence[Token]] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    delivered_from: datetime | None = None
    delivered_to: datetime | None = None
    min_total_minor: int | None = None
    max_total_minor: int | None = None
    extra: Q = field(default_factory=Q)


def search(filters: OrderSearch) -> QuerySet[Order]:
    """The orders that fit, in no order yet; `rows` adds what a list shows."""
    wanted = filters.extra
    for column, values in (
        ("status", filters.statuses), ("payment_state", filters.payment_states), ("channel", filters.channels),
        ("fulfilment_state", filters.fulfilment_states),
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
    ):
        if bound is not None:
            wanted &= Q(**{column: bound})
    if filters.number:
        wanted &= _numbered(filters.number)
    if filters.tokens:
        wanted &= _of_persons(filters.tokens)
    if filters.text:
        wanted &= _anything(filters.text, filters.text_tokens)
    return Order.objects.filter(wanted)


def for_customer(person_id: UUID, *, statuses: Sequence[str] = ()) -> QuerySet[Order]:
    """The orders of one person, and those they placed as a guest."""
    return search(OrderSearch(extra=Q(person__in=people_of(person_id)), statuses=statuses))


def rows(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The same orders with what a list shows: two statements more, however many orders there are."""
    return orders.select_related("stream", "person__key").prefetch_related(
        Prefetch("lines", Line.objects.order_by("place")),
        Prefetch("order_payments", OrderPayment.objects.select_related("payment").order_by("id")),
    )


def _numbered(text: str) -> Q:
    word = text.upper()
    return Q(number=word) if ORDER_NUMBER.fullmatch(word) else Q(number__contains=word)


def _of_persons(groups: Sequence[Sequence[Token]]) -> Q:
    wanted = Q()
    for group in groups:
        tokens = Q(pk__in=())
        for kind, token in group:
            tokens |= Q(kind=kind, token=token)
        wanted &= Q(person_id__in=PersonToken.objects.filter(tokens).values("person_id"))
    return wanted


def _anything(text: str, groups: Sequence[Sequence[Token]]) -> Q:
    """Part of a number, a customer, a SKU, a tracking number."""
    wanted = _numbered(text)
    if UUID_TEXT.fullmatch(text):
        wanted |= Q(pk=UUID(text)) | Q(person_id=UUID(text))
    if groups:
        wanted |= _of_persons(groups)
    wanted |= Q(pk__in=Line.objects.filter(sku=text.upper()).values("order_id"))
    return wanted | Q(pk__in=Fulfilment.objects.filter(shipment__tracking_number=text).values("order_id"))
