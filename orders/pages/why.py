"""Why an order costs what it costs: from the total down to each line, rule and rounding, and what the books say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_safe

from orders import queries
from orders.models import OrderRevision
from orders.pages import order_rows
from orders.pages.refund_cards import cards
from orders.pages.visitors import staff
from orders.pricing import revision, snapshot, tracing
from payments import journal

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from orders.models import Line, Order
    from orders.pricing.quote import Quote, QuotedLine
    from orders.pricing.revision import Revised
    from orders.queries import OrderDetail
    from payments.models import Posting


@dataclass(frozen=True, slots=True)
class LineTrace:
    """A line as it was sold, as it is computed again, and its taxes before and after rounding."""

    line: Line
    again: QuotedLine
    components: tuple[tracing.Component, ...]

    @property
    def agrees(self) -> bool:
        """Whether the computation gives what is stored."""
        line, again = self.line, self.again
        stored = (line.value_minor, line.discount_minor, line.cgst_minor, line.sgst_minor, line.igst_minor, line.total_minor)
        tax = again.gst
        return stored == (
            again.value_minor, again.discount_minor, tax.cgst_minor, tax.sgst_minor, tax.igst_minor, again.total_minor
        )


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the order: as placed (0), or as an edit left it. `agrees`: computed again it is the same."""

    number: int
    at: datetime
    total_minor: int
    change_minor: int
    agrees: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole computation; `broken` says why it could not be done. `versions` only of an order that was edited."""

    lines: list[LineTrace]
    shipping: tuple[tracing.ShippingShare, ...]
    applied: list[dict[str, Any]]
    agrees: bool
    versions: tuple[Version, ...] = ()
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Booked:
    """One posting with the name of its account."""

    posting: Posting
    account: str
    debit_minor: int | None
    credit_minor: int | None


@require_safe
@staff
def why(request: HttpRequest, number: str) -> HttpResponseBase:
    """`/console/orders/<number>/why/`."""
    detail = queries.detail(queries.id_of(number))
    order = detail.order
    postings = list(journal.of_stream(str(order.pk)))
    context = {
        "order": order, "number": order.number, "detail": detail, "trace": traced(detail),
        "pricing": order.pricing_snapshot, "holding": order.prices(), "discount": order.discount_snapshot, "booked": booked(postings),
        "customers_minor": sum(row.amount_minor for row in postings if row.account_id == journal.CUSTOMERS),
        "refunds": cards(detail, queries.timeline(order.pk, public_only=False)), "open_count": order_rows.open_count(),
    }
    return render(request, "console/why.html", context)


def traced(detail: OrderDetail) -> Trace:
    """Compute the order again from its frozen snapshots and hold it against what is stored; each version of it, if edited."""
    order = detail.order
    applied = list(order.discount_snapshot["appliedDiscounts"])
    again: Quote | Revised
    try:
        again = placed = snapshot.recompute(order.pricing_snapshot, order.discount_snapshot)
        edits = list(OrderRevision.objects.filter(order=order).order_by("number")) if order.revision else []
        revised = [revision.recompute_revision(row.pricing) for row in edits]
    except snapshot.SnapshotBroken as error:
        return Trace([], (), applied, agrees=False, broken=str(error))
    if revised:
        again = revised[-1]
    quoted = {line.key: line for line in again.lines} if revised else _placed(detail, placed)
    lines = [
        LineTrace(line, quoted[str(line.pk)], tracing.of_line(quoted[str(line.pk)], intra=again.intra))
        for line in detail.items
        if str(line.pk) in quoted
    ]
    versions = _versions(order, placed, edits, revised)
    agrees = _sums_agree(order, again) and all(line.agrees for line in lines) and all(row.agrees for row in versions)
    complete = len(lines) == len(again.lines) == len(detail.items)
    return Trace(lines, tracing.of_shipping(again), applied, agrees=agrees and complete, versions=versions)


def booked(postings: list[Posting]) -> list[Booked]:
    """The postings, each amount on its side."""
    names = {code: name for code, name, _ in journal.CHART}
    return [
        Booked(
            row, names[row.account_id], row.amount_minor if row.amount_minor > 0 else None,
            -row.amount_minor if row.amount_minor < 0 else None,
        )
        for row in postings
    ]


def _placed(detail: OrderDetail, placed: Quote) -> dict[str, QuotedLine]:
    """The quoted lines of a placement by the order's lines: they have the same places."""
    return {str(line.pk): quoted for line, quoted in zip(detail.items, placed.lines, strict=True)}


def _versions(
    order: Order, placed: Quote, edits: list[OrderRevision], revised: list[Quote | Revised]
) -> tuple[Version, ...]:
    if not edits:
        return ()
    first = order.pricing_snapshot["totals"]["total"]
    found = [Version(0, order.created_at, first, 0, placed.total_minor == first)]
    for row, again in zip(edits, revised, strict=True):
        change = row.total_minor - found[-1].total_minor
        found.append(Version(row.number, row.created_at, row.total_minor, change, again.total_minor == row.total_minor))
    return tuple(found)


def _sums_agree(order: Order, again: Quote | Revised) -> bool:
    stored = (order.subtotal_minor, order.discount_minor, order.gst_minor, order.shipping_minor, order.total_minor)
    return stored == (
        again.subtotal_minor, again.discount_minor, again.gst_minor, again.shipping_minor, again.total_minor
    )
