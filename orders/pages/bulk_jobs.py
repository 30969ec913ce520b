"""One action on many chosen orders: who can and who cannot is shown first, then it runs as a job of one row an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import colleagues, masking, viewing
from orders.bulk import acting, asking, printing, undoing
from orders.models import Job, OrderHold
from orders.models.desk import TAG_CHARS_MAX
from orders.operations.cancel import CODES
from orders.pages import order_rows
from orders.pages.forms import CODE_WORDS, WordsField
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from shipping import carriers
from shipping.papers import LABELS_MAX, labels_pdf
from timeline import ids
from timeline.api.authentication import staff_actor
from timeline.api.wire import moment
from timeline.errors import DomainError, Invalid, Missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from orders.bulk.acting import Action, Group

MORE, EXPORT, PRINT = "more", "export", "print"
POINTERS = {name: name for name in acting.COLUMNS}
LINKED_MAX, PARTS_MAX = 5, 100


class TooManyNamed(Invalid):
    """A search names 20 orders at most: choose fewer, or all of the view."""


class ActionForm(forms.Form):
    """What is said with an action; only what goes with it is asked for."""

    def __init__(self, *args: Any, action: Action, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "carrier" in action.params:
            self.fields["carrier"] = forms.ChoiceField(choices=[(code, carriers.carrier(code).name) for code in carriers.codes()], label="Carrier")
        if "reason" in action.params:
            reasons = OrderHold.Reason.choices if action.name == "hold" else [(code, CODE_WORDS[code]) for code in CODES]
            self.fields["reason"] = forms.ChoiceField(choices=reasons, label="Reason")
        if "tag" in action.params:
            self.fields["tag"] = forms.CharField(max_length=TAG_CHARS_MAX, label="Tag")
        if "assignee" in action.params:
            staff_names = [(user.get_username(), user.get_full_name() or user.get_username()) for user in colleagues.active()[: colleagues.SHOWN_MAX]]
            self.fields["assignee"] = forms.ChoiceField(choices=staff_names, label="Who looks after them")
        if "note" in action.params:
            self.fields["note"] = WordsField(rows=2, max_length=acting.NOTE_CHARS_MAX, required="note" in action.needs, label="Note for colleagues")


@require_POST
@staff
def preview(request: HttpRequest) -> HttpResponseBase:
    """`/console/bulk/`: what would happen to the chosen orders, or to all of the view as it is now. Nothing happens yet."""
    name = request.POST.get("do", "")
    name = request.POST.get(MORE, "") if name == MORE else name
    try:
        if name == EXPORT:
            return redirect(f"{reverse('console-exports')}?{urlencode({'q': _in_words(request)})}")
        names = acting.chosen(_chosen(request))
        if name == PRINT:
            return _sheaf(request, printing.parcels_of(names))
        action = acting.action_of(name)
    except DomainError as error:
        messages.error(request, words_of(error))
        return redirect(reverse("console-orders") + _back(request))
    return _show(request, action, names, ActionForm(action=action))


@require_POST
@staff
def run(request: HttpRequest) -> HttpResponseBase:
    """`/console/bulk/run/`: ask for the job and show how far it is. A second click is led to the same job."""
    try:
        action = acting.action_of(request.POST.get("do", ""))
        names = acting.chosen(request.POST.get("orders", "").split(","))
    except DomainError as error:
        messages.error(request, words_of(error))
        return redirect(reverse("console-orders") + _back(request))
    form = ActionForm(request.POST, action=action)
    if not form.is_valid():
        return _show(request, action, names, form, status=422)
    job_id = ids.uuid7(timezone.now())
    try:
        rows = acting.rows_of(acting.wish_of(action, {key: word for key, word in form.cleaned_data.items() if word}), names)
        place = write(
            request, "job.ask", f"job:{job_id}",
            lambda op: asking.ask_rows(
                op, job_id=job_id, kind_name=Job.Kind.ACTIONS, rows=rows, name=action.word, is_dry_run="trial" in request.POST
            ),
            actor=staff_actor(request), to=reverse("console-job", kwargs={"job_id": job_id}), versioned=False,
        )
    except DomainError as error:
        put_errors(form, error, POINTERS)
        return _show(request, action, names, form, status=status_of(error))
    return redirect(place)


@require_POST
@staff
def undo(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """`/console/jobs/<id>/undo/`: take back what it did to tags and assignments, as a job of its own."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not undoing.is_undoable(job):
        raise Missing
    undo_id = ids.uuid7(timezone.now())
    try:
        place = write(
            request, "job.ask", f"job:{undo_id}",
            lambda op: asking.ask_rows(op, job_id=undo_id, kind_name=Job.Kind.ACTIONS, rows=undoing.rows_of(job), name=f"Undo: {job.name}"),
            actor=staff_actor(request), to=reverse("console-job", kwargs={"job_id": undo_id}), versioned=False,
        )
    except DomainError as error:
        messages.error(request, words_of(error))
        place = reverse("console-job", kwargs={"job_id": job_id})
    return redirect(place)


