"""Jobs: ask for one, call it off, say how it ended; and what came of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count

from orders import locks
from orders.models import Job, JobChunk, JobResult
from timeline import vault
from timeline.errors import Invalid, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from timeline.operations import Operation

CHUNKS_AT_ONCE = 10
DETAIL_CHARS_MAX = 500
OPEN_JOBS_MAX = 50

Row = tuple[int, dict[str, str]]


class TrialRequired(Refused):
    """Only a dry run that came to its end can be applied."""


class AppliedBefore(Refused):
    """This dry run was applied before."""


class HasEnded(Refused):
    """The job has ended; there is nothing to call off."""


class TooManyJobs(Refused):
    """So many jobs are open already; wait until some have ended."""


class NothingInIt(Invalid):
    """The file has a header and no rows."""


def ask(
    op: Operation, *, job_id: UUID, kind: str, name: str, digest: str, total: int, chunks: Iterable[Sequence[Row]],
    is_dry_run: bool,
) -> Job:
    """Take a file's rows in, chunk by chunk, to be done in the name of who asks. Raises NothingInIt, TooManyJobs."""
    if not total:
        raise NothingInIt
    _require_room()

    job = _begin(op, Job(
        id=job_id, kind=kind, name=name, digest=digest, total=total, is_dry_run=is_dry_run, **_asked_by(op),
    ))
    key = vault.house_key()
    waiting: list[JobChunk] = []
    first = 0
    for number, rows in enumerate(chunks):
        sealed = vault.seal(key, JobChunk.name_of(job.pk, number), {"rows": list(rows)})
        waiting.append(JobChunk(job=job, number=number, first=first, size=len(rows), key=key, sealed=sealed))
        first += len(rows)
        if len(waiting) == CHUNKS_AT_ONCE:
            JobChunk.objects.bulk_create(waiting)
            waiting = []
    JobChunk.objects.bulk_create(waiting)
    return job


def apply(op: Operation, *, job_id: UUID) -> Job:
    """Do in earnest what a dry run tried. Raises TrialRequired, AppliedBefore, TooManyJobs."""
    tried = locks.job(job_id)

    if not tried.is_dry_run or tried.status != Job.Status.DONE:
        raise TrialRequired
    if Job.objects.filter(source=tried).exists():
        raise AppliedBefore
    _require_room()

    new_id = op.new_id()
    op.open_stream(f"job:{new_id}")
    return _begin(op, Job(
        id=new_id, kind=tried.kind, name=tried.name, digest=tried.digest, total=tried.total, is_dry_run=False,
        source=tried, **_asked_by(op),
    ))


def call_off(op: Operation, *, job_id: UUID) -> Job:
    """Stop after the row in hand; one that no worker has is cancelled at once. Raises HasEnded."""
    job = locks.job(job_id)
    if not job.is_open:
        raise HasEnded

    if job.cancel_asked_at is None:
        job.cancel_asked_at = op.now
        Job.objects.filter(pk=job.pk).update(cancel_asked_at=op.now)
        op.record(job, "job.called_off", stream=job.story)
    if job.lease_until is None or job.lease_until < op.now:
        end(op, job=job)
    return job


def start(op: Operation, *, job_id: UUID) -> Job:
    """A worker has taken it up."""
    job = locks.job(job_id)
    if job.status == Job.Status.QUEUED:
        advance(op, job.start, at=op.now)
    return job


def close(op: Operation, *, job_id: UUID, token: UUID) -> Job:
    """The worker that has it is through with it. Raises HasEnded when another one closed it."""
    job = locks.job(job_id)
    if job.status != Job.Status.RUNNING or job.lease_token != token:
        raise HasEnded
    end(op, job=job)
    return job


def end(op: Operation, *, job: Job) -> None:
    """Close it with what came of its rows: cancelled when it was called off before its last row, done otherwise."""
    counts = counted(job=job)
    is_left = sum(counts.values()) < job.total
    if job.status == Job.Status.QUEUED and not is_left:
        advance(op, job.start, stream=job.story, at=op.now)
    advance(op, job.cancel if is_left else job.finish, stream=job.story, at=op.now, **counts)


def give_up(op: Operation, *, job_id: UUID, error: str) -> Job:
    """No row got done although it was taken up again and again."""
    job = locks.job(job_id)
    if job.is_open:
        advance(op, job.fail, at=op.now, error=error)
    return job


def retry(op: Operation, *, job_id: UUID) -> Job:
    """A person's word: go on where it stopped. Raises TransitionRefused unless it failed."""
    job = locks.job(job_id)
    advance(op, job.retry)
    return job


def keep(
    op: Operation, *, job: Job, rows: Sequence[tuple[int, int]], outcome: str, order_id: UUID | None = None, code: str = "",
    detail: str = "",
) -> None:
    """Write down what came of these rows (pairs of row and line), in the transaction of their effect."""
    del op
    JobResult.objects.bulk_create([
        JobResult(
            job=job, row=row, line=line, outcome=outcome, order_id=order_id, code=code, detail=detail[:DETAIL_CHARS_MAX]
        )
        for row, line in rows
    ])


def counted(*, job: Job) -> dict[str, int]:
    """How many rows have which outcome. One statement."""
    found = JobResult.objects.filter(job=job).order_by().values_list("outcome").annotate(count=Count("id"))
    return dict.fromkeys(("ok", "unchanged", "failed"), 0) | dict(found)


def _begin(op: Operation, job: Job) -> Job:
    begin(
        op, job, "job.asked", stream=job.story,
        facts={
            "job": job.kind, "total": job.total, "digest": job.digest, "is_dry_run": job.is_dry_run,
            "source": job.source_id,
        },
    )
    return job


def _asked_by(op: Operation) -> dict[str, Any]:
    return {"asked_at": op.now, "actor_type": op.actor.type, "actor_id": op.actor.id, "actor_name": op.actor.name}


def _require_room() -> None:
    if Job.objects.filter(status__in=Job.OPEN).count() >= OPEN_JOBS_MAX:
        raise TooManyJobs
