"""Orders and their lines as rows of exports, as they stood at the cut (A4, A25).

Note [Orders at a cut]
    An order's row goes on changing, so a row of an export is folded from the events before the cut: its state and when it came
    there, what was paid and given back, and which version of its sums held. What is frozen is read from the row, and so are the
    sums while no later edit changed them; else they are those of that version's snapshot. The same cut gives the same row,
    whatever happened since. Personal columns are the exception: they are what is known of the person now.

Rows come in the order in which the orders were placed.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from orders import finding, grammar, lifecycle
from orders.models import Line, Order, OrderRevision
from orders.operations.people import read_address
from payments.models import Dispute
from timeline.api.wire import Choice
from timeline.exports.filters import OneOrMany, PeriodFilters, Word, period_of
from timeline.exports.sources import Batch, Column, Source, register
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from uuid import UUID

    from orders.grammar import Term
    from timeline.exports.sources import Asked

WINDOW_PLACES, ORDERS_AT_ONCE = 20_000, 500
_PAYMENT, _DISPUTE, _ORDER = "payments.payment", "payments.dispute", "orders.order"
_STEPS = {
    Order.Status.CONFIRMED: "confirmed_at", Order.Status.SHIPPED: "shipped_at", Order.Status.DELIVERED: "delivered_at",
    Order.Status.CANCELLED: "cancelled_at", Order.Status.REFUNDED: "refunded_at",
}
_SUMS = (
    "subtotal_minor", "discount_minor", "gst_minor", "cgst_minor", "sgst_minor", "igst_minor", "shipping_minor", "total_minor",
)
_PERSONAL = (
    Column("customer_name", is_personal=True), Column("customer_email", is_personal=True), Column("customer_phone", is_personal=True),
    Column("shipping_address", "json", is_personal=True),
)
ORDER_COLUMNS = (
    Column("position", "whole"), Column("id"), Column("number"), Column("status"), Column("payment_status"), Column("channel"),
    Column("customer_id"), Column("currency"), *(Column(name, "whole") for name in _SUMS), Column("paid_minor", "whole"),
    Column("refunded_minor", "whole"), Column("item_count", "whole"), Column("discount_code"), Column("payment_method"),
    Column("shipping_method"), Column("destination_state"), Column("created_at", "time"),
    *(Column(name, "time") for name in _STEPS.values()), *_PERSONAL,
)
_LINE_SUMS = ("value_minor", "discount_minor", "gst_minor", "cgst_minor", "sgst_minor", "igst_minor", "total_minor")
LINE_COLUMNS = (
    Column("position", "whole"), Column("order_id"), Column("order_number"), Column("order_status"), Column("customer_id"),
    Column("created_at", "time"), Column("line", "whole"), Column("id"), Column("sku"), Column("name"), Column("hsn"),
    Column("quantity", "whole"), Column("currency"), Column("price_minor", "whole"), Column("price_includes_gst", "flag"),
    Column("gst_rate_bp", "whole"), *(Column(name, "whole") for name in _LINE_SUMS),
)


class SearchWords(Word):
    """The search language (docs/search.md), without what may name a person: filters of an export stand in the book."""

    def __init__(self, **kwargs: Any) -> None:
        """Bound the length."""
        super().__init__(max_length=grammar.QUERY_CHARS_MAX, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Take what is understood."""
        text = super().to_internal_value(data)
        try:
            finding.names_nobody(finding.parse(text))
        except grammar.NotUnderstood as error:
            raise ValidationError(str(error), code="invalid") from error
        return text


class OrderFilters(PeriodFilters):
    """Which orders, by what they were at the cut; times are those of their placement."""

    status = OneOrMany(child=Choice(choices=Order.Status.values), required=False)
    payment_status = OneOrMany(child=Choice(choices=Order.PaymentState.values), required=False)
    channel = OneOrMany(child=Word(max_length=40), required=False)
    q = SearchWords(required=False, help_text="The search language of docs/search.md, without words that may name a person.")


@dataclass(slots=True)
class _Story:
    """What the events before the cut say of one order."""

    place: int
    placed: Mapping[str, Any]
    status: str = Order.Status.PENDING
    reached: dict[str, dt.datetime] = field(default_factory=dict)
    edited: Mapping[str, Any] | None = None
    payments: dict[str, str] = field(default_factory=dict)
    disputes: dict[str, str] = field(default_factory=dict)
    paid: int = 0
    refunded: int = 0
    customer_id: str = ""

    @property
    def revision(self) -> int:
        """The version that held: 0 is what was placed."""
        return int(self.edited.get("revision") or 0) if self.edited else 0  # another address of a channel's order makes none

    @property
    def payment_state(self) -> str:
        """Z2, of the payments as they were."""
        if any(status in Dispute.RUNNING for status in self.disputes.values()):
            return Order.PaymentState.DISPUTED
        return lifecycle.payment_state(list(self.payments.values()), paid=self.paid, refunded=self.refunded, is_disputed=False)

    def hear(self, kind: str, subject: tuple[str, str], to_state: str, facts: Mapping[str, Any], at: dt.datetime) -> None:
        """One event more."""
        subject_type, subject_id = subject
        if to_state:
            if subject_type == _PAYMENT:
                self.payments[subject_id] = to_state
            elif subject_type == _DISPUTE:
                self.disputes[subject_id] = to_state
            elif subject_type == _ORDER:
                self.status = to_state
                if to_state in _STEPS:
                    self.reached[_STEPS[Order.Status(to_state)]] = dt.datetime.fromisoformat(facts["at"]) if "at" in facts else at
        if kind == "payment.captured":
            self.paid += facts["amount_minor"]
        elif kind == "refund.processed":
            self.refunded += facts["amount_minor"]
        elif kind == "order.edited":
            self.edited = facts
        elif kind == "order.transferred":
            self.customer_id = facts["to_id"]


