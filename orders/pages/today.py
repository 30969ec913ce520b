"""`/console/`: what waits, where orders sit, what is in flight, and how the shop does. Every number is a link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from orders import finding, risk_queries
from orders.analytics import metrics, reports
from orders.models import OPEN_STATUSES, Incident, Order, Return, Ticket
from orders.operations import mentions
from orders.pages import charts, narrowing, order_rows
from orders.pages.visitors import staff
from timeline import queries as timeline_queries
from timeline import rights
from timeline.vocabulary import amounts, money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

PERIODS: Final = {"1": "Today", "7": "7 days", "28": "28 days", "90": "90 days"}
PERIOD_DEFAULT: Final = "28"
PRODUCTS: Final = 10
CURRENCY: Final = "INR"
MONEY: Final = "money:read"
MONEY_CHARTS: Final = ("flight", "captured")
AGE_WORDS: Final = {
    "under_1h": "< 1 h", "1h_to_4h": "1–4 h", "4h_to_24h": "4–24 h", "1d_to_3d": "1–3 d", "over_3d": "> 3 d",
}
STATE_WORDS: Final = {"pending": "To confirm", "confirmed": "To pack", "processing": "Packing", "shipped": "In transit"}
# Each step with its words, when the orders that took it ended it, and the states in which it passes.
_SPEED: Final = {
    "processing": ("Confirmed to shipped", "shipped", ("confirmed", "processing")),
    "shipping": ("Shipped to delivered", "delivered", ("shipped",)),
    "delivery": ("Placed to delivered", "delivered", ("pending", "confirmed", "processing", "shipped")),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A number in words, where it leads, and whether it is late."""

    words: str
    url: str
    more: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class StateRow:
    """One status in the table of ages: the whole, the cells, what is stuck, the median."""

    word: str
    whole: Link
    cells: tuple[Link, ...]
    stuck: Link
    median: str


@require_safe
@staff
def today(request: HttpRequest) -> HttpResponseBase:
    """The console's first page. So many statements however many orders there are; it reads counts and open orders."""
    now = timezone.now()
    key, first, last = _period(request, now)
    states = reports.stuck(now)
    flight, tickets, hours = reports.in_flight(), reports.tickets(now), reports.hours(now)
    context = {
        "now": now, "periods": PERIODS, "period": key, "first": first, "last": last,
        "queue": _queue(request.user), "states": [_row(state, now) for state in states], "stuck_chart": _stuck_chart(states),
        "ages": list(AGE_WORDS.values()), "flight": [_flight(row) for row in flight], "flight_chart": _flight_chart(flight),
        "hours_chart": _hours_chart(hours), "hours_sum": (sum(hour.orders for hour in hours), sum(hour.before for hour in hours)),
        "tickets": tickets, "ticket_median": _long(tickets.median_s), "ticket_oldest": _long(tickets.oldest_s),
        **_business(first, last, with_money=shows_money(request)), "with_money": shows_money(request), "strip": _strip(), "open_count": sum(state.orders for state in states),
    }
    return render(request, "console/today.html", context)


@require_safe
@staff
def chart_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """`/console/charts/<name>.csv`: the numbers of one chart of the page, for the same period. At most two statements."""
    _, first, last = _period(request, timezone.now())
    if name not in _CHARTS:
        raise Http404
    if name in MONEY_CHARTS:
        rights.require(request, MONEY)
    named = {"Content-Disposition": f'attachment; filename="{name}-{first}-{last}.csv"', "Cache-Control": "private, no-store"}
    return HttpResponse(charts.as_csv(_CHARTS[name](first, last)), content_type="text/csv; charset=utf-8", headers=named)


def shows_money(request: HttpRequest) -> bool:
    """Whether the reader sees amounts here: without the right for money the page is one of counts."""
    return MONEY in rights.of(request)


