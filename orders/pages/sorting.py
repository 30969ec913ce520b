"""Tags on the order's page, and who looks after the order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.views.decorators.http import require_POST

from orders import queries
from orders.operations import sorting
from orders.pages.console import done, order_url, show_order
from orders.pages.visitors import staff
from orders.pages.writing import status_of, words_of, write
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation


@require_POST
@staff
def tags(request: HttpRequest, number: str) -> HttpResponseBase:
    """Give the order the tag that was typed, or take off the one whose cross was pressed."""
    gone = request.POST.get("remove", "")
    if gone:
        return _do(request, number, "order.untag", lambda op, pk: sorting.untag(op, order_id=pk, tags=[gone]), f"Tag {gone} taken off.")
    new = request.POST.get("tag", "")
    return _do(request, number, "order.tag", lambda op, pk: sorting.tag(op, order_id=pk, tags=[new]), "Tagged.")


@require_POST
@staff
def assign(request: HttpRequest, number: str) -> HttpResponseBase:
    """Say who looks after the order."""
    name = request.POST.get("assignee", "")
    said = f"{name} looks after it." if name else "Nobody looks after it now."
    return _do(request, number, "order.assign", lambda op, pk: sorting.assign(op, order_id=pk, assignee=name), said)


def _do(
    request: HttpRequest, number: str, name: str, deed: Callable[[Operation, Any], Any], said: str
) -> HttpResponseBase:
    """Whatever else happened to the order meanwhile: it is sorted, not moved."""
    order_id = queries.id_of(number)
    try:
        place = write(
            request, name, str(order_id), lambda op: deed(op, order_id), actor=staff_actor(request), to=order_url(number), versioned=False
        )
    except DomainError as error:
        return show_order(request, order_id, problem=words_of(error), status=status_of(error))
    return done(request, order_id, place, said)
