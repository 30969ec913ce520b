"""A run: every check over its window, each difference a case, what is gone cleared. It may be repeated at any moment."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import structlog
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.timezone import localdate

from orders.models import Case, ReconciliationRun
from orders.operations import cases, reconciling
from orders.operations.cases import Found
from orders.reconciliation import (
    bank,
    books,
    cash,
    disputes,
    money,
    notices,
    parcels,
    picking,
    returns,
    settlements,
    states,
    stock,
    stuck,
)
from orders.reconciliation.causes import CAUSES
from orders.reconciliation.difference import Check, Difference, Window, order_id_of, start_of
from timeline.actors import system
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from timeline.actors import Actor

BATCH = 100
LOOK_BACK_DAYS = 8
RUNS_AT_ONCE_MAX = 5
AFTER_MIDNIGHT = timedelta(hours=1)
SYSTEM = system("reconciliation")

CHECKS: dict[str, Check] = {
    "money": money.check,
    "notices": notices.check,
    "books": books.check,
    "settlements": settlements.check,
    "bank": bank.check,
    "cash": cash.check,
    "disputes": disputes.check,
    "stock": stock.check,
    "parcels": parcels.check,
    "picking": picking.check,
    "returns": returns.check,
    "states": states.check,
    "stuck": stuck.check,
}

log = structlog.get_logger("bahi.reconciliation")


def hourly(now: datetime | None = None) -> ReconciliationRun:
    """Today and the eight days before (F30, F49)."""
    now = now or timezone.now()
    today = localdate(now)
    return perform(ask(first=today - timedelta(days=LOOK_BACK_DAYS), last=today).pk, now=now)


def nightly(now: datetime | None = None) -> ReconciliationRun | None:
    """Yesterday and all that is open, once, an hour after it ended; None when that is done or it is too early."""
    now = now or timezone.now()
    day = localdate(now) - timedelta(days=1)
    over = start_of(day + timedelta(days=1))
    if now < over + AFTER_MIDNIGHT or is_reconciled(day):
        return None
    return perform(ask_day(day).pk, now=now)


def ask_day(day: date, *, actor: Actor = SYSTEM) -> ReconciliationRun:
    """Ask for one day and all that is open."""
    first, last = window_of(day)
    return ask(first=first, last=last, actor=actor)


def window_of(day: date) -> tuple[date, date]:
    """One day, reaching back to the oldest facts somebody still has to explain."""
    oldest = Case.objects.filter(status=Case.Status.OPEN).aggregate(day=Min("fact_day"))["day"]
    return max(min(day, oldest or day), day - timedelta(days=reconciling.DAYS_MAX - 1)), day


@retried
def ask(*, first: date, last: date, actor: Actor = SYSTEM) -> ReconciliationRun:
    """Ask for a run over these days. Raises BadDays."""
    with operation("reconciliation.ask", actor=actor) as op:
        return reconciling.ask_run(op, first=first, last=last, today=localdate(op.now))


def perform_due() -> int:
    """Do what was asked for by hand or left half done; returns how many runs."""
    now = timezone.now()
    free = Q(started_at=None) | Q(seen_at__lt=now - reconciling.SILENT)
    due = ReconciliationRun.objects.filter(free, finished_at=None).order_by("asked_at")
    ids = list(due.values_list("pk", flat=True)[:RUNS_AT_ONCE_MAX])
    for run_id in ids:
        perform(run_id)
    return len(ids)


def is_reconciled(day: date) -> bool:
    """Whether a run begun after the day's end has compared it."""
    over = start_of(day + timedelta(days=1))
    done = ReconciliationRun.objects.filter(first_day__lte=day, last_day__gte=day, started_at__gte=over)
    return done.filter(finished_at__isnull=False).exists()


