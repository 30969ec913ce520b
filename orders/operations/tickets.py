"""Tickets: open, write, assign, close (D8). What is written is sealed under the customer's key, in the order's story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.models import Ticket
from timeline.actors import CUSTOMER, GUEST
from timeline.errors import Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation

TEXT_CHARS_MAX = 4000
TICKETS_LIVE_MAX = 10
MESSAGES_MAX = 200


class TicketsFull(Refused):
    """This order has as many open tickets as an order may have; write on one of them, or close one."""


class TicketFull(Refused):
    """This ticket has as many messages as a ticket may have; open another."""


class TicketClosed(Refused):
    """This ticket is closed; reopen it first."""


def open_ticket(op: Operation, *, order_id: UUID, topic: str, message: str) -> Ticket:
    """Somebody asks about an order. The first message is seen by both sides. Raises Missing, TicketsFull."""
    order = locks.order(order_id)
    if Ticket.objects.filter(order=order, status__in=Ticket.LIVE).count() >= TICKETS_LIVE_MAX:
        raise TicketsFull

    ticket = Ticket(
        id=op.new_id(), order=order, topic=topic, opened_by_type=op.actor.type, opened_by_id=op.actor.id, messages=1,
        opened_at=op.now, state_since=op.now,
    )
    begin(
        op, ticket, "ticket.opened", stream=str(order_id), facts={"topic": topic}, private={"text": message},
        person=order.person.key, targets=_targets(ticket),
    )
    return ticket


def write(op: Operation, *, ticket_id: UUID, message: str, is_public: bool = True) -> Ticket:
    """Write on a ticket: to the other side, or for staff alone. The ticket then waits for the other side.

    A customer's message opens a closed ticket again. Raises Missing, TicketClosed, TicketFull.
    """
    ticket = locks.ticket(ticket_id)
    by_customer = _is_customer(op)
    if ticket.messages >= MESSAGES_MAX:
        raise TicketFull
    if ticket.status == Ticket.Status.CLOSED and not by_customer:
        raise TicketClosed

    op.record(
        ticket, "ticket.written", stream=str(ticket.order_id), facts={"is_public": is_public}, private={"text": message},
        person=ticket.order.person.key, public=is_public, targets=_targets(ticket),
    )
    Ticket.objects.filter(pk=ticket.pk).update(messages=ticket.messages + 1)
    ticket.messages += 1
    if by_customer and ticket.status != Ticket.Status.OPEN:
        verb = ticket.reopen if ticket.status == Ticket.Status.CLOSED else ticket.ask
        advance(op, verb, stream=str(ticket.order_id), at=op.now, targets=_targets(ticket))
    elif is_public and not by_customer and ticket.status == Ticket.Status.OPEN:
        advance(op, ticket.answer, stream=str(ticket.order_id), at=op.now, targets=_targets(ticket))
    return ticket


def assign(op: Operation, *, ticket_id: UUID, assignee: str) -> Ticket:
    """Somebody is to answer it; an empty name is nobody. The same name again changes nothing. Raises Missing, TicketClosed."""
    ticket = locks.ticket(ticket_id)
    if ticket.status == Ticket.Status.CLOSED:
        raise TicketClosed
    if ticket.assignee == assignee:
        return ticket

    op.record(ticket, "ticket.assigned", stream=str(ticket.order_id), facts={"assignee": assignee}, targets=_targets(ticket))
    Ticket.objects.filter(pk=ticket.pk).update(assignee=assignee)
    ticket.assignee = assignee
    return ticket


def close(op: Operation, *, ticket_id: UUID) -> Ticket:
    """There is nothing left to say; closing it again changes nothing. Raises Missing."""
    ticket = locks.ticket(ticket_id)
    if ticket.status != Ticket.Status.CLOSED:
        advance(op, ticket.close, stream=str(ticket.order_id), at=op.now, targets=_targets(ticket))
    return ticket


def reopen(op: Operation, *, ticket_id: UUID) -> Ticket:
    """Somebody has something to say after all. Raises Missing, TransitionRefused unless it is closed."""
    ticket = locks.ticket(ticket_id)
    advance(op, ticket.reopen, stream=str(ticket.order_id), at=op.now, targets=_targets(ticket))
    return ticket


def note_desk(op: Operation, *, ticket_id: UUID, reference: str) -> None:
    """The help desk knows it under this reference of its own. Raises Missing."""
    ticket = locks.ticket(ticket_id)
    if ticket.desk_ref != reference:
        op.record(ticket, "ticket.desk_told", stream=str(ticket.order_id), facts={"reference": reference}, targets=_targets(ticket))
        Ticket.objects.filter(pk=ticket.pk).update(desk_ref=reference)


def _is_customer(op: Operation) -> bool:
    return op.actor.type in (CUSTOMER, GUEST)


def _targets(ticket: Ticket) -> list[tuple[str, UUID]]:
    return [("order", ticket.order_id), ("customer", ticket.order.person_id)]