@dataclass(frozen=True, slots=True)
class _Known:
    """An order at the cut, its row, and its version's snapshot where the row has gone on."""

    story: _Story
    order: Order
    prices: Mapping[str, Any] | None

    def customer_id(self) -> str:
        """Whose it was: who ordered it as a guest may have turned out to be a customer."""
        return self.story.customer_id or str(self.order.person_id)

    def sums(self) -> dict[str, int]:
        """The sums that held."""
        if self.prices is None:
            return {name: getattr(self.order, name) for name in _SUMS}
        totals = self.prices["totals"]
        return {
            "subtotal_minor": totals["subtotal"], "discount_minor": totals["discountAmount"], "gst_minor": totals["gstAmount"],
            "shipping_minor": totals["shippingCost"], "total_minor": totals["total"], **_split(totals["gst"]),
        }


def read_orders(asked: Asked) -> Generator[Batch, None, None]:
    """One row an order: at most six statements for some hundred."""
    for done, known in _known(asked):
        yield Batch(done, [_order_row(one, is_personal=asked.is_personal) for one in known], unsealed=asked.is_personal and bool(known))


def read_lines(asked: Asked) -> Generator[Batch, None, None]:
    """One row a line that had units: one statement more."""
    for done, known in _known(asked):
        lines: dict[UUID, list[Line]] = defaultdict(list)
        for line in Line.objects.filter(order__in=[one.order.pk for one in known]).order_by("place"):
            lines[line.order_id].append(line)
        yield Batch(done, [row for one in known for row in _line_rows(one, lines[one.order.pk])])


def _known(asked: Asked) -> Iterator[tuple[int, list[_Known]]]:
    after, before = period_of(asked.filters)
    terms, now = _terms(asked)
    for first in range(0, asked.cut, WINDOW_PLACES):
        placed = Event.objects.filter(kind="order.placed", **asked.window(first, WINDOW_PLACES))
        placed = placed.filter(recorded_at__gte=after) if after is not None else placed
        placed = placed.filter(recorded_at__lt=before) if before is not None else placed
        streams = list(placed.order_by(asked.cut_by).values_list("stream", flat=True))
        for start in range(0, len(streams), ORDERS_AT_ONCE):
            some = _found(streams[start : start + ORDERS_AT_ONCE], terms, now)
            yield first, [one for one in _read(some, asked) if _fits(one, asked.filters, terms)]
        yield min(first + WINDOW_PLACES, asked.cut), []


def _read(streams: Sequence[str], asked: Asked) -> Iterator[_Known]:
    stories = _stories(streams, asked)
    rows = Order.objects.filter(stream__in=streams).defer("pricing_snapshot", "discount_snapshot")
    if asked.is_personal:
        rows = rows.select_related("person__key", "shipping_address")
    orders = {order.stream_id: order for order in rows}
    moved = [order for stream, order in orders.items() if order.revision != stories[stream].revision]
    first = dict(Order.objects.filter(pk__in=[o.pk for o in moved]).values_list("pk", "pricing_snapshot")) if moved else {}
    later = OrderRevision.objects.filter(order__in=moved).values_list("order_id", "number", "pricing") if moved else ()
    prices = {(pk, 0): snapshot for pk, snapshot in first.items()} | {(pk, number): snapshot for pk, number, snapshot in later}
    changed = {order.pk for order in moved}
    for stream in streams:
        story, order = stories[stream], orders[stream]
        yield _Known(story, order, prices[order.pk, story.revision] if order.pk in changed else None)


def _stories(streams: Sequence[str], asked: Asked) -> dict[str, _Story]:
    """Note [Orders at a cut]. One statement."""
    found: dict[str, _Story] = {}
    events = Event.objects.filter(
        stream__in=streams, subject_type__in=(_ORDER, _PAYMENT, _DISPUTE, "payments.refund"), **{f"{asked.cut_by}__lt": asked.cut}
    ).order_by("stream", "stream_seq").annotate(said=Cast("facts", TextField()))
    columns = ("stream", asked.cut_by, "kind", "subject_type", "subject_id", "to_state", "said", "recorded_at")
    for stream, place, kind, subject, subject_id, to_state, said, at in events.values_list(*columns):
        facts = orjson.loads(said)
        if kind == "order.placed":
            found[stream] = _Story(place, facts)
        elif stream in found:
            found[stream].hear(kind, (subject, subject_id), to_state, facts, at)
    return found


