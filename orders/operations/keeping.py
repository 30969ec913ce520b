"""Why a person's data are still needed: what is open, what money is on its way, what the law asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q

from orders.models import OPEN_STATUSES, Checkout, Order, OrderPayment, Person, Return
from payments.models import Dispute, Payment, Refund
from shipping.models import Shipment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

REASONS_MAX = 50
OPEN, PARCEL, MONEY, DISPUTE, RETURN, LAW = (
    "order_open", "parcel_under_way", "money_in_flight", "dispute_running", "return_under_way", "required_by_law",
)
_PARCEL_GONE = (
    Shipment.Status.DELIVERED, Shipment.Status.LOST, Shipment.Status.RETURNED, Shipment.Status.CANCELLED,
)
_PAYMENT_WAITS = (Payment.Status.AUTHORIZED, Payment.Status.IN_DOUBT)
_REFUND_WAITS = (Refund.Status.REQUESTED, Refund.Status.PENDING, Refund.Status.IN_DOUBT)
_RETURN_WAITS = (*Return.OPEN, Return.Status.RECEIVED, Return.Status.INSPECTED)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that still needs the data; `until` where its end is a day that is known."""

    code: str
    number: str
    until: datetime | None = None

    def facts(self) -> dict[str, Any]:
        """As a request keeps it."""
        return {"code": self.code, "order": self.number, "until": self.until.isoformat() if self.until else None}


def reasons(person: Person, *, now: datetime) -> list[Reason]:
    """Everything that still needs this person's data, at most fifty. Six statements."""
    orders = {str(order.pk): order for order in Order.objects.filter(_of(person)).only(
        "number", "status", "created_at", "delivered_at", "cancelled_at", "refunded_at", "stream_id",
    )}
    if not orders:
        return []
    return list(_found(orders, now))[:REASONS_MAX]


def streams_of(person: Person) -> list[str]:
    """Every story that is this person's: their own, their orders', checkouts' and returns', as guests too. Four statements."""
    orders = Order.objects.filter(_of(person)).values_list("pk", flat=True)
    checkouts = Checkout.objects.filter(_of(person)).values_list("pk", flat=True)
    returns = Return.objects.filter(Q(order__person=person) | Q(order__person__owner=person)).values_list("pk", flat=True)
    guests = person.guests.values_list("pk", flat=True)
    return [str(person.pk), *(str(pk) for pk in (*guests, *orders, *checkouts, *returns))]


def _of(person: Person) -> Q:
    """Theirs, and of the guests they were before they signed in."""
    return Q(person=person) | Q(person__owner=person)


def _found(orders: dict[str, Order], now: datetime) -> Iterator[Reason]:
    """Orders first, then what else of them is not at its end, then what is kept for a while after it."""
    streams = list(orders)
    for order in orders.values():
        if order.status in OPEN_STATUSES:
            yield Reason(OPEN, order.number)
    links = OrderPayment.objects.filter(order__in=[order.pk for order in orders.values()])
    for number in links.filter(payment__status__in=_PAYMENT_WAITS).values_list("order__number", flat=True):
        yield Reason(MONEY, number)
    for stream in Refund.objects.filter(stream__in=streams, status__in=_REFUND_WAITS).values_list("stream", flat=True):
        yield Reason(MONEY, orders[stream].number)
    for stream in Dispute.objects.filter(stream__in=streams, status__in=Dispute.RUNNING).values_list("stream", flat=True):
        yield Reason(DISPUTE, orders[stream].number)
    moving = Shipment.objects.filter(stream__in=streams).exclude(status__in=_PARCEL_GONE)
    for stream in moving.values_list("stream", flat=True):
        yield Reason(PARCEL, orders[stream].number)
    for number in Return.objects.filter(order__in=[order.pk for order in orders.values()], status__in=_RETURN_WAITS).values_list(
        "order__number", flat=True
    ):
        yield Reason(RETURN, number)
    for order in orders.values():
        until = _ended_at(order) + timedelta(days=settings.PRIVACY_KEEP_DAYS)
        if order.status not in OPEN_STATUSES and until > now:
            yield Reason(LAW, order.number, until)


def _ended_at(order: Order) -> datetime:
    ends = (order.delivered_at, order.cancelled_at, order.refunded_at)
    return max([at for at in ends if at is not None], default=order.created_at)
