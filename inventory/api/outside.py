"""An external warehouse system's counts and dispatches, each once by its own reference; and what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from inventory import operations as stock
from inventory import queries
from inventory.api.goods import OpenQuery, Units
from inventory.api.goods_admin import GoodsView, id_of, once
from inventory.api.serializers import REASON_CHARS_MAX
from inventory.outside import REFERENCE_CHARS_MAX, Conflict
from inventory.stock import ON_HAND_UNITS_MAX
from timeline.api.wire import Code, Input, Output, Page, StrictDateTime, StrictInt, StrictText

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request
    from rest_framework.response import Response


class OutsideCountItemInput(Input):
    """What lies there of a SKU."""

    sku = Code()
    on_hand = StrictInt(min_value=0, max_value=ON_HAND_UNITS_MAX)


class OutsideCountInput(Input):
    """A count: the warehouse's own reference, and when it was taken there."""

    reference = StrictText(max_length=REFERENCE_CHARS_MAX)
    taken_at = StrictDateTime()
    items = OutsideCountItemInput(many=True, allow_empty=False)


class OutsideItemInput(Input):
    """What was in the parcel."""

    sku = Code()
    quantity = Units()


class OutsideDispatchInput(Input):
    """A parcel that left: its tracking number or our id. With items a count taken since is compared."""

    reference = StrictText(max_length=REFERENCE_CHARS_MAX)
    parcel = StrictText(max_length=REFERENCE_CHARS_MAX)
    dispatched_at = StrictDateTime()
    items = OutsideItemInput(many=True, required=False, default=list)


class ConflictWordsInput(Input):
    """What was done about it."""

    reason = StrictText(max_length=REASON_CHARS_MAX)


class OutsideCountOutput(Output):
    """What the count came to: the change of on hand by SKU, and the SKUs that were not taken, with the reason."""

    reference = serializers.CharField()
    warehouse = serializers.CharField(source="warehouse.code")
    taken_at = serializers.DateTimeField()
    changed = serializers.DictField(child=serializers.IntegerField())
    refused = serializers.DictField(child=serializers.CharField())


class OutsideDispatchOutput(Output):
    """The fact as it was kept; the parcel follows in a moment, or a conflict says why not."""

    reference = serializers.CharField()
    warehouse = serializers.CharField(source="warehouse.code")
    parcel = serializers.CharField()
    dispatched_at = serializers.DateTimeField()


class ConflictOutput(Output):
    """Two facts that cannot both be so."""

    id = serializers.UUIDField()
    warehouse = serializers.CharField(source="warehouse.code")
    kind = serializers.ChoiceField(choices=Conflict.Kind.choices)
    about = serializers.CharField(help_text="A SKU, or a parcel.")
    reference = serializers.CharField()
    ours = serializers.DictField()
    theirs = serializers.DictField()
    opened_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_by = serializers.CharField()
    resolution = serializers.CharField()


class ConflictPage(Page):
    """Conflicts of one page."""

    data: Any = ConflictOutput(many=True)


_COUNT = {"reference": "WMS-2026-11-28-01", "takenAt": "2026-11-28T03:30:00Z", "items": [{"sku": "KURTA-M", "onHand": 48}]}
_DISPATCH = {"reference": "WMS-OUT-991", "parcel": "BD123456789", "dispatchedAt": "2026-11-28T10:15:00Z"}


class OutsideCountsView(GoodsView):
    """`/admin/warehouses/{code}/counts`."""

    @extend_schema(
        operation_id="adminWarehouseCount", request=OutsideCountInput, responses={201: OutsideCountOutput},
        examples=[OpenApiExample("Count", value=_COUNT, request_only=True)],
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Take a warehouse's count over, once by its reference; what does not fit is a conflict and changes nothing."""
        wish = OutsideCountInput.parse(request.data)
        counts = once({item["sku"]: item["on_hand"] for item in wish["items"]}, wish["items"])
        return self.write(
            "warehouse.count",
            lambda op: stock.tell_count(
                op, warehouse_code=code.upper(), reference=wish["reference"], taken_at=wish["taken_at"], counts=counts
            ),
            lambda row: OutsideCountOutput(row).data,
        )


class OutsideDispatchesView(GoodsView):
    """`/admin/warehouses/{code}/dispatches`."""

    @extend_schema(
        operation_id="adminWarehouseDispatch", request=OutsideDispatchInput, responses={201: OutsideDispatchOutput},
        examples=[OpenApiExample("Dispatch", value=_DISPATCH, request_only=True)],
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Say that a parcel left the warehouse, once by its reference."""
        wish = OutsideDispatchInput.parse(request.data)
        items = once({item["sku"]: item["quantity"] for item in wish["items"]}, wish["items"])
        left = stock.Left(wish["parcel"], wish["dispatched_at"], items)
        return self.write(
            "warehouse.dispatch",
            lambda op: stock.tell_dispatch(op, warehouse_code=code.upper(), reference=wish["reference"], left=left),
            lambda row: OutsideDispatchOutput(row).data,
        )


class ConflictsView(GoodsView):
    """`/admin/warehouses/conflicts`."""

    @extend_schema(operation_id="adminConflictList", parameters=[OpenQuery], responses={200: ConflictPage})
    def get(self, request: Request) -> Response:
        """List where a warehouse and we disagree, the newest first."""
        wish = OpenQuery.parse(request.query_params)
        return self.listed(queries.conflicts(is_open=wish["open"]), wish, ("-opened_at", "-id"), ConflictOutput)


class ConflictResolveView(GoodsView):
    """`/admin/warehouses/conflicts/{id}/resolve`."""

    @extend_schema(
        operation_id="adminConflictResolve", request=ConflictWordsInput, responses={200: ConflictOutput},
        examples=[OpenApiExample("Reason", value={"reason": "Counted again with them; three units found"}, request_only=True)],
    )
    def post(self, request: Request, conflict_id: str) -> HttpResponse:
        """Say that a conflict is resolved, and what was done."""
        wish = ConflictWordsInput.parse(request.data)
        found = id_of(conflict_id)
        return self.write(
            "warehouse.resolve_conflict",
            lambda op: stock.resolve_conflict(op, conflict_id=found, reason=wish["reason"]),
            lambda row: ConflictOutput(row).data, status=200,
        )
