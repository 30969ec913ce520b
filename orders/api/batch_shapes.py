"""What answers to batches look like, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from orders.api.parcel_shapes import ShipmentShape
from orders.models import Order
from timeline.api.wire import Output


class BriefOrderShape(Output):
    """Where an order is now."""

    id = s.UUIDField()
    order_number = s.CharField()
    status = s.ChoiceField(choices=Order.Status.choices)
    stage = s.CharField()
    payment_state = s.ChoiceField(choices=Order.PaymentState.choices)
    fulfilment_state = s.ChoiceField(choices=Order.FulfilmentState.choices)
    on_hold = s.BooleanField()
    version = s.IntegerField()
    updated_at = s.DateTimeField()


class RowShape(Output):
    """The answer to one row: what came of it, or why not (a problem document)."""

    row = s.IntegerField(help_text="The row's place, from 0.")
    order_id = s.UUIDField(allow_null=True)
    order_number = s.CharField(allow_null=True)
    status = s.IntegerField(help_text="As the single call would answer: 200, 201, 400, 404, 409, 422.")
    problem = s.DictField(required=False)


class StatusRowShape(RowShape):
    """The answer to one step."""

    order = BriefOrderShape(required=False)


class ShipmentRowShape(RowShape):
    """The answer to one parcel."""

    shipment = ShipmentShape(required=False)


class BatchShape(Output):
    """The answers to all rows, in their order."""

    succeeded = s.IntegerField()
    failed = s.IntegerField()


class StatusBatchShape(BatchShape):
    """The answers to all steps."""

    data: Any = StatusRowShape(many=True)


class ShipmentBatchShape(BatchShape):
    """The answers to all parcels."""

    data: Any = ShipmentRowShape(many=True)
