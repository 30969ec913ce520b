"""Reads of tickets. Each says what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orders.models import Ticket
from timeline.actors import CUSTOMER, GUEST
from timeline.errors import Missing
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

SAID = ("ticket.opened", "ticket.written")


@dataclass(frozen=True, slots=True)
class Saying:
    """One message of a ticket; `text` is empty once the person is erased."""

    id: str
    text: str
    by_customer: bool
    who: str
    is_public: bool
    at: datetime


def tickets(*, statuses: Sequence[str] = (), assignee: str | None = None) -> QuerySet[Ticket]:
    """Tickets with their orders, in no order yet."""
    found = Ticket.objects.select_related("order").defer("order__pricing_snapshot", "order__discount_snapshot")
    if statuses:
        found = found.filter(status__in=list(statuses))
    return found if assignee is None else found.filter(assignee=assignee)


def of_order(order_id: UUID) -> list[Ticket]:
    """An order's tickets, oldest first. One statement."""
    return list(tickets().filter(order_id=order_id).order_by("opened_at", "id"))


def one(pk: UUID, *, order_id: UUID | None = None) -> Ticket:
    """The ticket of this id, of this order if one is given. Raises Missing. One statement."""
    found = tickets().filter(pk=pk, **({} if order_id is None else {"order_id": order_id})).first()
    if found is None:
        raise Missing
    return found


def sayings(ticket: Ticket, *, public_only: bool) -> list[Saying]:
    """What was written on a ticket, oldest first, read out of the order's story. One statement."""
    events = Event.objects.filter(
        subject_type=Ticket._meta.label_lower, subject_id=ticket.pk.hex, kind__in=SAID
    ).select_related("person_key")
    if public_only:
        events = events.filter(public=True)
    return [
        Saying(
            event.public_id, str((event.private() or {}).get("text", "")), event.actor_type in (CUSTOMER, GUEST),
            "" if event.actor_type in (CUSTOMER, GUEST) else event.actor_name or event.actor_id, event.public, event.occurred_at,
        )
        for event in events.order_by("id")
    ]
