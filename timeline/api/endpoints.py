"""Endpoints and their messages, for staff; and the feed, for whoever would rather pull."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.views import APIView

from timeline import sight
from timeline.api import endpoint_shapes as shapes
from timeline.api.answers import JSON_TYPE, answered, encode, nothing
from timeline.api.authentication import ApiKeyAuthentication, StaffSessionAuthentication, staff_actor
from timeline.api.events import LogView
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.api.permissions import Staff
from timeline.endpoints import operations as endpoints
from timeline.endpoints.payload import cloud_event
from timeline.errors import Missing
from timeline.models import Checkpoint, Dispatch, Endpoint, Event
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from rest_framework.request import Request

    from timeline.operations import Operation

NO_CONTENT = 204


class EndpointView(APIView):
    """Staff, and API keys with the scope."""

    authentication_classes = [ApiKeyAuthentication, StaffSessionAuthentication]
    permission_classes = [Staff]
    required_scopes: ClassVar = {
        "GET": "endpoints:read", "POST": "endpoints:write", "PATCH": "endpoints:write", "DELETE": "endpoints:write",
    }

    def found(self, text: str) -> Endpoint:
        """The endpoint of this id. Raises Missing."""
        found = self.rows().filter(pk=uuid_of(text)).first()
        if found is None:
            raise Missing
        return found

    def rows(self) -> QuerySet[Endpoint]:
        """What this view may touch."""
        return endpoints.webhooks()

    @retried
    def write(self, name: str, deed: Callable[[Operation], Any], *, status: int = 200) -> HttpResponse:
        """One operation, answered with what the deed gives."""
        actor = staff_actor(self.request)
        with operation(name, actor=actor, key=key_of(self.request, actor)) as op:
            done = deed(op)
            return nothing(op) if status == NO_CONTENT else answered(op, status, done)


class EndpointsView(EndpointView):
    """`/admin/endpoints`."""

    @extend_schema(operation_id="admin_endpoints_list", parameters=[shapes.EndpointsQuery], responses={200: shapes.EndpointPage})
    def get(self, request: Request) -> HttpResponse:
        """List them."""
        wish = shapes.EndpointsQuery.parse(request.query_params)
        page = paged(endpoints.webhooks(), order=("name",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([shapes.EndpointOutput(row).data for row in page.rows]))

    @extend_schema(operation_id="admin_endpoint_add", request=shapes.EndpointInput, responses={201: shapes.MadeOutput})
    def post(self, request: Request) -> HttpResponse:
        """Send what happens from now on there. The secret is shown this once."""
        wish = shapes.EndpointInput.parse(request.data)
        if wish["is_personal"]:
            sight.require(request)
        return self.write("endpoint.add", lambda op: _made(endpoints.add(op, **wish)), status=201)


class OneEndpointView(EndpointView):
    """`/admin/endpoints/{id}`."""

    @extend_schema(operation_id="admin_endpoint_read", responses={200: shapes.EndpointOutput})
    def get(self, request: Request, endpoint_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one."""
        return shown(shapes.EndpointOutput(self.found(endpoint_id)).data)

    @extend_schema(operation_id="admin_endpoint_change", request=shapes.EndpointChange, responses={200: shapes.EndpointOutput})
    def patch(self, request: Request, endpoint_id: str) -> HttpResponse:
        """Change it, or switch it off and on; switched on again it goes on from now."""
        wish = shapes.EndpointChange.parse(request.data)
        found = self.found(endpoint_id)
        if wish.get("is_personal", found.is_personal):
            sight.require(request)
        return self.write("endpoint.change", lambda op: shapes.EndpointOutput(endpoints.change(op, endpoint_id=found.pk, **wish)).data)

    @extend_schema(operation_id="admin_endpoint_remove", request=None, responses={204: None})
    def delete(self, request: Request, endpoint_id: str) -> HttpResponse:  # noqa: ARG002
        """Remove it; what it was sent stays in the log of deliveries."""
        pk = self.found(endpoint_id).pk
        return self.write("endpoint.remove", lambda op: endpoints.remove(op, endpoint_id=pk), status=NO_CONTENT)


class TestView(EndpointView):
    """`/admin/endpoints/{id}/test`."""

    @extend_schema(operation_id="admin_endpoint_test", request=None, responses={201: shapes.DispatchOutput})
    def post(self, request: Request, endpoint_id: str) -> HttpResponse:  # noqa: ARG002
        """Send a test message there, whatever kinds it is told of."""
        pk = self.found(endpoint_id).pk
        return self.write("endpoint.test", lambda op: test_of(op, pk), status=201)


