"""Reads of cases and days, for the API and the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Case as Switch
from django.db.models import Count, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from orders.models import Case, ReconciliationRun
from orders.reconciliation import report
from orders.reconciliation.causes import SEVERITIES
from payments.models import ClosedDay, Entry
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

DAYS_SHOWN_MAX = 60


@dataclass(frozen=True, slots=True)
class DayRow:
    """One business day in the list: its cases, and its seal once it is closed."""

    day: date
    cases: int
    open: int
    open_minor: Mapping[str, int]
    closed: ClosedDay | None
    last_run: ReconciliationRun | None


def cases(
    *, status: Sequence[str] = (), kind: Sequence[str] = (), cause: Sequence[str] = (), owner: Sequence[str] = (),
    day: date | None = None, awake_at: datetime | None = None,
) -> QuerySet[Case]:
    """Cases with these words, with their order; `awake_at` leaves out what is put off beyond then."""
    wanted = {"status": status, "kind": kind, "cause": cause, "owner": owner}
    found = Case.objects.filter(**{f"{name}__in": values for name, values in wanted.items() if values})
    if day is not None:
        found = found.filter(day=day)
    if awake_at is not None:
        found = found.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=awake_at))
    return found.select_related("order")


def by_urgency(found: QuerySet[Case]) -> QuerySet[Case]:
    """The severe first, then the old."""
    rank = Switch(*[When(severity=word, then=Value(place)) for place, word in enumerate(SEVERITIES)], default=Value(9))
    return found.annotate(rank=rank).order_by("rank", "opened_at", "id")


def case(text: str | UUID) -> Case:
    """One case. Raises Missing."""
    try:
        found = Case.objects.select_related("order").filter(pk=UUID(str(text))).first()
    except ValueError:
        found = None
    if found is None:
        raise Missing
    return found


def run(text: str | UUID) -> ReconciliationRun:
    """One run. Raises Missing."""
    try:
        found = ReconciliationRun.objects.filter(pk=UUID(str(text))).first()
    except ValueError:
        found = None
    if found is None:
        raise Missing
    return found


def day_report(day: date) -> dict[str, Any]:
    """The day's report, the sealed one once it is closed."""
    closed = ClosedDay.objects.filter(day=day).first()
    return dict(closed.report) if closed else report.of_day(day)


def open_count() -> int:
    """How many cases wait for somebody."""
    return Case.objects.filter(status=Case.Status.OPEN).count()


def days(today: date) -> list[DayRow]:
    """The last two months of business days since the books began, newest first; four statements."""
    first = Entry.objects.order_by("day").values_list("day", flat=True).first()
    oldest = max(first or today, today - timedelta(days=DAYS_SHOWN_MAX - 1))
    shown = [today - timedelta(days=back) for back in range((today - oldest).days + 1)]
    counted: dict[date, dict[str, Any]] = {}
    for row in Case.objects.filter(day__gte=oldest).values("day", "currency").annotate(
        cases=Count("pk"), open=Count("pk", filter=Q(status=Case.Status.OPEN)),
        open_minor=Coalesce(Sum("amount_minor", filter=Q(status=Case.Status.OPEN)), 0),
    ).order_by():
        of_day = counted.setdefault(row["day"], {"cases": 0, "open": 0, "open_minor": {}})
        of_day["cases"], of_day["open"] = of_day["cases"] + row["cases"], of_day["open"] + row["open"]
        if row["open_minor"]:
            of_day["open_minor"][row["currency"]] = int(row["open_minor"])
    closed = {row.day: row for row in ClosedDay.objects.filter(day__gte=oldest)}
    last = _last_runs(shown)
    nothing = {"cases": 0, "open": 0, "open_minor": {}}
    return [
        DayRow(day=day, closed=closed.get(day), last_run=last.get(day), **{name: counted.get(day, nothing)[name] for name in nothing})
        for day in shown
    ]


def _last_runs(shown: Sequence[date]) -> dict[date, ReconciliationRun]:
    runs = ReconciliationRun.objects.filter(last_day__gte=shown[-1], first_day__lte=shown[0], finished_at__isnull=False)
    found: dict[date, ReconciliationRun] = {}
    for done in runs.order_by("-started_at")[:500]:
        for day in shown:
            if done.first_day <= day <= done.last_day:
                found.setdefault(day, done)
        if len(found) == len(shown):
            break
    return found
