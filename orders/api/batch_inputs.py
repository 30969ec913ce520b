"""What the bodies of batches must look like: up to a hundred rows, each checked on its own."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from orders.api.inputs import ShipmentInput, StatusInput
from timeline.api.wire import LIST_LENGTH_MAX, Input, StrictBool, StrictText
from timeline.errors import BadRequest

ROWS_MAX = LIST_LENGTH_MAX
ORDER_CHARS_MAX = 40
EXAMPLES: dict[str, dict[str, Any]] = {
    "StatusBatchInput": {
        "rows": [
            {"orderId": "ORD-20261121-00001", "status": "processing"},
            {"orderId": "ORD-20261121-00002", "status": "shipped", "carrier": "Blue Dart", "trackingNumber": "BD123456789"},
        ]
    },
    "ShipmentBatchInput": {
        "rows": [
            {"orderId": "ORD-20261121-00001", "carrier": "own_fleet", "warehouse": "BLR-1"},
            {"orderId": "ORD-20261121-00002", "carrier": "Blue Dart", "trackingNumber": "BD123456789", "dispatch": True},
        ]
    },
}


class StatusRowInput(StatusInput):
    """One order and the step it takes."""

    order_id = StrictText(max_length=ORDER_CHARS_MAX, help_text="The order's id or its number.")


class StatusBatchInput(Input):
    """Steps of up to a hundred orders, taken in this order; each row succeeds or fails alone."""

    rows = StatusRowInput(many=True, allow_empty=False)


class ShipmentRowInput(ShipmentInput):
    """One parcel to be booked; with a tracking number it was labelled elsewhere, and its carrier is free text."""

    order_id = StrictText(max_length=ORDER_CHARS_MAX, help_text="The order's id or its number.")
    tracking_number = StrictText(max_length=60, required=False, allow_null=True, default=None)
    dispatch = StrictBool(required=False, default=False, help_text="Hand it over at once.")


class ShipmentBatchInput(Input):
    """Up to a hundred parcels, booked in this order; each row succeeds or fails alone."""

    rows = ShipmentRowInput(many=True, allow_empty=False)


for _name, _body in EXAMPLES.items():
    _example = OpenApiExample(_name.removesuffix("Input"), value=_body, request_only=True)
    extend_schema_serializer(examples=[_example])(globals()[_name])


def rows_of(body: Any) -> list[Any]:
    """The rows of a batch, not looked at yet. Raises BadRequest for another outline, none, or more than a hundred."""
    if type(body) is not dict or type(body.get("rows")) is not list:
        raise BadRequest("A batch is an object with a list of rows.", errors=[("#/rows", "A list is required.")])
    faults = [(f"#/{key}", "Unknown field.") for key in list(body)[:ROWS_MAX] if key != "rows"]
    count = len(body["rows"])
    if not 1 <= count <= ROWS_MAX:
        faults.append(("#/rows", f"A batch has 1 to {ROWS_MAX} rows, not {count}; nothing of it was done."))
    if faults:
        raise BadRequest(errors=faults)
    return list(body["rows"])
