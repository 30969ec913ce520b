"""What customers ask about their own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders import queries
from orders.api.inputs import Nothing
from orders.api.privacy_rows import ArchiveQuery, DataRequestInput, DataRequestPage, DataRequestShape, DataRequestsQuery
from orders.api.privacy_views import DataRequestWrite
from orders.api.views import StorefrontView, shown
from orders.models import DataRequest
from orders.operations import people, privacy

if TYPE_CHECKING:
    from django.http import HttpResponse, StreamingHttpResponse
    from rest_framework.request import Request

    from timeline.operations import Operation


class OwnDataRequestView(DataRequestWrite, StorefrontView):
    """A customer's or guest's own requests, and nobody else's."""

    as_staff: ClassVar[bool] = False

    def named(self, text: str) -> DataRequest:
        """The caller's own request of this id. Raises Missing, also for somebody else's."""
        return privacy.named(queries.uuid_of(text), person_id=self.caller().person_id)


class DataRequestsView(OwnDataRequestView):
    """`/storefront/me/data-requests`."""

    @extend_schema(operation_id="storefront_data_requests_list", parameters=[DataRequestsQuery], responses={200: DataRequestPage})
    def get(self, request: Request) -> HttpResponse:
        """List what the caller asked about their data."""
        mine = DataRequest.objects.filter(person_id=self.caller().person_id)
        return self.listed(mine, DataRequestsQuery.parse(request.query_params))

    @extend_schema(operation_id="storefront_data_request", request=DataRequestInput, responses={202: DataRequestShape})
    def post(self, request: Request) -> HttpResponse:
        """Ask for everything we keep about you, or for its erasure."""
        kind = DataRequestInput.parse(request.data)["kind"]
        caller = self.caller()

        def deed(op: Operation) -> DataRequest:
            people.ensure(op, person_id=caller.person_id, kind=caller.kind)
            return privacy.ask(op, person_id=caller.person_id, kind=kind)

        return self.act("privacy.ask", caller.person_id, deed, status=202)


class DataRequestView(OwnDataRequestView):
    """`/storefront/me/data-requests/{id}`."""

    @extend_schema(operation_id="storefront_data_request_read", responses={200: DataRequestShape})
    def get(self, request: Request, request_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one of the caller's requests."""
        return shown(self.row(self.named(request_id)))


class WithdrawView(OwnDataRequestView):
    """`/storefront/me/data-requests/{id}/withdraw`."""

    @extend_schema(operation_id="storefront_data_request_withdraw", request=Nothing, responses={200: DataRequestShape})
    def post(self, request: Request, request_id: str) -> HttpResponse:
        """Think better of it, while it is not done yet."""
        Nothing.parse(request.data)
        found = self.named(request_id)
        return self.act("privacy.withdraw", found.person_id, lambda op: privacy.withdraw(op, request_id=found.pk))


class ArchiveView(OwnDataRequestView):
    """`/storefront/me/data-requests/{id}/archive`."""

    @extend_schema(
        operation_id="storefront_data_request_archive", parameters=[ArchiveQuery],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, request_id: str) -> StreamingHttpResponse:
        """Fetch the archive by its link, while it lives."""
        return self.archive(request, self.named(request_id))