def _period(request: HttpRequest, now: datetime) -> tuple[str, date, date]:
    """The days that were asked for: their key, the first and the last."""
    key = request.GET.get("days", PERIOD_DEFAULT)
    key = key if key in PERIODS else PERIOD_DEFAULT
    last = localdate(now)
    return key, last - timedelta(days=int(key) - 1), last


def _queue(user: Any) -> list[tuple[str, Link]]:
    """What waits for this person, and for anybody. Eight statements."""
    name = user.get_username()
    return_url, tickets_url = reverse("console-returns"), reverse("console-tickets")
    mine = Ticket.objects.filter(status=Ticket.Status.OPEN, assignee=name).count()
    asked = Return.objects.filter(status=Return.Status.REQUESTED).count()
    received = Return.objects.filter(status=Return.Status.RECEIVED).count()
    return [
        ("My orders", Link(str(order_rows.mine(name).count()), _list("?view=mine"))),
        ("My tickets", Link(str(mine), f"{tickets_url}?state=mine")),
        ("Mentions of me", Link(str(mentions.unread(user)), reverse("console-mentions"))),
        ("Risks to review", Link(str(risk_queries.waiting().count()), reverse("console-risk"))),
        ("Refunds to approve", Link(str(finding.refund_requests().count()), _list("?q=has:refund_request"))),
        ("Returns to approve", Link(str(asked), f"{return_url}?tab=requested")),
        ("Returns to inspect", Link(str(received), f"{return_url}?tab=received")),
    ]


def _row(state: reports.StateAges, now: datetime) -> StateRow:
    cells = []
    for cell in state.cells:
        after, since = reports.aged(cell.age, now)
        cells.append(Link(str(cell.orders), _list(narrowing.query(statuses=[state.status], after=after, since=since)), _worth(cell.value_minor)))
    stuck_since = now - timedelta(seconds=state.stuck_after_s)
    return StateRow(
        STATE_WORDS[state.status],
        Link(str(state.orders), _list(narrowing.query(statuses=[state.status]))),
        tuple(cells),
        Link(
            str(state.stuck), _list(narrowing.query(statuses=[state.status], since=stuck_since)),
            _worth(state.stuck_value_minor), is_late=state.stuck > 0,
        ),
        _long(state.median_s),
    )


def _stuck_chart(states: Iterable[reports.StateAges]) -> charts.Chart:
    return charts.ranges(
        "stuck", "How long open orders have been where they are",
        [
            charts.Point(
                STATE_WORDS[state.status], state.p90_s or 0, _stuck_words(state), _list(narrowing.query(statuses=[state.status])),
                low=state.median_s or 0, limit=state.stuck_after_s,
            )
            for state in states
        ],
    )


def _stuck_words(state: reports.StateAges) -> str:
    """The ends of its range; of no order none."""
    if state.median_s is None:
        return "no order"
    return f"half {_long(state.median_s)} or less, nine of ten {_long(state.p90_s)} or less, late after {_long(state.stuck_after_s)}"


def _flight(row: reports.InFlight) -> tuple[str, Link, Link, str]:
    url = _list(narrowing.query(statuses=OPEN_STATUSES, channel=row.channel, currency=row.currency))
    return row.channel, Link(str(row.orders), url), Link(money(row.value_minor, row.currency), url), money(row.paid_minor, row.currency)


def _flight_chart(flight: Sequence[reports.InFlight]) -> charts.Chart:
    return charts.rows(
        "flight", "Money in flight by channel",
        [
            charts.Point(
                f"{row.channel} {row.currency}", row.value_minor, money(row.value_minor, row.currency),
                _list(narrowing.query(statuses=OPEN_STATUSES, channel=row.channel, currency=row.currency)),
            )
            for row in flight
        ],
    )


def _hours_chart(hours: Iterable[reports.Hour]) -> charts.Chart:
    return charts.columns("today", "Orders placed today, by hour", [_hour(hour) for hour in hours])