class RotateView(EndpointView):
    """`/admin/endpoints/{id}/rotate`."""

    @extend_schema(operation_id="admin_endpoint_rotate", request=None, responses={200: shapes.MadeOutput})
    def post(self, request: Request, endpoint_id: str) -> HttpResponse:  # noqa: ARG002
        """Make a new secret; the old one signs beside it for another day."""
        pk = self.found(endpoint_id).pk
        return self.write("endpoint.rotate", lambda op: _made(endpoints.rotate(op, endpoint_id=pk)))


class ReplayView(EndpointView):
    """`/admin/endpoints/{id}/replay`."""

    @extend_schema(operation_id="admin_endpoint_replay", request=shapes.ReplayInput, responses={200: shapes.ReplayOutput})
    def post(self, request: Request, endpoint_id: str) -> HttpResponse:
        """Send a range of the log again, those of the endpoint's kinds."""
        wish = shapes.ReplayInput.parse(request.data)
        pk = self.found(endpoint_id).pk
        return self.write("endpoint.replay", lambda op: {"count": endpoints.replay(op, endpoint_id=pk, **wish)})


class DispatchesView(EndpointView):
    """`/admin/endpoints/{id}/deliveries`."""

    @extend_schema(operation_id="admin_endpoint_deliveries", parameters=[shapes.DispatchesQuery], responses={200: shapes.DispatchPage})
    def get(self, request: Request, endpoint_id: str) -> HttpResponse:
        """List its messages with every try, the newest first."""
        wish = shapes.DispatchesQuery.parse(request.query_params)
        rows = Dispatch.objects.filter(endpoint=self.found(endpoint_id)).select_related("event").prefetch_related("tries")
        rows = rows.filter(state__in=wish["state"]) if wish["state"] else rows
        page = paged(rows, order=("-id",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([_dispatch(row) for row in page.rows]))


class AgainView(EndpointView):
    """`/admin/deliveries/{id}/again`."""

    @extend_schema(operation_id="admin_delivery_again", request=None, responses={200: shapes.DispatchOutput})
    def post(self, request: Request, dispatch_id: str) -> HttpResponse:  # noqa: ARG002
        """Send one message again."""
        pk = uuid_of(dispatch_id)
        return self.write("endpoint.again", lambda op: _dispatch(_read(endpoints.again(op, dispatch_id=pk).pk)))


class DropView(EndpointView):
    """`/admin/deliveries/{id}/drop`."""

    @extend_schema(operation_id="admin_delivery_drop", request=shapes.DropInput, responses={200: shapes.DispatchOutput})
    def post(self, request: Request, dispatch_id: str) -> HttpResponse:
        """Give up a message that failed for good: it waits for nobody any more."""
        wish = shapes.DropInput.parse(request.data)
        pk = uuid_of(dispatch_id)
        return self.write("endpoint.drop", lambda op: _dispatch(_read(endpoints.drop(op, dispatch_id=pk, **wish).pk)))


class FeedView(LogView):
    """`/api/v1/feed`."""

    @extend_schema(operation_id="events_feed", parameters=[shapes.FeedQuery], responses={200: shapes.FeedOutput})
    def get(self, request: Request) -> HttpResponse:
        """Pull the sealed events in their order, none left out; keep `next` and come again."""
        wish = shapes.FeedQuery.parse(request.query_params)
        newest = Checkpoint.objects.order_by("-id").first()
        size = newest.size if newest is not None else 0
        found = Event.objects.filter(position__gte=wish["start"], position__lt=min(size, wish["start"] + wish["limit"])).order_by("position")
        data = [cloud_event(event, has_entry=wish["entries"]) for event in found.defer("sealed")]
        return shown(
            {"data": data, "next": wish["start"] + len(data), "size": size, "checkpoint": newest.note if newest is not None else None}
        )


def test_of(op: Operation, endpoint_id: UUID) -> dict[str, Any]:
    """A test message owed to the endpoint, as it is shown."""
    return _dispatch(_read(endpoints.test(op, endpoint_id=endpoint_id).pk))


def _made(made: endpoints.Made) -> dict[str, Any]:
    return {**shapes.EndpointOutput(made.endpoint).data, "secret": made.secret}


def _dispatch(row: Dispatch) -> dict[str, Any]:
    return dict(shapes.DispatchOutput(row).data)


def _read(pk: UUID) -> Dispatch:
    return Dispatch.objects.select_related("event").prefetch_related("tries").get(pk=pk)


def uuid_of(text: str) -> UUID:
    """The id in the address. Raises Missing."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Missing from error


def shown(data: Any) -> HttpResponse:
    """The answer of a read."""
    return HttpResponse(encode(data), content_type=JSON_TYPE)
