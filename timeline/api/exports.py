"""Exports: asked for, looked at, called off, taken back, fetched; and those of every month (A4, A21 to A25)."""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from timeline import ids, rights
from timeline.api import export_shapes as shapes
from timeline.api.answers import answered
from timeline.api.authentication import ApiKeyAuthentication, StaffSessionAuthentication, staff_actor
from timeline.api.endpoints import shown, uuid_of
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.api.permissions import Staff
from timeline.errors import BadRequest, Missing
from timeline.exports import links, running, schedules, storage
from timeline.exports import operations as exports
from timeline.exports.export import Export, ExportSchedule
from timeline.exports.formats import MEDIA
from timeline.models import ApiClient
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http.response import HttpResponseBase
    from rest_framework.request import Request

    from timeline.operations import Operation


class ExportView(APIView):
    """Staff and API keys with the right. A key sees what it asked for itself; one with `*` sees all, as staff do.

    Rows are fetched by whoever may read such rows anyway, whoever asked for them.
    """

    authentication_classes = [ApiKeyAuthentication, StaffSessionAuthentication]
    permission_classes = [Staff]
    required_scopes: ClassVar[dict[str, str]] = {
        "GET": links.READ, "POST": links.ASK, "PATCH": links.ASK, "DELETE": links.ASK,
    }

    def own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those the caller may see."""
        client = self.request.auth
        if isinstance(client, ApiClient) and "*" not in client.scopes:
            return rows.filter(actor_type="api_client", actor_id=str(client.pk))
        return rows

    def require(self, source: str, *, is_personal: bool) -> None:
        """The caller may read such rows. Raises RightMissing, MayNotSeePeople."""
        links.require(self.request, source, is_personal=is_personal)

    def export(self, text: str) -> Export:
        """The export of this id. Raises Missing, also for one of somebody else's."""
        found: Export | None = self.own(Export.objects.all()).filter(pk=uuid_of(text)).first()
        if found is None:
            raise Missing
        return found

    @retried
    def write(self, name: str, deed: Callable[[Operation], Any], *, stream: str | None = None, status: int = 200) -> HttpResponse:
        """One operation, answered with what the deed gives."""
        actor = staff_actor(self.request)
        with operation(name, actor=actor, stream=stream, key=key_of(self.request, actor)) as op:
            row = deed(op)
            more = {"Location": f"/admin/exports/{row['id']}"} if status == 202 else {}  # noqa: PLR2004 HTTP's own word
            return answered(op, status, row, more)


