"""The rules of risk and the blocklist in the console: tried on the newest orders first, then put (B71, B73)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from orders import colleagues
from orders.models import RiskBlock
from orders.operations import assessing, risk_rules
from orders.pages import order_rows
from orders.pages.leafing import page_of
from orders.pages.risk import may_decide
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from orders.risk import rules, verdict
from orders.risk.signals import SIGNALS
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError, Invalid

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

    from orders.operations.risk_rules import DryRun

ROWS_PER_PAGE, SHOWN_MAX, BLANK_ROWS = 50, 100, 2
VALUE_CHARS_MAX: Final = 400
KINDS: Final = {"": "All", "email": "E-mail", "phone": "Phone", "address": "Address"}
_NAMES: Final = {"id": "id", "signal": "signal", "atLeast": "at_least", "points": "points", "reason": "reason"}


class RuleForm(forms.Form):
    """One rule; a row that is left empty is none."""

    id = forms.CharField(max_length=40, label="Id")
    signal = forms.ChoiceField(choices=[("", "Choose"), *SIGNALS.items()], label="Signal")
    at_least = forms.IntegerField(min_value=1, max_value=rules.AT_LEAST_MAX, label="From this value on")
    points = forms.IntegerField(min_value=0, max_value=rules.SCORE_MAX, label="Points")
    reason = forms.CharField(max_length=rules.REASON_CHARS_MAX, label="What staff read")


class ThresholdForm(forms.Form):
    """From which score on an order waits."""

    hold_from = forms.IntegerField(min_value=1, max_value=rules.SCORE_MAX, label="An order waits from this score on")
    rules_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class BlockForm(forms.Form):
    """What is blocked."""

    kind = forms.ChoiceField(choices=[(key, word) for key, word in KINDS.items() if key], label="What")
    value = forms.CharField(max_length=VALUE_CHARS_MAX, label="Its text", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    reason = forms.ChoiceField(choices=[(code, code.capitalize()) for code in risk_rules.BLOCK_REASONS], label="Why")


Rows = forms.formset_factory(RuleForm, extra=BLANK_ROWS, can_delete=True, max_num=rules.RULES_MAX, absolute_max=rules.RULES_MAX)


@require_http_methods(["GET", "HEAD", "POST"])
@staff
def rules_page(request: HttpRequest) -> HttpResponseBase:
    """`/console/risk/rules/`: the rules that hold; try others on the newest thousand orders, then make them the rules."""
    now = assessing.current()
    if request.method != "POST":
        initial: list[dict[str, Any]] = [
            {"id": rule.id, "signal": rule.signal, "at_least": rule.at_least, "points": rule.points, "reason": rule.reason} for rule in now.rules
        ]
        head = ThresholdForm(initial={"hold_from": now.hold_from, "rules_version": now.version})
        return _show(request, head, Rows(initial=initial, prefix="rule"))
    if not may_decide(request):
        raise PermissionDenied
    head, rows = ThresholdForm(request.POST), Rows(request.POST, prefix="rule")
    if not (head.is_valid() and rows.is_valid()):
        return _show(request, head, rows, status=422)
    data, places = _data(head, rows)
    try:
        if request.POST.get("do") != "put":
            return _show(request, head, rows, tried=risk_rules.dry_run(risk_rules.checked(data)))
        place = write(
            request, "risk.put_rules", risk_rules.STORY,
            lambda op: risk_rules.put(op, data=data, expected_version=head.cleaned_data["rules_version"]),
            actor=staff_actor(request), to=reverse("console-risk-rules"), versioned=False,
        )
    except Invalid as error:
        _put_row_errors(head, rows, places, error)
        return _show(request, head, rows, status=422)
    except DomainError as error:
        put_errors(head, error, {})
        return _show(request, head, rows, status=status_of(error))
    messages.success(request, "These are the rules now, for orders placed from here on.")
    return redirect(place)


@require_http_methods(["GET", "HEAD", "POST"])
@staff
def blocklist(request: HttpRequest) -> HttpResponseBase:
    """`/console/risk/blocklist/`: what is blocked, as far as that can be said, and one more."""
    form = BlockForm(request.POST or None)
    if request.method != "POST":
        return _blocks(request, form)
    if not may_decide(request):
        raise PermissionDenied
    if not form.is_valid():
        return _blocks(request, form, status=422)
    try:
        place = write(
            request, "risk.block", risk_rules.STORY, lambda op: risk_rules.block(op, **form.cleaned_data),
            actor=staff_actor(request), to=reverse("console-risk-blocklist"), versioned=False,
        )
    except DomainError as error:
        put_errors(form, error, {"value": "value"})
        return _blocks(request, form, status=status_of(error))
    messages.success(request, "Blocked: its next orders wait for a person.")
    return redirect(place)


@require_POST
@staff
def unblock(request: HttpRequest, block_id: UUID) -> HttpResponseBase:
    """Take an entry off the blocklist."""
    if not may_decide(request):
        raise PermissionDenied
    place = reverse("console-risk-blocklist")
    try:
        write(
            request, "risk.unblock", risk_rules.STORY, lambda op: risk_rules.unblock(op, block_id=block_id),
            actor=staff_actor(request), to=place, versioned=False,
        )
    except DomainError as error:
        status_of(error)
        messages.error(request, words_of(error))
        return redirect(place)
    messages.success(request, "Taken off the blocklist.")
    return redirect(place)


def _data(head: ThresholdForm, rows: Any) -> tuple[dict[str, Any], list[int]]:
    """The rules as they are kept, and which row of the form each came from."""
    kept = [(place, row.cleaned_data) for place, row in enumerate(rows.forms) if row.cleaned_data and not row.cleaned_data.get("DELETE")]
    data = {
        "holdFrom": head.cleaned_data["hold_from"],
        "rules": [
            {"id": row["id"], "signal": row["signal"], "atLeast": row["at_least"], "points": row["points"], "reason": row["reason"]}
            for _, row in kept
        ],
    }
    return data, [place for place, _ in kept]


def _put_row_errors(head: ThresholdForm, rows: Any, places: list[int], error: Invalid) -> None:
    """`#/rules/3/id` is said beside the field of the row it came from."""
    for pointer, detail in error.errors:
        parts = pointer.split("/")
        if len(parts) == 4 and parts[2].isdecimal() and parts[3] in _NAMES:  # noqa: PLR2004 rules, a place, a name
            rows.forms[places[int(parts[2])]].add_error(_NAMES[parts[3]], detail)
        else:
            head.add_error(None, detail)


def _show(
    request: HttpRequest, head: forms.Form, rows: Any, *, tried: DryRun | None = None, status: int = 200
) -> HttpResponse:
    changes = tried.changes if tried is not None else []
    context = {
        "head": head, "rows": rows, "tried": tried, "ruleset": assessing.current(), "may_decide": may_decide(request), "here": "rules",
        "outcomes": [
            (word, found[:SHOWN_MAX], len(found))
            for word, found in (
                ("Would be held now", [change for change in changes if change.after.word == verdict.HOLD]),
                ("Would no longer be held", [change for change in changes if change.after.word == verdict.PASS]),
            )
        ],
        "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/risk_rules.html", context, status=status)


def _blocks(request: HttpRequest, form: BlockForm, *, status: int = 200) -> HttpResponse:
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    found = RiskBlock.objects.filter(kind=kind) if kind else RiskBlock.objects.all()
    page = page_of(request, found, order=("-created_at", "-id"), limit=ROWS_PER_PAGE)
    names = colleagues.shown_names(row.created_by for row in page.rows)
    context = {
        "page": page, "rows": [(row, names.get(row.created_by, row.created_by)) for row in page.rows], "form": form, "kinds": KINDS,
        "kind": kind, "may_decide": may_decide(request), "here": "blocklist", "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/risk_blocklist.html", context, status=status)
