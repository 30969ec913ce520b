"""Returns in the console: the tabs of what waits, and one return with each step it may take (UX B5.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import allowing, masking, return_queries
from orders.documents.served import picture_response
from orders.operations import (
    exchange,
    exchange_offer,
    numbers,
    refund_limits,
    return_goods,
    return_money,
    return_pickup,
    returns,
)
from orders.operations.actions import return_actions
from orders.pages import order_rows, return_steps
from orders.pages.forms import ReasonForm
from orders.pages.leafing import page_of
from orders.pages.return_forms import CloseForm, ExchangeForm, InspectForm, PickupForm, ReceiveForm, ReturnRefundForm
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline import rights
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError
from timeline.models import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.http import HttpRequest, QueryDict
    from django.http.response import HttpResponse, HttpResponseBase

    from orders.models import Return
    from timeline.operations import Operation

ROWS_PER_PAGE = 50
OLDEST_FIRST, NEWEST_FIRST = ("state_since", "id"), ("-state_since", "-id")
_POINTERS = {"fee": "fee", "reason": "reason", "trackingNumber": "tracking_number", "warehouse": "warehouse"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step a return may take: its form, what it means, and the word on its button."""

    verb: str
    title: str
    submit: str
    says: str
    form: forms.Form | None
    is_danger: bool = False


