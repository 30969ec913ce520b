"""Questions of the day (D8): where orders are stuck and for how long, what money is in flight, how old open tickets are, how today goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import ExtractHour, TruncDate
from django.utils.timezone import get_current_timezone, localdate

from orders.finding import LATE_AFTER
from orders.models import OPEN_STATUSES, Order, Ticket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

# How long an order has been where it is: name, from, below.
AGES: Final[tuple[tuple[str, timedelta, timedelta | None], ...]] = (
    ("under_1h", timedelta(), timedelta(hours=1)),
    ("1h_to_4h", timedelta(hours=1), timedelta(hours=4)),
    ("4h_to_24h", timedelta(hours=4), timedelta(hours=24)),
    ("1d_to_3d", timedelta(days=1), timedelta(days=3)),
    ("over_3d", timedelta(days=3), None),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """So many orders of one age, and their worth by currency, in minor units."""

    age: str
    orders: int
    value_minor: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StateAges:
    """The open orders of one status: by age, those that are stuck, and in seconds the median age, that which nine of ten do not exceed, and the greatest."""

    status: str
    orders: int
    stuck: int
    stuck_value_minor: Mapping[str, int]
    stuck_after_s: int
    cells: tuple[Cell, ...]
    median_s: int | None
    p90_s: int | None
    oldest_s: int | None


@dataclass(frozen=True, slots=True)
class InFlight:
    """The orders of one channel and currency that are placed and neither delivered nor ended: worth and what is paid of it."""

    channel: str
    currency: str
    orders: int
    value_minor: int
    paid_minor: int
    by_status: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TicketAges:
    """Tickets that are not closed, of orders that are open: their number, by state, and the median and greatest age in seconds."""

    tickets: int
    waiting_for_us: int
    median_s: int | None
    oldest_s: int | None


@dataclass(frozen=True, slots=True)
class Hour:
    """Orders placed from this moment on for an hour, and in the same hour a week before."""

    begins: datetime
    orders: int
    before: int


def stuck(now: datetime) -> list[StateAges]:
    """Each open status, in the order of life. Nine statements; they read open orders by an index of their own."""
    rows: Any = _open().values("status", "currency").annotate(
        n=Count("pk"), oldest=Min("state_since"),
        **{f"n_{name}": Count("pk", filter=_aged(now, low, high)) for name, low, high in AGES},
        **{f"v_{name}": Sum("total_minor", filter=_aged(now, low, high)) for name, low, high in AGES},
        stuck=Count("pk", filter=_stuck(now)), stuck_value=Sum("total_minor", filter=_stuck(now)),
    ).order_by("status", "currency")
    found: dict[str, list[dict[str, Any]]] = {str(status): [] for status in OPEN_STATUSES}
    for row in rows:
        found[row["status"]].append(row)
    return [_state(status, parts, now) for status, parts in found.items()]


def in_flight() -> list[InFlight]:
    """By channel and currency, the most orders first. One statement; it reads open orders."""
    rows: Any = _open().values("channel", "currency").annotate(
        n=Count("pk"), value=Sum("total_minor"), paid=Sum("paid_minor") - Sum("refunded_minor"),
        **{f"s_{status}": Sum("total_minor", filter=Q(status=status)) for status in OPEN_STATUSES},
    )
    return [
        InFlight(
            row["channel"], row["currency"], row["n"], int(row["value"]), int(row["paid"]),
            {str(status): int(row[f"s_{status}"] or 0) for status in OPEN_STATUSES},
        )
        for row in rows.order_by("-n", "channel", "currency")
    ]


def tickets(now: datetime) -> TicketAges:
    """The tickets somebody has to close while their order is open. Two statements."""
    rows = open_tickets()
    found = rows.aggregate(n=Count("pk"), ours=Count("pk", filter=Q(status=Ticket.Status.OPEN)), oldest=Min("opened_at"))
    return TicketAges(
        found["n"], found["ours"], _median(rows, "opened_at", found["n"], now),
        _age(found["oldest"], now),
    )


def hours(now: datetime) -> list[Hour]:
    """The 24 hours of today's clock, those to come with none. One statement; it reads the orders of two days."""
    today = localdate(now)
    before = today - timedelta(days=7)
    placed = Order.objects.filter(_placed_on(today) | _placed_on(before)).annotate(day=TruncDate("created_at"), hour=ExtractHour("created_at"))
    counts = {(day, hour): orders for day, hour, orders in placed.order_by().values_list("day", "hour").annotate(orders=Count("pk"))}
    return [
        Hour(_at(today, hour), counts.get((today, hour), 0), counts.get((before, hour), 0))
        for hour in range(24)
    ]


def open_tickets() -> QuerySet[Ticket]:
    """Tickets that are not closed, of orders that are open."""
    return Ticket.objects.filter(status__in=Ticket.LIVE, order__status__in=OPEN_STATUSES)


def aged(age: str, now: datetime) -> tuple[datetime | None, datetime]:
    """Since when at the earliest (not included), and at the latest, an order of this age is where it is."""
    low, high = next((low, high) for name, low, high in AGES if name == age)
    return (now - high if high is not None else None), now - low


def _at(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=get_current_timezone())


def _placed_on(day: date) -> Q:
    return Q(created_at__gte=_at(day), created_at__lt=_at(day + timedelta(days=1)))


def _open() -> QuerySet[Order]:
    return Order.objects.filter(status__in=OPEN_STATUSES)


def _aged(now: datetime, low: timedelta, high: timedelta | None) -> Q:
    since = Q(state_since__lte=now - low)
    return since if high is None else since & Q(state_since__gt=now - high)


def _stuck(now: datetime) -> Q:
    wanted = Q(pk__in=())
    for status, limit in LATE_AFTER.items():
        wanted |= Q(status=status, state_since__lt=now - limit)
    return wanted


def _state(status: str, parts: Sequence[Mapping[str, Any]], now: datetime) -> StateAges:
    orders = sum(part["n"] for part in parts)
    return StateAges(
        status=status,
        orders=orders,
        stuck=sum(part["stuck"] for part in parts),
        stuck_value_minor={part["currency"]: int(part["stuck_value"]) for part in parts if part["stuck"]},
        stuck_after_s=int(LATE_AFTER[Order.Status(status)].total_seconds()),
        cells=tuple(
            Cell(
                name, sum(part[f"n_{name}"] for part in parts),
                {part["currency"]: int(part[f"v_{name}"]) for part in parts if part[f"n_{name}"]},
            )
            for name, _, _ in AGES
        ),
        median_s=_median(_open().filter(status=status), "state_since", orders, now),
        p90_s=_nine_of_ten(_open().filter(status=status), "state_since", orders, now),
        oldest_s=_age(min((part["oldest"] for part in parts), default=None), now),
    )


def _median(rows: QuerySet[Any], column: str, count: int, now: datetime) -> int | None:
    """The middle age in seconds, of an even number the mean of the two in the middle; read by an index, in order."""
    if not count:
        return None
    first = (count - 1) // 2
    middle = rows.order_by(column).values_list(column, flat=True)[first : first + 2 - count % 2]
    ages = [(now - moment).total_seconds() for moment in middle]
    return max(0, int(sum(ages) / len(ages))) if ages else None


def _nine_of_ten(rows: QuerySet[Any], column: str, count: int, now: datetime) -> int | None:
    """The age in seconds of the oldest of the youngest nine in ten (nearest rank); read by an index, in order."""
    if not count:
        return None
    place = count - -(-9 * count // 10)
    return _age(rows.order_by(column).values_list(column, flat=True)[place : place + 1].first(), now)


def _age(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))
