"""Jobs on the wire: what is asked, what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from orders.api.inputs import CSV_CHARS_MAX
from orders.models import Job, JobResult
from timeline.api.query import Query, QueryBool, QueryList, QueryText
from timeline.api.wire import Choice, Input, Output, Page, StrictBool, StrictText

if TYPE_CHECKING:
    from django.db.models import QuerySet

NAME_CHARS_MAX = 120


@extend_schema_serializer(examples=[OpenApiExample("Job", request_only=True, value={
    "csv": "order_number,carrier,tracking_number\nORD-20261121-00001,Blue Dart,BD123456789\n", "dryRun": True,
})])
class JobInput(Input):
    """A file as text in JSON; a larger one is sent as it is, with `Content-Type: text/csv`, and the rest as parameters."""

    csv = StrictText(max_length=CSV_CHARS_MAX, multiline=True)
    dry_run = StrictBool(required=False, default=False, help_text="Try every row, and take it back.")
    name = StrictText(max_length=NAME_CHARS_MAX, required=False, default="", allow_blank=True)


class UploadQuery(Query):
    """What a file that is sent as it is cannot say itself."""

    dry_run = QueryBool(required=False, default=False)
    name = QueryText(max_length=NAME_CHARS_MAX, required=False, default="")


class JobsQuery(Query):
    """Which jobs, the newest first."""

    kind = QueryList(child=Choice(choices=Job.Kind.values), required=False, default=list)
    status = QueryList(child=Choice(choices=Job.Status.values), required=False, default=list)


class ResultsQuery(Query):
    """Which rows, in their order."""

    outcome = QueryList(child=Choice(choices=JobResult.Outcome.values), required=False, default=list)


class AskedByShape(Output):
    """Who asked."""

    type = s.CharField()
    id = s.CharField()
    name = s.CharField()


class JobShape(Output):
    """A job and how far it is."""

    id = s.UUIDField()
    kind = s.ChoiceField(choices=Job.Kind.choices)
    status = s.ChoiceField(choices=Job.Status.choices)
    name = s.CharField()
    dry_run = s.BooleanField()
    source_id = s.UUIDField(allow_null=True, help_text="The dry run it applies.")
    applied_by_id = s.UUIDField(allow_null=True, help_text="The job that applied this dry run.")
    total = s.IntegerField()
    done = s.IntegerField()
    ok = s.IntegerField()
    unchanged = s.IntegerField(help_text="Rows whose order was there already.")
    failed = s.IntegerField()
    cancel_asked = s.BooleanField()
    error = s.CharField(allow_null=True)
    sha256 = s.CharField(help_text="Of the file.")
    asked_by = AskedByShape()
    asked_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)


class ResultShape(Output):
    """What came of one row."""

    row = s.IntegerField(help_text="Its place among the rows, from 0.")
    line = s.IntegerField(help_text="Its line in the file.")
    outcome = s.ChoiceField(choices=JobResult.Outcome.choices)
    order_id = s.UUIDField(allow_null=True)
    order_number = s.CharField(allow_null=True)
    code = s.CharField(allow_null=True, help_text="The slug of the problem.")
    detail = s.CharField(allow_null=True)


class JobPage(Page):
    """Jobs of one page."""

    data: Any = JobShape(many=True)


class ResultPage(Page):
    """Rows of one page."""

    data: Any = ResultShape(many=True)


def jobs() -> QuerySet[Job]:
    """Jobs with what an answer shows. One statement."""
    return Job.objects.select_related("applied")


def job_row(job: Job) -> dict[str, Any]:
    """One job."""
    applied = getattr(job, "applied", None)
    return {
        "id": job.pk,
        "kind": job.kind,
        "status": job.status,
        "name": job.name,
        "dryRun": job.is_dry_run,
        "sourceId": job.source_id,
        "appliedById": applied.pk if applied is not None else None,
        "total": job.total,
        "done": job.done,
        "ok": job.ok,
        "unchanged": job.unchanged,
        "failed": job.failed,
        "cancelAsked": job.cancel_asked_at is not None,
        "error": job.error or None,
        "sha256": job.digest,
        "askedBy": {"type": job.actor_type, "id": job.actor_id, "name": job.actor_name},
        "askedAt": job.asked_at,
        "startedAt": job.started_at,
        "finishedAt": job.finished_at,
    }


def result_row(result: JobResult) -> dict[str, Any]:
    """One row's outcome."""
    return {
        "row": result.row,
        "line": result.line,
        "outcome": result.outcome,
        "orderId": result.order_id,
        "orderNumber": result.order.number if result.order is not None else None,
        "code": result.code or None,
        "detail": result.detail or None,
    }