@require_safe
@staff
def return_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/returns/`: what waits longest first; what is closed, the newest first."""
    tab = request.GET.get("tab", "requested")
    tab = tab if tab in return_queries.TABS else "requested"
    rows = return_queries.listed(extra=return_queries.TABS[tab][1])
    order = NEWEST_FIRST if tab == "closed" else OLDEST_FIRST
    page = page_of(request, rows, order=order, limit=ROWS_PER_PAGE)
    waiting = return_queries.waiting()
    context = {
        "rows": page.rows, "tab": tab, "tabs": [(key, word, waiting.get(key)) for key, (word, _) in return_queries.TABS.items()],
        "total": page.total, "next_cursor": page.next_cursor, "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/returns.html", context)


@require_safe
@staff
def return_page(request: HttpRequest, rma: str) -> HttpResponseBase:
    """`/console/returns/<rma>/`."""
    return _show(request, _found(rma))


@require_safe
@staff
def photo(request: HttpRequest, rma: str, place: int) -> HttpResponseBase:
    """One picture."""
    del request
    return picture_response(return_queries.photo(return_id=_found(rma).pk, place=place))


@require_POST
@staff
def step(request: HttpRequest, rma: str, verb: str) -> HttpResponseBase:
    """Take one step."""
    ret = _found(rma)
    known = {found.verb: found for found in _steps(ret, rights.of(request), request.POST)}
    chosen = known.get(verb)
    if chosen is None:
        problem = f"The return is {str(ret.status).replace('_', ' ')}; this step is not possible any more."
        return _show(request, ret, problem=problem, status=409)
    if chosen.form is not None and not chosen.form.is_valid():
        return _show(request, ret, sent=chosen, status=422)
    deed, said = _DEEDS[verb]
    limit_minor = refund_limits.limit_of(request.user)
    form = chosen.form
    if isinstance(form, ExchangeForm):
        form.number = numbers.take(actor=staff_actor(request))  # in an operation of its own, before the exchange's
    try:
        place = write(
            request, f"return.{verb}", str(ret.order_id), lambda op: deed(op, ret, form, limit_minor), actor=staff_actor(request),
            to=reverse("console-return", kwargs={"rma": ret.number}),
        )
    except DomainError as error:
        if form is None:
            words = words_of(error, story=str(ret.order_id), version=request.POST.get("version", ""))
            return _show(request, return_queries.one(ret.pk), problem=words, status=status_of(error))
        put_errors(form, error, _POINTERS, story=str(ret.order_id), version=request.POST.get("version", ""))
        return _show(request, return_queries.one(ret.pk), sent=chosen, status=status_of(error))
    messages.success(request, said)
    return redirect(place)


def _receive(op: Operation, ret: Return, form: Any, _: int | None) -> Any:
    return return_goods.receive(op, return_id=ret.pk, **form.nouns())


def _inspect(op: Operation, ret: Return, form: Any, _: int | None) -> Any:
    return return_goods.inspect(op, return_id=ret.pk, units=form.graded())


def _refund(op: Operation, ret: Return, form: Any, limit_minor: int | None) -> Any:
    return return_money.give(op, return_id=ret.pk, limit_minor=limit_minor, **form.nouns())


def _exchange(op: Operation, ret: Return, form: Any, limit_minor: int | None) -> Any:
    found = form.cleaned_data
    return exchange.place(
        op, return_id=ret.pk, number=form.number, choices=found["goods"], initiate_payment_refund=found["initiate"],
        limit_minor=limit_minor,
    )


def _pickup(op: Operation, ret: Return, form: Any, _: int | None) -> Any:
    found = form.cleaned_data
    return return_pickup.book(
        op, return_id=ret.pk, carrier=found["carrier"], tracking_number=found["tracking_number"] or None,
        warehouse=found["warehouse"] or None, drop_off=found["drop_off"],
    )


_DEEDS: dict[str, tuple[Callable[[Any, Any, Any, Any], Any], str]] = {
    "approve": (lambda op, ret, *_: returns.approve(op, return_id=ret.pk), "Approved; the customer is told."),
    "decline": (
        lambda op, ret, form, _: returns.decline(op, return_id=ret.pk, reason=form.cleaned_data["reason"]),
        "Declined; the customer reads why.",
    ),
    "pickup": (_pickup, "Pickup booked; the carrier is asked for a label."),
    "collect": (lambda op, ret, *_: return_pickup.collect(op, return_id=ret.pk), "Handed over."),
    "receive": (_receive, "Received. Look at each unit next."),
    "inspect": (_inspect, "Inspected, and put away."),
    "refund": (_refund, "Refund recorded."),
    "exchange": (_exchange, "Exchanged; the new order is placed."),
    "close": (
        lambda op, ret, form, _: return_money.close(op, return_id=ret.pk, outcome=form.cleaned_data["outcome"] or None),
        "Closed.",
    ),
    "cancel": (lambda op, ret, *_: return_pickup.cancel(op, return_id=ret.pk), "Called off."),
}


def _steps(ret: Return, held: frozenset[str], sent: QueryDict | None = None) -> list[Step]:
    """What somebody with these rights may do now, each with its form; a refund that was given already is not offered again."""
    words = allowing.of_return(return_actions(ret, as_staff=True), held)
    lines = list(ret.lines.all())
    at = ret.warehouse_code
    known = {
        "approve": Step("approve", "Approve", "Approve", "The customer may send the goods.", None),
        "collect": Step("collect", "Handed over", "Handed over", "By your word; a carrier's scan says the same.", None),
        "receive": Step(
            "receive", "Receive", "Receive", "Count what came. The units are on no shelf before they were inspected.",
            ReceiveForm(sent, rows=[row for row in lines if row.quantity], at=at),
        ),
        "inspect": Step(
            "inspect", "Inspect", "Put away", "Grade each unit, and say where it goes.",
            InspectForm(sent, rows=[row for row in lines if row.received], at=at),
        ),
        "refund": Step("refund", "Refund", "Refund", "", ReturnRefundForm(sent, currency=ret.currency)),
        "exchange": Step(
            "exchange", "Exchange", "Place the exchange",
            "The same goods cost what was paid for them, others their price of today. The difference is due, or goes back.",
            ExchangeForm(sent, auto_id="exchange_%s"),
        ),
        "pickup": Step("pickup", "Have it fetched", "Book pickup", "The carrier prints a label for the way back.", PickupForm(sent)),
        "decline": Step("decline", "Decline", "Decline", "The customer reads the reason.", ReasonForm(sent), is_danger=True),
        "close": Step("close", "Close", "Close the return", "Nothing is left to do. No refund is needed for it.", CloseForm(sent)),
        "cancel": Step("cancel", "Call off", "Call off", "The customer keeps the goods.", None, is_danger=True),
    }
    return [found for verb, found in known.items() if verb in words]


def _found(rma: str) -> Return:
    return return_queries.one(return_queries.ids_of(rma)[0])


def _show(
    request: HttpRequest, ret: Return, *, problem: str = "", sent: Step | None = None, status: int = 200
) -> HttpResponse:
    fresh = [found for found in _steps(ret, rights.of(request)) if sent is None or found.verb != sent.verb]
    private = ret.private(ret.order.person.key)
    quote, why_not = _quote(ret)
    every = fresh if sent is None else [sent, *fresh]
    context = {
        "ret": ret, "order": ret.order, "name": _name(request, ret),
        "steps": return_steps.steps(ret, as_staff=True), "problem": problem, "comment": private.get("comment"),
        "declined": private.get("reason"), "doings": [found for found in every if found.verb not in ("refund", "exchange") or quote or found is sent],
        "deal": _deal(ret) if quote else None,
        "quote": quote, "why_not": why_not, "parcels": [row.shipment for row in ret.parcels.all()],
        "refunds": return_queries.refunds_of(ret.pk), "version": _version(ret), "open_count": order_rows.open_count(),
    }
    return render(request, "console/return.html", context, status=status)


def _name(request: HttpRequest, ret: Return) -> str:
    found = str(ret.order.person.profile().get("name") or "")
    return (found if masking.sees_customers(request.user) else str(masking.name(found))) or "Name erased"


def _quote(ret: Return) -> tuple[Any, str]:
    """What a refund would come to, or why there is none."""
    if "refund" not in return_actions(ret, as_staff=True):
        return None, ""
    try:
        return return_money.quote(return_id=ret.pk), ""
    except DomainError as error:
        return None, error.detail


def _deal(ret: Return) -> exchange_offer.Offer | None:
    """What an exchange for the same goods would come to."""
    try:
        return exchange_offer.preview(return_id=ret.pk, choices=(), now=timezone.now())
    except DomainError:
        return None


def _version(ret: Return) -> int:
    return Stream.objects.values_list("seq", flat=True).get(stream=str(ret.order_id))
