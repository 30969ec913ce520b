"""The questions of the day (D8), answered in one request each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema

from orders.analytics import reports
from orders.api import ticket_shapes as shapes
from orders.api.views import StaffView, shown
from timeline.api.query import Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse
    from rest_framework.request import Request


class StuckView(StaffView):
    """`/admin/reports/stuck`."""

    @extend_schema(operation_id="admin_report_stuck", responses={200: shapes.StuckReport})
    def get(self, request: Request) -> HttpResponse:
        """How many orders are stuck in each state, for how long, and what they are worth."""
        now = timezone.now()
        return _answer(request, now, {"states": [shapes.stuck_row(state) for state in reports.stuck(now)]})


class InFlightView(StaffView):
    """`/admin/reports/in-flight`."""

    @extend_schema(operation_id="admin_report_in_flight", responses={200: shapes.InFlightReport})
    def get(self, request: Request) -> HttpResponse:
        """The money value of orders that are placed and neither delivered nor ended, by channel and currency."""
        return _answer(request, timezone.now(), {"channels": [shapes.flight_row(row) for row in reports.in_flight()]})


class TicketAgesView(StaffView):
    """`/admin/reports/tickets`."""

    @extend_schema(operation_id="admin_report_tickets", responses={200: shapes.TicketReport})
    def get(self, request: Request) -> HttpResponse:
        """The median age of an open ticket that is tied to an open order."""
        now = timezone.now()
        return _answer(request, now, shapes.ticket_ages_row(reports.tickets(now)))


def _answer(request: Request, now: Any, found: Mapping[str, Any]) -> HttpResponse:
    Plain.parse(request.query_params)
    return shown({"asOf": now, **found})


class Plain(Query):
    """Nothing may be asked beside."""

    page = None  # type: ignore[assignment]
    limit = None  # type: ignore[assignment]
    cursor = None  # type: ignore[assignment]