def _terms(asked: Asked) -> tuple[tuple[Term, ...], dt.datetime]:
    """The search, with the last moment before the cut for `7d` and `today`. At most one statement."""
    newest = Event.objects.filter(**{f"{asked.cut_by}__lt": asked.cut}).order_by(f"-{asked.cut_by}") if asked.filters.get("q") else None
    now = newest.values_list("recorded_at", flat=True).first() if newest is not None else None
    return (finding.parse(asked.filters["q"], now=now), now) if now is not None else ((), timezone.now())


def _found(streams: Sequence[str], terms: Sequence[Term], now: dt.datetime) -> list[str]:
    """Those of the streams for which every term holds that asks for more than the events say. One statement, or none."""
    more = [term for term in terms if not _is_told(term)]
    if not more:
        return list(streams)
    there = set(Order.objects.filter(finding.matching(more, now=now), stream__in=streams).values_list("stream_id", flat=True))
    return [stream for stream in streams if stream in there]


def _fits(one: _Known, filters: Mapping[str, Any], terms: Sequence[Term]) -> bool:
    values = {"status": one.story.status, "payment_status": one.story.payment_state, "channel": one.order.channel}
    if not all(name not in filters or value in filters[name] for name, value in values.items()):
        return False
    return all(_holds(term, one) is not term.is_not for term in terms if _is_told(term))


def _is_told(term: Term) -> bool:
    """Whether the events before the cut answer it; what else is asked is asked of the order as it is."""
    states = term.key == "pay" and all(value in grammar.PAYMENT_STATES for value in term.values)
    return states or term.key == "status" or (bool(term.spans) and term.key not in {"placed", "score"})


def _holds(term: Term, one: _Known) -> bool:
    if not term.spans:
        return (one.story.status if term.key == "status" else one.story.payment_state) in term.values
    if term.key in {"total", "items"}:
        latest = one.story.edited or one.story.placed
        return finding.spanned(term, one.sums()["total_minor"] if term.key == "total" else latest["item_count"])
    return finding.spanned(term, one.story.reached.get(f"{term.key}_at"))




def _order_row(one: _Known, *, is_personal: bool) -> tuple[Any, ...]:
    story, order = one.story, one.order
    latest, sums = story.edited or story.placed, one.sums()
    row = (
        story.place, str(order.pk), order.number, story.status, story.payment_state, order.channel, one.customer_id(), order.currency,
        *(sums[name] for name in _SUMS), story.paid, story.refunded, latest["item_count"], order.discount_code or None, order.payment_method,
        order.shipping_method, latest["destination_state"], order.created_at, *(story.reached.get(name) for name in _STEPS.values()),
    )
    if not is_personal:
        return row
    profile, address = order.person.profile(), read_address(order.shipping_address, order.person)
    return (*row, profile.get("name"), profile.get("email"), profile.get("phone"), address or None)


def _line_rows(one: _Known, lines: Sequence[Line]) -> Iterator[tuple[Any, ...]]:
    story, order = one.story, one.order
    head = (story.place, str(order.pk), order.number, story.status, one.customer_id(), order.created_at)
    for line, quantity, sums in _priced(one, lines):
        yield (
            *head, line.place, str(line.pk), line.sku, line.name, line.hsn, quantity, order.currency, line.price_minor,
            line.price_includes_gst, line.gst_rate_bp, *sums,
        )


def _priced(one: _Known, lines: Sequence[Line]) -> Iterator[tuple[Line, int, tuple[int, ...]]]:
    """The lines that had units, with what they came to. A placement's snapshot names its lines in their order."""
    if one.prices is None:
        yield from ((line, line.quantity, tuple(getattr(line, name) for name in _LINE_SUMS)) for line in lines if line.quantity)
        return
    quoted = one.prices["lines"]
    by_id = {str(line.pk): line for line in lines}
    named = [(by_id[row["key"]], row) for row in quoted] if one.story.revision else list(zip(lines, quoted, strict=False))
    for line, row in named:
        tax = _split(row["gst"])
        sums = {"value_minor": row["value"], "discount_minor": row["discount"], "gst_minor": sum(tax.values()), "total_minor": row["total"]} | tax
        yield line, row["quantity"], tuple(sums[name] for name in _LINE_SUMS)


def _split(tax: Mapping[str, int]) -> dict[str, int]:
    return {f"{name}_minor": tax[name] for name in ("cgst", "sgst", "igst")}


register(Source("orders", "Orders", "orders:read", ORDER_COLUMNS, OrderFilters, read_orders))
register(Source("order_lines", "Lines of orders", "orders:read", LINE_COLUMNS, OrderFilters, read_lines))
