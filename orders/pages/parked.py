"""Background work that failed too often and waits for a person: what it is, why, and what may be decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import queries
from orders.pages import order_rows
from orders.pages.visitors import staff
from orders.pages.writing import status_of, words_of, write
from timeline import queries as stories
from timeline import relay
from timeline.api.authentication import staff_actor
from timeline.endpoints import operations as endpoints
from timeline.errors import DomainError
from timeline.models import Dispatch
from timeline.vocabulary import sentence

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from timeline.models import Delivery
    from timeline.operations import Operation

PARKED_ROWS_MAX, REASON_CHARS_MAX = 100, 500


@dataclass(frozen=True, slots=True)
class Parked:
    """One delivery that waits; `number` is empty where its story is no order's."""

    delivery: Delivery
    number: str
    said: str


@require_safe
@staff
def parked(request: HttpRequest) -> HttpResponseBase:
    """`/console/parked/`: oldest first."""
    return _show(request)


@require_POST
@staff
def retry(request: HttpRequest, delivery_id: int) -> HttpResponseBase:
    """Try it again, from the first attempt."""
    return _decide(
        request, "parked.retry", lambda op: relay.retry(op, delivery_id=delivery_id), said="It is tried again now."
    )


@require_POST
@staff
def drop(request: HttpRequest, delivery_id: int) -> HttpResponseBase:
    """Leave it undone; what waits behind it goes on."""
    return _decide(
        request, "parked.drop", lambda op: relay.give_up(op, delivery_id=delivery_id, reason=_reason(request)),
        said="Dropped. What waited behind it goes on.",
    )


@require_POST
@staff
def retry_message(request: HttpRequest, dispatch_id: UUID) -> HttpResponseBase:
    """Send a message again that an endpoint did not take on the last try."""
    return _decide(
        request, "endpoint.again", lambda op: endpoints.again(op, dispatch_id=dispatch_id), said="It goes out again now."
    )


@require_POST
@staff
def drop_message(request: HttpRequest, dispatch_id: UUID) -> HttpResponseBase:
    """Leave a message unsent."""
    return _decide(
        request, "endpoint.drop", lambda op: endpoints.drop(op, dispatch_id=dispatch_id, reason=_reason(request)),
        said="Dropped. It is not sent any more.",
    )


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:REASON_CHARS_MAX]


def _decide(
    request: HttpRequest, name: str, deed: Callable[[Operation], Any], *, said: str
) -> HttpResponseBase:
    try:
        place = write(request, name, None, deed, actor=staff_actor(request), to=reverse("console-parked"), versioned=False)
    except DomainError as error:
        return _show(request, problem=words_of(error), status=status_of(error))
    messages.success(request, said)
    return redirect(place)


def _show(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    waiting = stories.parked()
    given_up = Dispatch.objects.filter(state=Dispatch.State.FAILED)
    found = list(waiting[:PARKED_ROWS_MAX])
    numbers = queries.numbers_of(delivery.stream for delivery in found)
    context = {
        "rows": [
            Parked(delivery, numbers.get(delivery.stream, ""), sentence(delivery.event.kind, delivery.event.facts))
            for delivery in found
        ],
        "total": waiting.count() + given_up.count(),
        "given_up": list(given_up.select_related("endpoint", "event").prefetch_related("tries").order_by("due_at")[:PARKED_ROWS_MAX]),
        "problem": problem, "now": timezone.now(), "open_count": order_rows.open_count(),
    }
    return render(request, "console/parked.html", context, status=status)
