"""`/console/alerts/`: what is wrong now, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.models import Incident
from orders.pages import order_rows
from orders.pages.visitors import staff

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

ROWS_MAX = 100


@require_safe
@staff
def alert_list(request: HttpRequest) -> HttpResponseBase:
    """Open incidents first, then those that are over, the newest first."""
    rows = list(Incident.objects.order_by("-opened_at")[:ROWS_MAX])
    context = {
        "rows": sorted(rows, key=lambda row: row.recovered_at is not None), "now": timezone.now(),
        "open": sum(row.recovered_at is None for row in rows), "open_count": order_rows.open_count(),
    }
    return render(request, "console/alerts.html", context)
