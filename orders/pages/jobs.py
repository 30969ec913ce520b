"""Long work in the console: files that are tried before they are done, how far they are, and what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders.bulk import asking, faults, printing, undoing
from orders.bulk.acting import ACTIONS
from orders.bulk.kinds import KINDS
from orders.models import Job, JobResult
from orders.operations import jobs
from orders.pages.leafing import page_of
from orders.pages.order_rows import open_count
from orders.pages.visitors import is_htmx, staff
from orders.pages.writing import put_errors, status_of, words_of, write
from shipping.papers import LABELS_MAX
from timeline import ids
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError, Missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

PAGE_ROWS, REFUSED_ROWS = 50, 100
ETA_AFTER = timedelta(seconds=3)
MINUTE_S = 60
NEWEST_FIRST = ("-asked_at", "-id")
KIND_WORDS = {Job.Kind.FULFILMENTS: "Parcels that left", Job.Kind.STATUSES: "Steps of orders", Job.Kind.ACTIONS: "Chosen orders"}
OF_FILES = (Job.Kind.FULFILMENTS, Job.Kind.STATUSES)


class UploadForm(forms.Form):
    """A file and what its rows are."""

    kind = forms.ChoiceField(label="What the rows are", choices=[(str(kind), KIND_WORDS[kind]) for kind in OF_FILES])
    file = forms.FileField(label="CSV file", max_length=200, widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))

    def clean_file(self) -> Any:
        """Not too large."""
        file = self.cleaned_data["file"]
        if file.size > asking.BYTES_MAX:
            raise forms.ValidationError(f"The file is larger than {asking.BYTES_MAX // 1024 // 1024} MB.")
        return file


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly a job goes, and how long it will yet take; nothing is said in its first seconds."""

    per_second: int | None = None
    left: str = ""


@require_safe
@staff
def job_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/jobs/`."""
    return _list(request, UploadForm())


@require_POST
@staff
def upload(request: HttpRequest) -> HttpResponseBase:
    """Try a file: nothing of it is done yet."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, form, status=422)
    content = form.cleaned_data["file"]
    job_id = ids.uuid7(timezone.now())
    try:
        digest = asking.digest_of(content.chunks())
        file = asking.look(form.cleaned_data["kind"], content, digest=digest, name=content.name)
        place = write(
            request, "job.ask", f"job:{job_id}", lambda op: asking.ask(op, job_id=job_id, file=file, is_dry_run=True),
            actor=staff_actor(request), to=_url(job_id), versioned=False,
        )
    except DomainError as error:
        put_errors(form, error, {})
        return _list(request, form, status=status_of(error))
    return redirect(place)


@require_safe
@staff
def job_page(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """`/console/jobs/<id>/`."""
    return _show(request, job_id)


@require_safe
@staff
def progress(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """How far it is, for a page that looks again; once it has ended the page is drawn anew."""
    job = _found(job_id)
    response = render(request, "console/job_progress.html", _progress(job))
    if not job.is_open and is_htmx(request):
        response.headers["HX-Refresh"] = "true"
    return response


@require_safe
@staff
def refused(request: HttpRequest, job_id: UUID) -> HttpResponseBase:  # noqa: ARG001
    """The refused rows as a file."""
    named = {"Content-Disposition": f'attachment; filename="errors-{job_id}.csv"'}
    return StreamingHttpResponse(faults.as_csv(_found(job_id)), content_type="text/csv; charset=utf-8", headers=named)


@require_POST
@staff
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Call it off."""
    return _do(request, job_id, "job.cancel", jobs.call_off, said="Called off: the row in hand is finished, the rest is left.")


@require_POST
@staff
def apply(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Do in earnest what was tried."""
    return _do(request, job_id, "job.apply", jobs.apply, said="It is being done.")


@require_POST
@staff
def retry(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Take it up again where it stopped."""
    return _do(request, job_id, "job.retry", jobs.retry, said="It goes on where it stopped.")


def _do(
    request: HttpRequest, job_id: UUID, name: str, deed: Callable[..., Job], *, said: str
) -> HttpResponseBase:
    job = _found(job_id)
    try:
        place = write(
            request, name, job.story, lambda op: deed(op, job_id=job_id), actor=staff_actor(request),
            to=lambda changed: _url(changed.pk), versioned=False,
        )
    except DomainError as error:
        return _show(request, job_id, problem=words_of(error), status=status_of(error))
    messages.success(request, said)
    return redirect(place)


def _show(request: HttpRequest, job_id: UUID, *, problem: str = "", status: int = 200) -> HttpResponseBase:
    job = _found(job_id)
    rows = JobResult.objects.filter(job=job, outcome=JobResult.Outcome.FAILED).select_related("order").only(
        "job", "row", "line", "outcome", "code", "detail", "order__number"
    )
    context = {
        **_progress(job), "refused": rows.order_by("row")[:REFUSED_ROWS], "problem": problem,
        "label_parts": _label_parts(job), "applied": Job.objects.filter(source=job).first(), "can_undo": undoing.is_undoable(job), "open_count": open_count(),
    }
    return render(request, "console/job.html", context, status=status)


def _label_parts(job: Job) -> list[int]:
    """The sheets of labels of what a job shipped, numbered; none for a trial, for other jobs, and while none has its label."""
    if job.is_dry_run or not job.done or job.name != ACTIONS["ship"].word:
        return []
    return list(range(1, -(-len(printing.parcels_of_job(job)) // LABELS_MAX) + 1))


def _progress(job: Job) -> dict[str, Any]:
    now = timezone.now()
    return {"job": job, "word": KIND_WORDS[Job.Kind(job.kind)], "pace": _pace(job, now), "now": now}


def _pace(job: Job, now: Any) -> Pace:
    if job.started_at is None or not job.done or now - job.started_at < ETA_AFTER:
        return Pace()
    took = ((job.finished_at or now) - job.started_at).total_seconds()
    seconds = round(took * (job.total - job.done) / job.done) if job.is_open else 0
    left = f"{seconds} s" if seconds < MINUTE_S * 2 else f"{seconds // MINUTE_S} min"
    return Pace(per_second=max(1, round(job.done / took)), left=left if seconds else "")


def _list(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponseBase:
    page = page_of(request, Job.objects.all(), order=NEWEST_FIRST, limit=PAGE_ROWS)
    context = {
        "rows": [(job, KIND_WORDS[Job.Kind(job.kind)]) for job in page.rows], "page": page, "form": form,
        "columns": [(KIND_WORDS[kind], KINDS[kind].example) for kind in OF_FILES], "now": timezone.now(),
        "open_count": open_count(),
    }
    return render(request, "console/jobs.html", context, status=status)


def _found(job_id: UUID) -> Job:
    found = Job.objects.filter(pk=job_id).first()
    if found is None:
        raise Missing
    return found


def _url(job_id: UUID) -> str:
    return reverse("console-job", kwargs={"job_id": job_id})
