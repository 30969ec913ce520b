"""Saved views in the console: beside the list, and a page where they are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from orders import grammar, saved_views
from orders.operations import saving
from orders.pages import order_rows
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from orders.searching import SORTS
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError, Forbidden

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from orders.models import SavedView
    from orders.saved_views import Counted

FORBIDDEN = 403
SORT_WORDS = {
    "-createdAt": "Newest first", "createdAt": "Oldest first", "-total": "Largest first", "total": "Smallest first",
    "-updatedAt": "Changed last first", "updatedAt": "Changed first first", "orderNumber": "By number", "-orderNumber": "By number, last first",
    "status": "By status", "-status": "By status, last first",
}


class ViewForm(forms.Form):
    """A view with its name."""

    name = forms.CharField(label="Name", max_length=60)
    q = forms.CharField(label="Search", required=False, max_length=grammar.QUERY_CHARS_MAX, widget=forms.TextInput(attrs={"autocapitalize": "off"}))
    sort = forms.ChoiceField(label="Order", required=False, choices=[(key, word) for key, word in SORT_WORDS.items() if key.removeprefix("-") in SORTS])
    is_shared = forms.BooleanField(label="Shared with all of the staff", required=False)
    threshold = forms.IntegerField(label="Tell me above so many orders", required=False, min_value=0, max_value=saved_views.THRESHOLD_MAX)
    for_minutes = forms.IntegerField(label="and only after so many minutes", required=False, min_value=0, max_value=saved_views.MINUTES_MAX)

    def columns(self, reader: str) -> dict[str, Any]:
        """The columns of the row, kept by this user name. Raises BadRequest for a search that is not understood, or may name a person."""
        found = dict(self.cleaned_data)
        return {
            **found, "q": saved_views.checked(found["q"], reader=reader), "sort": found["sort"] or "-createdAt", "for_minutes": found["for_minutes"] or 0,
        }


def shown_views(request: HttpRequest) -> list[tuple[Counted, str]]:
    """The first views for the list of orders with their counts, and where each leads. Two statements, and one for each that is new."""
    rows = list(saved_views.seen_by(staff_actor(request))[: saved_views.SHOWN_MAX])
    return [(one, place_of(one.view)) for one in saved_views.counted(rows, reader=request.user.get_username())]


def place_of(view: SavedView) -> str:
    """Where the list shows the view."""
    return "?" + urlencode({"q": view.q, "sort": view.sort, "saved": view.pk})


@require_safe
@staff
def view_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/views/`."""
    return _list(request)


@require_POST
@staff
def add(request: HttpRequest) -> HttpResponseBase:
    """Save a view; from the list of orders comes the view itself, here the search."""
    sent = request.POST.copy()
    try:
        if "back" in sent and "q" not in sent:
            sent["q"] = order_rows.words_of(QueryDict(request.POST["back"].removeprefix("?")))
    except DomainError as error:
        messages.error(request, words_of(error))
        return redirect(reverse("console-views"))
    form = ViewForm(sent)
    if not form.is_valid():
        return _list(request, add_form=form, status=422)
    try:
        words = form.columns(request.user.get_username())
        place = write(
            request, "saved_view.add", None, lambda op: saving.save(op, **words), actor=staff_actor(request),
            to=lambda view: reverse("console-orders") + place_of(view), versioned=False,
        )
    except DomainError as error:
        put_errors(form, error, {"q": "q"})
        return _list(request, add_form=form, status=status_of(error))
    messages.success(request, "View saved.")
    return redirect(place)


@require_POST
@staff
def change(request: HttpRequest, view_id: UUID) -> HttpResponseBase:
    """Change one's own view, or drop it."""
    actor = staff_actor(request)
    view = saved_views.one(view_id, actor=actor)
    form = ViewForm(request.POST, prefix=view.pk.hex)
    is_drop = request.POST.get("do") == "drop"
    if not is_drop and not form.is_valid():
        return _list(request, forms_={view.pk: form}, status=422)
    try:
        if is_drop:
            write(request, "saved_view.remove", None, lambda op: saving.drop(op, view_id=view_id), actor=actor, to="", versioned=False)
        else:
            words = form.columns(request.user.get_username())
            write(request, "saved_view.change", None, lambda op: saving.change(op, view_id=view_id, **words), actor=actor, to="", versioned=False)
    except DomainError as error:
        if is_drop or isinstance(error, Forbidden):
            messages.error(request, words_of(error))
            return _list(request, status=FORBIDDEN if isinstance(error, Forbidden) else status_of(error))
        put_errors(form, error, {"q": "q"})
        return _list(request, forms_={view.pk: form}, status=status_of(error))
    messages.success(request, "View dropped." if is_drop else "View changed.")
    return redirect(reverse("console-views"))


def _list(
    request: HttpRequest, *, add_form: forms.Form | None = None, forms_: dict[UUID, forms.Form] | None = None, status: int = 200
) -> HttpResponseBase:
    actor = staff_actor(request)
    found = saved_views.counted(list(saved_views.seen_by(actor)[: saving.VIEWS_MAX]), reader=request.user.get_username())
    rows = [(one, place_of(one.view), _form(one.view, forms_ or {}) if saving.is_of(one.view, actor) else None) for one in found]
    context = {"rows": rows, "form": add_form or ViewForm(), "open_count": order_rows.open_count()}
    return render(request, "console/views.html", context, status=status)


def _form(view: SavedView, sent: dict[UUID, forms.Form]) -> forms.Form:
    known = sent.get(view.pk)
    initial = {name: getattr(view, name) for name in ("name", "q", "sort", "is_shared", "threshold", "for_minutes")}
    return known if known is not None else ViewForm(initial=initial, prefix=view.pk.hex)
