"""Returns, as staff take them in and decide on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders import queries, return_queries
from orders.api import return_shapes, shapes
from orders.api.admin.shipments import UnknownCarrier
from orders.api.inputs import Nothing
from orders.api.return_inputs import (
    CloseInput,
    ExchangeInput,
    ExchangeQuoteInput,
    InspectInput,
    PickupInput,
    ReceiveInput,
    ReturnDeclineInput,
    ReturnRefundInput,
    ReturnRuleInput,
    ReturnsQuery,
    StaffReturnInput,
    graded_of,
)
from orders.api.return_rows import exchange_row, return_row, rule_row
from orders.api.rows import order_row, refund_row
from orders.api.storefront.returns import items_of, place_of, row_of, wire_address
from orders.api.views import OrderWrite, StaffView, shown, units_of
from orders.documents.served import picture_response
from orders.models import ReturnRule
from orders.operations import (
    exchange,
    exchange_offer,
    numbers,
    refund_limits,
    return_goods,
    return_money,
    return_pickup,
    return_rules,
    returns,
)
from shipping import carriers
from timeline.api.answers import answered
from timeline.api.keys import key_of, refuse_known
from timeline.api.paging import paged
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from orders.models import Return
    from timeline.operations import Operation

NEWEST_FIRST = ("-created_at", "-id")


class ReturnWrite(OrderWrite, StaffView):
    """Run one operation on one return."""

    required_scopes: ClassVar = {"POST": "returns:write"}
    takes_if_match = True

    def act(self, name: str, text: str, deed: Callable[[Operation, UUID], Return]) -> HttpResponse:
        """Do it to the return of this id or number, within its order's story."""
        ret_id, order_id = return_queries.ids_of(text)
        return self.write(
            name, order_id, lambda op: deed(op, ret_id), row=lambda _, done: row_of(done, as_staff=True)
        )


class OrderReturnsView(OrderWrite, StaffView):
    """`/admin/orders/{id}/returns`."""

    required_scopes: ClassVar = {"POST": "returns:write"}
    takes_if_match = True

    @extend_schema(
        operation_id="admin_return_open", request=StaffReturnInput, responses={201: return_shapes.ReturnShape}
    )
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Take a return in for the customer, also beyond the shop's time; units that are not there stay refused (422)."""
        wish = StaffReturnInput.parse(request.data)
        items = items_of(wish.pop("items"))
        pk = self.order_id(order_id)
        return self.write(
            "return.open", pk, lambda op: returns.open_by_staff(op, order_id=pk, items=items, **wire_address(wish)),
            status=201, row=lambda _, done: row_of(done, as_staff=True),
        )


class ReturnsView(StaffView):
    """`/admin/returns`."""

    required_scopes: ClassVar = {"GET": "returns:read"}

    @extend_schema(operation_id="admin_returns_list", parameters=[ReturnsQuery], responses={200: return_shapes.ReturnPage})
    def get(self, request: Request) -> HttpResponse:
        """List returns, the newest first."""
        wish = ReturnsQuery.parse(request.query_params)
        word = wish["q"].upper()
        rows = return_queries.listed(statuses=wish["status"], extra=Q(number=word) | Q(order__number=word) if word else None)
        page = paged(rows, order=NEWEST_FIRST, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([return_row(row, row.order.person, as_staff=True) for row in page.rows]))


