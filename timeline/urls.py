"""Events told and read, and the log over HTTP as C2SP tlog-tiles lays it out. Tiles and checkpoints are hashes: they tell nothing about an order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from timeline import verifier as program
from timeline.api import endpoints, exports, staff, tracking
from timeline.api.events import BatchView, EventsView, VerifyView
from timeline.log.checkpoint import known_keys
from timeline.log.cosigned import signed_note
from timeline.log.tiles import served
from timeline.log.witnesses import configured
from timeline.models import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

_TEXT = "text/plain; charset=utf-8"


def _read_by_all(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Read, and no more: another method is answered 405 with `Allow`. Programs call here, so there is no token of a form to miss."""
    return csrf_exempt(require_safe(view))


@_read_by_all
def checkpoint(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 Django hands it in
    """`/log/checkpoint`: the newest one, with the lines of its witnesses."""
    newest = Checkpoint.objects.order_by("-id").first()
    if newest is None:
        return HttpResponse("Nothing is sealed yet.\n", status=404, content_type=_TEXT)
    return HttpResponse(signed_note(newest), content_type=_TEXT, headers={"Cache-Control": "no-cache"})


@_read_by_all
def tile(request: HttpRequest, place: str) -> HttpResponse:  # noqa: ARG001 Django hands it in
    """`/log/tile/<level>/<number>[.p/<width>]`: never changes."""
    hashes = served(place)
    if hashes is None:
        return HttpResponse("There is no such tile.\n", status=404, content_type=_TEXT)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(hashes, content_type="application/octet-stream", headers=headers)


@_read_by_all
def keys(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 Django hands it in
    """`/log/keys`: every key that ever signed, the newest first, one a line."""
    return HttpResponse("".join(f"{key}\n" for key in known_keys()), content_type=_TEXT)


@_read_by_all
def witnesses(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 Django hands it in
    """`/log/witnesses`: whose lines are asked for under each checkpoint, their keys, one a line."""
    return HttpResponse("".join(f"{one.key}\n" for one in configured()), content_type=_TEXT)


@_read_by_all
def verifier(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 Django hands it in
    """`/log/verifier.py`: the program that checks a proof with nothing of ours."""
    headers = {"Content-Disposition": 'attachment; filename="verifier.py"'}
    return HttpResponse(Path(program.__file__).read_bytes(), content_type="text/x-python; charset=utf-8", headers=headers)


urlpatterns = [
    path("api/v1/events", EventsView.as_view()),
    path("api/v1/events/batch", BatchView.as_view()),
    path("api/v1/verify", VerifyView.as_view()),
    path("api/v1/feed", endpoints.FeedView.as_view()),
    path("admin/endpoints", endpoints.EndpointsView.as_view()),
    path("admin/endpoints/<str:endpoint_id>", endpoints.OneEndpointView.as_view()),
    path("admin/endpoints/<str:endpoint_id>/rotate", endpoints.RotateView.as_view()),
    path("admin/endpoints/<str:endpoint_id>/replay", endpoints.ReplayView.as_view()),
    path("admin/endpoints/<str:endpoint_id>/deliveries", endpoints.DispatchesView.as_view()),
    path("admin/deliveries/<str:dispatch_id>/again", endpoints.AgainView.as_view()),
    path("admin/staff", staff.StaffView.as_view()),
    path("admin/staff/<str:username>/roles/<str:role>", staff.RoleView.as_view()),
    path("admin/exports", exports.ExportsView.as_view()),
    path("admin/exports/<str:export_id>", exports.OneExportView.as_view()),
    path("admin/exports/<str:export_id>/cancel", exports.CancelView.as_view()),
    path("admin/exports/<str:export_id>/revoke", exports.RevokeView.as_view()),
    path("admin/exports/<str:export_id>/retry", exports.RetryView.as_view()),
    path("admin/exports/<str:export_id>/download", exports.DownloadView.as_view()),
    path("admin/export-schedules", exports.SchedulesView.as_view()),
    path("admin/export-schedules/<str:schedule_id>", exports.OneScheduleView.as_view()),
    path("admin/endpoints/<str:endpoint_id>/test", endpoints.TestView.as_view()),
    path("admin/deliveries/<str:dispatch_id>/drop", endpoints.DropView.as_view()),
    path("api/v1/delivery-configurations", tracking.ConfigurationsView.as_view()),
    path("api/v1/delivery-configurations/<str:configuration_id>", tracking.OneConfigurationView.as_view()),
    path("api/v1/delivery-configurations/<str:endpoint_id>/test", tracking.ConfigurationTestView.as_view()),
    path("api/v1/delivery-configurations/<str:endpoint_id>/deliveries", tracking.ConfigurationDispatchesView.as_view()),
    path("api/v1/delivery-configurations/<str:endpoint_id>/replay", tracking.ConfigurationReplayView.as_view()),
    path("api/v1/delivery-configurations/<str:endpoint_id>/rotate", tracking.ConfigurationRotateView.as_view()),
    path("api/v1/tracking-events", tracking.TrackingEventsView.as_view()),
    path("api/v1/tracking-events/<str:tracking_id>", tracking.OneTrackingEventView.as_view()),
    path("log/checkpoint", checkpoint),
    path("log/keys", keys),
    path("log/witnesses", witnesses),
    path("log/verifier.py", verifier, name="log-verifier"),
    path("log/tile/<path:place>", tile),
]