@require_safe
@staff
def errors(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """`/console/jobs/<id>/errors/`: the orders of the refused rows, as a view of the list like any other."""
    del request
    if not Job.objects.filter(pk=job_id).exists():
        raise Missing
    return redirect(f"{reverse('console-orders')}?{urlencode({'job': job_id})}")


@require_safe
@staff
def labels(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """`/console/jobs/<id>/labels.pdf`: a pick list and the labels of what the job shipped, a hundred at a time by `part`."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise Missing
    part = request.GET.get("part", "1")
    first = (int(part) - 1) * LABELS_MAX if part.isdecimal() and 0 < int(part) <= PARTS_MAX else 0
    try:
        return _sheaf(request, printing.parcels_of_job(job)[first : first + LABELS_MAX])
    except DomainError as error:
        messages.error(request, words_of(error))
        return redirect(reverse("console-job", kwargs={"job_id": job_id}))


def _sheaf(request: HttpRequest, parcels: Sequence[UUID]) -> HttpResponseBase:
    """Raises MayNotPrint, and NoLabel when there is none, or there are too many."""
    masking.require_labels(request)
    pdf = labels_pdf(parcels, with_pick_list=True)
    viewing.of_parcels(parcels, actor=staff_actor(request), what="label", now=timezone.now())
    named = {"Content-Disposition": 'inline; filename="labels.pdf"', "Cache-Control": "private, no-store"}
    return HttpResponse(pdf, content_type="application/pdf", headers=named)


def _in_words(request: HttpRequest) -> str:
    """The chosen orders as a search: the view itself, or their numbers. Raises TooManyNamed."""
    if request.POST.get("all"):
        return order_rows.words_of(QueryDict(_back(request).removeprefix("?")), reader=request.user.get_username())
    names = acting.chosen(request.POST.getlist("order"))
    if len(names) > acting.NAMED_MAX:
        raise TooManyNamed
    return "number:" + ",".join(names).upper()


def _show(request: HttpRequest, action: Action, names: Sequence[str], form: forms.Form, *, status: int = 200) -> HttpResponseBase:
    found = acting.preview(action, names)
    context = {
        "action": action, "form": form, "found": found, "orders": ",".join(found.can), "back": _back(request),
        "groups": [(group, group.numbers[:LINKED_MAX], _as_view(group)) for group in found.groups],
        "open_count": order_rows.open_count(),
    }
    return render(request, "console/bulk.html", context, status=status)


def _chosen(request: HttpRequest) -> list[str]:
    """The orders that were ticked, or all of the view as it stood when the list was drawn."""
    if not request.POST.get("all"):
        return request.POST.getlist("order")[: order_rows.PAGE_ROWS]
    try:
        until = moment(request.POST.get("seen", ""))
    except (ValueError, OverflowError):
        until = timezone.now()
    asked = QueryDict(_back(request).removeprefix("?"))
    return order_rows.numbers(asked, until=until, limit=acting.ORDERS_MAX + 1, reader=request.user.get_username())


def _as_view(group: Group) -> str:
    """Where the list shows the group, as many as a search may name."""
    return "?" + urlencode({"q": "number:" + ",".join(group.numbers[: acting.NAMED_MAX])})


def _back(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    return back if back.startswith("?") else ""
