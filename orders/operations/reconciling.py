"""Runs of reconciliation, from the wish to the count of what was found."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from orders.models import ReconciliationRun
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from uuid import UUID

    from timeline.operations import Operation

DAYS_MAX = 400
SILENT = timedelta(minutes=10)


class BadDays(Invalid):
    """The days must be in order, not in the future, and at most four hundred."""


def ask_run(op: Operation, *, first: date, last: date, today: date) -> ReconciliationRun:
    """Ask for a comparison of these business days; the background does it. Raises BadDays."""
    if not first <= last <= today or (last - first).days >= DAYS_MAX:
        raise BadDays(errors=[("#/date", "Not later than today.")])
    run = ReconciliationRun(
        id=op.new_id(), first_day=first, last_day=last, asked_at=op.now, asked_by=f"{op.actor.type}:{op.actor.id}"
    )
    run.save(force_insert=True)
    return run


def start_run(op: Operation, *, run_id: UUID, total: int) -> bool:
    """Take a run: whether it is ours now. One that was begun and has been silent for ten minutes is begun anew."""
    free = Q(started_at=None) | Q(seen_at__lt=op.now - SILENT)
    taken = ReconciliationRun.objects.filter(free, pk=run_id, finished_at=None)
    return bool(taken.update(started_at=op.now, seen_at=op.now, total=total, done=0))


def note_progress(op: Operation, *, run_id: UUID, done: int, at_check: str) -> None:
    """How far the run is."""
    ReconciliationRun.objects.filter(pk=run_id).update(done=done, at_check=at_check, seen_at=op.now)


def finish_run(op: Operation, *, run_id: UUID, sums: Mapping[str, Any]) -> ReconciliationRun:
    """The run is done, and this is what it found."""
    ReconciliationRun.objects.filter(pk=run_id).update(finished_at=op.now, seen_at=op.now, at_check="", **sums)
    run = ReconciliationRun.objects.get(pk=run_id)
    story = f"day:{run.last_day}"
    op.open_stream(story)
    facts = {
        "day": run.last_day, "first_day": run.first_day, "found": run.found, "unexplained": run.unexplained,
        "opened": run.opened, "cleared": run.cleared, "counts": run.counts,
    }
    op.record(run, "reconciliation.done", stream=story, facts=facts)
    return run
