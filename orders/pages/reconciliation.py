"""Business days in the console: what each came to in five books, what is unexplained, and the seal of those that are closed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_POST, require_safe

from orders.models import ReconciliationRun
from orders.operations import reconciling
from orders.pages import order_rows
from orders.pages.visitors import staff
from orders.pages.writing import status_of, words_of, write
from orders.reconciliation import channels, closing, queries, report, runs
from orders.reconciliation.causes import CAUSES
from payments.journal import CHART
from payments.models import ClosedDay
from timeline.api.authentication import staff_actor
from timeline.api.wire import day as day_of
from timeline.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

_MEASURES = {
    "captured": "Captured", "refunded": "Refunded", "chargedBack": "Charged back", "documented": "Invoiced, less credit notes",
    "settled": "Paid out by the gateway", "cashHandedOver": "Cash handed over", "atBank": "At the bank",
}
_NAMES = {code: name for code, name, _ in CHART}


@require_safe
@staff
def day_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/reconciliation/`: the days, newest first, and the runs that are under way."""
    context = {
        "rows": queries.days(localdate()), "next_day": closing.first_open_day(), "running": _running(), "now": timezone.now(),
        "cases_open": queries.open_count(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/days.html", context)


@require_safe
@staff
def day_page(request: HttpRequest, day: str) -> HttpResponseBase:
    """`/console/reconciliation/<date>/`."""
    return _show(request, _day(day))


@require_safe
@staff
def day_table(request: HttpRequest, day: str) -> HttpResponseBase:
    """The day as CSV, a row an order."""
    del request
    found = _day(day)
    named = {"Content-Disposition": f'attachment; filename="day-{found}.csv"'}
    return StreamingHttpResponse(channels.as_csv(found), content_type="text/csv", headers=named)


@require_POST
@staff
def reconcile(request: HttpRequest, day: str) -> HttpResponseBase:
    """Ask for a comparison; the background does it and the page shows how far it is."""
    found = _day(day)
    first, last = runs.window_of(found)
    place = write(
        request, "reconciliation.ask", None,
        lambda op: reconciling.ask_run(op, first=first, last=last, today=localdate(op.now)),
        actor=staff_actor(request), to=_url(found), versioned=False,
    )
    messages.success(request, "The books are being compared.")
    return redirect(place)


@require_POST
@staff
def close(request: HttpRequest, day: str) -> HttpResponseBase:
    """Close the day, or say what keeps it open."""
    found = _day(day)
    try:
        place = write(
            request, "day.close", None, lambda op: closing.close_day(op, day=found), actor=staff_actor(request),
            to=_url(found), versioned=False,
        )
    except DomainError as error:
        return _show(request, found, problem=words_of(error), status=status_of(error))
    messages.success(request, f"{found:%d %B %Y} is closed.")
    return redirect(place)


def _show(request: HttpRequest, day: date, *, problem: str = "", status: int = 200) -> HttpResponse:
    said = queries.day_report(day)
    context = {
        "day": day, "said": said, "closed": ClosedDay.objects.filter(day=day).first(), "problem": problem,
        "books": [(_MEASURES[row["measure"]], row, [row[book] for book in report.BOOKS]) for row in said["books"]],
        "balances": [(_NAMES[row["account"]], row) for row in said["balances"]],
        "total": channels.summed(said["channels"]), "causes": [(CAUSES[row["cause"]], row) for row in said["causes"]],
        "cases": list(queries.by_urgency(queries.cases(status=["open"], day=day))[:200]),
        "running": _running(), "is_over": day < localdate(), "next_day": closing.first_open_day(), "now": timezone.now(),
        "open_count": order_rows.open_count(),
    }
    return render(request, "console/day.html", context, status=status)


def _running() -> list[ReconciliationRun]:
    return list(ReconciliationRun.objects.filter(finished_at=None).order_by("asked_at")[:5])


def _day(text: str) -> date:
    try:
        found = day_of(text)
    except ValueError:
        raise Http404 from None
    if found > localdate():
        raise Http404
    return found


def _url(day: date) -> str:
    return reverse("console-day", kwargs={"day": day.isoformat()})