def perform(run_id: UUID, *, now: datetime | None = None) -> ReconciliationRun:
    """Compare all books over the run's days. Interrupted anywhere and done again it ends the same."""
    run = ReconciliationRun.objects.get(pk=run_id)
    since = _start(run_id)
    if since is None:
        return run
    window = Window(first=run.first_day, last=run.last_day, now=now or timezone.now())
    tally = _Tally()
    for done, (name, check) in enumerate(CHECKS.items()):
        _progress(run_id, done, name)
        for batch in _batches(check(window)):
            tally.add(batch, opened=len(_write(batch)))
    tally.cleared = _clear_gone(since, window)
    log.info("reconciliation.done", found=tally.found, opened=tally.opened, cleared=tally.cleared)
    return _finish(run_id, tally)


def raise_now(found: Sequence[Difference]) -> None:
    """Make cases of differences that somebody met just now, without waiting for a run."""
    _write([_found(row) for row in found])


class _Tally:
    """What a run counts while it goes."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.amounts: Counter[str] = Counter()
        self.found = self.opened = self.cleared = 0

    def add(self, batch: Iterable[Found], *, opened: int) -> None:
        for row in batch:
            self.found += 1
            self.counts[row.cause] += 1
            self.amounts[row.cause] += row.amount_minor
        self.opened += opened

    def sums(self) -> dict[str, Any]:
        return {
            "done": len(CHECKS), "found": self.found, "opened": self.opened, "cleared": self.cleared,
            "unexplained": Case.objects.filter(status=Case.Status.OPEN).count(),
            "counts": dict(sorted(self.counts.items())), "amounts": dict(sorted(self.amounts.items())),
        }


def _batches(differences: Iterator[Difference]) -> Iterator[list[Found]]:
    while batch := list(islice(differences, BATCH)):
        yield list({row.root: row for row in map(_found, batch)}.values())


def _found(row: Difference) -> Found:
    cause = CAUSES[row.cause]
    return Found(
        root=row.name, kind=cause.kind, cause=cause.code, owner=cause.owner, severity=cause.severity,
        amount_minor=row.amount_minor, currency=row.currency, fact_day=row.day, stream=row.stream,
        order_id=order_id_of(row.stream), ours=row.ours, theirs=row.theirs,
        is_explained=cause.explains_itself if row.is_explained is None else row.is_explained,
    )


def _clear_gone(since: datetime, window: Window) -> int:
    """Cases that this run would have met again, had their differences still been there."""
    standing = [cause.code for cause in CAUSES.values() if cause.standing]
    looked_at = Q(cause__in=standing) | Q(fact_day__range=(window.first, window.last))
    gone = Case.objects.filter(looked_at, is_present=True, seen_at__lt=since).order_by("pk")
    cleared = 0
    ids = list(gone.values_list("pk", flat=True))
    for at in range(0, len(ids), BATCH):
        cleared += _clear(since, ids[at : at + BATCH])
    return cleared


@retried
def _start(run_id: UUID) -> datetime | None:
    with operation("reconciliation.start", actor=SYSTEM) as op:
        return op.now if reconciling.start_run(op, run_id=run_id, total=len(CHECKS)) else None


@retried
def _progress(run_id: UUID, done: int, name: str) -> None:
    with operation("reconciliation.progress", actor=SYSTEM) as op:
        reconciling.note_progress(op, run_id=run_id, done=done, at_check=name)


@retried
def _write(batch: list[Found]) -> list[str]:
    with operation("reconciliation.write", actor=SYSTEM, stream=cases.STREAM) as op:
        return cases.write(op, found=batch)


@retried
def _clear(since: datetime, ids: list[UUID]) -> int:
    with operation("reconciliation.clear", actor=SYSTEM, stream=cases.STREAM) as op:
        return cases.clear(op, case_ids=ids, unseen_since=since)


@retried
def _finish(run_id: UUID, tally: _Tally) -> ReconciliationRun:
    with operation("reconciliation.finish", actor=SYSTEM) as op:
        return reconciling.finish_run(op, run_id=run_id, sums=tally.sums())
