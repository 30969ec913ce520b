"""What an orchestrator and a metrics collector ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from orders.models import Order
from timeline import triggers
from timeline.models import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

LAG_SECONDS_MAX = 300


@require_safe
def livez(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 Django hands it in
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 Django hands it in
    """The process can serve: the database answers, is migrated and guarded, and background work is not late."""
    try:
        found = {
            "migrations": _unapplied() == 0,
            "triggers": not triggers.missing(),
            "deliveries": _lag_seconds() < LAG_SECONDS_MAX,
        }
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "checks": {"database": False}}, status=503)
    ready = all(found.values())
    checks = {"database": True, **found}
    return JsonResponse({"status": "ok" if ready else "unavailable", "checks": checks}, status=200 if ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 Django hands it in
    """Gauges out of the database, in Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(_Shop())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Shop:
    """Counts that SQL knows best."""

    def collect(self) -> Iterator[Any]:
        """One gauge a question."""
        states = GaugeMetricFamily("order_status_distribution", "Orders by status.", labels=["status"])
        for row in Order.objects.values("status").annotate(n=Count("pk")).order_by("status"):
            states.add_metric([row["status"]], row["n"])
        yield states
        owed = GaugeMetricFamily("bahi_deliveries", "Deliveries that are not done, by state.", labels=["state"])
        open_rows = Delivery.objects.filter(state__in=["due", "parked"])
        counts = {row["state"]: row["n"] for row in open_rows.values("state").annotate(n=Count("pk")).order_by("state")}
        for state in ("due", "parked"):
            owed.add_metric([state], counts.get(state, 0))
        yield owed
        yield GaugeMetricFamily("bahi_delivery_lag_seconds", "Age of the oldest due delivery.", value=_lag_seconds())


def _unapplied() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _lag_seconds() -> float:
    oldest = Delivery.objects.filter(state=Delivery.State.DUE).order_by("due_at").values_list("due_at", flat=True).first()
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0
