"""Reconciliation, as staff and their scripts run it: runs, days, cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.timezone import localdate
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders.api import case_rows as rows
from orders.api.inputs import Nothing
from orders.api.views import StaffView, shown
from orders.operations import cases, reconciling
from orders.reconciliation import actions, channels, closing, queries, runs
from payments.models import ClosedDay
from timeline.api.answers import answered
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.api.wire import day as read_day
from timeline.errors import Missing
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from rest_framework.request import Request

    from timeline.operations import Operation


class ReconciliationView(StaffView):
    """What differs is read and explained with scopes of its own."""

    required_scopes: ClassVar = {"GET": "reconciliation:read", "POST": "reconciliation:write"}

    @retried
    def write(
        self, name: str, act: Callable[[Operation], Any], row: Callable[[Any], Any], *,
        stream: str | Sequence[str] | None = None, status: int = 200,
    ) -> HttpResponse:
        """Act in one operation, and answer."""
        actor = self.actor()
        with operation(name, actor=actor, stream=stream, key=key_of(self.request, actor)) as op:
            return answered(op, status, row(act(op)))


class RunsView(ReconciliationView):
    """`/admin/reconciliation/runs`."""

    @extend_schema(operation_id="admin_reconciliation_run", request=rows.RunInput, responses={202: rows.RunShape})
    def post(self, request: Request) -> HttpResponse:
        """Ask for a comparison of a business day and of all that is open; the background does it."""
        wanted = rows.RunInput.parse(request.data)["date"]
        first, last = runs.window_of(wanted)
        return self.write(
            "reconciliation.ask",
            lambda op: reconciling.ask_run(op, first=first, last=last, today=localdate(op.now)), rows.run_row, status=202,
        )


class RunView(ReconciliationView):
    """`/admin/reconciliation/runs/{id}`."""

    @extend_schema(operation_id="admin_reconciliation_run_read", responses={200: rows.RunShape})
    def get(self, request: Request, run_id: str) -> HttpResponse:  # noqa: ARG002
        """See how far a comparison is, and what it found."""
        return shown(rows.run_row(queries.run(run_id)))


class DayView(ReconciliationView):
    """`/admin/reconciliation/days/{date}`."""

    @extend_schema(operation_id="admin_reconciliation_day", responses={200: rows.DayShape})
    def get(self, request: Request, date: str) -> HttpResponse:  # noqa: ARG002
        """Read a business day in five books, by channel and by cause, and its seal once it is closed."""
        day = _day(date)
        closed = ClosedDay.objects.filter(day=day).first()
        return shown({"report": queries.day_report(day), "closed": _closed_row(closed) if closed else None})


class DayTableView(ReconciliationView):
    """`/admin/reconciliation/days/{date}.csv`."""

    @extend_schema(operation_id="admin_reconciliation_day_table", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, date: str) -> StreamingHttpResponse:  # noqa: ARG002
        """Read a business day as CSV, a row an order."""
        day = _day(date)
        named = {"Content-Disposition": f'attachment; filename="day-{day}.csv"'}
        return StreamingHttpResponse(channels.as_csv(day), content_type="text/csv", headers=named)


class CloseView(ReconciliationView):
    """`/admin/reconciliation/days/{date}/close`."""

    @extend_schema(operation_id="admin_reconciliation_day_close", request=Nothing, responses={200: rows.ClosedDayShape})
    def post(self, request: Request, date: str) -> HttpResponse:
        """Close a business day whose differences are all explained; nothing can be booked on it afterwards."""
        Nothing.parse(request.data)
        day = _day(date)
        return self.write("day.close", lambda op: closing.close_day(op, day=day), _closed_row)


class CasesView(ReconciliationView):
    """`/admin/cases`."""

    @extend_schema(operation_id="admin_cases_list", parameters=[rows.CasesQuery], responses={200: rows.CasePage})
    def get(self, request: Request) -> HttpResponse:
        """List cases, the newest first."""
        wish = rows.CasesQuery.parse(request.query_params)
        found = queries.cases(status=wish["status"], kind=wish["kind"], cause=wish["cause"], owner=wish["owner"])
        page = paged(found, order=("-opened_at", "-id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([rows.case_row(case) for case in page.rows]))


class CaseView(ReconciliationView):
    """`/admin/cases/{id}`."""

    @extend_schema(operation_id="admin_case_read", responses={200: rows.CaseShape})
    def get(self, request: Request, case_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one case: both sides, whose it is, and what may be done."""
        return shown(rows.case_row(queries.case(case_id)))


class ResolveView(ReconciliationView):
    """`/admin/cases/{id}/resolve`."""

    @extend_schema(operation_id="admin_case_resolve", request=rows.ResolveInput, responses={200: rows.CaseShape})
    def post(self, request: Request, case_id: str) -> HttpResponse:
        """Explain a case with a reason, and in words if there are any."""
        wish = rows.ResolveInput.parse(request.data)
        case = queries.case(case_id)
        return self.write(
            "case.resolve", lambda op: cases.resolve(op, case_id=case.pk, **wish), rows.case_row, stream=case.story
        )


class SnoozeView(ReconciliationView):
    """`/admin/cases/{id}/snooze`."""

    @extend_schema(operation_id="admin_case_snooze", request=rows.SnoozeInput, responses={200: rows.CaseShape})
    def post(self, request: Request, case_id: str) -> HttpResponse:
        """Put a case off; its day stays open until it is explained."""
        until = rows.SnoozeInput.parse(request.data)["until"]
        case = queries.case(case_id)
        return self.write(
            "case.snooze", lambda op: cases.snooze(op, case_id=case.pk, until=until), rows.case_row, stream=case.story
        )


class ActView(ReconciliationView):
    """`/admin/cases/{id}/act`."""

    @extend_schema(operation_id="admin_case_act", request=Nothing, responses={200: rows.CaseShape})
    def post(self, request: Request, case_id: str) -> HttpResponse:
        """Do what the case's `action` says: ask the gateway again, retry, send back, book."""
        Nothing.parse(request.data)
        case = queries.case(case_id)
        actions.talk(case)
        return self.write(
            "case.act", lambda op: actions.act(op, case_id=case.pk), rows.case_row, stream=actions.streams_of(case)
        )


def _day(text: str) -> date:
    try:
        found = read_day(text)
    except ValueError:
        raise Missing from None
    if found > localdate(timezone.now()):
        raise Missing
    return found


def _closed_row(closed: ClosedDay) -> dict[str, Any]:
    return {"day": closed.day, "digest": closed.digest, "closedAt": closed.closed_at, "closedBy": closed.closed_by}
