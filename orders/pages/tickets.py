"""Tickets in the console: the list, one with its messages, and what may be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import queries, ticket_queries
from orders.models import OPEN_STATUSES, Ticket
from orders.operations import tickets
from orders.pages import order_rows
from orders.pages.leafing import page_of
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

ROWS_PER_PAGE = 50
_LIVE = Q(status__in=Ticket.LIVE)
_TABS: Final[dict[str, tuple[str, Q]]] = {
    "open": ("Open, of open orders", _LIVE & Q(order__status__in=OPEN_STATUSES)),
    "mine": ("Mine", Q(status=Ticket.Status.OPEN)),
    "unanswered": ("To answer", Q(status=Ticket.Status.OPEN)),
    "live": ("All open", _LIVE),
    "closed": ("Closed", Q(status=Ticket.Status.CLOSED)),
}


class TicketForm(forms.Form):
    """A message on a ticket."""

    message = forms.CharField(label="Message", max_length=tickets.TEXT_CHARS_MAX, widget=forms.Textarea(attrs={"rows": 4}))
    is_public = forms.BooleanField(label="The customer reads it", required=False, initial=True)


class OpenForm(forms.Form):
    """A new ticket."""

    topic = forms.ChoiceField(label="About", choices=Ticket.Topic.choices)
    message = forms.CharField(
        label="Message to the customer", max_length=tickets.TEXT_CHARS_MAX, widget=forms.Textarea(attrs={"rows": 4})
    )


@require_safe
@staff
def ticket_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/tickets/`: the oldest first."""
    state = request.GET.get("state", "open")
    state = state if state in _TABS else "open"
    rows = ticket_queries.tickets().filter(_TABS[state][1])
    if state == "mine":
        rows = rows.filter(assignee=request.user.get_username())
    order = ("-opened_at", "-id") if state == "closed" else ("opened_at", "id")
    page = page_of(request, rows, order=order, limit=ROWS_PER_PAGE)
    context = {
        "page": page, "state": state, "tabs": {key: word for key, (word, _) in _TABS.items()}, "now": timezone.now(),
        "open_count": order_rows.open_count(),
    }
    return render(request, "console/tickets.html", context)


@require_safe
@staff
def ticket_page(request: HttpRequest, ticket_id: UUID) -> HttpResponseBase:
    """`/console/tickets/<id>/`."""
    return _show(request, ticket_queries.one(ticket_id), TicketForm())


@require_POST
@staff
def act(request: HttpRequest, ticket_id: UUID, deed: str) -> HttpResponseBase:
    """Write on it, take it, close it, open it again."""
    found = ticket_queries.one(ticket_id)
    if deed not in _DEEDS:
        raise Http404
    form = TicketForm(request.POST) if deed == "write" else None
    if form is not None and not form.is_valid():
        return _show(request, found, form, status=422)
    wish = form.cleaned_data if form is not None else {}
    said, do = _DEEDS[deed]
    name = request.user.get_username()
    try:
        place = write(
            request, f"ticket.{deed}", str(found.order_id), lambda op: do(op, found.pk, name, wish),
            actor=staff_actor(request), to=reverse("console-ticket", kwargs={"ticket_id": found.pk}), versioned=False,
        )
    except DomainError as error:
        if form is not None:
            put_errors(form, error, {})
        else:
            messages.error(request, words_of(error))
        return _show(request, found, form or TicketForm(), status=status_of(error))
    messages.success(request, said)
    return redirect(place)


@staff
def open_one(request: HttpRequest, number: str) -> HttpResponseBase:
    """`/console/orders/<number>/tickets/`: open a ticket for the customer of this order."""
    order_id = queries.id_of(number)
    form = OpenForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                place = write(
                    request, "ticket.open", str(order_id),
                    lambda op: tickets.open_ticket(op, order_id=order_id, **form.cleaned_data), actor=staff_actor(request),
                    to=lambda ticket: reverse("console-ticket", kwargs={"ticket_id": ticket.pk}), versioned=False,
                )
                return redirect(place)
            except DomainError as error:
                status = status_of(error)
                put_errors(form, error, {})
    context = {
        "form": form, "number": number, "tickets": ticket_queries.of_order(order_id), "now": timezone.now(),
        "open_count": order_rows.open_count(),
    }
    return render(request, "console/ticket_open.html", context, status=status)


def _show(request: HttpRequest, ticket: Ticket, form: TicketForm, *, status: int = 200) -> HttpResponse:
    context = {
        "ticket": ticket, "sayings": ticket_queries.sayings(ticket, public_only=False), "form": form, "now": timezone.now(),
        "is_closed": ticket.status == Ticket.Status.CLOSED, "is_mine": ticket.assignee == request.user.get_username(),
        "open_count": order_rows.open_count(),
    }
    return render(request, "console/ticket.html", context, status=status)


_DEEDS: Final[Mapping[str, tuple[str, Callable[[Operation, UUID, str, Mapping[str, object]], Ticket]]]] = {
    "write": ("Written.", lambda op, pk, _, wish: tickets.write(op, ticket_id=pk, message=str(wish["message"]), is_public=bool(wish["is_public"]))),
    "take": ("It is yours.", lambda op, pk, name, _: tickets.assign(op, ticket_id=pk, assignee=name)),
    "leave": ("It is nobody's now.", lambda op, pk, _, __: tickets.assign(op, ticket_id=pk, assignee="")),
    "close": ("Closed.", lambda op, pk, _, __: tickets.close(op, ticket_id=pk)),
    "reopen": ("Open again.", lambda op, pk, _, __: tickets.reopen(op, ticket_id=pk)),
}
