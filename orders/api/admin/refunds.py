"""Money back, by staff's hand or word."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema

from orders import queries
from orders.api import shapes
from orders.api.inputs import DeclineInput, Nothing, RefundInput
from orders.api.rows import refund_row
from orders.api.views import OrderWrite, StaffView, units_of
from orders.operations import refund

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request


class RefundView(OrderWrite, StaffView):
    """`/admin/orders/{id}/refund`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    key_required: ClassVar[bool] = True
    takes_if_match = True

    @extend_schema(operation_id="admin_refund_give", request=RefundInput, responses={201: shapes.RefundShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Give money back through the gateway, or record what was given by other means."""
        wish = RefundInput.parse(request.data)
        items = units_of(wish.pop("items", None))
        amount_minor = wish.pop("amount")
        pk = self.order_id(order_id)
        return self.write(
            "refund.give", pk,
            lambda op: refund.give(op, order_id=pk, amount_minor=amount_minor, items=items, **wish),
            status=201, row=lambda _, done: refund_row(done),
        )


class ApproveView(OrderWrite, StaffView):
    """`/admin/orders/{id}/refunds/{refundId}/approve`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_refund_approve", request=Nothing, responses={200: shapes.RefundShape})
    def post(self, request: Request, order_id: str, refund_id: str) -> HttpResponse:
        """Grant a customer's request: the money goes back."""
        Nothing.parse(request.data)
        pk, refund_pk = self.order_id(order_id), queries.uuid_of(refund_id)
        return self.write(
            "refund.approve", pk, lambda op: refund.approve(op, order_id=pk, refund_id=refund_pk),
            row=lambda _, done: refund_row(done),
        )


class DeclineView(OrderWrite, StaffView):
    """`/admin/orders/{id}/refunds/{refundId}/decline`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_refund_decline", request=DeclineInput, responses={200: shapes.RefundShape})
    def post(self, request: Request, order_id: str, refund_id: str) -> HttpResponse:
        """Decline a customer's request, saying why."""
        reason = DeclineInput.parse(request.data)["reason"]
        pk, refund_pk = self.order_id(order_id), queries.uuid_of(refund_id)
        return self.write(
            "refund.decline", pk, lambda op: refund.decline(op, order_id=pk, refund_id=refund_pk, reason=reason),
            row=lambda _, done: refund_row(done),
        )
