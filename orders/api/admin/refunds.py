"""Money back, by staff's hand or word."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema

from orders import queries
from orders.api import refund_shapes, shapes
from orders.api.inputs import DeclineInput, Nothing, OtherMeansInput, RefundInput, RefundQuoteInput
from orders.api.rows import refund_quote_row, refund_row
from orders.api.views import OrderWrite, StaffView, shown, units_of
from orders.operations import refund, refund_limits

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
        """Give money back through the gateway, or record what was given by other means.

        By items (their worth from the frozen prices unless an amount is named), by amount, or as goodwill. Above the
        caller's limit the answer is a request, which another person approves.
        """
        wish = RefundInput.parse(request.data)
        items = units_of(wish.pop("items", None))
        amount_minor = wish.pop("amount", None)
        limit_minor = limit_of(request)
        pk = self.order_id(order_id)
        return self.write(
            "refund.give", pk,
            lambda op: refund.give(
                op, order_id=pk, amount_minor=amount_minor, items=items, limit_minor=limit_minor, **wish
            ),
            status=201, row=lambda _, done: refund_row(done),
        )


class QuoteView(StaffView):
    """`/admin/orders/{id}/refund/quote`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}

    @extend_schema(operation_id="admin_refund_quote", request=RefundQuoteInput, responses={200: refund_shapes.RefundQuoteShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Say what a refund would come to; nothing is written."""
        asked = RefundQuoteInput.parse(request.data)
        items = units_of(asked.pop("items", None))
        pk = self.order_id(order_id)
        wish = refund.Wish(items=items or {}, amount_minor=asked.pop("amount", None), **asked)
        found = refund.quote(order_id=pk, wish=wish)
        waits = refund_limits.needs_approval(
            stream=str(pk), actor=self.actor(), amount_minor=found.amount_minor, limit_minor=limit_of(request)
        )
        return shown(refund_quote_row(found, needs_approval=waits))


class ApproveView(OrderWrite, StaffView):
    """`/admin/orders/{id}/refunds/{refundId}/approve`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_refund_approve", request=Nothing, responses={200: shapes.RefundShape})
    def post(self, request: Request, order_id: str, refund_id: str) -> HttpResponse:
        """Grant a request: the money goes back. Whoever made it cannot, nor who has a limit below it (409)."""
        Nothing.parse(request.data)
        pk, refund_pk, limit_minor = self.order_id(order_id), queries.uuid_of(refund_id), limit_of(request)
        return self.write(
            "refund.approve", pk,
            lambda op: refund.approve(op, order_id=pk, refund_id=refund_pk, limit_minor=limit_minor),
            row=lambda _, done: refund_row(done),
        )


class DeclineView(OrderWrite, StaffView):
    """`/admin/orders/{id}/refunds/{refundId}/decline`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_refund_decline", request=DeclineInput, responses={200: shapes.RefundShape})
    def post(self, request: Request, order_id: str, refund_id: str) -> HttpResponse:
        """Decline a request, saying why."""
        reason = DeclineInput.parse(request.data)["reason"]
        pk, refund_pk = self.order_id(order_id), queries.uuid_of(refund_id)
        return self.write(
            "refund.decline", pk, lambda op: refund.decline(op, order_id=pk, refund_id=refund_pk, reason=reason),
            row=lambda _, done: refund_row(done),
        )


class RetryView(OrderWrite, StaffView):
    """`/admin/refunds/{id}/retry`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_refund_retry", request=Nothing, responses={200: shapes.RefundShape})
    def post(self, request: Request, refund_id: str) -> HttpResponse:
        """Ask the gateway again for a refund that failed."""
        Nothing.parse(request.data)
        pk, refund_pk = queries.order_of_refund(refund_id), queries.uuid_of(refund_id)
        return self.write(
            "refund.retry", pk, lambda op: refund.retry(op, order_id=pk, refund_id=refund_pk),
            row=lambda _, done: refund_row(done),
        )


class OtherMeansView(OrderWrite, StaffView):
    """`/admin/refunds/{id}/settle-by-other-means`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_refund_settle", request=OtherMeansInput, responses={200: shapes.RefundShape})
    def post(self, request: Request, refund_id: str) -> HttpResponse:
        """Record that a failed refund was given by transfer or in cash; it is never retried then."""
        words = OtherMeansInput.parse(request.data)
        pk, refund_pk = queries.order_of_refund(refund_id), queries.uuid_of(refund_id)
        return self.write(
            "refund.settle", pk,
            lambda op: refund.settle_by_other_means(op, order_id=pk, refund_id=refund_pk, **words),
            row=lambda _, done: refund_row(done),
        )


def limit_of(request: Request) -> int | None:
    """What this caller may give back alone, in minor units; None is without limit."""
    return refund_limits.limit_of(request.user, getattr(request.auth, "scopes", None))
