"""The console's list of orders: views, filters, one page of rows, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.utils import timezone

from orders import finding, grammar, queries, searching
from orders.channels import adapters
from orders.finding import LATE_AFTER
from orders.models import JobResult, Order
from orders.pages import narrowing
from orders.pages.order_sheet import pay_word
from orders.searching import OrderSearch
from timeline.api.paging import COUNT_CAP, paged
from timeline.api.wire import day
from timeline.errors import BadRequest, Invalid

if TYPE_CHECKING:

    from django.db.models import QuerySet
    from django.http import QueryDict

S = Order.Status
PAGE_ROWS = 50
CHANNELS = ("web", *sorted(adapters.NAMES))
SEGMENTS_MAX = 6
NEWEST_FIRST = ("-created_at", "-id")
SORTED = {
    sign + name: (sign + column, f"{sign}id") for name, column in searching.SORTS.items() for sign in ("", "-")
}
VIEWS: Final[dict[str, tuple[str, Q]]] = {
    "": ("All", Q()),
    "to-confirm": ("To confirm", Q(status=S.PENDING)),
    "to-pack": ("To pack", Q(status=S.CONFIRMED)),
    "packing": ("Packing", Q(status=S.PROCESSING)),
    "in-transit": ("In transit", Q(status=S.SHIPPED)),
    "on-hold": ("On hold", Q(on_hold=True)),
    "mine": ("Mine", Q(status__in=(S.PENDING, S.CONFIRMED, S.PROCESSING, S.SHIPPED))),
    "delivered": ("Delivered", Q(status=S.DELIVERED)),
    "ended": ("Cancelled and refunded", Q(status__in=(S.CANCELLED, S.REFUNDED))),
}
_IN_WORDS: Final = {
    "to-confirm": "status:pending", "to-pack": "status:confirmed", "packing": "status:processing", "in-transit": "status:shipped",
    "on-hold": "is:held", "mine": "is:open assignee:me", "delivered": "status:delivered", "ended": "status:cancelled,refunded",
}
_ANY_OF: Final[dict[str, tuple[str, ...]]] = {"ended": (S.CANCELLED, S.REFUNDED)}
_WITHOUT_WORDS: Final = ("job", "currency", "stayed_after", "stayed_since")
_COUNTED: Final = {"to-confirm": S.PENDING, "to-pack": S.CONFIRMED, "packing": S.PROCESSING, "in-transit": S.SHIPPED}


class NotInWords(Invalid):
    """This view narrows by something the search language has no word for; take that away first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One order in the list."""

    order: Order
    name: str
    city: str
    pay: str
    segments: str
    shipped: int
    units: int
    lateness: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One view, and how many orders wait in it (None: not counted, for it is no work)."""

    key: str
    word: str
    count: int | None
    is_here: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of what is asked, and what its key of the query string is without it."""

    words: str
    key: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list."""

    rows: list[Row]
    tabs: list[Tab]
    chips: list[Chip]
    total: int
    is_capped: bool
    sum_minor: int
    open_count: int
    next_query: str
    q: str
    now: datetime
    refusals: list[str] = field(default_factory=list)
    channels: tuple[str, ...] = CHANNELS


def listing(asked: QueryDict, *, reader: str = "") -> Listing:
    """Read one page as the query string asks, for the member of staff of this user name. Ten statements, however many orders there are."""
    now = timezone.now()
    view = asked.get("view", "") if asked.get("view", "") in VIEWS else ""
    search, chips, refusals = _search(asked, view, reader)
    found, order = searching.search(search), SORTED.get(asked.get("sort", ""), NEWEST_FIRST)
    shown, parts = searching.staff_rows(found).select_related("shipping_address"), searching.apart(search, order=order)
    try:
        page = paged(shown, order=order, limit=PAGE_ROWS, cursor=asked.get("cursor") or None, parts=parts)
    except BadRequest as error:
        refusals.append(error.detail)
        page = paged(shown, order=order, limit=PAGE_ROWS, parts=parts)
    counted = found.order_by()[: COUNT_CAP].aggregate(money=Sum("total_minor", filter=Q(currency="INR")))
    waiting = _waiting() | {"mine": mine(reader).count()}
    following = asked.copy()
    following["cursor"] = page.next_cursor or ""
    return Listing(
        rows=[_row(order, now) for order in page.rows],
        tabs=[
            Tab(key, word, waiting.get(key), key == view) for key, (word, _) in VIEWS.items()
        ],
        chips=chips,
        total=page.total,
        is_capped=page.total_is_capped,
        sum_minor=int(counted["money"] or 0),
        open_count=sum(waiting[key] for key in _COUNTED),
        next_query=f"?{urlencode(list(following.items()))}" if page.next_cursor else "",
        q=_typed(asked),
        now=now,
        refusals=refusals,
    )


def mine(reader: str) -> QuerySet[Order]:
    """The open orders this member of staff looks after."""
    return Order.objects.filter(VIEWS["mine"][1], assignment__assignee=reader)


def numbers(asked: QueryDict, *, until: datetime, limit: int, reader: str = "") -> list[str]:
    """The numbers of a view's orders that were placed by then, the newest first; none where the query is not understood."""
    view = asked.get("view", "") if asked.get("view", "") in VIEWS else ""
    search, _, refusals = _search(asked, view, reader)
    return [] if refusals else searching.numbers(searching.search(search).filter(created_at__lte=until), limit=limit)


