"""`/console/privacy/`: what customers asked about their data, why an erasure waits, and what is kept for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.http import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import masking, person_queries
from orders.models import DataRequest
from orders.operations import privacy
from orders.pages.order_rows import open_count
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from orders.privacy import archives, erasures, retention
from timeline.api.authentication import staff_actor
from timeline.api.paging import paged
from timeline.errors import BadRequest, DomainError, Missing
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

PAGE_ROWS: Final = 50
NEWEST_FIRST: Final = ("-asked_at", "-id")
WHY: Final = {
    "order_open": "the order is not at its end", "parcel_under_way": "a parcel is on its way",
    "money_in_flight": "money is on its way", "dispute_running": "a dispute is running",
    "return_under_way": "a return is under way", "required_by_law": "the law asks for it",
}


class AskForm(forms.Form):
    """For whom, and what."""

    customer = forms.CharField(max_length=254, label="Customer", help_text="Their id or e-mail address.")
    kind = forms.ChoiceField(choices=[("access", "Hand over"), ("erasure", "Erase")], label="Wish")


@require_safe
@staff
def request_list(request: HttpRequest) -> HttpResponseBase:
    """The requests, the newest first."""
    return _show(request)


@require_POST
@staff
def ask(request: HttpRequest) -> HttpResponseBase:
    """Take a request in for a customer."""
    form = AskForm(request.POST)
    if not form.is_valid():
        return _show(request, form=form, status=422)
    named = form.cleaned_data["customer"].strip()
    story = person_queries.stories_of([named]).get(named)
    if story is None:
        form.add_error("customer", "There is no such customer.")
        return _show(request, form=form, status=422)
    person_id = person_queries.id_of(story.stream)
    try:
        place = write(
            request, "privacy.ask", story.stream, lambda op: privacy.ask(op, person_id=person_id, kind=form.cleaned_data["kind"]),
            actor=staff_actor(request), to=reverse("console-privacy"), versioned=False,
        )
    except DomainError as error:
        put_errors(form, error, {})
        return _show(request, form=form, status=status_of(error))
    messages.success(request, "Asked. It is done in the background.")
    return redirect(place)


@require_POST
@staff
def execute(request: HttpRequest, request_id: UUID) -> HttpResponseBase:
    """Erase now, or say why not."""
    try:
        erasures.erase_now(request_id=request_id, actor=staff_actor(request))
    except privacy.StillNeeded as error:
        return _show(request, problem=f"Not yet: {_words(error.extra['reasons'])}. It is done as soon as nothing needs the data.", status=409)
    except DomainError as error:
        return _show(request, problem=words_of(error), status=status_of(error))
    messages.success(request, "Erased.")
    return redirect("console-privacy")


@require_POST
@staff
def withdraw(request: HttpRequest, request_id: UUID) -> HttpResponseBase:
    """Drop the request, or take the archive back."""
    found = privacy.named(request_id)
    deed: Callable[..., Any] = privacy.take_back if found.status == DataRequest.Status.READY else privacy.withdraw

    def act(op: Operation) -> Any:
        return deed(op, request_id=request_id)

    try:
        place = write(
            request, "privacy.withdraw", str(found.person_id), act, actor=staff_actor(request), to=reverse("console-privacy"),
            versioned=False,
        )
    except DomainError as error:
        return _show(request, problem=words_of(error), status=status_of(error))
    messages.success(request, "Withdrawn.")
    return redirect(place)


@require_safe
@staff
def archive(request: HttpRequest, request_id: UUID) -> HttpResponseBase:
    """Fetch the archive, for a customer who cannot sign in; who may not see customers may not."""
    if not masking.sees_customers(request.user):
        raise Missing
    found = privacy.named(request_id)
    try:
        with operation("privacy.fetch", actor=staff_actor(request), stream=str(found.person_id)) as op:
            privacy.fetch(op, request_id=found.pk)
    except privacy.NotReady as error:
        raise Missing from error
    headers = {"Content-Disposition": f'attachment; filename="data-{found.pk}.zip"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(archives.read(found), content_type="application/zip", headers=headers)


def _show(request: HttpRequest, *, form: AskForm | None = None, problem: str = "", status: int = 200) -> HttpResponseBase:
    now = timezone.now()
    try:
        page = paged(
            DataRequest.objects.all(), order=NEWEST_FIRST, page=1, limit=PAGE_ROWS, cursor=request.GET.get("cursor") or None
        )
    except BadRequest as error:
        raise Missing from error
    context = {
        "rows": [(row, _words(row.reasons)) for row in page.rows], "page": page, "form": form or AskForm(), "problem": problem,
        "may_fetch": masking.sees_customers(request.user), "kept": retention.preview(now), "now": now, "open_count": open_count(),
    }
    return render(request, "console/privacy.html", context, status=status)


def _words(reasons: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{reason['order']}: {WHY.get(reason['code'], reason['code'])}{' until ' + reason['until'][:10] if reason.get('until') else ''}"
        for reason in reasons
    )
