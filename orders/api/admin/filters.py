"""From the query string of the staff list to a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q

from orders import finding
from orders.grammar import NotUnderstood
from orders.searching import OrderSearch
from timeline.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

    from orders.grammar import Term


def search_of(wish: Mapping[str, Any]) -> OrderSearch:
    """The search of `OrdersQuery`'s values. A customer is an id, or words each of which must be theirs. Raises BadRequest."""
    customer, terms = wish["customer"], _terms(wish["q"])
    extra = finding.matching(terms)
    persons = list(wish["customer_id"])
    if finding.is_id(customer):
        persons = [pk for pk in persons if pk == UUID(customer)] or ([] if persons else [UUID(customer)])
        persons = persons or [UUID(int=0)]
    elif customer:
        extra &= finding.of_persons(finding.words_of(customer))
    if wish["order_number"]:
        extra &= finding.number_like(wish["order_number"])
    return OrderSearch(
        statuses=wish["status"] or finding.statuses_of(terms),
        payment_states=wish["payment_status"],
        fulfilment_states=wish["shipping_status"],
        channels=wish["channel"],
        person_ids=persons,
        created_from=wish["created_from"],
        created_to=wish["created_to"],
        delivered_from=wish["delivered_from"],
        delivered_to=wish["delivered_to"],
        min_total_minor=wish["min_total"],
        max_total_minor=wish["max_total"],
        extra=extra,
        risk_verdicts=wish["risk"],
        min_risk=wish["min_risk"],
    )


def reader_of(request: Request) -> str | None:
    """The user name of who asks; None for a program."""
    return request.user.get_username() if request.auth is None else None


def spoken(request: Request, q: str) -> str:
    """The search with `assignee:me` said by name, so that it means the same for everybody. Raises BadRequest."""
    try:
        return finding.spoken_by(q, reader_of(request))
    except NotUnderstood as error:
        raise BadRequest("The search is not understood.", errors=[("?q", str(error))]) from error


def matching(q: str) -> Q:
    """What the search language says, as a condition. Raises BadRequest with the place and what was perhaps meant."""
    return finding.matching(_terms(q))


def _terms(q: str) -> tuple[Term, ...]:
    try:
        return finding.parse(q)
    except NotUnderstood as error:
        raise BadRequest("The search is not understood.", errors=[("?q", str(error))]) from error
