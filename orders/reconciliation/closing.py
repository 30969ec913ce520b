"""Close a business day: when it is over, compared, and every difference of it is explained, its report is sealed for good."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orders.models import Case
from orders.reconciliation import report, runs
from orders.reconciliation.difference import start_of
from payments.models import ClosedDay, Entry
from timeline.errors import Refused

if TYPE_CHECKING:
    from datetime import date

    from timeline.operations import Operation

AFTER_END = timedelta(hours=1)
CASES_NAMED_MAX = 20


class TooEarly(Refused):
    """A day is closed an hour after it has ended, at the earliest."""


class DaysInOrder(Refused):
    """Days are closed one after the other: close the ones before first."""


class NotReconciled(Refused):
    """Nobody has compared the books since the day ended; reconcile it first."""


class StillUnexplained(Refused):
    """The day has differences nobody has explained; resolve their cases first."""


def story_of(day: date) -> str:
    """Each business day is a story of its own."""
    return f"day:{day}"


def close_day(op: Operation, *, day: date) -> ClosedDay:
    """Close a day and seal its report; closing it again gives the same. No entry can be made on it afterwards.

    Raises TooEarly, DaysInOrder, NotReconciled, StillUnexplained (naming the cases).
    """
    op.open_stream(story_of(day))
    known = ClosedDay.objects.filter(day=day).first()
    if known is not None:
        return known

    if op.now < start_of(day + timedelta(days=1)) + AFTER_END:
        raise TooEarly
    _must_be_next(day)
    if not runs.is_reconciled(day):
        raise NotReconciled
    _must_be_explained(day)

    closed = ClosedDay(day=day, closed_at=op.now, closed_by=f"{op.actor.type}:{op.actor.id}")
    closed.report = report.of_day(day)
    if closed.report["residual"]:
        raise StillUnexplained(
            f"{closed.report['residual']} paise of this day are unexplained.", residual=closed.report["residual"]
        )
    closed.digest = report.digest_of(closed.report)
    op.record(closed, "day.closed", stream=story_of(day), facts={"day": day, "digest": closed.digest})
    closed.save(force_insert=True)
    return closed


def first_open_day() -> date | None:
    """The next day to close: after the last closed one, or the first of the books."""
    newest = ClosedDay.objects.order_by("-day").first()
    if newest is not None:
        return newest.day + timedelta(days=1)
    first = Entry.objects.order_by("day").first()
    return first.day if first else None


def _must_be_next(day: date) -> None:
    due = first_open_day()
    if due is not None and day != due:
        raise DaysInOrder(f"The next day to close is {due}.", next=due.isoformat())


def _must_be_explained(day: date) -> None:
    waiting = Case.objects.filter(status=Case.Status.OPEN, day__lte=day).order_by("day", "opened_at")
    named = [{"id": str(case.pk), "cause": case.cause, "amount": case.amount_minor} for case in waiting[:CASES_NAMED_MAX]]
    if named:
        raise StillUnexplained(f"{waiting.count()} cases of this day or before are open.", cases=named)