def words_of(asked: QueryDict, *, reader: str | None = None) -> str:
    """The same view in the search language, for what keeps it longer than a page does; `me` by name where one is given. Raises NotInWords."""
    if any(asked.get(key) for key in _WITHOUT_WORDS):
        raise NotInWords
    words = [_IN_WORDS.get(asked.get("view", ""), ""), _typed(asked)]
    words += [f"{key}:{','.join(values)}" for key in ("status", "channel") if (values := [one for one in asked.getlist(key) if one])]
    if asked.get("payment", "") in Order.PaymentState.values:
        words.append(f"pay:{asked['payment']}")
    if asked.get("from") or asked.get("to"):
        words.append(f"placed:{asked.get('from', '')}..{asked.get('to', '')}")
    text = " ".join(word for word in words if word)
    try:
        return text if reader is None else finding.spoken_by(text, reader)
    except grammar.NotUnderstood:
        return text  # whoever keeps it says why it is not understood


def open_count() -> int:
    """How many orders are neither delivered nor ended. One statement."""
    return Order.objects.filter(status__in=list(_COUNTED.values())).count()


def _search(asked: QueryDict, view: str, reader: str) -> tuple[OrderSearch, list[Chip], list[str]]:
    """The search, a chip for each part of it, and what was not understood: then nothing is found, for less would mislead."""
    q = _typed(asked)
    payment = asked.get("payment", "")
    payment = payment if payment in Order.PaymentState.values else ""
    refusals: list[str] = []
    statuses: tuple[str, ...] = ()
    since, until = _day(asked, "from", refusals), _day(asked, "to", refusals)
    chips = [
        Chip(words, key)
        for words, key in (
            (f"Payment is {payment.replace('_', ' ')}", "payment" if payment else ""),
            (f"Placed from {since:%-d %b %Y}" if since else "", "from" if since else ""),
            (f"Placed until {until:%-d %b %Y}" if until else "", "to" if until else ""),
        )
        if key
    ]
    try:
        terms = finding.parse(q)
        statuses = finding.statuses_of(terms)
        typed = finding.matching(finding.parse(finding.spoken_by(q, reader)))
        if view == "mine":
            typed &= Q(assignment__assignee=reader)
        chips = [Chip(q[term.start : term.end], "q", grammar.without(q, term)) for term in terms] + chips
    except grammar.NotUnderstood as error:
        refusals.append(str(error))
        typed, chips = Q(), [Chip(q, "q"), *chips]
    narrow, more = narrowing.narrowed(asked, refusals)
    chips += [Chip(words, key) for words, key in more]
    job_id = asked.get("job", "")
    if finding.is_id(job_id):
        chips.append(Chip("Refused in a job", "job"))
        typed &= Q(pk__in=JobResult.objects.filter(job=UUID(job_id), outcome=JobResult.Outcome.FAILED).values("order_id"))
    search = OrderSearch(
        statuses=() if refusals else _ANY_OF.get(view) or narrowing.statuses_of(asked) or statuses,
        payment_states=(payment,) if payment else (),
        created_from=since,
        created_to=until + timedelta(days=1) if until else None,
        extra=VIEWS[view][1] & typed & narrow if not refusals else Q(pk__in=()),
    )
    return search, chips, refusals


def _typed(asked: QueryDict) -> str:
    return asked.get("q", "").strip()[: grammar.QUERY_CHARS_MAX]


def _day(asked: QueryDict, key: str, refusals: list[str]) -> datetime | None:
    text = asked.get(key, "")
    if not text:
        return None
    try:
        found = day(text)
    except ValueError:
        refusals.append("A day is written as 2026-11-21.")
        return None
    return datetime(found.year, found.month, found.day, tzinfo=timezone.get_current_timezone())


def _waiting() -> dict[str, int]:
    """How many orders wait in each view of open work. One statement."""
    held = Count("pk", filter=Q(on_hold=True))
    rows = Order.objects.filter(status__in=list(_COUNTED.values())).values("status").annotate(n=Count("pk"), held=held)
    found = {row["status"]: row for row in rows}
    counts = {key: int(found[str(status)]["n"]) if str(status) in found else 0 for key, status in _COUNTED.items()}
    return {**counts, "on-hold": sum(int(row["held"]) for row in found.values())}


def _row(order: Order, now: datetime) -> Row:
    lines = searching.lines_of(order)
    units = sum(line.quantity - line.quantity_cancelled for line in lines)
    shipped = sum(line.quantity_shipped for line in lines)
    marks = min(units, SEGMENTS_MAX)
    on = 0 if not units else shipped * marks // units
    address = queries.address_of(order.shipping_address, order.person)
    name = address.get("name") or order.person.profile().get("name") or "Name erased"
    return Row(
        order=order,
        name=str(name),
        city=str(address.get("city") or ""),
        pay=pay_word(order),
        segments="1" * on + "0" * (marks - on),
        shipped=shipped,
        units=units,
        lateness=_lateness(order, now),
    )


def _lateness(order: Order, now: datetime) -> str:
    limit = LATE_AFTER.get(S(order.status))
    if limit is None:
        return ""
    passed = now - order.state_since
    if passed > limit:
        return "late"
    return "soon" if passed > limit * 0.8 else ""
