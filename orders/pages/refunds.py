"""Money back in the console: the dialog with the server's quote, and the decisions on requests and failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST

from orders import queries
from orders.operations import refund, refund_limits, refund_parts
from orders.pages import order_rows
from orders.pages.console import Dialog, act, converse, done, order_url
from orders.pages.forms import ReasonForm
from orders.pages.refund_forms import ITEMS, OtherMeansForm, RefundForm, rows_of
from orders.pages.visitors import is_htmx, staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError
from timeline.vocabulary import money

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, QueryDict
    from django.http.response import HttpResponseBase

    from orders.operations.refund import Quote
    from orders.queries import OrderDetail

asks = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Shown:
    """What the dialog says of the wish as it stands: the quote, or why there is none; the sentence and the button."""

    quote: Quote | None
    problem: str
    says: str
    submit: str


@asks
@staff
def give(request: HttpRequest, number: str) -> HttpResponseBase:
    """The refund dialog; "Work out" asks for the quote where there is no JavaScript."""
    found = queries.detail(queries.id_of(number))
    form = _form(request, found)
    status = 200
    if request.method == "POST" and "work_out" not in request.POST:
        status = 422
        if form.is_valid():
            try:
                return _give(request, found, form)
            except DomainError as error:
                status = status_of(error)
                stale = {"story": str(found.order.pk), "version": request.POST.get("version", "")}
                put_errors(form, error, {"amount": "amount", "reason": "reason"}, **stale)
    context = {
        "form": form, "shown": _shown(request, found, form), "number": number, "back": order_url(number),
        "version": queries.detail(found.order.pk).version, "open_count": order_rows.open_count(), "detail": found,
    }
    response = render(request, "console/refund.html" if is_htmx(request) else "console/refund_page.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@staff
def quote(request: HttpRequest, number: str) -> HttpResponseBase:
    """What the form as it stands would come to; nothing is written."""
    found = queries.detail(queries.id_of(number))
    shown = _shown(request, found, _form(request, found))
    return render(request, "console/refund_quote.html", {"shown": shown, "number": number})


@require_POST
@staff
def approve(request: HttpRequest, number: str, refund_id: UUID) -> HttpResponseBase:
    """Grant a request."""
    order_id = queries.id_of(number)
    limit_minor = refund_limits.limit_of(request.user)
    return act(
        request, order_id, "refund.approve",
        lambda op: refund.approve(op, order_id=order_id, refund_id=refund_id, limit_minor=limit_minor),
        number=number, said="Refund started.",
    )


@asks
@staff
def decline(request: HttpRequest, number: str, refund_id: UUID) -> HttpResponseBase:
    """Decline a request, saying why."""
    order_id = queries.id_of(number)
    form = ReasonForm(_sent(request))
    dialog = Dialog("Decline refund", "Decline refund", ("The customer reads the reason.",), is_danger=True)
    return converse(
        request, order_id, dialog, form, name="refund.decline",
        deed=lambda op: refund.decline(op, order_id=order_id, refund_id=refund_id, reason=form.cleaned_data["reason"]),
        number=number, said="Refund declined.",
    )


@require_POST
@staff
def retry(request: HttpRequest, number: str, refund_id: UUID) -> HttpResponseBase:
    """Ask the gateway again for a refund that failed."""
    order_id = queries.id_of(number)
    return act(
        request, order_id, "refund.retry",
        lambda op: refund.retry(op, order_id=order_id, refund_id=refund_id), number=number, said="The gateway is asked again.",
    )


@asks
@staff
def settle(request: HttpRequest, number: str, refund_id: UUID) -> HttpResponseBase:
    """Record that a failed refund was given by other means."""
    order_id = queries.id_of(number)
    form = OtherMeansForm(_sent(request))
    says = ("Only when the money has left by transfer or in cash. It is booked from the bank and never tried again.",)
    return converse(
        request, order_id, Dialog("Given by other means", "Record it", says, is_danger=True), form, name="refund.settle",
        deed=lambda op: refund.settle_by_other_means(op, order_id=order_id, refund_id=refund_id, **form.cleaned_data),
        number=number, said="Recorded as given back.",
    )


def _give(request: HttpRequest, found: OrderDetail, form: RefundForm) -> HttpResponseBase:
    order_id, limit_minor = found.order.pk, refund_limits.limit_of(request.user)
    made: list[str] = []
    place = write(
        request, "refund.give", str(order_id),
        lambda op: made.append(refund.give(op, order_id=order_id, limit_minor=limit_minor, **form.nouns()).status),
        actor=staff_actor(request), to=order_url(found.order.number),
    )
    return done(request, order_id, place, "Sent for approval." if made[-1:] == ["requested"] else "Refund started.")


def _form(request: HttpRequest, found: OrderDetail) -> RefundForm:
    left = refund_parts.left_of(found.order, found.lines)
    initial = {"initiate": any(row.refundable_minor > 0 and row.gateway != "cod" for row in found.payments), "mode": ITEMS}
    return RefundForm(
        _sent(request), currency=found.order.currency, rows=rows_of(found.items, left, found.parcels), fill="all" in request.GET,
        initial=initial,
    )


def _shown(request: HttpRequest, found: OrderDetail, form: RefundForm) -> Shown:
    """Work the form out as far as it is filled in."""
    wish = _wish(request, form)
    if wish.is_empty:
        return Shown(None, "", f"Up to {money(found.refundable_minor, found.order.currency)} can go back. Choose what goes back.", "Refund")
    try:
        worked_out = refund_parts.quote(order=found.order, lines=found.lines, wish=wish)
    except DomainError as error:
        details = " ".join(detail for _, detail in error.errors)
        return Shown(None, details or words_of(error), "", "Refund")
    waits = refund_limits.needs_approval(
        stream=str(found.order.pk), actor=staff_actor(request), amount_minor=worked_out.amount_minor,
        limit_minor=refund_limits.limit_of(request.user),
    )
    amount = money(worked_out.amount_minor, worked_out.payment.currency)
    return Shown(
        worked_out, "", _sentence(form, worked_out, waits=waits), f"Send {amount} for approval" if waits else f"Refund {amount}"
    )


def _wish(request: HttpRequest, form: RefundForm) -> refund.Wish:
    """What the form asks for, however much of it is filled in."""
    if form.is_bound:
        form.is_valid()
        return form.wish()
    return refund.Wish(items={row.line.pk: row.quantity for row in form.rows} if "all" in request.GET else {})


def _sentence(form: RefundForm, worked_out: Quote, *, waits: bool) -> str:
    """What happens, in words, before it does."""
    given = form.cleaned_data if form.is_bound else {"initiate": True}
    payment = worked_out.payment
    way = payment.method.upper() or payment.get_gateway_display()
    if not given.get("initiate"):
        how = "is recorded as given by other means; nothing is sent"
    elif given.get("speed") == "instant":
        how = f"goes back by {way} at once, or in 5 to 7 working days where the bank cannot"
    else:
        how = f"goes back by {way} in 5 to 7 working days"
    who = "Another person must approve it first." if waits else "The customer is told by e-mail."
    return f"{money(worked_out.amount_minor, payment.currency)} {how}. {who}"


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