def _hour(hour: reports.Hour) -> charts.Point:
    end = hour.begins + timedelta(hours=1)
    words = f"{hour.orders} {'order' if hour.orders == 1 else 'orders'}, {hour.before} a week ago"
    placed = _list(narrowing.query(q=f"placed:>={hour.begins.isoformat()} placed:<{end.isoformat()}"))
    return charts.Point(f"{hour.begins:%H}:00", hour.orders, words, placed, hour.before)


def _business(first: date, last: date, *, with_money: bool) -> dict[str, Any]:
    """The numbers of the period, and those that only make sense over all days. Ten statements."""
    counts, ever = metrics.between(first, last), metrics.ever()
    placed_url = _placed(first, last)
    currencies = counts.currencies() if with_money else []
    return {
        "days_chart": _days_chart(metrics.daily(first, last)), "funnel": _funnel_chart(counts, first, last),
        "captured_chart": _captured_chart(metrics.daily_captured(first, last, currency=CURRENCY)),
        "speeds": [_speed(name, counts, first, last) for name in _SPEED], "speed_chart": _speed_chart(counts, first, last),
        "figures": [
            ("Conversion", Link(_share(counts.conversion), placed_url), f"{counts.sum('completed')} of {counts.sum('checkouts')} checkouts"),
            ("Cancelled", Link(_share(counts.cancellation), _placed(first, last, "cancelled")), f"{counts.sum('cancelled')} of {counts.sum('placed')} orders"),
            *(("Order value", Link(money(round(counts.average_minor(currency)), currency), placed_url), f"{counts.sum('standing', currency=currency)} orders") for currency in currencies),
            *(("Captured less refunded", Link(money(counts.kept_minor(currency), currency), reverse("console-days")), currency) for currency in currencies),
        ],
        "ever_figures": [
            ("Customers who came again", _share(ever.repeat_rate), f"{ever.sum('repeaters')} of {ever.sum('customers')}"),
            ("Orders a customer", f"{ever.frequency:.2f}", ""),
            *(("Lifetime value", money(round(ever.lifetime_minor(currency)), currency), "a customer") for currency in (ever.currencies() if with_money else ())),
            ("Stock turnover", f"{metrics.turnover(last):.2f}", "a year"),
        ],
        "best": [(product, _sold(product.sku, first, last), _worth(dict(product.worth_minor))) for product in metrics.best_sellers(PRODUCTS, first=first, last=last)],
        "returned": [(product, _sold(product.sku, first, last), _share(product.return_rate)) for product in metrics.most_returned(PRODUCTS, first=first, last=last)],
    }


def _days_chart(days: Iterable[tuple[date, int]]) -> charts.Chart:
    return charts.columns(
        "days", "Orders placed, by business day",
        [
            charts.Point(f"{day:%-d %b}", orders, f"{orders} {'order' if orders == 1 else 'orders'}", _placed(day, day))
            for day, orders in days
        ],
    )


def _captured_chart(days: Iterable[tuple[date, int]]) -> charts.Chart:
    return charts.columns(
        "captured", "Captured, by business day",
        [charts.Point(f"{day:%-d %b}", minor, money(minor, CURRENCY), reverse("console-day", kwargs={"day": day.isoformat()})) for day, minor in days],
    )


def _funnel_chart(counts: metrics.Counts, first: date, last: date) -> charts.Chart:
    started = counts.sum("checkouts")
    points = [
        charts.Point(word, value, said or str(value), url)
        for word, value, said, url in (
            ("Checkouts", started, f"{started}, of which {counts.sum('completed')} became orders", _placed(first, last)),
            ("Orders placed", counts.sum("placed"), "", _placed(first, last)),
            ("Not cancelled", counts.sum("standing"), "", _placed(first, last, *(set(Order.Status.values) - {"cancelled"}))),
            ("Delivered", counts.sum("status", label="delivered"), "", _placed(first, last, "delivered")),
        )
    ]
    return charts.rows("funnel", "From checkout to doorstep", points)