class ReturnView(StaffView):
    """`/admin/returns/{id}`."""

    required_scopes: ClassVar = {"GET": "returns:read"}

    @extend_schema(operation_id="admin_return_read", responses={200: return_shapes.ReturnShape})
    def get(self, request: Request, return_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one return, by its id or number."""
        found = return_queries.one(return_queries.ids_of(return_id)[0])
        return shown(return_row(found, found.order.person, as_staff=True))


class PhotoView(StaffView):
    """`/admin/returns/{id}/photos/{place}`."""

    required_scopes: ClassVar = {"GET": "returns:read"}

    @extend_schema(
        operation_id="admin_return_photo_read",
        responses={(200, media): OpenApiTypes.BINARY for media in ("image/jpeg", "image/png", "image/webp")},
    )
    def get(self, request: Request, return_id: str, place: str) -> HttpResponse:  # noqa: ARG002
        """Fetch one picture."""
        ret_id, _ = return_queries.ids_of(return_id)
        return picture_response(return_queries.photo(return_id=ret_id, place=place_of(place)))


class ApproveView(ReturnWrite):
    """`/admin/returns/{id}/approve`."""

    @extend_schema(operation_id="admin_return_approve", request=Nothing, responses={200: return_shapes.ReturnShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """The goods may come."""
        Nothing.parse(request.data)
        return self.act("return.approve", return_id, lambda op, pk: returns.approve(op, return_id=pk))


class DeclineView(ReturnWrite):
    """`/admin/returns/{id}/decline`."""

    @extend_schema(
        operation_id="admin_return_decline", request=ReturnDeclineInput, responses={200: return_shapes.ReturnShape}
    )
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """Do not take the goods back, and say why."""
        reason = ReturnDeclineInput.parse(request.data)["reason"]
        return self.act("return.decline", return_id, lambda op, pk: returns.decline(op, return_id=pk, reason=reason))


class CancelView(ReturnWrite):
    """`/admin/returns/{id}/cancel`."""

    @extend_schema(operation_id="admin_return_cancel", request=Nothing, responses={200: return_shapes.ReturnShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """Call the return off for the customer."""
        Nothing.parse(request.data)
        return self.act("return.cancel", return_id, lambda op, pk: return_pickup.cancel(op, return_id=pk))


class PickupView(ReturnWrite):
    """`/admin/returns/{id}/pickup`."""

    @extend_schema(operation_id="admin_return_pickup", request=PickupInput, responses={200: return_shapes.ReturnShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """Book a parcel for the way back; its label is there once the carrier has answered."""
        wish = PickupInput.parse(request.data)
        if wish["tracking_number"] is None and wish["carrier"] not in carriers.codes():
            words = ", ".join(carriers.codes())
            raise UnknownCarrier(errors=[("#/carrier", f"One of these: {words}.")])
        return self.act("return.pickup", return_id, lambda op, pk: return_pickup.book(op, return_id=pk, **wish))


class CollectView(ReturnWrite):
    """`/admin/returns/{id}/collect`."""

    @extend_schema(operation_id="admin_return_collect", request=Nothing, responses={200: return_shapes.ReturnShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """The goods were handed over, by a person's word: a carrier's scan says the same."""
        Nothing.parse(request.data)
        return self.act("return.collect", return_id, lambda op, pk: return_pickup.collect(op, return_id=pk))


class ReceiveView(ReturnWrite):
    """`/admin/returns/{id}/receive`."""

    @extend_schema(operation_id="admin_return_receive", request=ReceiveInput, responses={200: return_shapes.ReturnShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """A person counted what came; without items, what was announced. The units are on no shelf yet."""
        wish = ReceiveInput.parse(request.data)
        counts = units_of(wish.pop("items", None))
        return self.act(
            "return.receive", return_id, lambda op, pk: return_goods.receive(op, return_id=pk, counts=counts, **wish)
        )


class InspectView(ReturnWrite):
    """`/admin/returns/{id}/inspect`."""

    @extend_schema(operation_id="admin_return_inspect", request=InspectInput, responses={200: return_shapes.ReturnShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """Every received unit is graded and put away: back to stock, among the damaged, scrapped, or to the customer."""
        units = graded_of(InspectInput.parse(request.data)["units"])
        return self.act("return.inspect", return_id, lambda op, pk: return_goods.inspect(op, return_id=pk, units=units))


class RefundView(ReturnWrite):
    """`/admin/returns/{id}/refund`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    key_required: ClassVar[bool] = True

    @extend_schema(operation_id="admin_return_refund", request=ReturnRefundInput, responses={201: shapes.RefundShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """Give the return's money back: its units' worth by the frozen prices, less the fee. Above the caller's limit a request."""
        wish = ReturnRefundInput.parse(request.data)
        wish["fee_minor"] = wish.pop("fee")
        limit_minor = refund_limits.limit_of(request.user, getattr(request.auth, "scopes", None))
        ret_id, order_id = return_queries.ids_of(return_id)
        return self.write(
            "return.refund", order_id,
            lambda op: return_money.give(op, return_id=ret_id, limit_minor=limit_minor, **wish),
            status=201, row=lambda _, done: refund_row(done),
        )


class ExchangeQuoteView(StaffView):
    """`/admin/returns/{id}/exchange/quote`."""

    required_scopes: ClassVar = {"POST": "returns:write"}

    @extend_schema(
        operation_id="admin_return_exchange_quote", request=ExchangeQuoteInput,
        responses={200: return_shapes.ExchangeQuoteShape},
    )
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """Say what an exchange would come to; nothing is written."""
        choices = _choices(ExchangeQuoteInput.parse(request.data))
        ret_id, _ = return_queries.ids_of(return_id)
        return shown(exchange_row(exchange_offer.preview(return_id=ret_id, choices=choices, now=timezone.now())))


class ExchangeView(OrderWrite, StaffView):
    """`/admin/returns/{id}/exchange`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    takes_if_match = True
    key_required: ClassVar[bool] = True

    @extend_schema(operation_id="admin_return_exchange", request=ExchangeInput, responses={201: shapes.OrderShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """Place a new order for what comes back, paid with its worth; the difference is due, or goes back."""
        wish = ExchangeInput.parse(request.data)
        choices = _choices(wish)
        del wish["items"]
        ret_id, order_id = return_queries.ids_of(return_id)
        refuse_known(key_of(request, self.actor(), required=True))
        number = numbers.take(actor=self.actor())
        limit_minor = refund_limits.limit_of(request.user, getattr(request.auth, "scopes", None))
        return self.write(
            "return.exchange", order_id,
            lambda op: exchange.place(op, return_id=ret_id, choices=choices, number=number, limit_minor=limit_minor, **wish),
            status=201, row=lambda op, new: order_row(queries.detail_within(op, new.pk), as_staff=True),
        )


class CloseView(ReturnWrite):
    """`/admin/returns/{id}/close`."""

    @extend_schema(operation_id="admin_return_close", request=CloseInput, responses={200: return_shapes.ReturnShape})
    def post(self, request: Request, return_id: str) -> HttpResponse:
        """Nothing is left to do; a return needs no refund to be closed."""
        outcome = CloseInput.parse(request.data)["outcome"]
        return self.act("return.close", return_id, lambda op, pk: return_money.close(op, return_id=pk, outcome=outcome))


class RulesView(StaffView):
    """`/admin/return-rules`."""

    required_scopes: ClassVar = {"GET": "returns:read", "POST": "returns:write"}

    @extend_schema(operation_id="admin_return_rules_list", responses={200: return_shapes.ReturnRulePage})
    def get(self, request: Request) -> HttpResponse:
        """List products with days of their own to send them back."""
        wish = ReturnsQuery.parse(request.query_params)
        rules = ReturnRule.objects.select_related("variant")
        page = paged(rules, order=("variant__sku",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([rule_row(rule) for rule in page.rows]))

    @extend_schema(
        operation_id="admin_return_rule_set", request=ReturnRuleInput, responses={200: return_shapes.ReturnRuleShape}
    )
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Set a product's own days; 0 is a final sale, null the shop's own days again."""
        wish = ReturnRuleInput.parse(request.data)
        actor = self.actor()
        with operation("return_rule.set", actor=actor, key=key_of(request, actor)) as op:
            rule = return_rules.set_days(op, sku=wish["sku"], days=wish["days"])
            row = rule_row(rule) if rule is not None else {"sku": wish["sku"], "days": None, "updatedAt": None}
            return answered(op, 200, row, {})


def _choices(wish: Mapping[str, Any]) -> list[exchange_offer.Choice]:
    return [exchange_offer.Choice(row["sku"], row["quantity"]) for row in wish["items"]]
