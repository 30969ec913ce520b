"""Disputes in the console: the list by its days of answer, and one with both sides and the forms to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db.models import F
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import queries
from orders.operations import disputes
from orders.pages import order_rows
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, write
from payments import journal
from payments import queries as money
from payments.models import Dispute
from timeline.api.authentication import staff_actor
from timeline.currencies import summed
from timeline.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

ROWS_MAX = 200
STATES = {"running": "To answer", "won": "Won", "lost": "Lost", "closed": "Closed"}


class AnswerForm(forms.Form):
    """What we say to it."""

    words = forms.CharField(
        label="In words", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Contest: what was delivered, when, to whom, with which tracking number. Accept: why.",
    )


@require_safe
@staff
def dispute_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/disputes/`: those to answer first, the day of answer nearest first."""
    state = request.GET.get("state", "running")
    state = state if state in STATES else "running"
    rows = money.disputes(running=True) if state == "running" else money.disputes(status=state)
    found = list(rows.order_by(F("respond_by").asc(nulls_last=True), "id")[:ROWS_MAX])
    orders = queries.orders_of_streams(row.stream for row in found)
    context = {
        "rows": [(row, orders.get(row.stream)) for row in found], "state": state, "states": STATES,
        "sums": summed((row.currency, row.amount_minor) for row in found), "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/disputes.html", context)


@require_safe
@staff
def dispute_page(request: HttpRequest, dispute_id: UUID) -> HttpResponseBase:
    """`/console/disputes/<id>/`."""
    return _show(request, _found(dispute_id), AnswerForm())


@require_POST
@staff
def contest(request: HttpRequest, dispute_id: UUID) -> HttpResponseBase:
    """Stand up against it."""
    found = _found(dispute_id)
    return _answer(
        request, found, "dispute.contest", "Contested; the gateway is being told.",
        lambda op, words: disputes.contest(op, dispute=found, summary=words),
    )


@require_POST
@staff
def concede(request: HttpRequest, dispute_id: UUID) -> HttpResponseBase:
    """Accept that it is lost."""
    found = _found(dispute_id)
    return _answer(
        request, found, "dispute.concede", "Accepted; the gateway is being told.",
        lambda op, words: disputes.concede(op, dispute=found, reason=words),
    )


def _answer(
    request: HttpRequest, found: Dispute, name: str, said: str, act: Callable[[Operation, str], Any]
) -> HttpResponseBase:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    words = form.cleaned_data["words"]
    place = reverse("console-dispute", kwargs={"dispute_id": found.pk})
    try:
        place = write(
            request, name, found.stream, lambda op: act(op, words), actor=staff_actor(request), to=place, versioned=False
        )
    except DomainError as error:
        put_errors(form, error, {})
        return _show(request, found, form, status=status_of(error))
    messages.success(request, said)
    return redirect(place)


def _show(request: HttpRequest, found: Dispute, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    order = queries.orders_of_streams([found.stream]).get(found.stream)
    held = {account: journal.balance(account, ref=found.gateway_dispute_id) for account in (journal.DISPUTES_HELD, journal.DISPUTES)}
    context = {
        "dispute": found, "payment": found.payment, "order": order, "form": form, "now": timezone.now(),
        "is_running": found.status in Dispute.RUNNING, "held_minor": held[journal.DISPUTES_HELD],
        "lost_minor": held[journal.DISPUTES], "open_count": order_rows.open_count(),
    }
    return render(request, "console/dispute.html", context, status=status)


def _found(dispute_id: UUID) -> Dispute:
    found = money.disputes().filter(pk=dispute_id).first()
    if found is None:
        raise Http404
    return found
