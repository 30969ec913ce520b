"""Do what jobs ask for, a slice at a time: lease one, go on where it stopped, let it go.

Note [Once, whoever dies]
    A row's result is written in the transaction of its effect, and a row has one result: the database says so. A worker
    that is killed leaves every row either done with its result or untouched; the next one asks which rows have a result and
    does the others. Two workers on one job (a lease ran out while a row took long) meet at that constraint, and the later
    one lets go.

Note [A dry run is the run]
    The rows of one order are done, one after the other, in one operation that is rolled back at its end: same checks, same
    verbs, same refusals, and a later row sees what the earlier ones would have done.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, NoReturn

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from orders import naming
from orders.bulk.kinds import KINDS, Row
from orders.models import Job, JobChunk, JobResult
from orders.operations import jobs
from timeline.actors import system
from timeline.errors import Busy, DomainError, Missing
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from orders.bulk.kinds import Kind
    from timeline.actors import Actor

SLICE_S = 3.0
LEASE_S = 30
FLUSH_S = 1.0
STALLS_MAX = 8
SYSTEM = system("jobs")
FAILED = JobResult.Outcome.FAILED
log = structlog.get_logger("bahi.jobs")


class LeaseLost(RuntimeError):
    """Somebody else has this job now."""


class _Rehearsed(Exception):
    """The end of a dry run: what was done is taken back."""


# The database is away or busy, or the job is another's: nothing is said of the row, it is done later.
_NOT_THE_ROW = (OperationalError, InterfaceError, Busy, LeaseLost)


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of a deed."""

    outcome: str
    code: str = ""
    detail: str = ""


@dataclass(slots=True)
class _Hand:
    """A job in hand: its lease, and how many rows have which outcome."""

    job: Job
    token: UUID
    kind: Kind
    actor: Actor
    counts: dict[str, int] = field(default_factory=dict)
    moved: bool = False
    flushed_at: float = 0.0

    def count(self, outcome: str, rows: int) -> None:
        """So many more."""
        self.counts[outcome] += rows
        self.moved = True

    def flush(self, *, let_go: bool = False) -> None:
        """Say how far it is, and keep the lease or let it go. Raises LeaseLost."""
        until = None if let_go else timezone.now() + timedelta(seconds=LEASE_S)
        words = {"stalls": 0} if self.moved else {}
        mine = Job.objects.filter(pk=self.job.pk, lease_token=self.token, status=Job.Status.RUNNING)
        if not mine.update(lease_until=until, done=sum(self.counts.values()), **self.counts, **words):
            raise LeaseLost
        self.flushed_at = time.monotonic()


def run_due(seconds: float = SLICE_S) -> int:
    """Work on open jobs, the one that waited longest first, until the time is up; returns how many slices were run."""
    until = time.monotonic() + seconds
    slices = 0
    while time.monotonic() < until:
        hand = lease()
        if hand is None:
            break
        slices += 1
        try:
            _serve(hand, until)
        except LeaseLost:
            log.warning("job.lease_lost", job=str(hand.job.pk))
        except (OperationalError, InterfaceError, Busy) as error:
            log.warning("job.interrupted", job=str(hand.job.pk), error=type(error).__name__)
            break
    return slices


