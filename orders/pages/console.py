"""The staff console: the list of orders, the order page, and what both share."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from orders import colleagues, masking, queries, viewing
from orders.operations import notes, revealing
from orders.pages import entries, order_rows, views
from orders.pages.forms import NoteForm
from orders.pages.order_sheet import sheet
from orders.pages.visitors import is_htmx, staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline import rates, rights
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError, Missing
from timeline.models import Event
from timeline.operations import operation
from timeline.origins import origin
from timeline.vocabulary import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from django import forms
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

REASON_CHARS_MAX = 500
LOGINS_PER_NAME_MAX, LOGINS_PER_ORIGIN_MAX, LOGIN_WINDOW_SECONDS = 10, 60, 900


@dataclass(frozen=True, slots=True)
class Dialog:
    """A page that asks for words before something happens: a dialog where htmx is. `says` are the consequences."""

    title: str
    submit: str
    says: Sequence[str] = ()
    is_danger: bool = False


class Login(LoginView):
    """The console's door."""

    template_name = "console/login.html"
    next_page = "console"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Try a password: so many times a quarter of an hour from one place, for one name."""
        place = origin(request)
        names = (place, f"{place}:{request.POST.get('username', '')[:150].casefold()}")
        for name, limit in zip(names, (LOGINS_PER_ORIGIN_MAX, LOGINS_PER_NAME_MAX), strict=True):
            if not rates.exact_allow(f"console:{name}", limit, LOGIN_WINDOW_SECONDS, time.time())[0]:
                form = self.get_form_class()(request)
                context = self.get_context_data(form=form, problem="Too many tries. Wait a quarter of an hour.")
                return self.render_to_response(context, status=429)
        return super().post(request, *args, **kwargs)


class Logout(LogoutView):
    """Out of the console."""

    next_page = "console-login"


@require_safe
@staff
def order_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/orders/`: the list, or its rows alone for htmx. A whole order number opens its order."""
    found = order_rows.listing(request.GET, reader=request.user.get_username())
    if not masking.sees_customers(request.user):
        found = replace(found, rows=[replace(row, name=masking.name(row.name)) for row in found.rows])
    if found.q:
        try:
            queries.id_of(found.q)
            return _go(request, reverse("console-order", kwargs={"number": found.q.upper()}))
        except Missing:
            pass
    template = "console/order_rows.html" if is_htmx(request) else "console/order_list.html"
    response = render(request, template, {"listing": found, "views": views.shown_views(request), "now": found.now, "open_count": found.open_count})
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@staff
def order_page(request: HttpRequest, number: str) -> HttpResponseBase:
    """`/console/orders/<number>/`."""
    return show_order(request, queries.id_of(number))


@require_safe
@staff
def pulse(request: HttpRequest, number: str) -> HttpResponseBase:
    """Tell an open page that the order moved on since the version it shows; 204 while it did not."""
    since = request.GET.get("since", "")
    since_seq = int(since) if since.isdecimal() and len(since) < 10 else 0  # noqa: PLR2004 as long as a version gets
    last = (
        Event.objects.filter(stream=str(queries.id_of(number)), stream_seq__gt=since_seq).order_by("-stream_seq").first()
    )
    if last is None:
        return HttpResponse(status=204)
    entry = entries.entry_of(last, as_staff=True)
    return render(request, "console/news.html", {"entry": entry, "said": sentence(last.kind, last.facts), "number": number})


