"""A customer's questions about an order: asked, read and answered, signed in or by the link of a mail (D8, UX B7).

The link tells who follows it: a guest, who sees the order's number and what was written, and nothing else of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from orders import helping, naming, queries, ticket_queries
from orders.models import Order, Ticket
from orders.operations import tickets
from orders.pages.forms import WordsField
from orders.pages.shop import framed
from orders.pages.visitors import Visitor, shoppers, visitor_actor
from orders.pages.writing import put_errors, status_of, write
from timeline.actors import GUEST
from timeline.errors import DomainError, Missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

    from timeline.operations import Operation

asks = require_http_methods(["GET", "HEAD", "POST"])
_PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "private, no-store"}
TOPICS = {
    "delivery": "Where is it?", "damaged": "Something is broken", "wrong_item": "It is not what I ordered", "payment": "My payment",
    "refund": "My refund", "address": "The address", "other": "Something else",
}
STATES = {"open": "We are looking into it", "waiting": "We have answered", "closed": "Closed"}


class AskForm(forms.Form):
    """A question."""

    topic = forms.ChoiceField(label="About", choices=list(TOPICS.items()))
    message = WordsField(rows=4, label="Your message", max_length=tickets.TEXT_CHARS_MAX)


class ReplyForm(forms.Form):
    """More to say."""

    message = WordsField(rows=4, label="Your message", max_length=tickets.TEXT_CHARS_MAX)


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose questions of which order are on show: `token` is that of the link, empty for who is signed in."""

    order: Order
    visitor: Visitor
    token: str = ""

    @property
    def url(self) -> str:
        """The page of all questions."""
        if self.token:
            return reverse("help", kwargs={"token": self.token})
        return reverse("account-help", kwargs={"number": self.order.number})

    def ticket_url(self, ticket: Ticket) -> str:
        """The page of one."""
        return f"{self.url}{ticket.pk}/"


def _signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """For the order's own customer, or the guest whose browser placed it."""

    @wraps(view)
    def found(request: HttpRequest, visitor: Visitor, number: str, **more: Any) -> HttpResponse:
        order = naming.head(queries.id_of(number, person_id=visitor.person_id))
        return view(request, Desk(order, visitor), **more)

    return shoppers(found)


def _linked(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """For whoever was sent the link. A wrong one, and one of somebody erased, leads nowhere."""

    @wraps(view)
    def found(request: HttpRequest, token: str, **more: Any) -> HttpResponse:
        order_id = helping.order_of(token)
        if order_id is None or not Order.objects.filter(pk=order_id).exists():
            raise Http404
        order = naming.head(order_id)
        if queries.is_erased(order.person_id):
            raise Http404
        try:
            response = view(request, Desk(order, Visitor(order.person_id, GUEST), token), **more)
        except Missing as error:
            raise Http404 from error
        for name, value in _PRIVATE.items():
            response.headers[name] = value
        return response

    return found


def _questions(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All questions of the order, and one more."""
    form = AskForm(request.POST or None)
    sent, status = _sent(
        request, desk, form, "ticket.open", act=lambda op: tickets.open_ticket(op, order_id=desk.order.pk, **form.cleaned_data),
        to=desk.ticket_url,
    )
    if sent is not None:
        return sent
    rows = [(one, TOPICS[one.topic], STATES[one.status], desk.ticket_url(one)) for one in ticket_queries.of_order(desk.order.pk)]
    context = {"desk": desk, "number": desk.order.number, "rows": rows, "form": form}
    return render(request, "account/help.html", framed(request, context), status=status)


def _question(request: HttpRequest, desk: Desk, ticket_id: UUID) -> HttpResponse:
    """One question with what was written on it."""
    ticket = ticket_queries.one(ticket_id, order_id=desk.order.pk)
    form = ReplyForm(request.POST or None)
    sent, status = _sent(
        request, desk, form, "ticket.write", act=lambda op: tickets.write(op, ticket_id=ticket.pk, message=form.cleaned_data["message"]),
        to=desk.ticket_url(ticket),
    )
    if sent is not None:
        return sent
    context = {
        "desk": desk, "number": desk.order.number, "ticket": ticket, "topic": TOPICS[ticket.topic], "state": STATES[ticket.status],
        "is_closed": ticket.status == Ticket.Status.CLOSED, "sayings": ticket_queries.sayings(ticket, public_only=True), "form": form,
    }
    return render(request, "account/help_ticket.html", framed(request, context), status=status)


def _sent(
    request: HttpRequest, desk: Desk, form: forms.Form, name: str, *, act: Callable[[Operation], Any], to: Any
) -> tuple[HttpResponse | None, int]:
    """Write what was sent and lead on, else the status of the page that shows the form, with what is wrong in it."""
    if request.method != "POST":
        return None, 200
    if not form.is_valid():
        return None, 422
    try:
        place = write(request, name, str(desk.order.pk), act, actor=visitor_actor(request, desk.visitor), to=to, versioned=False)
    except DomainError as error:
        put_errors(form, error, {"message": "message"})
        return None, status_of(error)
    messages.success(request, "We have your message and answer it soon.")
    return redirect(place), 302


own = asks(_signed_in(_questions))
own_one = asks(_signed_in(_question))
linked = asks(_linked(_questions))
linked_one = asks(_linked(_question))
