"""Parcels, as staff book and move them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders import masking, parcels, queries, viewing
from orders.api import shapes
from orders.api.inputs import DeliverInput, DispatchInput, ShipmentInput
from orders.api.parcel_rows import listed_shipment_row, shipment_row
from orders.api.parcel_shapes import ShipmentShape, ShipmentsQuery
from orders.api.return_inputs import TakeBackInput, graded_of
from orders.api.views import OrderWrite, StaffView, shown, units_of
from orders.documents.served import label_response
from orders.operations import carrying, fulfil
from shipping import carriers
from shipping.models import Label
from timeline.api.paging import paged
from timeline.errors import Invalid, Missing

if TYPE_CHECKING:
    from rest_framework.request import Request

CLOCK_DRIFT_MAX = timedelta(minutes=5)


class InTheFuture(Invalid):
    """What has happened has not happened later than now."""


class UnknownCarrier(Invalid):
    """The shop does not work with this carrier; a parcel labelled elsewhere goes with the status shipped."""


class BookView(OrderWrite, StaffView):
    """`/admin/orders/{id}/shipments`."""

    required_scopes: ClassVar = {"POST": "shipments:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_shipment_book", request=ShipmentInput, responses={201: ShipmentShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Book a parcel; label and tracking number are there once the carrier has answered."""
        wish = ShipmentInput.parse(request.data)
        items = units_of(wish.pop("items", None))
        require_known(wish["carrier"])
        pk = self.order_id(order_id)
        return self.write(
            "shipment.book", pk, lambda op: fulfil.book(op, order_id=pk, items=items, **wish),
            status=201, row=row_of,
        )


class ShipmentsView(StaffView):
    """`/admin/shipments`."""

    required_scopes: ClassVar = {"GET": "orders:read"}

    @extend_schema(operation_id="admin_shipments_list", parameters=[ShipmentsQuery], responses={200: shapes.ShipmentPage})
    def get(self, request: Request) -> HttpResponse:
        """List parcels, the newest first: by status, carrier, direction, late ones, flagged ones."""
        wish = ShipmentsQuery.parse(request.query_params)
        wanted = parcels.Wanted(
            statuses=wish["status"], carriers=wish["carrier"], warehouses=wish["warehouse"], direction=wish["direction"],
            number=wish["number"], is_late=wish["late"], is_flagged=wish["flagged"],
        )
        rows = parcels.with_parts(parcels.found(wanted, now=timezone.now()))
        page = paged(rows, order=parcels.NEWEST_FIRST, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        numbers = queries.numbers_of(row.stream for row in page.rows)
        return shown(page.envelope(
            [listed_shipment_row(one, numbers.get(one.shipment.stream)) for one in parcels.as_parcels(page.rows)]
        ))


class ShipmentView(StaffView):
    """`/admin/shipments/{id}`."""

    required_scopes: ClassVar = {"GET": "orders:read"}

    @extend_schema(operation_id="admin_shipment_read", responses={200: ShipmentShape})
    def get(self, request: Request, shipment_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one parcel."""
        return shown(shipment_row(parcels.parcel(queries.uuid_of(shipment_id)), as_staff=True))


class LabelView(StaffView):
    """`/admin/shipments/{id}/label`."""

    required_scopes: ClassVar = {"GET": "shipments:write"}

    @extend_schema(operation_id="admin_shipment_label", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, shipment_id: str) -> HttpResponse:
        """Fetch the parcel's label, to be printed. It names the recipient, and is for who sends parcels."""
        masking.require_labels(request)
        label = Label.objects.select_related("shipment__key").filter(shipment_id=queries.uuid_of(shipment_id)).first()
        if label is None:
            raise Missing
        viewing.of_parcels([label.shipment_id], actor=self.actor(), what="label", now=timezone.now())
        return label_response(label, name=f"label-{label.shipment_id}")


class DispatchView(OrderWrite, StaffView):
    """`/admin/shipments/{id}/dispatch`."""

    required_scopes: ClassVar = {"POST": "shipments:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_shipment_dispatch", request=DispatchInput, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """The parcel is handed to its carrier."""
        at = past(DispatchInput.parse(request.data)["at"])
        order_id, shipment = parcels.story_of(shipment_id)
        return self.write(
            "shipment.dispatch", order_id,
            lambda op: carrying.dispatch(op, order_id=order_id, shipment=shipment, at=at), row=row_of,
        )


class DeliverView(OrderWrite, StaffView):
    """`/admin/shipments/{id}/deliver`."""

    required_scopes: ClassVar = {"POST": "shipments:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_shipment_deliver", request=DeliverInput, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """The parcel has arrived."""
        wish = DeliverInput.parse(request.data)
        wish["at"] = past(wish["at"])
        order_id, shipment = parcels.story_of(shipment_id)
        return self.write(
            "shipment.deliver", order_id,
            lambda op: carrying.deliver(op, order_id=order_id, shipment=shipment, **wish), row=row_of,
        )


class ReturnView(OrderWrite, StaffView):
    """`/admin/shipments/{id}/return`."""

    required_scopes: ClassVar = {"POST": "shipments:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_shipment_take_back", request=TakeBackInput, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """A parcel that was called back is received: its goods are stock again, or what each was found to be."""
        wish = TakeBackInput.parse(request.data)
        order_id, shipment = parcels.story_of(shipment_id)
        units = graded_of(wish["units"]) if "units" in wish else None
        return self.write(
            "shipment.take_back", order_id,
            lambda op: carrying.take_back(op, order_id=order_id, shipment=shipment, units=units), row=row_of,
        )


def require_known(carrier: str) -> None:
    """A parcel that is labelled here goes with a carrier we speak to. Raises UnknownCarrier."""
    if carrier not in carriers.codes():
        words = ", ".join(carriers.codes())
        raise UnknownCarrier(errors=[("#/carrier", f"One of these: {words}.")])


def row_of(_op: Any, shipment: Any) -> dict[str, Any]:
    """The parcel as the operation leaves it."""
    return shipment_row(parcels.parcel(shipment.pk), as_staff=True)


def past(at: datetime | None) -> datetime | None:
    """The moment, unless it is yet to come. Raises InTheFuture."""
    if at is not None and at > timezone.now() + CLOCK_DRIFT_MAX:
        raise InTheFuture(errors=[("#/at", "This moment is yet to come.")])
    return at
