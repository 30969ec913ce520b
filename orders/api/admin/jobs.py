"""Files of any length, as jobs: sent, tried, done, looked at, called off (A3, B58)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.settings import api_settings

from orders import queries
from orders.api import job_rows as rows
from orders.api.csv_parser import CsvParser, Sent, of_text
from orders.api.inputs import Nothing
from orders.api.views import StaffView, shown
from orders.bulk import asking, faults
from orders.bulk.kinds import KINDS
from orders.models import Job, JobResult
from orders.operations import jobs
from timeline import ids
from timeline.api.answers import answered
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.errors import Missing
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.operations import Operation

JSON_BYTES_MAX = 2 * 1024 * 1024


class JobsView(StaffView):
    """`/admin/jobs`."""

    @extend_schema(operation_id="admin_jobs_list", parameters=[rows.JobsQuery], responses={200: rows.JobPage})
    def get(self, request: Request) -> HttpResponse:
        """List jobs, the newest first."""
        wish = rows.JobsQuery.parse(request.query_params)
        found = rows.jobs()
        for column in ("kind", "status"):
            if wish[column]:
                found = found.filter(**{f"{column}__in": wish[column]})
        page = paged(found, order=("-asked_at", "-id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([rows.job_row(job) for job in page.rows]))


class Upload(StaffView):
    """A file becomes a job."""

    kind: ClassVar[str]
    parser_classes: Any = [CsvParser, *api_settings.DEFAULT_PARSER_CLASSES]
    body_bytes_max: ClassVar[int] = JSON_BYTES_MAX

    def take(self, request: Request) -> HttpResponse:
        """Look the file through, then take it in. Raises BadFile with its lines."""
        wish = rows.UploadQuery.parse(request.query_params)
        sent: Any = request.data
        if not isinstance(sent, Sent):
            wish = rows.JobInput.parse(sent)
            sent = of_text(wish.pop("csv"))
        with sent.content:
            return self._take(sent, name=wish["name"], is_dry_run=wish["dry_run"])

    @retried
    def _take(self, sent: Sent, *, name: str, is_dry_run: bool) -> HttpResponse:
        actor = self.actor()
        key = key_of(self.request, actor, digest=sent.digest)
        file = asking.look(self.kind, sent.content, digest=sent.digest, name=name)
        job_id = ids.uuid7(timezone.now())
        with operation("job.ask", actor=actor, stream=f"job:{job_id}", key=key) as op:
            job = asking.ask(op, job_id=job_id, file=file, is_dry_run=is_dry_run)
            return answered(op, 202, rows.job_row(job), {"Location": f"/admin/jobs/{job.pk}"})


class FulfilmentsView(Upload):
    """`/admin/jobs/fulfilments`."""

    required_scopes: ClassVar = {"POST": KINDS[Job.Kind.FULFILMENTS].scope}
    kind: ClassVar[str] = Job.Kind.FULFILMENTS

    @extend_schema(operation_id="admin_job_fulfilments", request=rows.JobInput, responses={202: rows.JobShape})
    def post(self, request: Request) -> HttpResponse:
        """Ship what a file says: `order_number,carrier,tracking_number` and `sku,quantity,shipped_at` where they are known."""
        return self.take(request)


class StatusesView(Upload):
    """`/admin/jobs/statuses`."""

    required_scopes: ClassVar = {"POST": KINDS[Job.Kind.STATUSES].scope}
    kind: ClassVar[str] = Job.Kind.STATUSES

    @extend_schema(operation_id="admin_job_statuses", request=rows.JobInput, responses={202: rows.JobShape})
    def post(self, request: Request) -> HttpResponse:
        """Take the steps a file says: `order_number,status` and a `note` for staff."""
        return self.take(request)


class JobView(StaffView):
    """`/admin/jobs/{id}`."""

    @extend_schema(operation_id="admin_job_read", responses={200: rows.JobShape})
    def get(self, request: Request, job_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one job: how far it is, and what came of its rows in numbers."""
        return shown(rows.job_row(_found(job_id)))


class ResultsView(StaffView):
    """`/admin/jobs/{id}/rows`."""

    @extend_schema(operation_id="admin_job_rows", parameters=[rows.ResultsQuery], responses={200: rows.ResultPage})
    def get(self, request: Request, job_id: str) -> HttpResponse:
        """List what came of the rows, in their order."""
        wish = rows.ResultsQuery.parse(request.query_params)
        found = JobResult.objects.filter(job=_found(job_id)).select_related("order").only(
            "job", "row", "line", "outcome", "code", "detail", "order__number"
        )
        if wish["outcome"]:
            found = found.filter(outcome__in=wish["outcome"])
        page = paged(found, order=("row",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([rows.result_row(result) for result in page.rows]))


class FaultsView(StaffView):
    """`/admin/jobs/{id}/errors.csv`."""

    @extend_schema(operation_id="admin_job_errors", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, job_id: str) -> StreamingHttpResponse:  # noqa: ARG002
        """Fetch the refused rows as they were sent, each with its line and why; put right, the file may be sent again."""
        job = _found(job_id)
        named = {"Content-Disposition": f'attachment; filename="errors-{job.pk}.csv"'}
        return StreamingHttpResponse(faults.as_csv(job), content_type="text/csv; charset=utf-8", headers=named)


class Deed(StaffView):
    """What a person may do with a job: whoever may send such a file may do it."""

    @property
    def required_scopes(self) -> dict[str, str]:  # type: ignore[override]
        """The scope of the job's kind."""
        try:
            return {"POST": KINDS[_found(self.kwargs["job_id"]).kind].scope}
        except (KeyError, Missing):
            return {"POST": "orders:write"}

    @retried
    def do(self, request: Request, name: str, job_id: str, deed: Callable[..., Job], status: int = 200) -> HttpResponse:
        """One operation on one job, and the job as it is then."""
        Nothing.parse(request.data)
        job, actor = _found(job_id), self.actor()
        with operation(name, actor=actor, stream=job.story, key=key_of(request, actor)) as op:
            changed = deed(op, job_id=job.pk)
            return answered(op, status, _row(op, changed.pk))


class CancelView(Deed):
    """`/admin/jobs/{id}/cancel`."""

    @extend_schema(operation_id="admin_job_cancel", request=Nothing, responses={200: rows.JobShape})
    def post(self, request: Request, job_id: str) -> HttpResponse:
        """Call the job off: what is done stays done, the row in hand is finished, the rest is left."""
        return self.do(request, "job.cancel", job_id, jobs.call_off)


class ApplyView(Deed):
    """`/admin/jobs/{id}/apply`."""

    @extend_schema(operation_id="admin_job_apply", request=Nothing, responses={202: rows.JobShape})
    def post(self, request: Request, job_id: str) -> HttpResponse:
        """Do in earnest what a dry run tried; answers the new job."""
        return self.do(request, "job.apply", job_id, jobs.apply, status=202)


class RetryView(Deed):
    """`/admin/jobs/{id}/retry`."""

    @extend_schema(operation_id="admin_job_retry", request=Nothing, responses={200: rows.JobShape})
    def post(self, request: Request, job_id: str) -> HttpResponse:
        """Take a failed job up again where it stopped."""
        return self.do(request, "job.retry", job_id, jobs.retry)


def _row(_op: Operation, pk: UUID) -> dict[str, Any]:
    return rows.job_row(rows.jobs().get(pk=pk))


def _found(text: str) -> Job:
    found = rows.jobs().filter(pk=queries.uuid_of(text)).first()
    if found is None:
        raise Missing
    return found
