"""Payments of an order, as staff move them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema

from orders import queries
from orders.api import shapes
from orders.api.inputs import Nothing
from orders.api.rows import payment_row
from orders.api.views import OrderWrite, StaffView
from orders.operations import pay

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request


class CaptureView(OrderWrite, StaffView):
    """`/admin/orders/{id}/payments/{paymentId}/capture`."""

    required_scopes: ClassVar = {"POST": "payments:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_payment_capture", request=Nothing, responses={202: shapes.PaymentShape})
    def post(self, request: Request, order_id: str, payment_id: str) -> HttpResponse:
        """Take the money that is reserved; the gateway is asked in the background."""
        Nothing.parse(request.data)
        pk, payment_pk = self.order_id(order_id), queries.uuid_of(payment_id)
        return self.write(
            "payment.capture", pk, lambda op: pay.capture(op, order_id=pk, payment_id=payment_pk), status=202,
            row=lambda _, done: payment_row(done),
        )
