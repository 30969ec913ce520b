"""A customer's own orders: read, pay, cancel, ask for money back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema

from orders import listing, queries, searching
from orders.api import keeping, shapes
from orders.api.event_rows import timeline_page
from orders.api.fulfilment_shapes import OwnCancelInput
from orders.api.inputs import (
    Nothing,
    OwnOrdersQuery,
    ReaddressInput,
    RefundWishInput,
    TimelineQuery,
    VerifyInput,
)
from orders.api.rows import listed_row, order_row, payment_row, refund_row
from orders.api.views import OrderWrite, StorefrontView, shown, shown_order, units_of
from orders.operations import cancel, cancel_units, edit, pay, refund
from payments.exchanges import BadReturn, take_return
from timeline.api.paging import paged
from timeline.api.wire import camel
from timeline.errors import Missing

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from payments.models import Payment
    from timeline.operations import Operation

NEWEST_FIRST = ("-created_at", "-id")


class OrdersView(StorefrontView):
    """`/storefront/orders`."""

    @extend_schema(operation_id="storefront_orders_list", parameters=[OwnOrdersQuery], responses={200: shapes.OrderPage})
    def get(self, request: Request) -> HttpResponse:
        """List the caller's own orders, newest first."""
        wish, person_id = OwnOrdersQuery.parse(request.query_params), self.caller().person_id

        def page() -> dict[str, Any]:
            mine = searching.for_customer(person_id, statuses=wish["status"])
            rows = listing.columns(mine, as_staff=False)
            found = paged(rows, order=NEWEST_FIRST, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"], counted=mine)
            return found.envelope([listed_row(order, as_staff=False) for order in listing.whole(found.rows, as_staff=False)])

        return keeping.list_answer("own orders", audience=keeping.own_audience(person_id), about=wish, make=page)


class OrderView(StorefrontView):
    """`/storefront/orders/{id}`."""

    @extend_schema(operation_id="storefront_order_read", responses={200: shapes.OrderShape})
    def get(self, request: Request, order_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one order in full."""
        person_id = self.caller().person_id
        head = keeping.head_of(order_id, person_id=person_id)
        return keeping.order_answer(
            head, audience=keeping.own_audience(person_id), kind="order", about=None, is_versioned=True,
            make=lambda: order_row(queries.detail(head.pk), as_staff=False),
        )


class TimelineView(StorefrontView):
    """`/storefront/orders/{id}/timeline`."""

    @extend_schema(operation_id="storefront_order_timeline", parameters=[TimelineQuery], responses={200: shapes.EventPage})
    def get(self, request: Request, order_id: str) -> HttpResponse:
        """List the order's public events, oldest first."""
        wish, person_id = TimelineQuery.parse(request.query_params), self.caller().person_id
        head = keeping.head_of(order_id, person_id=person_id)
        return keeping.order_answer(
            head, audience=keeping.own_audience(person_id), kind="timeline", about=wish,
            make=lambda: timeline_page(head.pk, wish, as_staff=False),
        )


class PaymentView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/payment`."""

    @extend_schema(operation_id="storefront_payment_read", responses={200: shapes.PaymentShape})
    def get(self, request: Request, order_id: str) -> HttpResponse:  # noqa: ARG002
        """Read the current payment; `razorpayOrderId` is null while the gateway is being asked."""
        payment = queries.payment_of(self.order_id(order_id))
        if payment is None:
            raise Missing
        return shown(payment_row(payment))

    @extend_schema(operation_id="storefront_payment_again", request=Nothing, responses={201: shapes.PaymentShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Try again after a failed payment."""
        Nothing.parse(request.data)
        pk = self.order_id(order_id)
        return self.write(
            "payment.retry", pk, lambda op: pay.again(op, order_id=pk), status=201, row=lambda _, done: payment_row(done)
        )


class VerifyView(StorefrontView):
    """`/storefront/orders/{id}/payment/verify`."""

    idempotent = False
    takes_if_match = False

    @extend_schema(operation_id="storefront_payment_verify", request=VerifyInput, responses={200: shapes.OrderShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Take what the gateway's page handed the browser: the signature is checked and the payment asked for."""
        wish = VerifyInput.parse(request.data)
        pk = self.order_id(order_id)
        payment = queries.payment_named(pk, gateway_order_id=wish["razorpay_order_id"])
        if payment is None:
            raise BadReturn
        take_return(
            payment_id=payment.pk, gateway_payment_id=wish["razorpay_payment_id"], signature=wish["razorpay_signature"],
            confirm=partial(_follow, pk), actor=self.actor(),
        )
        return shown_order(queries.detail(pk), as_staff=False)


class CancelView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/cancel`."""

    takes_if_match = True

    @extend_schema(operation_id="storefront_order_cancel", request=OwnCancelInput, responses={200: shapes.OrderShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Cancel the order, or with items these units alone, until they are packed."""
        wish = OwnCancelInput.parse(request.data)
        reason, items = wish["reason"], units_of(wish.get("items"))
        pk = self.order_id(order_id)
        if items is not None:
            return self.write(
                "order.cancel_units", pk,
                lambda op: cancel_units.cancel_units_by_customer(op, order_id=pk, items=items, reason=reason),
            )
        return self.write(
            "order.cancel", pk, lambda op: cancel.cancel_by_customer(op, order_id=pk, reason=reason)
        )


class AddressView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/address`."""

    takes_if_match = True

    @extend_schema(operation_id="storefront_order_readdress", request=ReaddressInput, responses={200: shapes.OrderShape})
    def patch(self, request: Request, order_id: str) -> HttpResponse:
        """Send the order somewhere else, until it is packed and where its total stays."""
        wish = ReaddressInput.parse(request.data)["shipping_address"]
        address = {camel(part): text for part, text in wish.items()}
        pk = self.order_id(order_id)
        return self.write("order.readdress", pk, lambda op: edit.readdress(op, order_id=pk, address=address))


class RefundView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/refund`."""

    key_required: ClassVar[bool] = True
    takes_if_match = True

    @extend_schema(operation_id="storefront_refund_request", request=RefundWishInput, responses={202: shapes.RefundShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Ask for money back; a person or a rule approves it."""
        wish = RefundWishInput.parse(request.data)
        items = units_of(wish.get("items"))
        pk = self.order_id(order_id)
        return self.write(
            "refund.request", pk,
            lambda op: refund.request(op, order_id=pk, amount_minor=wish["amount"], reason=wish["reason"], items=items),
            status=202, row=lambda _, done: refund_row(done),
        )


def _follow(order_id: UUID, op: Operation, _: Payment) -> None:
    pay.follow(op, order_id=order_id)
