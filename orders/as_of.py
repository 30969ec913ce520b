"""Any order as it stood at any instant, and as it was known at any instant; and whether its rows say what its events say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from orders import folding, queries
from orders.models import Address, Line, Order, OrderAssignment, OrderHold, OrderTag, Return
from payments.models import Dispute, Payment, Refund
from shipping.models import Shipment
from timeline.errors import Missing
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from orders.folding import Item, Stand

_COLUMNS: Final = (
    "number", "status", "payment_state", "fulfilment_state", "on_hold", "paid_minor", "refunded_minor", "subtotal_minor",
    "discount_minor", "gst_minor", "cgst_minor", "sgst_minor", "igst_minor", "shipping_minor", "total_minor", "item_count",
    "revision", "currency", "channel", "payment_method", "shipping_method", "destination_state", "discount_code",
    "shipping_provider", "cancel_code", "shipping_address_id", "billing_address_id", "created_at", "state_since", "confirmed_at",
    "processing_at", "shipped_at", "delivered_at", "cancelled_at", "refunded_at",
)
_DERIVED: Final = ("number", "status", "payment_state", "fulfilment_state", "on_hold", "paid_minor", "refunded_minor")
_AMOUNTS: Final = (
    ("quantity", "quantity"), ("price_minor", "price_minor"), ("total_minor", "total_minor"), ("value_minor", "value_minor"),
    ("discount_minor", "discount_minor"), ("tax_minor", "gst_minor"),
)
_UNITS: Final = ("shipped", "delivered", "cancelled", "returned", "lost")
_READ: Final = (
    "stream", "kind", "subject_type", "subject_id", "to_state", "facts", "stream_seq", "operation_id", "occurred_at", "recorded_at",
)


class NotYet(Missing):
    """The order was not placed yet then, or nobody had heard of it."""


@dataclass(frozen=True, slots=True)
class View:
    """The order as it stood, with what never changes of it: names of its lines, its addresses in the clear."""

    stand: Stand
    order: Order
    lines: dict[str, Line]
    shipping: dict[str, Any]
    billing: dict[str, Any]
    as_of: datetime | None
    known: datetime | None


@dataclass(frozen=True, slots=True)
class Instant:
    """One step of the story: the version it made, when, and the event that names it."""

    version: int
    at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class Gap:
    """A row that does not say what the events say."""

    row: str
    field: str
    told: Any
    there: Any


def view(
    order_id: UUID, *, as_of: datetime | None = None, known: datetime | None = None, version: int | None = None
) -> View:
    """The order as it stood at `as_of`, by what was on record at `known`, or after so many events. At most six statements.

    Raises NotYet, and Missing for no order.
    """
    order = Order.objects.select_related("person__key").filter(pk=order_id).first()
    if order is None:
        raise Missing
    events = told(order_id)
    if as_of is not None:
        events = events.filter(occurred_at__lte=as_of)
    if known is not None:
        events = events.filter(recorded_at__lte=known)
    if version is not None:
        events = events.filter(stream_seq__lte=version)
    stand = folding.fold(list(events))
    if stand is None:
        raise NotYet
    kept = {str(row.pk): row for row in Address.objects.filter(pk__in=_address_ids(stand))}
    shipping, billing = (kept.get(str(stand.columns[name])) for name in ("shipping_address_id", "billing_address_id"))
    return View(
        stand=stand, order=order, lines={line.pk.hex: line for line in Line.objects.filter(order=order).order_by("place")},
        shipping=queries.address_of(shipping, order.person) if shipping else {},
        billing=queries.address_of(billing, order.person) if billing else {}, as_of=as_of, known=known,
    )


def instants(order_id: UUID) -> list[Instant]:
    """The steps of the story, oldest first: one for each operation that said something of the order. One statement."""
    found: list[Instant] = []
    last: UUID | None = None
    for event in told(order_id):
        if event.operation_id != last:
            found.append(Instant(event.stream_seq, event.recorded_at, event))
        else:
            found[-1] = Instant(event.stream_seq, event.recorded_at, found[-1].event)
        last = event.operation_id
    return found


def told(order_id: UUID) -> QuerySet[Event]:
    """The events of an order as they are folded."""
    return Event.objects.filter(stream=str(order_id)).only(*_READ).order_by("stream_seq")


def gaps(orders: Sequence[Order]) -> Iterator[tuple[Order, Gap]]:
    """Where the rows of these orders differ from their folded events; ten statements however many orders there are."""
    streams = [str(order.pk) for order in orders]
    events: dict[str, list[Event]] = defaultdict(list)
    for event in Event.objects.filter(stream__in=streams).only(*_READ).order_by("stream", "stream_seq"):
        events[event.stream].append(event)
    rows = _Rows(orders, streams)
    for order in orders:
        stand = folding.fold(events[str(order.pk)])
        found = _compared(stand, order, rows) if stand is not None else [Gap(order.number, "placed", None, "a row without its event")]
        yield from ((order, gap) for gap in found)


class _Rows:
    """The rows of many orders, each kind with one statement, by the story they are of."""

    def __init__(self, orders: Sequence[Order], streams: list[str]) -> None:
        self.lines = _by(Line.objects.filter(order__in=orders), lambda line: str(line.order_id))
        self.holds = _by(OrderHold.objects.filter(order__in=orders), lambda hold: str(hold.order_id))
        self.tags = _by(OrderTag.objects.filter(order__in=orders), lambda row: str(row.order_id))
        self.assignees = _by(OrderAssignment.objects.filter(order__in=orders), lambda row: str(row.order_id))
        self.returns = _by(Return.objects.filter(order__in=orders), lambda ret: str(ret.order_id))
        self.payments = _by(Payment.objects.filter(stream__in=streams), lambda row: row.stream)
        self.refunds = _by(Refund.objects.filter(stream__in=streams), lambda row: row.stream)
        self.disputes = _by(Dispute.objects.filter(stream__in=streams), lambda row: row.stream)
        self.parcels = _by(Shipment.objects.filter(stream__in=streams).defer("sealed", "origin"), lambda row: row.stream)


def _by(rows: Iterable[Any], story: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[story(row)].append(row)
    return found


def _compared(stand: Stand, order: Order, rows: _Rows) -> Iterator[Gap]:
    story = str(order.pk)
    for name in _COLUMNS:
        said = getattr(stand, name) if name in _DERIVED else stand.columns.get(name)
        yield from _gap(order.number, name, said, getattr(order, name))
    lines = {line.pk.hex: line for line in rows.lines[story]}
    yield from _same_ids(order.number, "lines", stand.items, lines)
    for key, item in stand.items.items():
        if key in lines:
            yield from _line(item, lines[key], skips_units=folding.UNITS in stand.unknown)
    for name, said_rows, there in (
        ("payment", stand.payments, rows.payments[story]), ("refund", stand.refunds, rows.refunds[story]),
        ("dispute", stand.disputes, rows.disputes[story]), ("return", stand.returns, rows.returns[story]),
        ("shipment", stand.parcels, rows.parcels[story]),
    ):
        known = {row.pk.hex: row for row in there}
        yield from _same_ids(order.number, f"{name}s", said_rows, known)
        for key, thing in said_rows.items():
            if key in known:
                yield from _gap(f"{name} {key}", "status", thing.status, str(known[key].status))
    open_holds = {row.pk.hex for row in rows.holds[story] if row.released_at is None}
    yield from _gap(order.number, "tags", sorted(stand.tags), sorted(row.tag for row in rows.tags[story]))
    yield from _gap(order.number, "assignee", stand.assignee, "".join(row.assignee for row in rows.assignees[story]))
    yield from _gap(order.number, "holds", sorted(k for k, v in stand.holds.items() if v.status == "open"), sorted(open_holds))


def _line(item: Item, line: Line, *, skips_units: bool) -> Iterator[Gap]:
    row = f"line {line.pk.hex}"
    for name, column in _AMOUNTS:
        yield from _gap(row, column, getattr(item, name), getattr(line, column))
    if not skips_units:
        for name in _UNITS:
            yield from _gap(row, f"quantity_{name}", getattr(item, name), getattr(line, f"quantity_{name}"))


def _same_ids(row: str, name: str, told_: dict[str, Any], there: dict[str, Any]) -> Iterator[Gap]:
    if told_.keys() != there.keys():
        yield Gap(row, name, sorted(told_.keys() - there.keys()), sorted(there.keys() - told_.keys()))


def _gap(row: str, name: str, said: Any, there: Any) -> Iterator[Gap]:
    """What an old event does not tell is no difference."""
    if isinstance(there, UUID):
        there = str(there)
    if said is not None and said != there:
        yield Gap(row, name, said, there)


def _address_ids(stand: Stand) -> list[str]:
    return [stand.columns[name] for name in ("shipping_address_id", "billing_address_id") if stand.columns.get(name)]
