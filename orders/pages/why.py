"""Why an order costs what it costs: from the total down to each line, rule and rounding, and what the books say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_safe

from orders import queries
from orders.pages import order_rows
from orders.pages.refund_cards import cards
from orders.pages.visitors import staff
from orders.pricing import snapshot, tracing
from payments import journal

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from orders.models import Line, Order
    from orders.pricing.quote import Quote, QuotedLine
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
class Trace:
    """The whole computation; `broken` says why it could not be done."""

    lines: list[LineTrace]
    shipping: tuple[tracing.ShippingShare, ...]
    applied: list[dict[str, Any]]
    agrees: bool
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
        "pricing": order.pricing_snapshot, "discount": order.discount_snapshot, "booked": booked(postings),
        "customers_minor": sum(row.amount_minor for row in postings if row.account_id == journal.CUSTOMERS),
        "refunds": cards(detail, queries.timeline(order.pk, public_only=False)), "open_count": order_rows.open_count(),
    }
    return render(request, "console/why.html", context)


def traced(detail: OrderDetail) -> Trace:
    """Compute the order again from its frozen snapshots and hold it against what is stored."""
    order = detail.order
    applied = list(order.discount_snapshot["appliedDiscounts"])
    try:
        again = snapshot.recompute(order.pricing_snapshot, order.discount_snapshot)
    except snapshot.SnapshotBroken as error:
        return Trace([], (), applied, agrees=False, broken=str(error))
    lines = [
        LineTrace(line, quoted, tracing.of_line(quoted, intra=again.intra))
        for line, quoted in zip(detail.lines, again.lines, strict=True)
    ]
    agrees = _sums_agree(order, again) and all(line.agrees for line in lines)
    return Trace(lines, tracing.of_shipping(again), applied, agrees=agrees)


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


def _sums_agree(order: Order, again: Quote) -> bool:
    stored = (order.subtotal_minor, order.discount_minor, order.gst_minor, order.shipping_minor, order.total_minor)
    return stored == (
        again.subtotal_minor, again.discount_minor, again.gst_minor, again.shipping_minor, again.total_minor
    )