class ExportsView(ExportView):
    """`/admin/exports`."""

    @extend_schema(operation_id="admin_exports_list", parameters=[shapes.ExportsQuery], responses={200: shapes.ExportPage})
    def get(self, request: Request) -> HttpResponse:
        """List exports, the newest first."""
        wish = shapes.ExportsQuery.parse(request.query_params)
        rows = self.own(Export.objects.all())
        rows = rows.filter(status__in=wish["status"]) if wish["status"] else rows
        rows = rows.filter(source__in=wish["kind"]) if wish["kind"] else rows
        page = paged(rows, order=("-asked_at", "-id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([export_row(row, request) for row in page.rows]))

    @extend_schema(operation_id="admin_export_ask", request=shapes.ExportInput, responses={202: shapes.ExportOutput})
    def post(self, request: Request) -> HttpResponse:
        """Ask for rows as a file: all events of `order.*` of one month, say. It is written in the background."""
        wish = shapes.ExportInput.parse(request.data)
        source = shapes.WantedInput.source_of(wish)
        filters = shapes.WantedInput.filters_of(source, wish["filters"])
        self.require(source.name, is_personal=wish["personal"])
        if wish["cut"] is not None and wish["cut"] > running.reach()[0]:
            raise BadRequest(errors=[("#/cut", "The log is not that long yet.")])
        export_id = ids.uuid7(timezone.now())
        ask = partial(
            exports.ask, export_id=export_id, source=source.name, form=wish["format"], filters=filters, is_personal=wish["personal"],
            cut=wish["cut"],
        )
        return self.write("export.ask", lambda op: export_row(ask(op), request), stream=Export.story_of(export_id), status=202)


class OneExportView(ExportView):
    """`/admin/exports/{id}`."""

    @extend_schema(operation_id="admin_export_read", responses={200: shapes.ExportOutput})
    def get(self, request: Request, export_id: str) -> HttpResponse:
        """Read one: how far it is, and where its file is."""
        return shown(export_row(self.export(export_id), request))

    @extend_schema(operation_id="admin_export_remove", responses={200: shapes.ExportOutput})
    def delete(self, request: Request, export_id: str) -> HttpResponse:
        """Take it back, as `…/revoke`."""
        return _deed(self, request, "export.revoke", export_id, exports.revoke)


class CancelView(ExportView):
    """`/admin/exports/{id}/cancel`."""

    @extend_schema(operation_id="admin_export_cancel", request=None, responses={200: shapes.ExportOutput})
    def post(self, request: Request, export_id: str) -> HttpResponse:
        """Call it off; nothing of it is kept."""
        return _deed(self, request, "export.cancel", export_id, exports.call_off)


class RevokeView(ExportView):
    """`/admin/exports/{id}/revoke`."""

    @extend_schema(operation_id="admin_export_revoke", request=None, responses={200: shapes.ExportOutput})
    def post(self, request: Request, export_id: str) -> HttpResponse:
        """Take it back: the link is dead and the file is deleted. One that is not ready is called off."""
        return _deed(self, request, "export.revoke", export_id, exports.revoke)


class RetryView(ExportView):
    """`/admin/exports/{id}/retry`."""

    @extend_schema(operation_id="admin_export_retry", request=None, responses={200: shapes.ExportOutput})
    def post(self, request: Request, export_id: str) -> HttpResponse:
        """Try a failed one again."""
        return _deed(self, request, "export.retry", export_id, exports.retry)


class DownloadView(ExportView):
    """`/admin/exports/{id}/download`."""

    def get_permissions(self) -> Any:
        """A signed link is good by itself."""
        return [] if "signature" in self.request.query_params else super().get_permissions()

    @extend_schema(
        operation_id="admin_export_download",
        parameters=[OpenApiParameter("expires", int), OpenApiParameter("signature", str)],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 302: None},
    )
    def get(self, request: Request, export_id: str) -> HttpResponseBase:
        """Fetch the file by its signed link; without a signature, be led to the link."""
        unknown = set(request.query_params) - {"expires", "signature"}
        if unknown:
            raise BadRequest(errors=[(f"?{name}", "Unknown parameter.") for name in sorted(unknown)])
        if "signature" not in request.query_params:
            export = self.export(export_id)
            self.require(export.source, is_personal=export.is_personal)
            links.require_there(export)
            return HttpResponseRedirect(str(links.path_of(export)), headers={"Cache-Control": "no-store"})
        found = Export.objects.filter(pk=uuid_of(export_id)).first()
        if found is None:
            raise Missing
        links.require_good(found, expires=request.query_params.get("expires", ""), signature=request.query_params["signature"])
        return served(found, request_id=str(getattr(request._request, "request_id", "")))


class SchedulesView(ExportView):
    """`/admin/export-schedules`."""

    @extend_schema(operation_id="admin_export_schedules_list", parameters=[shapes.ExportSchedulesQuery], responses={200: shapes.ExportSchedulePage})
    def get(self, request: Request) -> HttpResponse:
        """List the exports of every month."""
        wish = shapes.ExportSchedulesQuery.parse(request.query_params)
        page = paged(self.own(ExportSchedule.objects.all()), order=("name",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([schedule_row(row) for row in page.rows]))

    @extend_schema(operation_id="admin_export_schedule_add", request=shapes.ExportScheduleInput, responses={201: shapes.ExportScheduleOutput})
    def post(self, request: Request) -> HttpResponse:
        """Ask for the month before on this day of every month."""
        wish = shapes.ExportScheduleInput.parse(request.data)
        source = shapes.WantedInput.source_of(wish)
        filters = shapes.WantedInput.filters_of(source, wish["filters"], with_period=False)
        self.require(source.name, is_personal=wish["personal"])
        add = partial(
            schedules.add, name=wish["name"], day=wish["day_of_month"], at=shapes.clock(wish["at"]), source=source.name,
            form=wish["format"], filters=filters, is_personal=wish["personal"],
        )
        return self.write("export_schedule.add", lambda op: schedule_row(add(op)), status=201)


class OneScheduleView(ExportView):
    """`/admin/export-schedules/{id}`."""

    @extend_schema(operation_id="admin_export_schedule_read", responses={200: shapes.ExportScheduleOutput})
    def get(self, request: Request, schedule_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one."""
        return shown(schedule_row(self.schedule(schedule_id)))

    @extend_schema(operation_id="admin_export_schedule_change", request=shapes.ExportScheduleChange, responses={200: shapes.ExportScheduleOutput})
    def patch(self, request: Request, schedule_id: str) -> HttpResponse:
        """Change it, or switch it off and on."""
        schedule = self.schedule(schedule_id)
        wish = shapes.ExportScheduleChange.parse(request.data)
        if "filters" in wish:
            source = shapes.WantedInput.source_of({"kind": schedule.source, "personal": False})
            wish["filters"] = shapes.WantedInput.filters_of(source, wish["filters"], with_period=False)
        if "at" in wish:
            wish["at"] = shapes.clock(wish["at"])
        wish = {{"day_of_month": "day"}.get(name, name): value for name, value in wish.items()}
        return self.write("export_schedule.change", lambda op: schedule_row(schedules.change(op, schedule_id=schedule.pk, **wish)))

    @extend_schema(operation_id="admin_export_schedule_stop", responses={200: shapes.ExportScheduleOutput})
    def delete(self, request: Request, schedule_id: str) -> HttpResponse:  # noqa: ARG002
        """Ask no more; what was asked for stays."""
        pk = self.schedule(schedule_id).pk
        return self.write("export_schedule.stop", lambda op: schedule_row(schedules.stop(op, schedule_id=pk)))

    def schedule(self, text: str) -> ExportSchedule:
        """The schedule of this id. Raises Missing, also for one of somebody else's."""
        found: ExportSchedule | None = self.own(ExportSchedule.objects.all()).filter(pk=uuid_of(text)).first()
        if found is None:
            raise Missing
        return found


def served(export: Export, *, request_id: str = "") -> HttpResponseBase:
    """The file, when it is there and its requester may still read it; that it was fetched is written down first.

    Raises LinkDead, RequesterMayNot.
    """
    links.require_there(export)
    links.require_requester(export)
    direct = storage.direct_url(export.file, export.file_name)
    content = None if direct else storage.opened(export.file)
    if direct is None and content is None:
        raise links.LinkDead
    with operation("export.fetch", actor=export.actor("link"), stream=export.story) as op:
        exports.fetched(op, export_id=export.pk, by=request_id)
    if direct is not None:
        return HttpResponseRedirect(direct, headers={"Cache-Control": "no-store"})
    digest = base64.b64encode(bytes.fromhex(export.digest)).decode()
    return FileResponse(
        content, as_attachment=True, filename=export.file_name, content_type=MEDIA[export.format],
        headers={
            "Content-Length": str(export.bytes), "Repr-Digest": f"sha-256=:{digest}:", "Cache-Control": "no-store, private",
            "Referrer-Policy": "no-referrer",
        },
    )


def export_row(export: Export, request: Any) -> dict[str, Any]:
    """One export, with its link while there is one."""
    shows = links.needed(export.source, is_personal=export.is_personal) <= rights.of(request)
    path = links.path_of(export) if shows else None
    plain = getattr(request, "_request", request)
    return {
        "id": export.pk, "kind": export.source, "format": export.format, "status": export.status, "filters": export.filters,
        "personal": export.is_personal, "holdsPersonal": export.holds_personal, "cut": export.cut,
        "progress": {"done": export.done, "total": export.total or export.cut or 0, "rows": export.rows},
        "rows": export.rows, "bytes": export.bytes, "sha256": export.digest or None,
        "downloadUrl": plain.build_absolute_uri(path) if path is not None else None, "scheduleId": export.schedule_id,
        "cancelAsked": export.cancel_asked_at is not None, "error": export.error or None, "askedBy": _asked_by(export),
        "askedAt": export.asked_at, "startedAt": export.started_at, "finishedAt": export.finished_at, "expiresAt": export.expires_at,
    }


def schedule_row(schedule: ExportSchedule) -> dict[str, Any]:
    """One schedule."""
    return {
        "id": schedule.pk, "name": schedule.name, "kind": schedule.source, "format": schedule.format, "filters": schedule.filters,
        "personal": schedule.is_personal, "dayOfMonth": schedule.day, "at": f"{schedule.at:%H:%M}", "nextAt": schedule.next_at,
        "isActive": schedule.is_active, "whyInactive": schedule.why_inactive or None, "askedBy": _asked_by(schedule),
        "createdAt": schedule.created_at,
    }


def _deed(view: ExportView, request: Request, name: str, text: str, deed: Callable[..., Export]) -> HttpResponse:
    if request.data:
        raise BadRequest(errors=[("#", "Nothing is sent here.")])
    export = view.export(text)
    return view.write(name, lambda op: export_row(deed(op, export_id=export.pk), request), stream=export.story)


def _asked_by(wanted: Export | ExportSchedule) -> dict[str, str]:
    return {"type": wanted.actor_type, "id": wanted.actor_id, "name": wanted.actor_name}
