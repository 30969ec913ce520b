"""Payments, as staff read the lists of them that wait, and move them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema

from orders import outstanding, queries
from orders.api import payment_rows, shapes
from orders.api.inputs import Nothing
from orders.api.rows import payment_row
from orders.api.views import OrderWrite, StaffView, shown
from orders.operations import pay
from timeline.api.paging import paged

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request


class PaymentsView(StaffView):
    """`/admin/payments`."""

    required_scopes: ClassVar = {"GET": "payments:read"}

    @extend_schema(
        operation_id="admin_payments_list", parameters=[payment_rows.PaymentsQuery], responses={200: payment_rows.StandingPage}
    )
    def get(self, request: Request) -> HttpResponse:
        """List the money that waits for a person, by what it waits for.

        `overpaid` and `underpaid` orders, newest first; payments and refunds `in_doubt`, `failed_refunds` and
        `authorized` payments with their expiry, oldest first; payments `disputed_beyond` what was left of them.
        """
        wish = payment_rows.PaymentsQuery.parse(request.query_params)
        found, order = outstanding.LISTS[wish["list"]]
        page = paged(found(), order=order, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([payment_rows.standing_row(row) for row in outstanding.standing(wish["list"], page.rows)]))


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
