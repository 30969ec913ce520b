"""Exports in the console: asked for, how far they are, fetched, taken back; and those of every month."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import grammar
from orders.pages.export_forms import FORM_WORDS, NAMES, AskForm, ScheduleForm
from orders.pages.leafing import page_of
from orders.pages.order_rows import open_count
from orders.pages.visitors import is_htmx, staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline import ids, rights
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError, Missing
from timeline.exports import links, schedules
from timeline.exports import operations as exports
from timeline.exports.export import Export, ExportSchedule
from timeline.exports.sources import sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django import forms
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

PAGE_ROWS = 50
NEWEST_FIRST = ("-asked_at", "-id")


@require_safe
@staff
def export_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/exports/`."""
    return _list(request)


@require_POST
@staff
def ask(request: HttpRequest) -> HttpResponseBase:
    """Ask for a file."""
    form = AskForm(request.POST)
    if not form.is_valid():
        return _list(request, ask=form, status=422)
    export_id = ids.uuid7(timezone.now())
    try:
        wanted = form.wanted()
        links.require(request, wanted["source"], is_personal=wanted["is_personal"])
        place = write(
            request, "export.ask", Export.story_of(export_id), lambda op: exports.ask(op, export_id=export_id, **wanted),
            actor=staff_actor(request), to=_url(export_id), versioned=False,
        )
    except DomainError as error:
        put_errors(form, error, NAMES)
        return _list(request, ask=form, status=status_of(error))
    return redirect(place)


@require_safe
@staff
def export_page(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """`/console/exports/<id>/`."""
    return _show(request, export_id)


@require_safe
@staff
def progress(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """How far it is, for a page that looks again; once it has ended the page is drawn anew."""
    export = _found(export_id)
    response = render(request, "console/export_progress.html", _context(request, export))
    if not export.is_open and is_htmx(request):
        response.headers["HX-Refresh"] = "true"
    return response


@require_POST
@staff
def cancel(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """Call it off."""
    return _do(request, export_id, "export.cancel", exports.call_off, said="Called off.")


@require_POST
@staff
def revoke(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """Take it back."""
    return _do(request, export_id, "export.revoke", exports.revoke, said="Taken back: its link is dead, its file goes.")


@require_POST
@staff
def retry(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """Try it again."""
    return _do(request, export_id, "export.retry", exports.retry, said="It is tried again.")


@require_POST
@staff
def add_schedule(request: HttpRequest) -> HttpResponseBase:
    """Ask every month."""
    form = ScheduleForm(request.POST, prefix="every")
    if not form.is_valid():
        return _list(request, every=form, status=422)
    try:
        words = {name: form.cleaned_data[name] for name in ("name", "day", "at")} | form.wanted(with_period=False)
        links.require(request, words["source"], is_personal=words["is_personal"])
        place = write(
            request, "export_schedule.add", None, lambda op: schedules.add(op, **words), actor=staff_actor(request),
            to=reverse("console-exports"), versioned=False,
        )
    except DomainError as error:
        put_errors(form, error, NAMES)
        return _list(request, every=form, status=status_of(error))
    messages.success(request, "It will be asked for every month.")
    return redirect(place)


@require_POST
@staff
def switch_schedule(request: HttpRequest, schedule_id: UUID) -> HttpResponseBase:
    """Stop one, or let it go on with the next day that comes."""
    found = ExportSchedule.objects.filter(pk=schedule_id).first()
    if found is None:
        raise Missing
    goes_on = request.POST.get("do") == "go"
    deed: Callable[..., Any] = partial(schedules.change, is_active=True) if goes_on else schedules.stop
    place = write(
        request, "export_schedule.switch", None, lambda op: deed(op, schedule_id=schedule_id), actor=staff_actor(request),
        to=reverse("console-exports"), versioned=False,
    )
    messages.success(request, "It goes on." if goes_on else "Stopped: it is asked for no more.")
    return redirect(place)


def _do(request: HttpRequest, export_id: UUID, name: str, deed: Callable[..., Export], *, said: str) -> HttpResponseBase:
    export = _found(export_id)
    try:
        place = write(
            request, name, export.story, lambda op: deed(op, export_id=export_id), actor=staff_actor(request), to=_url(export_id),
            versioned=False,
        )
    except DomainError as error:
        return _show(request, export_id, problem=words_of(error), status=status_of(error))
    messages.success(request, said)
    return redirect(place)


def _show(request: HttpRequest, export_id: UUID, *, problem: str = "", status: int = 200) -> HttpResponseBase:
    context = {**_context(request, _found(export_id)), "problem": problem, "open_count": open_count()}
    return render(request, "console/export.html", context, status=status)


def _context(request: HttpRequest, export: Export) -> dict[str, Any]:
    shows = links.needed(export.source, is_personal=export.is_personal) <= rights.of(request)
    return {
        "export": export, "word": _word(export), "form_word": FORM_WORDS[Export.Format(export.format)], "link": links.path_of(export) if shows else None,
        "filters": [(name.replace("_", " "), ", ".join(value) if isinstance(value, list) else value) for name, value in export.filters.items()],
        "total": export.total or export.cut or 0, "now": timezone.now(),
    }


def _list(
    request: HttpRequest, *, ask: forms.Form | None = None, every: forms.Form | None = None, status: int = 200
) -> HttpResponseBase:
    rows = Export.objects.select_related("schedule")
    page = page_of(request, rows, order=NEWEST_FIRST, limit=PAGE_ROWS)
    context = {
        "rows": [(export, _word(export)) for export in page.rows], "page": page, "ask": ask or AskForm(initial=_initial(request)),
        "every": every or ScheduleForm(prefix="every"),
        "schedules": [(row, _word(row)) for row in ExportSchedule.objects.order_by("-is_active", "name")[:PAGE_ROWS]],
        "now": timezone.now(), "open_count": open_count(),
    }
    return render(request, "console/exports.html", context, status=status)


def _initial(request: HttpRequest) -> dict[str, str]:
    q = request.GET.get("q", "")[: grammar.QUERY_CHARS_MAX]
    return {"kind": "orders", "q": q} if q else {}


def _word(wanted: Export | ExportSchedule) -> str:
    source = sources().get(wanted.source)
    return source.word if source is not None else wanted.source


def _found(export_id: UUID) -> Export:
    found = Export.objects.filter(pk=export_id).first()
    if found is None:
        raise Missing
    return found


def _url(export_id: UUID) -> str:
    return reverse("console-export", kwargs={"export_id": export_id})