def _speed(name: str, counts: metrics.Counts, first: date, last: date) -> tuple[str, Link, str, str, str]:
    lasted = counts.duration(name)
    return (
        _SPEED[name][0], Link(str(lasted.count), _ended(name, first, last)), _within(lasted, 0.5), _within(lasted, 0.9),
        _long(_target_s(name)),
    )


def _speed_chart(counts: metrics.Counts, first: date, last: date) -> charts.Chart:
    points = []
    for name, (word, _, _) in _SPEED.items():
        lasted, target_s = counts.duration(name), _target_s(name)
        half, most = ((lasted.quantile(share) or lasted.ends[-1]) if lasted.count else 0 for share in (0.5, 0.9))
        said = f"half {_within(lasted, 0.5)}, nine of ten {_within(lasted, 0.9)}, target {_long(target_s)}" if lasted.count else "no order"
        points.append(charts.Point(word, most, said, _ended(name, first, last), low=half, limit=target_s))
    return charts.ranges("speed", "How long each step took", points)


def _ended(name: str, first: date, last: date) -> str:
    return _list(narrowing.query(q=f"{_SPEED[name][1]}:{first}..{last}"))


def _target_s(name: str) -> int:
    """As long as an order may stay in all of the step's states before it is late."""
    return sum(int(finding.LATE_AFTER[Order.Status(status)].total_seconds()) for status in _SPEED[name][2])


def _within(lasted: metrics.Duration, share: float) -> str:
    if not lasted.count:
        return "–"
    end = lasted.quantile(share)
    return f"≤ {_long(end)}" if end is not None else f"> {_long(lasted.ends[-1])}"


def _strip() -> list[tuple[str, Link]]:
    """How the machinery does. Three statements."""
    wrong = Incident.objects.filter(recovered_at=None).count()
    parked, lag = timeline_queries.parked().count(), timeline_queries.lag_seconds()
    return [
        ("Open alerts", Link(str(wrong), reverse("console-alerts"), is_late=wrong > 0)),
        ("Parked deliveries", Link(str(parked), reverse("console-parked"), is_late=parked > 0)),
        ("Oldest owed event", Link(_long(int(lag)), reverse("console-parked"), is_late=lag > 60)),  # noqa: PLR2004 a minute
    ]


def _list(query: str) -> str:
    return reverse("console-orders") + query


def _placed(first: date, last: date, *statuses: str) -> str:
    return _list(narrowing.query(statuses=sorted(statuses), days=(first, last)))


def _sold(sku: str, first: date, last: date) -> str:
    """The orders of these days that have it; a channel's own SKU may be any text."""
    return _list(narrowing.query(days=(first, last), q="sku:" + '"' + sku.replace('"', "") + '"'))


def _worth(value_minor: Mapping[str, int]) -> str:
    return amounts(value_minor)


def _share(share: float) -> str:
    return f"{share * 100:.1f} %"


def _long(seconds: int | None) -> str:
    """A length of time in its largest unit but one: `42 min`, `25 h`, `6 d`."""
    if seconds is None:
        return "–"
    for unit, word, most in ((60, "min", 5400), (3600, "h", 172_800)):
        if seconds < most:
            return f"{seconds // unit} {word}"
    return f"{seconds // 86_400} d"


# Each chart of the page by its id, for the file beside it.
_CHARTS: Final[dict[str, Callable[[date, date], charts.Chart]]] = {
    "flight": lambda *_: _flight_chart(reports.in_flight()),
    "stuck": lambda *_: _stuck_chart(reports.stuck(timezone.now())),
    "speed": lambda first, last: _speed_chart(metrics.between(first, last), first, last),
    "today": lambda *_: _hours_chart(reports.hours(timezone.now())),
    "days": lambda first, last: _days_chart(metrics.daily(first, last)),
    "captured": lambda first, last: _captured_chart(metrics.daily_captured(first, last, currency=CURRENCY)),
    "funnel": lambda first, last: _funnel_chart(metrics.between(first, last), first, last),
}
