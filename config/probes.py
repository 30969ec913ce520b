"""What an orchestrator and a metrics collector ask."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from config import exposition
from timeline import queries, triggers

if TYPE_CHECKING:
    from django.http import HttpRequest


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
            "deliveries": queries.lag_seconds() < settings.RELAY_STALL_SECONDS,
        }
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "checks": {"database": False}}, status=503)
    ready = all(found.values())
    checks = {"database": True, **found}
    return JsonResponse({"status": "ok" if ready else "unavailable", "checks": checks}, status=200 if ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything in Prometheus' text form; with METRICS_TOKEN set only for who brings it."""
    token = settings.METRICS_TOKEN
    if token and not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        return HttpResponse("METRICS_TOKEN is needed.\n", status=401, headers={"WWW-Authenticate": "Bearer"}, content_type="text/plain")
    return HttpResponse(exposition.text(), content_type=exposition.CONTENT_TYPE)


def _unapplied() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))

