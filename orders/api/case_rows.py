"""Cases, runs and days as the API shows them, and what may be asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from orders.api.shapes import Money
from orders.models import Case
from orders.operations.cases import NOTE_CHARS_MAX, RESOLUTIONS
from orders.reconciliation.actions import verb_of
from orders.reconciliation.causes import CAUSES, KINDS, OWNERS
from timeline.api.query import Query, QueryList
from timeline.api.wire import Choice, Input, Output, Page, StrictDate, StrictDateTime, StrictText

if TYPE_CHECKING:
    from orders.models import ReconciliationRun


class CasesQuery(Query):
    """Which cases; without a status the open ones."""

    status = QueryList(child=Choice(choices=Case.Status.values), required=False, default=lambda: [Case.Status.OPEN.value])
    kind = QueryList(child=Choice(choices=KINDS), required=False, default=list)
    cause = QueryList(child=Choice(choices=list(CAUSES)), required=False, default=list)
    owner = QueryList(child=Choice(choices=OWNERS), required=False, default=list)


@extend_schema_serializer(examples=[OpenApiExample("A day", value={"date": "2026-11-20"}, request_only=True)])
class RunInput(Input):
    """The business day to compare; all that is open is looked at besides."""

    date = StrictDate()


@extend_schema_serializer(
    examples=[OpenApiExample("Expected", value={"resolution": "expected", "note": "Agreed with the gateway"}, request_only=True)]
)
class ResolveInput(Input):
    """Why the case is explained."""

    resolution = Choice(choices=RESOLUTIONS)
    note = StrictText(max_length=NOTE_CHARS_MAX, multiline=True, required=False, allow_blank=True, default="")


@extend_schema_serializer(examples=[OpenApiExample("Monday", value={"until": "2026-11-23T09:00:00+05:30"}, request_only=True)])
class SnoozeInput(Input):
    """Until when, thirty days at most."""

    until = StrictDateTime()


class CaseShape(Output):
    """One difference: ours and theirs are ids, amounts and codes by name."""

    id = s.UUIDField()
    status = s.ChoiceField(choices=Case.Status.choices)
    kind = s.ChoiceField(choices=KINDS)
    cause = s.ChoiceField(choices=list(CAUSES))
    sentence = s.CharField()
    fix = s.CharField()
    action = s.CharField(allow_null=True)
    owner = s.ChoiceField(choices=OWNERS)
    severity = s.CharField()
    amount = Money()
    currency = s.CharField()
    day = s.DateField()
    order_id = s.UUIDField(allow_null=True)
    order_number = s.CharField(allow_null=True)
    ours = s.DictField()
    theirs = s.DictField()
    opened_at = s.DateTimeField()
    snoozed_until = s.DateTimeField(allow_null=True)
    resolution = s.CharField(allow_null=True)
    note = s.CharField(allow_null=True)
    resolved_at = s.DateTimeField(allow_null=True)
    resolved_by = s.CharField(allow_null=True)


class CasePage(Page):
    """Cases of one page."""

    data: Any = CaseShape(many=True)


class RunShape(Output):
    """One comparison: due, under way (`done` of `total` checks), or finished with what it found by cause."""

    id = s.UUIDField()
    first_day = s.DateField()
    last_day = s.DateField()
    state = s.ChoiceField(choices=["due", "running", "finished"])
    done = s.IntegerField()
    total = s.IntegerField()
    check = s.CharField(allow_null=True)
    found = s.IntegerField()
    opened = s.IntegerField()
    cleared = s.IntegerField()
    unexplained = s.IntegerField()
    counts = s.DictField(child=s.IntegerField())
    amounts = s.DictField(child=s.IntegerField())
    asked_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)


class ClosedDayShape(Output):
    """A closed day: SHA-256 over the RFC 8785 form of its report."""

    day = s.DateField()
    digest = s.CharField()
    closed_at = s.DateTimeField()
    closed_by = s.CharField()


class DayShape(Output):
    """A business day in five books; the report is the sealed one once the day is closed."""

    report = s.DictField()
    closed: Any = ClosedDayShape(allow_null=True)


def case_row(case: Case) -> dict[str, Any]:
    """One case."""
    cause, verb = CAUSES[case.cause], verb_of(case)
    return {
        "id": case.pk,
        "status": str(case.status),
        "kind": case.kind,
        "cause": case.cause,
        "sentence": cause.sentence,
        "fix": cause.fix,
        "action": cause.action if verb else None,
        "owner": case.owner,
        "severity": case.severity,
        "amount": case.amount_minor,
        "currency": case.currency,
        "day": case.day,
        "orderId": case.order_id,
        "orderNumber": case.order.number if case.order else None,
        "ours": case.ours,
        "theirs": case.theirs,
        "openedAt": case.opened_at,
        "snoozedUntil": case.snoozed_until,
        "resolution": case.resolution or None,
        "note": case.words() or None,
        "resolvedAt": case.resolved_at,
        "resolvedBy": case.resolved_by or None,
    }


def run_row(run: ReconciliationRun) -> dict[str, Any]:
    """One run."""
    return {
        "id": run.pk,
        "firstDay": run.first_day,
        "lastDay": run.last_day,
        "state": "finished" if run.finished_at else "running" if run.started_at else "due",
        "done": run.done,
        "total": run.total,
        "check": run.at_check or None,
        "found": run.found,
        "opened": run.opened,
        "cleared": run.cleared,
        "unexplained": run.unexplained,
        "counts": run.counts,
        "amounts": run.amounts,
        "askedAt": run.asked_at,
        "startedAt": run.started_at,
        "finishedAt": run.finished_at,
    }
