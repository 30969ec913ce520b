"""Fulfilments, as staff arrange, pick and pack them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema

from orders import queries, work
from orders.api import fulfilment_shapes as shapes
from orders.api.admin.refunds import limit_of
from orders.api.fulfilment_rows import FulfilmentShape, fulfilment_row
from orders.api.inputs import Nothing
from orders.api.shapes import OrderShape
from orders.api.views import OrderWrite, StaffView, shown, units_of
from orders.operations import arranging, cancel_units, disposition, packing
from shipping import carriers
from timeline.api.paging import paged
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.operations import Operation


class UnknownCarrier(Invalid):
    """The shop does not work with this carrier."""


class FulfilmentsView(StaffView):
    """`/admin/fulfilments`."""

    @extend_schema(
        operation_id="admin_fulfilments_list", parameters=[shapes.FulfilmentsQuery], responses={200: shapes.FulfilmentPage}
    )
    def get(self, request: Request) -> HttpResponse:
        """List fulfilments, the oldest first."""
        wish = shapes.FulfilmentsQuery.parse(request.query_params)
        page = paged(
            work.fulfilments(statuses=wish["status"], warehouse=wish["warehouse"]), order=("created_at", "id"),
            page=wish["page"], limit=wish["limit"], cursor=wish["cursor"],
        )
        return shown(page.envelope([fulfilment_row(row) for row in page.rows]))


class FulfilmentView(StaffView):
    """`/admin/fulfilments/{id}`."""

    @extend_schema(operation_id="admin_fulfilment_read", responses={200: FulfilmentShape})
    def get(self, request: Request, fulfilment_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one fulfilment."""
        return shown(fulfilment_row(work.fulfilment(queries.uuid_of(fulfilment_id))))


class FulfilmentWrite(OrderWrite, StaffView):
    """One verb on one fulfilment."""

    required_scopes: ClassVar = {"POST": "shipments:write"}
    takes_if_match = True

    def act(self, name: str, fulfilment_id: str, verb: Callable[..., Any], /, *, status: int = 200, **nouns: Any) -> HttpResponse:
        """Run the verb in the order's story and answer with the fulfilment it gives."""
        pk = queries.uuid_of(fulfilment_id)
        order_id = work.order_of_fulfilment(pk)

        def deed(op: Operation) -> UUID:
            done: UUID = verb(op, order_id=order_id, fulfilment_id=pk, **nouns).pk
            return done

        return self.write(name, order_id, deed, status=status, row=lambda _, made: fulfilment_row(work.fulfilment(made)))


class MoveView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/move`."""

    @extend_schema(operation_id="admin_fulfilment_move", request=shapes.MoveInput, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Let another warehouse ship it; refused where the units are not free there."""
        return self.act("fulfilment.move", fulfilment_id, arranging.move, **shapes.MoveInput.parse(request.data))


class SplitView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/split`."""

    @extend_schema(operation_id="admin_fulfilment_split", request=shapes.SplitInput, responses={201: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Make some of its units a fulfilment of their own; the answer is the new one."""
        items = units_of(shapes.SplitInput.parse(request.data)["items"])
        return self.act("fulfilment.split", fulfilment_id, arranging.split, status=201, items=items)


class MergeView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/merge`."""

    @extend_schema(operation_id="admin_fulfilment_merge", request=shapes.MergeInput, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Let its units join another fulfilment of the same order and warehouse; the answer is that one."""
        into = shapes.MergeInput.parse(request.data)["into"]
        return self.act("fulfilment.merge", fulfilment_id, arranging.merge, into_id=into)


class ScheduleView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/schedule`."""

    @extend_schema(
        operation_id="admin_fulfilment_schedule", request=shapes.ScheduleInput, responses={200: FulfilmentShape}
    )
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Keep it from being picked before a time."""
        return self.act("fulfilment.schedule", fulfilment_id, arranging.schedule, **shapes.ScheduleInput.parse(request.data))


class ReleaseView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/release`."""

    @extend_schema(operation_id="admin_fulfilment_release", request=Nothing, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Let it be picked now, before its time or because its stock has come."""
        return self.act("fulfilment.release", fulfilment_id, arranging.release, **Nothing.parse(request.data))


class StartView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/start`."""

    @extend_schema(operation_id="admin_fulfilment_start", request=Nothing, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Begin to pick it; a confirmed order is being processed from here on."""
        return self.act("fulfilment.start", fulfilment_id, packing.start, **Nothing.parse(request.data))


class PackView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/pack`."""

    @extend_schema(operation_id="admin_fulfilment_pack", request=shapes.PackInput, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Say that all its units are in the box; with a carrier its parcel is booked too."""
        wish = shapes.PackInput.parse(request.data)
        if wish["carrier"] is not None and wish["carrier"] not in carriers.codes():
            raise UnknownCarrier(errors=[("#/carrier", f"One of these: {', '.join(carriers.codes())}.")])
        return self.act("fulfilment.pack", fulfilment_id, packing.pack, **wish)


class ReshipView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/reship`."""

    @extend_schema(operation_id="admin_fulfilment_reship", request=Nothing, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Send the units of a lost or returned parcel again, as a new fulfilment."""
        return self.act("fulfilment.reship", fulfilment_id, disposition.reship, **Nothing.parse(request.data))


class GiveBackView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/refund`."""

    required_scopes: ClassVar = {"POST": "refunds:write"}
    key_required: ClassVar[bool] = True

    @extend_schema(operation_id="admin_fulfilment_refund", request=shapes.DecideInput, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Give the money of a lost or returned parcel's units back, at exactly what they cost."""
        return self.act(
            "fulfilment.refund", fulfilment_id, disposition.give_back, limit_minor=limit_of(request),
            **shapes.DecideInput.parse(request.data),
        )


class CloseView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/close`."""

    @extend_schema(operation_id="admin_fulfilment_close", request=shapes.DecideInput, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Close a lost or returned parcel in another way, and say how."""
        return self.act("fulfilment.close", fulfilment_id, disposition.close, **shapes.DecideInput.parse(request.data))


class CancelUnitsView(OrderWrite, StaffView):
    """`/admin/orders/{id}/cancel-units`."""

    required_scopes: ClassVar = {"POST": "orders:write"}
    key_required: ClassVar[bool] = True
    takes_if_match = True

    @extend_schema(
        operation_id="admin_order_cancel_units", request=shapes.CancelUnitsInput, responses={200: OrderShape}
    )
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Take units that have not left out of the order, with their money; the last one cancels the order."""
        wish = shapes.CancelUnitsInput.parse(request.data)
        items = units_of(wish.pop("items")) or {}
        pk, limit_minor = self.order_id(order_id), limit_of(request)
        return self.write(
            "order.cancel_units", pk,
            lambda op: cancel_units.cancel_units(op, order_id=pk, items=items, limit_minor=limit_minor, **wish),
        )


class ShortView(FulfilmentWrite):
    """`/admin/fulfilments/{id}/short`."""

    @extend_schema(operation_id="admin_fulfilment_short", request=shapes.ShortInput, responses={200: FulfilmentShape})
    def post(self, request: Request, fulfilment_id: str) -> HttpResponse:
        """Say which of its units are not on the shelf; the rest goes on."""
        items = units_of(shapes.ShortInput.parse(request.data)["items"])
        return self.act("fulfilment.short", fulfilment_id, packing.short, items=items)
