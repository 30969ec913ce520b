"""Tickets, as staff and help desks read and answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema

from orders import queries, ticket_queries
from orders.api import ticket_shapes as shapes
from orders.api.inputs import Nothing
from orders.api.views import OrderWrite, StaffView, shown
from orders.operations import tickets
from timeline.api.paging import paged

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse
    from rest_framework.request import Request

    from orders.models import Ticket
    from timeline.operations import Operation


class OrderTicketsView(OrderWrite, StaffView):
    """`/admin/orders/{id}/tickets`."""

    takes_if_match = True

    @extend_schema(operation_id="admin_order_tickets", responses={200: shapes.TicketList})
    def get(self, request: Request, order_id: str) -> HttpResponse:  # noqa: ARG002
        """List the order's tickets, oldest first."""
        rows = ticket_queries.of_order(self.order_id(order_id))
        return shown({"data": [shapes.ticket_row(row, as_staff=True) for row in rows]})

    @extend_schema(operation_id="admin_ticket_open", request=shapes.TicketInput, responses={201: shapes.TicketShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Open a ticket for the customer, who reads the message."""
        wish = shapes.TicketInput.parse(request.data)
        pk = self.order_id(order_id)
        return self.write(
            "ticket.open", pk, lambda op: tickets.open_ticket(op, order_id=pk, **wish), status=201,
            row=lambda _, ticket: shapes.ticket_whole(ticket, as_staff=True),
        )


class TicketsView(StaffView):
    """`/admin/tickets`."""

    @extend_schema(operation_id="admin_tickets_list", parameters=[shapes.TicketsQuery], responses={200: shapes.TicketPage})
    def get(self, request: Request) -> HttpResponse:
        """List tickets, the oldest first."""
        wish = shapes.TicketsQuery.parse(request.query_params)
        rows = ticket_queries.tickets(statuses=wish["status"], assignee=wish["assignee"])
        page = paged(rows, order=("opened_at", "id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([shapes.ticket_row(row, as_staff=True) for row in page.rows]))


class _OneTicket(OrderWrite, StaffView):
    def deed(self, name: str, ticket_id: str, act: Callable[[Operation, Ticket], Ticket], status: int = 200) -> HttpResponse:
        """Do one thing with one ticket, and show it."""
        found = ticket_queries.one(queries.uuid_of(ticket_id))
        return self.write(
            name, found.order_id, lambda op: act(op, found), status=status,
            row=lambda _, ticket: shapes.ticket_whole(ticket, as_staff=True),
        )


class TicketView(StaffView):
    """`/admin/tickets/{id}`."""

    @extend_schema(operation_id="admin_ticket_read", responses={200: shapes.TicketShape})
    def get(self, request: Request, ticket_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one ticket with its messages, also those between staff."""
        return shown(shapes.ticket_whole(ticket_queries.one(queries.uuid_of(ticket_id)), as_staff=True))


class MessagesView(_OneTicket):
    """`/admin/tickets/{id}/messages`."""

    required_scopes: ClassVar = {"POST": "orders:write"}

    @extend_schema(operation_id="admin_ticket_write", request=shapes.StaffMessageInput, responses={201: shapes.TicketShape})
    def post(self, request: Request, ticket_id: str) -> HttpResponse:
        """Answer the customer, or write for staff alone."""
        wish = shapes.StaffMessageInput.parse(request.data)
        return self.deed("ticket.write", ticket_id, lambda op, found: tickets.write(op, ticket_id=found.pk, **wish), 201)


class AssignView(_OneTicket):
    """`/admin/tickets/{id}/assign`."""

    required_scopes: ClassVar = {"POST": "orders:write"}

    @extend_schema(operation_id="admin_ticket_assign", request=shapes.AssignInput, responses={200: shapes.TicketShape})
    def post(self, request: Request, ticket_id: str) -> HttpResponse:
        """Say who is to answer it."""
        wish = shapes.AssignInput.parse(request.data)
        return self.deed("ticket.assign", ticket_id, lambda op, found: tickets.assign(op, ticket_id=found.pk, **wish))


class CloseView(_OneTicket):
    """`/admin/tickets/{id}/close`."""

    required_scopes: ClassVar = {"POST": "orders:write"}

    @extend_schema(operation_id="admin_ticket_close", request=Nothing, responses={200: shapes.TicketShape})
    def post(self, request: Request, ticket_id: str) -> HttpResponse:
        """There is nothing left to say."""
        Nothing.parse(request.data)
        return self.deed("ticket.close", ticket_id, lambda op, found: tickets.close(op, ticket_id=found.pk))


class ReopenView(_OneTicket):
    """`/admin/tickets/{id}/reopen`."""

    required_scopes: ClassVar = {"POST": "orders:write"}

    @extend_schema(operation_id="admin_ticket_reopen", request=Nothing, responses={200: shapes.TicketShape})
    def post(self, request: Request, ticket_id: str) -> HttpResponse:
        """There is something to say after all."""
        Nothing.parse(request.data)
        return self.deed("ticket.reopen", ticket_id, lambda op, found: tickets.reopen(op, ticket_id=found.pk))
