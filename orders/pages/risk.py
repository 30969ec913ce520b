"""Risk in the console: what waits for a verdict, and the verdict with its reason (B71 to B73)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orders import masking, naming, queries, risk_queries
from orders.operations import reviewing
from orders.pages import order_rows
from orders.pages.forms import WordsField
from orders.pages.leafing import page_of
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, write
from orders.risk.signals import SIGNALS
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

    from orders.models import Order, RiskAssessment

ROWS_PER_PAGE = 50
OLDEST_FIRST = ("created_at", "id")
SCORES = (0, 75, 90)


class VerdictForm(forms.Form):
    """Why an order goes on, or does not."""

    reason = WordsField(rows=3, max_length=reviewing.REASON_CHARS_MAX, label="Reason")


def may_decide(request: HttpRequest) -> bool:
    """Whether this member of staff judges people: not a role that sees them masked."""
    return masking.sees_customers(request.user)


@require_safe
@staff
def queue(request: HttpRequest) -> HttpResponseBase:
    """`/console/risk/`: orders that wait for a verdict, the oldest first."""
    text = request.GET.get("score", "")
    score = next((known for known in SCORES if str(known) == text), 0)
    rows = risk_queries.waiting(min_score=score)
    page = page_of(request, rows, order=OLDEST_FIRST, limit=ROWS_PER_PAGE)
    context = {
        "page": page, "rows": [(order, getattr(order, "risk", None)) for order in page.rows], "score": score, "scores": SCORES,
        "may_decide": may_decide(request), "here": "queue", "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/risk.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff
def review(request: HttpRequest, number: str) -> HttpResponseBase:
    """`/console/risk/orders/<number>/`: what speaks against an order, and the verdict."""
    order = naming.head(queries.id_of(number))
    form = VerdictForm(request.POST or None)
    if request.method != "POST":
        return _show(request, order, form)
    if not may_decide(request):
        raise PermissionDenied
    verdict = request.POST.get("verdict", "")
    if verdict not in reviewing.VERDICTS or not form.is_valid():
        return _show(request, order, form, status=422)
    try:
        place = write(
            request, "risk.review", str(order.pk),
            lambda op: reviewing.review(op, order_id=order.pk, verdict=verdict, reason=form.cleaned_data["reason"]),
            actor=staff_actor(request), to=reverse("console-risk"),
        )
    except DomainError as error:
        put_errors(form, error, {"reason": "reason"}, story=str(order.pk), version=request.POST.get("version", ""))
        return _show(request, order, form, status=status_of(error))
    messages.success(request, f"{order.number} goes on." if verdict == "pass" else f"{order.number} is cancelled as fraud.")
    return redirect(place)


def _show(request: HttpRequest, order: Order, form: VerdictForm, *, status: int = 200) -> HttpResponse:
    found = risk_queries.of_order(order)
    context = {
        "order": order, "number": order.number, "risk": found, "signals": _signals(found), "form": form, "here": "queue",
        "is_waiting": risk_queries.is_waiting(order), "may_decide": may_decide(request), "version": order.stream.seq,
        "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/risk_review.html", context, status=status)


def _signals(found: RiskAssessment | None) -> list[tuple[str, int]]:
    """What was measured and is not nought, in words."""
    measured = found.signals if found is not None else {}
    return [(SIGNALS.get(name, name), value) for name, value in measured.items() if value]
