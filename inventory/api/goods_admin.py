"""What staff and warehouses do with goods: deliveries, transfers, counts, damages, policies; and the ledger that explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory import operations as stock
from inventory import queries
from inventory.api import goods
from inventory.api.serializers import LevelOutput
from timeline.api.answers import answered
from timeline.api.authentication import staff_actor
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.api.permissions import Staff
from timeline.errors import Missing
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.operations import Operation

REPAIRS = {"damage": stock.damage, "repair": stock.repair, "scrap": stock.scrap}


class GoodsView(APIView):
    """Staff, or a key with the scope for stock."""

    permission_classes = [Staff]
    required_scopes: ClassVar = {"GET": "inventory:read", "POST": "inventory:write", "PATCH": "inventory:write"}

    @retried
    def write(
        self, name: str, act: Callable[[Operation], Any], row: Callable[[Any], Any], *, status: int = 201,
        stream: str | None = None,
    ) -> HttpResponse:
        """One operation, once under its key; its answer is what `row` makes of what was done."""
        actor = staff_actor(self.request)
        with operation(name, actor=actor, stream=stream, key=key_of(self.request, actor)) as op:
            return answered(op, status, row(act(op)))

    def listed(
        self, rows: QuerySet[Any], wish: dict[str, Any], order: Sequence[str], output: Any
    ) -> Response:
        """One page."""
        page = paged(rows, order=order, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return Response(page.envelope([*output(page.rows, many=True).data]))


class PolicyView(GoodsView):
    """`/admin/inventory/{sku}`."""

    @extend_schema(operation_id="adminInventoryPolicy", request=goods.PolicyInput, responses={200: goods.PolicyOutput})
    def patch(self, request: Request, sku: str) -> HttpResponse:
        """Say whether more of a variant is sold than is there, and how much at most."""
        wish = goods.PolicyInput.parse(request.data)
        return self.write(
            "stock.set_policy", lambda op: stock.set_policy(op, sku=sku.upper(), **wish),
            lambda found: goods.PolicyOutput(found).data, status=200,
        )


class WatchView(GoodsView):
    """`/admin/inventory/{sku}/levels/{warehouse}`."""

    @extend_schema(operation_id="adminInventoryWatch", request=goods.WatchInput, responses={200: LevelOutput})
    def patch(self, request: Request, sku: str, warehouse: str) -> HttpResponse:
        """Keep units from being offered, and say at which number the shelf is low."""
        wish = goods.WatchInput.parse(request.data)
        return self.write(
            "stock.watch", lambda op: stock.watch(op, warehouse_code=warehouse.upper(), sku=sku.upper(), **wish),
            lambda level: LevelOutput(level).data, status=200,
        )


class LedgerView(GoodsView):
    """`/admin/inventory/{sku}/ledger`."""

    @extend_schema(operation_id="adminInventoryLedger", parameters=[goods.LedgerQuery], responses={200: goods.LedgerPage})
    def get(self, request: Request, sku: str) -> Response:
        """List every movement of a variant, the newest first: the sums are what lies there."""
        wish = goods.LedgerQuery.parse(request.query_params)
        if not queries.is_known(sku.upper()):
            raise Missing
        return self.listed(queries.ledger(sku.upper()), wish, ("-at", "-id"), goods.MovementOutput)


class ReceiptsView(GoodsView):
    """`/admin/inventory/receipts`."""

    @extend_schema(operation_id="adminInventoryReceive", request=goods.ReceiptInput, responses={201: goods.LevelsOutput})
    def post(self, request: Request) -> HttpResponse:
        """Take a delivery in: whole units lie on the shelf, damaged ones aside."""
        wish = goods.ReceiptInput.parse(request.data)
        came = [stock.Goods(item["sku"], item["quantity"], item["damaged"]) for item in wish["items"]]
        return self.write(
            "stock.receive",
            lambda op: stock.take_delivery(
                op, warehouse_code=wish["warehouse"], goods=came, reference=wish["reference"], reason=wish["reason"]
            ),
            lambda levels: goods.LevelsOutput({"levels": levels}).data,
        )


class DamagesView(GoodsView):
    """`/admin/inventory/damages`."""

    @extend_schema(operation_id="adminInventoryDamage", request=goods.SetAsideInput, responses={201: LevelOutput})
    def post(self, request: Request) -> HttpResponse:
        """Set units aside as damaged, put repaired ones back, or scrap them."""
        wish = goods.SetAsideInput.parse(request.data)
        act, reason = REPAIRS[wish["action"]], {"reason": wish["reason"]} if wish["reason"] else {}
        return self.write(
            f"stock.{wish['action']}",
            lambda op: act(
                op, warehouse_code=wish["warehouse"], sku=wish["sku"], quantity=wish["quantity"], **reason
            ),
            lambda level: LevelOutput(level).data,
        )


class TransfersView(GoodsView):
    """`/admin/inventory/transfers`."""

    @extend_schema(operation_id="adminTransferList", parameters=[goods.OpenQuery], responses={200: goods.TransferPage})
    def get(self, request: Request) -> Response:
        """List transfers, the newest first."""
        wish = goods.OpenQuery.parse(request.query_params)
        return self.listed(queries.transfers(is_open=wish["open"]), wish, ("-sent_at", "-id"), goods.TransferOutput)

    @extend_schema(operation_id="adminTransferSend", request=goods.TransferInput, responses={201: goods.TransferOutput})
    def post(self, request: Request) -> HttpResponse:
        """Send goods to another warehouse; they are on hand nowhere until they are received there."""
        wish = goods.TransferInput.parse(request.data)
        units = once({item["sku"]: item["quantity"] for item in wish["items"]}, wish["items"])
        return self.write(
            "stock.send",
            lambda op: stock.send(
                op, from_code=wish["source"], to_code=wish["to"], units=units, reason=wish["reason"]
            ),
            _transfer_row,
        )


class TransferReceiveView(GoodsView):
    """`/admin/inventory/transfers/{id}/receive`."""

    @extend_schema(operation_id="adminTransferReceive", request=goods.TakeInInput, responses={200: goods.TransferOutput})
    def post(self, request: Request, transfer_id: str) -> HttpResponse:
        """Take the goods in at their new place; what did not come is short."""
        wish = goods.TakeInInput.parse(request.data)
        received = once({item["sku"]: item["received"] for item in wish["items"]}, wish["items"])
        damaged = {item["sku"]: item["damaged"] for item in wish["items"]}
        found = id_of(transfer_id)
        return self.write(
            "stock.take_in",
            lambda op: stock.take_in(op, transfer_id=found, received=received or None, damaged=damaged),
            _transfer_row, status=200,
        )


class TransferCallBackView(GoodsView):
    """`/admin/inventory/transfers/{id}/call-back`."""

    @extend_schema(operation_id="adminTransferCallBack", request=None, responses={200: goods.TransferOutput})
    def post(self, request: Request, transfer_id: str) -> HttpResponse:  # noqa: ARG002 it says nothing
        """Put the goods back where they came from."""
        found = id_of(transfer_id)
        return self.write(
            "stock.turn_back", lambda op: stock.turn_back(op, transfer_id=found), _transfer_row, status=200
        )


class CountsView(GoodsView):
    """`/admin/inventory/counts`."""

    @extend_schema(operation_id="adminCountList", parameters=[goods.OpenQuery], responses={200: goods.CountPage})
    def get(self, request: Request) -> Response:
        """List counts, the newest first: what was counted, what the levels said, who decided."""
        wish = goods.OpenQuery.parse(request.query_params)
        return self.listed(queries.counts(is_open=wish["open"]), wish, ("-counted_at", "-id"), goods.CountOutput)

    @extend_schema(operation_id="adminCountEnter", request=goods.CountInput, responses={201: goods.CountOutput})
    def post(self, request: Request) -> HttpResponse:
        """Write a count down; nothing moves until somebody confirms the difference."""
        wish = goods.CountInput.parse(request.data)
        counted = once({item["sku"]: item["counted"] for item in wish["items"]}, wish["items"])
        return self.write(
            "stock.enter_count",
            lambda op: stock.enter_count(op, warehouse_code=wish["warehouse"], counted=counted), _count_row,
        )


class CountDecisionView(GoodsView):
    """`/admin/inventory/counts/{id}/confirm` and `…/discard`."""

    deed: Any = None

    def _decide(self, count_id: str) -> HttpResponse:
        found, deed = id_of(count_id), self.deed
        return self.write(f"stock.{deed.__name__}", lambda op: deed(op, count_id=found), _count_row, status=200)


class CountConfirmView(CountDecisionView):
    """The difference is real."""

    deed = staticmethod(stock.confirm_count)

    @extend_schema(operation_id="adminCountConfirm", request=None, responses={200: goods.CountOutput})
    def post(self, request: Request, count_id: str) -> HttpResponse:  # noqa: ARG002 it says nothing
        """Confirm the difference: the levels follow."""
        return self._decide(count_id)


class CountDiscardView(CountDecisionView):
    """Somebody miscounted."""

    deed = staticmethod(stock.discard_count)

    @extend_schema(operation_id="adminCountDiscard", request=None, responses={200: goods.CountOutput})
    def post(self, request: Request, count_id: str) -> HttpResponse:  # noqa: ARG002 it says nothing
        """Discard the count: nothing changes."""
        return self._decide(count_id)


class BackordersView(GoodsView):
    """`/admin/inventory/backorders`."""

    @extend_schema(operation_id="adminBackorderList", parameters=[goods.QueueQuery], responses={200: goods.QueuePage})
    def get(self, request: Request) -> Response:
        """List who waits for stock, the oldest first."""
        wish = goods.QueueQuery.parse(request.query_params)
        return self.listed(queries.queue(wish["sku"]), wish, ("created_at", "id"), goods.BackorderOutput)


class BackorderFillView(GoodsView):
    """`/admin/inventory/backorders/{id}/fill`."""

    @extend_schema(operation_id="adminBackorderFill", request=None, responses={200: goods.FilledOutput})
    def post(self, request: Request, backorder_id: str) -> HttpResponse:  # noqa: ARG002 it says nothing
        """Serve this one now: out of turn, and down into the safety stock."""
        row = queries.backorder(id_of(backorder_id))
        return self.write(
            "stock.fill",
            lambda op: stock.fill(op, stream=row.stream, variant_id=row.variant_id, by_hand=True),
            lambda units: {"filled": units}, status=200, stream=row.stream,
        )


def id_of(text: str) -> UUID:
    """An id in an address. Raises Missing for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise Missing from None


def once(units: dict[str, int], items: Sequence[Any]) -> dict[str, int]:
    """Each SKU once. Raises `QuantityOutOfRange`."""
    if len(units) != len(items):
        raise stock.QuantityOutOfRange("Each SKU is named once.", errors=[("#/items", "A SKU is named twice.")])
    return units


def _transfer_row(found: Any) -> Any:
    return goods.TransferOutput(queries.transfers().get(pk=found.pk)).data


def _count_row(found: Any) -> Any:
    return goods.CountOutput(queries.counts().get(pk=found.pk)).data
