"""A customer's own tickets: ask about an order, write, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema

from orders import queries, ticket_queries
from orders.api import ticket_shapes as shapes
from orders.api.views import OrderWrite, StorefrontView, shown
from orders.operations import tickets

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request


class TicketsView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/tickets`."""

    takes_if_match = True

    @extend_schema(operation_id="storefront_tickets_list", responses={200: shapes.TicketList})
    def get(self, request: Request, order_id: str) -> HttpResponse:  # noqa: ARG002
        """List the order's tickets, oldest first."""
        rows = ticket_queries.of_order(self.order_id(order_id))
        return shown({"data": [shapes.ticket_row(row, as_staff=False) for row in rows]})

    @extend_schema(operation_id="storefront_ticket_open", request=shapes.TicketInput, responses={201: shapes.TicketShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Ask the shop about the order."""
        wish = shapes.TicketInput.parse(request.data)
        pk = self.order_id(order_id)
        return self.write(
            "ticket.open", pk, lambda op: tickets.open_ticket(op, order_id=pk, **wish), status=201,
            row=lambda _, ticket: shapes.ticket_whole(ticket, as_staff=False),
        )


class TicketView(StorefrontView):
    """`/storefront/orders/{id}/tickets/{ticketId}`."""

    @extend_schema(operation_id="storefront_ticket_read", responses={200: shapes.TicketShape})
    def get(self, request: Request, order_id: str, ticket_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one ticket with its messages."""
        return shown(shapes.ticket_whole(ticket_queries.one(queries.uuid_of(ticket_id), order_id=self.order_id(order_id)), as_staff=False))


class MessagesView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/tickets/{ticketId}/messages`."""

    @extend_schema(
        operation_id="storefront_ticket_write", request=shapes.TicketMessageInput, responses={201: shapes.TicketShape}
    )
    def post(self, request: Request, order_id: str, ticket_id: str) -> HttpResponse:
        """Write to the shop; a closed ticket opens again."""
        message = shapes.TicketMessageInput.parse(request.data)["message"]
        found = ticket_queries.one(queries.uuid_of(ticket_id), order_id=self.order_id(order_id))
        return self.write(
            "ticket.write", found.order_id, lambda op: tickets.write(op, ticket_id=found.pk, message=message), status=201,
            row=lambda _, ticket: shapes.ticket_whole(ticket, as_staff=False),
        )
