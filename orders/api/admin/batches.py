"""Steps and parcels of up to a hundred orders in one request (A3, A18-A20, B58)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema

from orders import naming, queries
from orders.api import batch_shapes
from orders.api.admin.shipments import require_known
from orders.api.batch_inputs import ShipmentBatchInput, ShipmentRowInput, StatusBatchInput, StatusRowInput
from orders.api.batches import Batch
from orders.api.parcel_rows import shipment_row
from orders.api.rows import brief_row
from orders.api.views import units_of
from orders.operations import send, step
from timeline.errors import TransitionRefused

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.api.wire import Input
    from timeline.errors import DomainError
    from timeline.operations import Operation


class StatusBatchView(Batch):
    """`/admin/orders/batch/status`."""

    required_scopes: ClassVar = {"POST": "orders:write"}
    operation_name: ClassVar[str] = "order.set_status"
    row_input: ClassVar[type[Input]] = StatusRowInput

    @extend_schema(
        operation_id="admin_orders_batch_status", request=StatusBatchInput, responses={200: batch_shapes.StatusBatchShape}
    )
    def post(self, request: Request) -> HttpResponse:
        """Take up to a hundred orders one step on each, in the order of the rows; one answer per row."""
        return self.run(request)

    def act(self, op: Operation, order_id: UUID, wish: dict[str, Any]) -> dict[str, Any]:
        """Take the step; the answer shows the order in brief."""
        step.take(op, order_id=order_id, **wish)
        return {"order": brief_row(naming.head(order_id), version=op.version(str(order_id)), updated_at=op.now)}

    def explained(self, refusal: DomainError, order_id: UUID) -> DomainError:
        """Name the statuses that may be set instead."""
        return step.refused(order_id=order_id) if isinstance(refusal, TransitionRefused) else refusal


class ShipmentBatchView(Batch):
    """`/admin/shipments/batch`."""

    required_scopes: ClassVar = {"POST": "shipments:write"}
    operation_name: ClassVar[str] = "shipment.book"
    row_input: ClassVar[type[Input]] = ShipmentRowInput
    row_status: ClassVar[int] = 201

    @extend_schema(
        operation_id="admin_shipments_batch", request=ShipmentBatchInput, responses={200: batch_shapes.ShipmentBatchShape}
    )
    def post(self, request: Request) -> HttpResponse:
        """Book up to a hundred parcels, and hand over those that are to leave; one answer per row."""
        return self.run(request)

    def act(self, op: Operation, order_id: UUID, wish: dict[str, Any]) -> dict[str, Any]:
        """Book the parcel; the answer shows it."""
        items = units_of(wish.pop("items", None))
        if wish["tracking_number"] is None:
            require_known(wish["carrier"])
        shipment = send.send(op, order_id=order_id, items=items, **wish)
        return {"shipment": shipment_row(queries.parcel(shipment.pk), as_staff=True)}