@require_POST
@staff
def reveal(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show the customer in full, once, for a reason that is kept."""
    order_id = queries.id_of(number)
    reason = " ".join(request.POST.get("reason", "").split())[:REASON_CHARS_MAX]
    if not reason:
        return show_order(request, order_id, problem="Say why you need to see the customer.", status=422)
    with operation("personal_data.reveal", actor=staff_actor(request)) as op:
        revealing.reveal(op, order_id=order_id, reason=reason)
    return show_order(request, order_id, is_revealed=True)


@require_POST
@staff
def add_note(request: HttpRequest, number: str) -> HttpResponseBase:
    """Write a note, for colleagues or for the customer too."""
    order_id = queries.id_of(number)
    form = NoteForm(request.POST)
    if form.is_valid():
        wish = form.cleaned_data
        try:
            place = write(
                request, "order.note", str(order_id),
                lambda op: notes.add(op, order_id=order_id, note=wish["note"], is_public=wish["is_public"]),
                actor=staff_actor(request), to=order_url(number), versioned=False,
            )
        except DomainError as error:
            put_errors(form, error, {})
            return show_order(request, order_id, note_form=form, status=status_of(error))
        said = "Sent to the customer." if wish["is_public"] else "Note added."
        return done(request, order_id, place, said)
    return show_order(request, order_id, note_form=form, status=422)


def show_order(
    request: HttpRequest, order_id: UUID, *, problem: str = "", note_form: NoteForm | None = None, status: int = 200,
    is_revealed: bool = False,
) -> HttpResponse:
    """The order page, or for htmx all of it that changes; `problem` says why something was not done."""
    show = request.GET.get("show", "")
    sees = masking.sees_customers(request.user)
    show = show if show in dict(entries.FILTERS) else ""
    found = sheet(order_id, show=show, reader=staff_actor(request), shows_people=sees or is_revealed, held=rights.of(request))
    is_masked = not is_revealed and not sees
    if is_masked:
        detail = replace(
            found.detail, shipping=masking.address(found.detail.shipping), billing=masking.address(found.detail.billing)
        )
        found = replace(found, profile=masking.profile(found.profile), detail=detail)
    elif not is_revealed:
        viewing.record(found.detail.person, actor=staff_actor(request), what="order_page", now=timezone.now(), order_id=order_id)
    template = "console/order_parts.html" if is_htmx(request) else "console/order.html"
    context = {
        "sheet": found, "order": found.order, "number": found.order.number, "version": found.detail.version,
        "now": timezone.now(), "problem": problem, "note_form": note_form or NoteForm(), "filters": entries.FILTERS,
        "show": show, "is_masked": is_masked, "sees_customers": sees, "open_count": order_rows.open_count(),
        "colleagues": colleagues.active()[: colleagues.SHOWN_MAX], "me": request.user.get_username(),
    }
    response = render(request, template, context, status=status)
    if is_htmx(request):
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#order", "outerHTML"
    patch_vary_headers(response, ["HX-Request"])
    return response


def act(
    request: HttpRequest, order_id: UUID, name: str, deed: Callable[[Operation], Any], *, number: str, said: str
) -> HttpResponseBase:
    """One button: do it, and show the order as it is then, or why it was not done."""
    try:
        place = write(request, name, str(order_id), deed, actor=staff_actor(request), to=order_url(number))
    except DomainError as error:
        words = words_of(error, story=str(order_id), version=request.POST.get("version", ""))
        return show_order(request, order_id, problem=words, status=status_of(error))
    return done(request, order_id, place, said)


def converse(
    request: HttpRequest, order_id: UUID, dialog: Dialog, form: forms.Form, *, name: str,
    deed: Callable[[Operation], Any], number: str, said: str, pointers: dict[str, str] | None = None,
) -> HttpResponseBase:
    """One dialog: show the form; when it is sent do it, or show it again with what was typed and what is wrong."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                place = write(request, name, str(order_id), deed, actor=staff_actor(request), to=order_url(number))
                return done(request, order_id, place, said)
            except DomainError as error:
                status = status_of(error)
                put_errors(
                    form, error, pointers or {}, story=str(order_id), version=request.POST.get("version", "")
                )
    template = "console/dialog.html" if is_htmx(request) else "console/dialog_page.html"
    version = queries.detail(order_id).version
    context = {
        "dialog": asdict(dialog), "form": form, "number": number, "back": order_url(number), "version": version,
        "open_count": order_rows.open_count(),
    }
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def done(request: HttpRequest, order_id: UUID, place: str, said: str) -> HttpResponse:
    """After a write: the changed order with a toast for htmx, or the way to its page."""
    if is_htmx(request):
        response = show_order(request, order_id)
        response.headers["HX-Trigger"] = json.dumps({"toast": said, "dialog-close": ""})
        return response
    messages.success(request, said)
    return redirect(place)


def order_url(number: str) -> str:
    """Where the order's page is."""
    return reverse("console-order", kwargs={"number": number})


def _go(request: HttpRequest, place: str) -> HttpResponse:
    return HttpResponse(headers={"HX-Redirect": place}) if is_htmx(request) else redirect(place)
