"""Tickets and the questions of the day: what bodies must look like, and the shapes of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from orders import ticket_queries
from orders.models import Ticket
from orders.operations import tickets
from timeline.actors import CUSTOMER, GUEST
from timeline.api.query import Query, QueryList, QueryText
from timeline.api.wire import Choice, Input, Output, Page, StrictBool, StrictText

if TYPE_CHECKING:
    from orders.analytics.reports import InFlight, StateAges, TicketAges


SIDES = ("customer", "staff")


class TicketInput(Input):
    """What a ticket is about, and the first message."""

    topic = Choice(choices=Ticket.Topic.values, required=False, default=Ticket.Topic.OTHER.value)
    message = StrictText(max_length=tickets.TEXT_CHARS_MAX, multiline=True)


class TicketMessageInput(Input):
    """A message to the shop."""

    message = StrictText(max_length=tickets.TEXT_CHARS_MAX, multiline=True)


class StaffMessageInput(TicketMessageInput):
    """A message to the customer, or for staff alone."""

    is_public = StrictBool(required=False, default=True)


class AssignInput(Input):
    """Who is to answer; an empty name is nobody."""

    assignee = StrictText(max_length=80, allow_blank=True)


class TicketsQuery(Query):
    """Which tickets, the oldest first."""

    status = QueryList(child=Choice(choices=Ticket.Status.values), required=False, default=list)
    assignee = QueryText(required=False, max_length=80, default=None)


class TicketMessageShape(Output):
    """One message, by the customer or by staff."""

    id = s.UUIDField()
    message = s.CharField()
    sender = s.ChoiceField(choices=SIDES)
    sender_name = s.CharField(allow_null=True)
    is_public = s.BooleanField()
    created_at = s.DateTimeField()


class TicketShape(Output):
    """One ticket with its messages."""

    id = s.UUIDField()
    order_id = s.UUIDField()
    order_number = s.CharField()
    topic = s.ChoiceField(choices=Ticket.Topic.choices)
    status = s.ChoiceField(choices=Ticket.Status.choices)
    assignee = s.CharField(required=False, allow_null=True)
    opened_by = s.ChoiceField(choices=SIDES)
    messages: Any = TicketMessageShape(many=True)
    created_at = s.DateTimeField()
    state_since = s.DateTimeField()
    closed_at = s.DateTimeField(allow_null=True)


class TicketRowShape(TicketShape):
    """One ticket in a list: `messages` is how many there are."""

    messages = s.IntegerField()


class TicketList(Output):
    """An order's tickets, oldest first."""

    data: Any = TicketRowShape(many=True)


class TicketPage(Page):
    """Tickets of one page."""

    data: Any = TicketRowShape(many=True)


class AgeShape(Output):
    """So many orders of one age, and their worth by currency, in minor units."""

    age = s.CharField()
    orders = s.IntegerField()
    value = s.DictField(child=s.IntegerField())


class StuckStateShape(Output):
    """The open orders of one status. Ages are in seconds."""

    status = s.CharField()
    orders = s.IntegerField()
    stuck = s.IntegerField()
    stuck_value = s.DictField(child=s.IntegerField())
    stuck_after_seconds = s.IntegerField()
    median_age_seconds = s.IntegerField(allow_null=True)
    p90_age_seconds = s.IntegerField(allow_null=True, help_text="Nine of ten are no older.")
    oldest_age_seconds = s.IntegerField(allow_null=True)
    ages: Any = AgeShape(many=True)


class StuckReport(Output):
    """How many orders are stuck in each state, and for how long."""

    as_of = s.DateTimeField()
    states: Any = StuckStateShape(many=True)


class InFlightShape(Output):
    """Orders in flight of one channel and currency, in minor units."""

    channel = s.CharField()
    currency = s.CharField()
    orders = s.IntegerField()
    value = s.IntegerField()
    paid = s.IntegerField()
    by_status = s.DictField(child=s.IntegerField())


class InFlightReport(Output):
    """The money value of orders that are placed and neither delivered nor ended, by channel."""

    as_of = s.DateTimeField()
    channels: Any = InFlightShape(many=True)


class TicketReport(Output):
    """How old the open tickets are that are tied to an open order. Ages are in seconds."""

    as_of = s.DateTimeField()
    tickets = s.IntegerField()
    waiting_for_us = s.IntegerField()
    median_age_seconds = s.IntegerField(allow_null=True)
    oldest_age_seconds = s.IntegerField(allow_null=True)


BODIES: dict[str, dict[str, Any]] = {
    "TicketInput": {"topic": "delivery", "message": "Where is it?"},
    "TicketMessageInput": {"message": "It has come, thank you."},
    "StaffMessageInput": {"message": "It comes tomorrow.", "isPublic": True},
    "AssignInput": {"assignee": "asha"},
}
for _name, _body in BODIES.items():
    _example = OpenApiExample(_name, value=_body, request_only=True)
    extend_schema_serializer(examples=[_example])(globals()[_name])


def ticket_row(ticket: Ticket, *, as_staff: bool) -> dict[str, Any]:
    """A ticket in a list."""
    by_customer = ticket.opened_by_type in (CUSTOMER, GUEST)
    return {
        "id": ticket.pk, "orderId": ticket.order_id, "orderNumber": ticket.order.number, "topic": ticket.topic,
        "status": ticket.status, **({"assignee": ticket.assignee or None} if as_staff else {}),
        "openedBy": "customer" if by_customer else "staff", "messages": ticket.messages, "createdAt": ticket.opened_at,
        "stateSince": ticket.state_since, "closedAt": ticket.closed_at,
    }


def ticket_whole(ticket: Ticket, *, as_staff: bool) -> dict[str, Any]:
    """A ticket with its messages; those between staff are for staff. One statement."""
    said = ticket_queries.sayings(ticket, public_only=not as_staff)
    return {
        **ticket_row(ticket, as_staff=as_staff),
        "messages": [
            {
                "id": one.id, "message": one.text, "sender": "customer" if one.by_customer else "staff",
                "senderName": (one.who or None) if as_staff else None, "isPublic": one.is_public, "createdAt": one.at,
            }
            for one in said
        ],
    }


def stuck_row(state: StateAges) -> dict[str, Any]:
    """One status."""
    return {
        "status": state.status, "orders": state.orders, "stuck": state.stuck, "stuckValue": state.stuck_value_minor,
        "stuckAfterSeconds": state.stuck_after_s, "medianAgeSeconds": state.median_s, "p90AgeSeconds": state.p90_s,
        "oldestAgeSeconds": state.oldest_s,
        "ages": [{"age": cell.age, "orders": cell.orders, "value": cell.value_minor} for cell in state.cells],
    }


def flight_row(row: InFlight) -> dict[str, Any]:
    """One channel and currency."""
    return {
        "channel": row.channel, "currency": row.currency, "orders": row.orders, "value": row.value_minor,
        "paid": row.paid_minor, "byStatus": row.by_status,
    }


def ticket_ages_row(found: TicketAges) -> dict[str, Any]:
    """Open tickets of open orders."""
    return {
        "tickets": found.tickets, "waitingForUs": found.waiting_for_us, "medianAgeSeconds": found.median_s,
        "oldestAgeSeconds": found.oldest_s,
    }
