"""What customers ask about their own data, as staff take it in and look after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders import person_queries, queries
from orders.api.inputs import Nothing
from orders.api.privacy_rows import (
    ArchiveQuery,
    DataRequestInput,
    DataRequestPage,
    DataRequestShape,
    DataRequestsQuery,
    RevealedShape,
    RevealInput,
    revealed_row,
)
from orders.api.privacy_views import DataRequestWrite
from orders.api.views import StaffView, shown
from orders.models import DataRequest
from orders.operations import privacy, revealing
from orders.privacy import erasures
from timeline.errors import Missing
from timeline.operations import operation

if TYPE_CHECKING:
    from django.http import HttpResponse, StreamingHttpResponse
    from rest_framework.request import Request


class StaffDataRequestView(DataRequestWrite, StaffView):
    """Called by staff, and by API keys with the scope."""

    required_scopes: ClassVar = {"GET": "privacy:read", "POST": "privacy:write"}
    as_staff: ClassVar[bool] = True

    def named(self, text: str) -> DataRequest:
        """The request of this id. Raises Missing."""
        return privacy.named(queries.uuid_of(text))

    def row(self, request: DataRequest) -> dict[str, Any]:
        """With the archive's link for who may fetch it."""
        row = super().row(request)
        return row if self.sees_customers() else {**row, "archiveUrl": None}


class CustomerDataRequestsView(StaffDataRequestView):
    """`/admin/customers/{id}/data-requests`."""

    @extend_schema(
        operation_id="admin_customer_data_requests_list", parameters=[DataRequestsQuery], responses={200: DataRequestPage}
    )
    def get(self, request: Request, customer_id: str) -> HttpResponse:
        """List what this customer asked about their data."""
        wish = DataRequestsQuery.parse(request.query_params)
        person_id = person_queries.id_of(customer_id)
        return self.listed(DataRequest.objects.filter(person_id=person_id), wish)

    @extend_schema(operation_id="admin_customer_data_request", request=DataRequestInput, responses={202: DataRequestShape})
    def post(self, request: Request, customer_id: str) -> HttpResponse:
        """Take a request in for the customer; it is done in the background, an erasure as soon as nothing needs the data."""
        kind = DataRequestInput.parse(request.data)["kind"]
        person_id = person_queries.id_of(customer_id)
        return self.act("privacy.ask", person_id, lambda op: privacy.ask(op, person_id=person_id, kind=kind), status=202)


class DataRequestsView(StaffDataRequestView):
    """`/admin/data-requests`."""

    @extend_schema(operation_id="admin_data_requests_list", parameters=[DataRequestsQuery], responses={200: DataRequestPage})
    def get(self, request: Request) -> HttpResponse:
        """List requests of all customers, the newest first."""
        return self.listed(DataRequest.objects.all(), DataRequestsQuery.parse(request.query_params))


class DataRequestView(StaffDataRequestView):
    """`/admin/data-requests/{id}`."""

    @extend_schema(operation_id="admin_data_request_read", responses={200: DataRequestShape})
    def get(self, request: Request, request_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one request: where it is, and why it waits."""
        return shown(self.row(self.named(request_id)))


class ExecuteView(StaffDataRequestView):
    """`/admin/data-requests/{id}/execute`."""

    idempotent = False
    takes_if_match = False

    @extend_schema(operation_id="admin_data_request_execute", request=Nothing, responses={200: DataRequestShape})
    def post(self, request: Request, request_id: str) -> HttpResponse:
        """Erase now; refused with the reasons while something needs the data, and kept for later."""
        Nothing.parse(request.data)
        found = self.named(request_id)
        return shown(self.row(erasures.erase_now(request_id=found.pk, actor=self.actor())))


class WithdrawView(StaffDataRequestView):
    """`/admin/data-requests/{id}/withdraw`."""

    @extend_schema(operation_id="admin_data_request_withdraw", request=Nothing, responses={200: DataRequestShape})
    def post(self, request: Request, request_id: str) -> HttpResponse:
        """Drop a request that is not done yet; an archive that is ready is taken back."""
        Nothing.parse(request.data)
        found = self.named(request_id)
        deed = privacy.take_back if found.status == DataRequest.Status.READY else privacy.withdraw
        return self.act("privacy.withdraw", found.person_id, lambda op: deed(op, request_id=found.pk))


class ArchiveView(StaffDataRequestView):
    """`/admin/data-requests/{id}/archive`."""

    @extend_schema(
        operation_id="admin_data_request_archive", parameters=[ArchiveQuery],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, request_id: str) -> StreamingHttpResponse:
        """Fetch the archive, for a customer who cannot sign in. Who may not see customers finds nothing here."""
        if not self.sees_customers():
            raise Missing
        return self.archive(request, self.named(request_id))


class RevealView(StaffView):
    """`/admin/orders/{id}/reveal`."""

    required_scopes: ClassVar = {"POST": "customers:reveal"}
    masks: ClassVar[bool] = False
    idempotent = False
    takes_if_match = False

    @extend_schema(operation_id="admin_order_reveal", request=RevealInput, responses={200: RevealedShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """See the order's customer in full though your role sees them masked; who did and why is recorded."""
        reason = RevealInput.parse(request.data)["reason"]
        pk = self.order_id(order_id)
        with operation("personal_data.reveal", actor=self.actor()) as op:
            revealing.reveal(op, order_id=pk, reason=reason)
        found = queries.detail(pk)
        return shown(revealed_row(found.person, shipping=found.shipping, billing=found.billing))
