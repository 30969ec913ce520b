"""Exceptions in the console: the queue of differences somebody has to explain, and one with both sides (UX B5.7)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import get_default_timezone, localdate
from django.views.decorators.http import require_POST, require_safe

from orders.models import Case
from orders.operations import cases
from orders.pages import order_rows
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from orders.reconciliation import actions, queries
from orders.reconciliation.causes import CAUSES, KINDS, OWNERS
from timeline import queries as stories
from timeline.api.authentication import staff_actor
from timeline.currencies import summed
from timeline.errors import DomainError
from timeline.vocabulary import money, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

ROWS_MAX = 200
STATES = {"open": "To explain", "snoozed": "Put off", "resolved": "Explained"}
_WORDS = {
    "corrected": "Corrected", "written_off": "Written off", "claimed": "Claimed from the other side", "expected": "As expected",
    "not_ours": "Not ours", "duplicate_of_other": "The same as another case", "other": "Something else",
}
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class ResolveForm(forms.Form):
    """Why the case is explained."""

    resolution = forms.ChoiceField(label="Reason", choices=[(code, _WORDS[code]) for code in cases.RESOLUTIONS])
    note = forms.CharField(
        label="In words", max_length=cases.NOTE_CHARS_MAX, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class SnoozeForm(forms.Form):
    """Until which day."""

    until = forms.DateField(label="Put off until", widget=forms.DateInput(attrs={"type": "date"}))


@require_safe
@staff
def exception_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/exceptions/`: the severe first, then the old."""
    now = timezone.now()
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    status = Case.Status.RESOLVED.value if state == "resolved" else Case.Status.OPEN.value
    found = queries.cases(
        status=[status], awake_at=now if state == "open" else None,
        kind=[word for word in KINDS if word == request.GET.get("kind")],
        owner=[word for word in OWNERS if word == request.GET.get("owner")],
        cause=[word for word in CAUSES if word == request.GET.get("cause")],
    )
    if state == "snoozed":
        found = found.filter(snoozed_until__gt=now)
    ordered = found.order_by("-resolved_at", "-id") if state == "resolved" else queries.by_urgency(found)
    rows = list(ordered[:ROWS_MAX])
    context = {
        "rows": [(case, CAUSES[case.cause]) for case in rows], "state": state, "states": STATES, "kinds": KINDS,
        "owners": OWNERS, "causes": CAUSES, "now": now, "sums": summed((case.currency, abs(case.amount_minor)) for case in rows),
        "is_full": len(rows) == ROWS_MAX, "open_count": order_rows.open_count(),
    }
    return render(request, "console/exceptions.html", context)


@require_safe
@staff
def exception_page(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """`/console/exceptions/<id>/`."""
    return _show(request, queries.case(case_id))


@require_POST
@staff
def act(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """Do what is offered."""
    case = queries.case(case_id)
    verb = actions.verb_of(case)
    try:
        actions.talk(case)
        place = write(
            request, "case.act", actions.streams_of(case), lambda op: actions.act(op, case_id=case.pk),
            actor=staff_actor(request), to=_url(case), versioned=False,
        )
    except DomainError as error:
        return _show(request, queries.case(case_id), problem=words_of(error), status=status_of(error))
    if verb is not None:
        messages.success(request, verb.said)
    return redirect(place)


@require_POST
@staff
def resolve(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """Explain it, with a reason."""
    case = queries.case(case_id)
    return _write(
        request, case, ResolveForm(request.POST), name="case.resolve", said="Explained.",
        deed=lambda op, wish: cases.resolve(op, case_id=case.pk, **wish),
    )


@require_POST
@staff
def snooze(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """Put it off until the morning of a day."""
    case = queries.case(case_id)
    return _write(
        request, case, SnoozeForm(request.POST), name="case.snooze", said="Put off.",
        deed=lambda op, wish: cases.snooze(
            op, case_id=case.pk, until=datetime.combine(wish["until"], time(9), get_default_timezone())
        ),
    )


def _write(
    request: HttpRequest, case: Case, form: forms.Form, *, name: str, said: str,
    deed: Callable[[Operation, dict[str, Any]], Any],
) -> HttpResponseBase:
    if not form.is_valid():
        return _show(request, case, status=422, form=form)
    wish = form.cleaned_data
    try:
        place = write(
            request, name, case.story, lambda op: deed(op, wish), actor=staff_actor(request), to=_url(case), versioned=False
        )
    except DomainError as error:
        put_errors(form, error, {})
        return _show(request, queries.case(case.pk), status=status_of(error), form=form)
    messages.success(request, said)
    return redirect(place)


def _show(
    request: HttpRequest, case: Case, *, problem: str = "", status: int = 200, form: forms.Form | None = None
) -> HttpResponse:
    tomorrow = localdate() + timedelta(days=1)
    context = {
        "case": case, "cause": CAUSES[case.cause], "verb": actions.verb_of(case), "problem": problem,
        "sides": _sides(case.ours, case.theirs, case.currency), "note": case.words(), "resolution": _WORDS.get(case.resolution, ""),
        "resolve_form": form if isinstance(form, ResolveForm) else ResolveForm(),
        "snooze_form": form if isinstance(form, SnoozeForm) else SnoozeForm(initial={"until": tomorrow}),
        "history": [(event, sentence(event.kind, event.facts)) for event in stories.story(case.story)],
        "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/exception.html", context, status=status)


def _sides(ours: Mapping[str, Any], theirs: Mapping[str, Any], currency: str) -> list[tuple[str, str, str, str]]:
    """Facts side by side: what both speak of first, with their difference where it is money."""
    names = sorted({*ours, *theirs}, key=lambda name: (name not in ours or name not in theirs, name))
    return [(_name(name), _fact(name, ours, currency), _fact(name, theirs, currency), _apart(name, ours, theirs, currency)) for name in names]


def _name(name: str) -> str:
    return _HUMP.sub(" ", name.removesuffix("Minor").removesuffix("_minor")).replace("_", " ").lower().capitalize()


def _fact(name: str, side: Mapping[str, Any], currency: str) -> str:
    value = side.get(name, "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.lower().endswith("minor"):
        return money(value, _currency(side, currency))
    return "" if value is None else str(value)


def _currency(side: Mapping[str, Any], currency: str) -> str:
    """A side that names its currency speaks of that one, else of the case's."""
    return str(side.get("currency") or currency)


def _apart(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], currency: str) -> str:
    """The difference of two amounts; none of two currencies."""
    mine, other = ours.get(name), theirs.get(name)
    is_money = isinstance(mine, int) and isinstance(other, int) and name.lower().endswith("minor")
    is_one = _currency(ours, currency) == _currency(theirs, currency)
    return money(mine - other, _currency(ours, currency)) if is_money and is_one and mine is not None and other is not None else ""


def _url(case: Case) -> str:
    return reverse("console-exception", kwargs={"case_id": case.pk})