def lease() -> _Hand | None:
    """Take an open job nobody has. Its stall is counted before the work, so one that kills its worker is counted too."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    due = Job.objects.filter(free, status__in=Job.OPEN).order_by(F("served_at").asc(nulls_first=True), "asked_at")
    for job in due[:10]:
        token = uuid.uuid4()
        mine = Job.objects.filter(free, pk=job.pk, status=job.status, lease_token=job.lease_token)
        if mine.update(
            lease_token=token, lease_until=now + timedelta(seconds=LEASE_S), served_at=now, stalls=F("stalls") + 1
        ):
            job.stalls += 1
            return _Hand(job, token, KINDS[job.kind], job.actor())
    return None


def _serve(hand: _Hand, until: float) -> None:
    if hand.job.stalls > STALLS_MAX:
        _give_up(hand)
        return
    with operation("job.start", actor=SYSTEM, stream=hand.job.story) as op:
        jobs.start(op, job_id=hand.job.pk)
    hand.counts = jobs.counted(job=hand.job)
    hand.flush()
    is_over = _work(hand, until)
    hand.flush(let_go=not is_over)
    if is_over:
        with operation("job.end", actor=SYSTEM, stream=hand.job.story) as op:
            jobs.close(op, job_id=hand.job.pk, token=hand.token)


def _work(hand: _Hand, until: float) -> bool:
    """Do rows until the time is up; whether the job is over: nothing is left, or it was called off."""
    if _is_called_off(hand):
        return True
    for order_id, rows in _left(hand):
        if hand.job.is_dry_run:
            _rehearse(hand, order_id, rows)
        else:
            _do(hand, order_id, rows)
        if time.monotonic() > hand.flushed_at + FLUSH_S:
            hand.flush()
            if _is_called_off(hand):
                return True
        if time.monotonic() > until:
            return sum(hand.counts.values()) == hand.job.total
    return True


def _is_called_off(hand: _Hand) -> bool:
    return Job.objects.filter(pk=hand.job.pk, cancel_asked_at__isnull=False).exists()


@retried
def _give_up(hand: _Hand) -> None:
    with operation("job.give_up", actor=SYSTEM, stream=hand.job.story) as op:
        jobs.give_up(op, job_id=hand.job.pk, error=f"Taken up {STALLS_MAX} times, and no row got done.")


def _left(hand: _Hand) -> Iterator[tuple[UUID | None, list[Row]]]:
    """The rows that have no result yet, by deed, or by order for a dry run; a chunk in memory at a time.

    Rows get their results in their order, so those that have one are the first ones.
    """
    done = sum(hand.counts.values())
    chunks = JobChunk.objects.filter(job_id=hand.job.rows_of_id).annotate(end=F("first") + F("size")).filter(end__gt=done)
    for number in list(chunks.order_by("number").values_list("number", flat=True)):
        chunk = JobChunk.objects.select_related("key").get(job_id=hand.job.rows_of_id, number=number)
        rows = [Row(chunk.first + place, line, cells) for place, (line, cells) in enumerate(chunk.rows())]
        left = [row for row in rows if row.row >= done]
        known = naming.ids_of(row.order for row in left)
        together = ([*group] for _, group in groupby(left, key=_order_of)) if hand.job.is_dry_run else hand.kind.deeds(left)
        for deed in together:
            yield known.get(deed[0].order, (None, ""))[0], deed


def _do(hand: _Hand, order_id: UUID | None, rows: Sequence[Row]) -> None:
    """One deed, and its results with it; Note [Once, whoever dies]."""
    try:
        said = _act(hand, order_id, rows)
    except _NOT_THE_ROW:
        raise
    except Exception as error:  # noqa: BLE001 a row that breaks the code stops no other; its result says so
        said = _refusal(hand, rows, error)
        _keep(hand, order_id, rows, said)
    hand.count(said.outcome, len(rows))


@retried
def _act(hand: _Hand, order_id: UUID | None, rows: Sequence[Row]) -> _Said:
    wish = hand.kind.parse(rows)
    if order_id is None:
        raise Missing
    with operation(hand.kind.operation, actor=hand.actor, stream=str(order_id)) as op:
        said = _Said(hand.kind.act(op, order_id, wish))
        jobs.keep(op, job=hand.job, rows=_places(rows), outcome=said.outcome, order_id=order_id)
    return said


@retried
def _keep(hand: _Hand, order_id: UUID | None, rows: Sequence[Row], said: _Said) -> None:
    try:
        with operation("job.keep", actor=SYSTEM) as op:
            jobs.keep(
                op, job=hand.job, rows=_places(rows), outcome=said.outcome, order_id=order_id, code=said.code,
                detail=said.detail,
            )
    except IntegrityError as error:
        raise LeaseLost from error


def _rehearse(hand: _Hand, order_id: UUID | None, rows: Sequence[Row]) -> None:
    """The rows of one order, done and taken back; Note [A dry run is the run]."""
    for deed, said in _rehearsed(hand, order_id, rows):
        _keep(hand, order_id, deed, said)
        hand.count(said.outcome, len(deed))


@retried
def _rehearsed(hand: _Hand, order_id: UUID | None, rows: Sequence[Row]) -> list[tuple[list[Row], _Said]]:
    if order_id is None:
        return [(deed, _refusal(hand, deed, _fault(hand, deed) or Missing())) for deed in hand.kind.deeds(rows)]
    found: list[tuple[list[Row], _Said]] = []
    try:
        with operation("job.rehearse", actor=hand.actor, stream=str(order_id)) as op:
            for deed in hand.kind.deeds(rows):
                try:
                    wish = hand.kind.parse(deed)
                    with transaction.atomic():
                        said = _Said(hand.kind.act(op, order_id, wish))
                except _NOT_THE_ROW:
                    raise
                except Exception as error:  # noqa: BLE001 as in `_do`
                    said = _refusal(hand, deed, error)
                found.append((deed, said))
            _take_back()
    except _Rehearsed:
        return found


def _take_back() -> NoReturn:
    raise _Rehearsed


def _fault(hand: _Hand, rows: Sequence[Row]) -> DomainError | None:
    """What is wrong with the cells themselves."""
    try:
        hand.kind.parse(rows)
    except DomainError as error:
        return error
    return None


def _refusal(hand: _Hand, rows: Sequence[Row], error: Exception) -> _Said:
    """Why a row was not done, in words for a person. A constraint that said no may be our own: then another has the job."""
    if isinstance(error, Missing):
        return _Said(FAILED, Missing.slug, "There is no such order.")
    if isinstance(error, DomainError):
        more = "; ".join(detail for _, detail in error.errors)
        return _Said(FAILED, error.slug, f"{error.detail} {more}".strip())
    if isinstance(error, IntegrityError) and JobResult.objects.filter(job=hand.job, row=rows[0].row).exists():
        raise LeaseLost from error
    log.error("job.row_broke", job=str(hand.job.pk), row=rows[0].row, exc_info=error)
    return _Said(FAILED, "internal", "Our mistake: this row could not be done. Nothing of it was changed; the failure is recorded.")


def _order_of(row: Row) -> str:
    return row.order


def _places(rows: Sequence[Row]) -> list[tuple[int, int]]:
    return [(row.row, row.line) for row in rows]
