"""The shelves, for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory import operations, queries
from inventory.api.serializers import AdjustmentInput, LevelOutput, LevelPage, ShelvesQuery
from timeline.api.answers import answered
from timeline.api.authentication import staff_actor
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.api.permissions import Staff
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

ORDER = ("variant__sku", "warehouse__code")


class InventoryView(APIView):
    """`GET /admin/inventory`."""

    permission_classes = [Staff]
    required_scopes: ClassVar = {"GET": "inventory:read"}

    @extend_schema(operation_id="adminInventoryList", parameters=[ShelvesQuery], responses={200: LevelPage})
    def get(self, request: Request) -> Response:
        """List the shelves: on hand, held and available, by SKU and warehouse."""
        wish = ShelvesQuery.parse(request.query_params)
        rows = queries.levels(wish["sku"])
        page = paged(
            rows.filter(low_since__isnull=False) if wish["low"] else rows, order=ORDER, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"]
        )
        return Response(page.envelope([*LevelOutput(page.rows, many=True).data]))


class AdjustmentsView(APIView):
    """`POST /admin/inventory/adjustments`."""

    permission_classes = [Staff]
    required_scopes: ClassVar = {"POST": "inventory:write"}

    @extend_schema(operation_id="adminInventoryAdjust", request=AdjustmentInput, responses={201: LevelOutput})
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Correct what lies on one shelf by a difference, and say why."""
        actor = staff_actor(request)
        key = key_of(request, actor)
        wish = AdjustmentInput.parse(request.data)
        with operation("stock.adjust", actor=actor, key=key) as op:
            level = operations.adjust(
                op, warehouse_code=wish["warehouse"], sku=wish["sku"], delta=wish["delta"], reason=wish["reason"]
            )
            return answered(op, 201, LevelOutput(level).data)
