"""Take back what a job did to tags and assignments, as a job of its own: read from the events of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orders.bulk.acting import ACTIONS
from orders.models import Job, JobResult, Order
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ORDERS_AT_ONCE: Final = 500
UNDONE: Final = tuple(ACTIONS[name].word for name in ("tag", "untag", "assign", "unassign"))
_KINDS: Final = ("order.tagged", "order.untagged", "order.assigned", "order.unassigned")


def is_undoable(job: Job) -> bool:
    """Whether it has ended, was no trial, and changed tags or who looks after orders."""
    return job.kind == Job.Kind.ACTIONS and not job.is_dry_run and not job.is_open and job.ok > 0 and job.name in UNDONE


def rows_of(job: Job) -> list[dict[str, str]]:
    """The rows of the job that takes it back; an order that somebody else was given since is left out. Three statements for each 500."""
    done = JobResult.objects.filter(job=job, outcome=JobResult.Outcome.OK, order__isnull=False).order_by("row")
    ids = list(done.values_list("order_id", flat=True))
    rows: list[dict[str, str]] = []
    for first in range(0, len(ids), ORDERS_AT_ONCE):
        some = {str(pk): pk for pk in ids[first : first + ORDERS_AT_ONCE]}
        orders = Order.objects.filter(pk__in=some.values()).values_list("pk", "number", "assignment__assignee")
        known = {str(pk): (number, assignee or "") for pk, number, assignee in orders}
        events = Event.objects.filter(stream__in=some, channel="job", request_id=job.pk.hex, kind__in=_KINDS)
        for stream, kind, facts in events.order_by("id").values_list("stream", "kind", "facts"):
            number, assignee = known[stream]
            back = _back(kind, facts, assignee)
            if back:
                rows.append({"order_number": number, **back})
    return rows


def _back(kind: str, facts: Mapping[str, Any], assignee: str) -> dict[str, str]:
    if kind == "order.tagged":
        return {"action": "untag", "tag": facts["tag"]}
    if kind == "order.untagged":
        return {"action": "tag", "tag": facts["tag"]}
    if (facts.get("assignee") or "") != assignee:
        return {}
    before = facts.get("before")
    return {"action": "assign", "assignee": before} if before else {"action": "unassign"}
