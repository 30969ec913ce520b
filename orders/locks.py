"""Rows of orders, fetched under their lock.

The story's stream row is locked first, by `operation`; that alone decides who writes. The row is fetched afterwards, so
it is never older than the lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.models import (
    Case,
    Checkout,
    DataRequest,
    DocumentSeries,
    Fulfilment,
    Job,
    Line,
    Order,
    Person,
    Return,
    SavedView,
    Ticket,
)
from timeline.errors import Missing
from timeline.vault import PersonErased

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.actors import Actor


def order(order_id: UUID) -> Order:
    """The order, without the snapshots that no verb decides on. Raises Missing."""
    try:
        return Order.objects.select_for_update(no_key=True).defer("pricing_snapshot", "discount_snapshot").get(pk=order_id)
    except Order.DoesNotExist:
        raise Missing from None


def lines(order_id: UUID) -> list[Line]:
    """The order's lines in their order."""
    return list(
        Line.objects.select_for_update(no_key=True, of=("self",)).filter(order_id=order_id).order_by("place")
    )


def checkout(checkout_id: UUID) -> Checkout:
    """The checkout with its person and key. Raises Missing, PersonErased.

    Note [Erased meanwhile]
        An erasure locks the person's row, looks what of theirs is open, and destroys the key. Whoever writes on a checkout
        has the same lock: what they wrote is seen by the erasure, or they wait for it and find the person erased.
    """
    found = (
        Checkout.objects.select_for_update(no_key=True, of=("self", "person"))
        .select_related("person__key")
        .filter(pk=checkout_id)
        .first()
    )
    if found is None:
        raise Missing
    if found.person.erased_at is not None and found.status in Checkout.GOING_ON:
        raise PersonErased
    return found


def person(person_id: UUID) -> Person:
    """The person with their key; Note [Erased meanwhile]. Raises Missing."""
    found = Person.objects.select_for_update(no_key=True, of=("self",)).select_related("key").filter(pk=person_id).first()
    if found is None:
        raise Missing
    return found


def data_request(request_id: UUID) -> DataRequest:
    """The request. Raises Missing."""
    found = DataRequest.objects.select_for_update(no_key=True).filter(pk=request_id).first()
    if found is None:
        raise Missing
    return found


def fulfilments(order_id: UUID) -> list[Fulfilment]:
    """The order's fulfilments with their shipment, where they have one, and lines, oldest first."""
    return list(
        Fulfilment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("shipment")
        .prefetch_related("lines")
        .filter(order_id=order_id)
        .order_by("created_at", "id")
    )


def series(name: str) -> DocumentSeries:
    """The series of a kind of document in a financial year, begun when it is new. The last lock of all (Z6)."""
    rows = DocumentSeries.objects.select_for_update(no_key=True).filter(pk=name)
    found = rows.first()
    if found is None:
        DocumentSeries.objects.bulk_create([DocumentSeries(series=name, last=0)], ignore_conflicts=True)
        found = rows.get()
    return found


def case(case_id: UUID) -> Case:
    """The case of a difference. Raises Missing."""
    found = Case.objects.select_for_update(no_key=True, of=("self",)).filter(pk=case_id).first()
    if found is None:
        raise Missing
    return found


def job(job_id: UUID) -> Job:
    """The job. Raises Missing."""
    found = Job.objects.select_for_update(no_key=True, of=("self",)).filter(pk=job_id).first()
    if found is None:
        raise Missing
    return found


def saved_view(view_id: UUID, *, seen_by: Actor | None = None) -> SavedView:
    """The view; with `seen_by` only one that this actor may see. Raises Missing."""
    found = SavedView.objects.select_for_update(no_key=True).filter(pk=view_id).first()
    if found is None or (seen_by is not None and not found.is_shared and (found.owner_type, found.owner_id) != (seen_by.type, seen_by.id)):
        raise Missing
    return found


def ret(return_id: UUID) -> Return:
    """The return with its order and customer. Raises Missing."""
    found = (
        Return.objects.select_for_update(no_key=True, of=("self",))
        .select_related("order__person__key", "exchange_order").defer(
            "order__pricing_snapshot", "order__discount_snapshot", "exchange_order__pricing_snapshot",
            "exchange_order__discount_snapshot",
        )
        .filter(pk=return_id)
        .first()
    )
    if found is None:
        raise Missing
    return found


def ticket(ticket_id: UUID) -> Ticket:
    """The ticket with its order and customer. Raises Missing."""
    found = (
        Ticket.objects.select_for_update(no_key=True, of=("self",)).select_related("order__person__key")
        .defer("order__pricing_snapshot", "order__discount_snapshot").filter(pk=ticket_id).first()
    )
    if found is None:
        raise Missing
    return found
