"""A fulfilment in an answer: its row and the shape of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers as s

from orders.lifecycle import FULFILMENT_WORDS
from timeline.api.wire import Output

if TYPE_CHECKING:
    from orders.models import Fulfilment


class UnitsShape(Output):
    """So many units of one item."""

    order_item_id = s.UUIDField()
    quantity = s.IntegerField()


class FulfilmentShape(Output):
    """What one warehouse ships of one order."""

    id = s.UUIDField()
    order_id = s.UUIDField()
    status = s.ChoiceField(choices=FULFILMENT_WORDS)
    warehouse = s.CharField(allow_null=True)
    items = UnitsShape(many=True)
    shipment_id = s.UUIDField(allow_null=True)
    release_at = s.DateTimeField(allow_null=True)
    reason = s.CharField(allow_null=True, help_text="Why this warehouse; for staff.")
    outcome = s.CharField(allow_null=True, help_text="What was decided about a parcel that did not arrive.")
    created_at = s.DateTimeField()


def fulfilment_row(row: Fulfilment, *, as_staff: bool = True) -> dict[str, Any]:
    """One fulfilment; its lines are fetched with it. Why it is shipped from where is the shop's business."""
    return {
        "id": row.pk,
        "orderId": row.order_id,
        "status": row.word,
        "warehouse": row.warehouse_code or None,
        "items": [{"orderItemId": item.line_id, "quantity": item.quantity} for item in row.lines.all()],
        "shipmentId": row.shipment_id,
        "releaseAt": row.release_at,
        "reason": (row.reason or None) if as_staff else None,
        "outcome": row.outcome or None,
        "createdAt": row.created_at,
    }
