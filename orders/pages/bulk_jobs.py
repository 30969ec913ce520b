"""What is done with many chosen orders at once: a job of one row an order, each with its reason when it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from orders.bulk import asking
from orders.models import Job, Order
from orders.pages.writing import words_of
from timeline import ids
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

STEPS = frozenset({Order.Status.SHIPPED.value, Order.Status.DELIVERED.value})
NUMBER_CHARS_MAX = 40


def start(request: HttpRequest, numbers: Sequence[str]) -> HttpResponseBase:
    """Ask for the job and show how far it is. A second click makes a second job, which finds nothing left to change."""
    rows = [{"order_number": number[:NUMBER_CHARS_MAX], "status": request.POST["do"]} for number in numbers]
    try:
        job_id = _ask(request, rows)
    except DomainError as error:
        messages.error(request, words_of(error))
        return redirect(reverse("console-orders"))
    return redirect(reverse("console-job", kwargs={"job_id": job_id}))


@retried
def _ask(request: HttpRequest, rows: Sequence[dict[str, str]]) -> UUID:
    job_id = ids.uuid7(timezone.now())
    with operation("job.ask", actor=staff_actor(request), stream=f"job:{job_id}") as op:
        return asking.ask_rows(op, job_id=job_id, kind_name=Job.Kind.STATUSES, rows=rows).pk
