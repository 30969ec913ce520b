"""Tags of orders, and who looks after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema

from orders.api import sorting_shapes as inputs
from orders.api.shapes import OrderShape
from orders.api.views import OrderWrite, StaffView
from orders.operations import sorting

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.operations import Operation


class TagsView(OrderWrite, StaffView):
    """`/admin/orders/{id}/tags`."""

    required_scopes: ClassVar = {"POST": "orders:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_order_tag", request=inputs.TagsInput, responses={200: OrderShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Give the order tags, and take tags off it."""
        wish = inputs.TagsInput.parse(request.data)
        pk = self.order_id(order_id)

        def act(op: Operation) -> None:
            sorting.untag(op, order_id=pk, tags=wish["remove"])
            sorting.tag(op, order_id=pk, tags=wish["add"])

        return self.write("order.tag", pk, act)


class AssignView(OrderWrite, StaffView):
    """`/admin/orders/{id}/assign`."""

    required_scopes: ClassVar = {"POST": "orders:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_order_assign", request=inputs.OrderAssignInput, responses={200: OrderShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Say who of the staff looks after the order."""
        wish = inputs.OrderAssignInput.parse(request.data)
        pk = self.order_id(order_id)
        return self.write("order.assign", pk, lambda op: sorting.assign(op, order_id=pk, **wish))
