"""The checkout: lines, details, stock held, and the order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import Throttled

from orders import checkout, queries, sold_out
from orders.api import shapes
from orders.api.inputs import CheckoutInput, DetailsInput, Nothing, QuantityInput, WishInput
from orders.api.rows import checkout_row, order_row, payment_row
from orders.api.views import StorefrontView, shown
from orders.operations import numbers
from orders.queries import OrderDetail
from orders.quoting import price
from timeline.api.answers import answered, etag
from timeline.api.keys import key_of, refuse_known
from timeline.api.wire import camel
from timeline.operations import operation
from timeline.origins import origin
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from orders.operations.place import Placed
    from timeline.operations import Operation

CHANNEL = "web"


class CheckoutView(StorefrontView):
    """One checkout of the caller."""

    @retried
    def write(
        self, name: str, text: str, act: Callable[[Operation, UUID], Any], *, status: int = 200
    ) -> HttpResponse:
        """Act on the caller's checkout and answer with all of it."""
        actor = self.actor()
        key = key_of(self.request, actor)
        pk = queries.checkout_id_of(text, person_id=self.caller().person_id)
        with operation(name, actor=actor, stream=str(pk), key=key) as op:
            act(op, pk)
            return answered(op, status, _row(pk, op.now))


class CheckoutsView(StorefrontView):
    """`/storefront/checkouts`."""

    @extend_schema(operation_id="storefront_checkout_start", request=CheckoutInput, responses={201: shapes.CheckoutShape})
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Open a checkout, empty or with lines."""
        wish = CheckoutInput.parse(request.data)
        actor = self.actor()
        with operation("checkout.start", actor=actor, key=key_of(request, actor)) as op:
            pk = op.new_id()
            op.open_stream(str(pk))
            checkout.start(
                op, checkout_id=pk, person_id=self.caller().person_id, kind=self.caller().kind, channel=CHANNEL,
                wants=[checkout.Wish(**line) for line in wish["lines"]],
            )
            return answered(op, 201, _row(pk, op.now), {"Location": f"/storefront/checkouts/{pk}"})


class OneCheckoutView(CheckoutView):
    """`/storefront/checkouts/{id}`."""

    @extend_schema(operation_id="storefront_checkout_read", responses={200: shapes.CheckoutShape})
    def get(self, request: Request, checkout_id: str) -> HttpResponse:  # noqa: ARG002
        """Read the checkout at the prices of now."""
        pk = queries.checkout_id_of(checkout_id, person_id=self.caller().person_id)
        return shown(_row(pk, timezone.now()))

    @extend_schema(operation_id="storefront_checkout_amend", request=DetailsInput, responses={200: shapes.CheckoutShape})
    def patch(self, request: Request, checkout_id: str) -> HttpResponse:
        """Set contact, addresses, discount code, shipping or payment method."""
        changes = _changes(DetailsInput.parse(request.data))
        return self.write(
            "checkout.amend", checkout_id, lambda op, pk: checkout.amend(op, checkout_id=pk, changes=changes)
        )


class CheckoutLinesView(CheckoutView):
    """`/storefront/checkouts/{id}/lines`."""

    @extend_schema(operation_id="storefront_checkout_line_add", request=WishInput, responses={201: shapes.CheckoutShape})
    def post(self, request: Request, checkout_id: str) -> HttpResponse:
        """Put a product into the cart."""
        wish = WishInput.parse(request.data)
        return self.write(
            "checkout.add_line", checkout_id, lambda op, pk: checkout.add_line(op, checkout_id=pk, **wish), status=201
        )


class CheckoutLineView(CheckoutView):
    """`/storefront/checkouts/{id}/lines/{lineId}`."""

    @extend_schema(operation_id="storefront_checkout_line_change", request=QuantityInput, responses={200: shapes.CheckoutShape})
    def patch(self, request: Request, checkout_id: str, line_id: str) -> HttpResponse:
        """Set the quantity of a line."""
        quantity = QuantityInput.parse(request.data)["quantity"]
        line = queries.uuid_of(line_id)
        return self.write(
            "checkout.change_line", checkout_id,
            lambda op, pk: checkout.change_line(op, checkout_id=pk, line_id=line, quantity=quantity),
        )

    @extend_schema(operation_id="storefront_checkout_line_remove", request=None, responses={200: shapes.CheckoutShape})
    def delete(self, request: Request, checkout_id: str, line_id: str) -> HttpResponse:  # noqa: ARG002
        """Take a line out of the cart."""
        line = queries.uuid_of(line_id)
        return self.write(
            "checkout.remove_line", checkout_id,
            lambda op, pk: checkout.remove_line(op, checkout_id=pk, line_id=line),
        )


class CheckoutHoldView(CheckoutView):
    """`/storefront/checkouts/{id}/hold`."""

    @extend_schema(operation_id="storefront_checkout_hold", request=Nothing, responses={200: shapes.CheckoutShape})
    def post(self, request: Request, checkout_id: str) -> HttpResponse:
        """Keep the goods for a while, as the customer is about to pay."""
        Nothing.parse(request.data)
        return self.write("checkout.hold", checkout_id, lambda op, pk: checkout.hold(op, checkout_id=pk))


class CompleteView(StorefrontView):
    """`/storefront/checkouts/{id}/complete`."""

    key_required = True

    @extend_schema(operation_id="storefront_checkout_complete", request=Nothing, responses={201: shapes.PlacedShape})
    @retried
    def post(self, request: Request, checkout_id: str) -> HttpResponse:
        """Make the order: all of it or nothing."""
        Nothing.parse(request.data)
        actor = self.actor()
        key = key_of(request, actor, required=True)
        pk = queries.checkout_id_of(checkout_id, person_id=self.caller().person_id)
        refuse_known(key)
        self._require_rate(request)
        sold_out.look(pk)
        number = numbers.take(actor=actor)
        try:
            with operation("checkout.complete", actor=actor, stream=str(pk), key=key) as op:
                placed = checkout.complete(op, checkout_id=pk, number=number, origin=origin(request._request))
                place = f"/storefront/orders/{placed.order.pk}"
                return answered(op, 201, _placed_row(op, placed), {**etag(op.version(str(placed.order.pk))), "Location": place})
        except checkout.PriceChanged:
            # The refusal rolled everything back; that the customer now knows the prices is a fact of its own.
            with operation("checkout.reprice", actor=actor, stream=str(pk)) as op:
                checkout.see_prices(op, checkout_id=pk)
            raise

    def _require_rate(self, request: Request) -> None:
        """Count new orders only: a replay is none (B74)."""
        limit = _throttle()
        if not limit.allow_request(request, self):
            raise Throttled(wait=limit.wait())


def _throttle() -> Any:
    # config is the composition root: it is named by its path, never imported by an app.
    from django.utils.module_loading import import_string

    return import_string("config.api.throttles.OrderCreationThrottle")()


def _row(checkout_id: UUID, now: datetime) -> dict[str, Any]:
    found, lines = queries.checkout(checkout_id)
    return checkout_row(found, lines, price(found, lines, contact=found.contact(), now=now))


def _placed_row(op: Operation, placed: Placed) -> dict[str, Any]:
    """The new order from what the operation has in its hands: nothing is read again."""
    detail = OrderDetail(
        order=placed.order, lines=placed.lines, payments=[placed.payment] if placed.payment is not None else [],
        refunds=[], disputes=[], parcels=[], fulfilments=[], holds=[], person=placed.person, shipping=placed.shipping, billing=placed.billing,
        version=op.version(str(placed.order.pk)), updated_at=op.now,
    )
    payment = payment_row(placed.payment) if placed.payment is not None else None
    return {"order": order_row(detail, as_staff=False), "payment": payment}


def _changes(wish: dict[str, Any]) -> dict[str, Any]:
    return {
        camel(name): {camel(part): text for part, text in value.items()} if isinstance(value, dict) else value
        for name, value in wish.items()
    }
