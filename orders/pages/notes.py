"""Notes in the console: correct or take back one's own, and those in which a colleague named one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import queries
from orders.operations import mentions, notes
from orders.pages import entries, order_rows
from orders.pages.console import Dialog, converse
from orders.pages.forms import NoteTextForm
from orders.pages.visitors import staff
from orders.pages.writing import write
from timeline import queries as stories
from timeline.api.authentication import staff_actor

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from orders.pages.entries import Entry

MENTIONS_SHOWN_MAX = 100
asks = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Mention:
    """A note that names the reader, and the order it stands on."""

    entry: Entry
    number: str
    is_unread: bool


@asks
@staff
def correct(request: HttpRequest, number: str, entry_id: UUID) -> HttpResponseBase:
    """Say a note of one's own otherwise; the first words stay readable for colleagues, struck out."""
    order_id = queries.id_of(number)
    said = stories.entry(str(order_id), entry_id)
    before = (said.private() or {}).get("note", "") if said is not None else ""
    form = NoteTextForm(request.POST if request.method == "POST" else None, initial={"note": before})
    return converse(
        request, order_id, Dialog("Correct note", "Correct note", ("What you wrote first stays, struck out.",)), form,
        name="order.correct_note", number=number, said="Note corrected.",
        deed=lambda op: notes.correct(op, order_id=order_id, entry_id=entry_id, note=form.cleaned_data["note"]),
    )


@asks
@staff
def retract(request: HttpRequest, number: str, entry_id: UUID) -> HttpResponseBase:
    """Take a note of one's own back."""
    order_id = queries.id_of(number)
    form = forms.Form(request.POST if request.method == "POST" else None)
    says = ("It stays readable for colleagues, struck out; a customer does not see it any more.",)
    return converse(
        request, order_id, Dialog("Take note back", "Take back", says, is_danger=True), form, name="order.retract_note",
        number=number, said="Note taken back.", deed=lambda op: notes.retract(op, order_id=order_id, entry_id=entry_id),
    )


@require_safe
@staff
def inbox(request: HttpRequest) -> HttpResponseBase:
    """`/console/mentions/`: the newest first."""
    found = list(mentions.of(request.user)[:MENTIONS_SHOWN_MAX])
    numbers = queries.numbers_of(event.stream for event in found)
    seen = mentions.read_up_to(request.user)
    rows = [
        Mention(entries.entry_of(event, as_staff=True), numbers[event.stream], event.pk > seen)
        for event in found if event.stream in numbers
    ]
    context = {
        "rows": rows, "unread": sum(row.is_unread for row in rows), "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/mentions.html", context)


@require_POST
@staff
def read_all(request: HttpRequest) -> HttpResponseBase:
    """All of them are read."""
    place = write(
        request, "mentions.read", None, lambda op: mentions.read_all(op, user=request.user), actor=staff_actor(request),
        to=reverse("console-mentions"), versioned=False,
    )
    messages.success(request, "All read.")
    return redirect(place)


@require_safe
@staff
def unread(request: HttpRequest) -> HttpResponseBase:
    """The number of unread ones beside the word in the rail; nothing when there is none."""
    count = mentions.unread(request.user)
    return HttpResponse(format_html('<b><span class="vh">unread: </span>{}</b>', count) if count else "")
