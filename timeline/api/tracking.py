"""Delivery configurations and tracking events: made, read, changed, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view

from timeline import sight
from timeline.api import tracking_shapes as shapes
from timeline.api.endpoints import (
    NO_CONTENT,
    DispatchesView,
    EndpointView,
    ReplayView,
    RotateView,
    TestView,
    shown,
    uuid_of,
)
from timeline.api.paging import paged
from timeline.endpoints import configurations, operations
from timeline.errors import Missing
from timeline.models import TrackingEvent

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from timeline.models import Endpoint


class TrackingView(EndpointView):
    """Staff, and API keys with the scope."""

    required_scopes: ClassVar = {
        "GET": "tracking:read", "POST": "tracking:write", "PATCH": "tracking:write", "DELETE": "tracking:write",
    }

    def rows(self) -> QuerySet[Endpoint]:
        """What these views may touch."""
        return configurations.rows()


class ConfigurationsView(TrackingView):
    """`/api/v1/delivery-configurations`."""

    @extend_schema(
        operation_id="delivery_configurations_list", parameters=[shapes.ConfigurationsQuery], responses={200: shapes.ConfigurationPage}
    )
    def get(self, request: Request) -> HttpResponse:
        """List them."""
        wish = shapes.ConfigurationsQuery.parse(request.query_params)
        page = paged(configurations.rows(), order=("name",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([shapes.ConfigurationOutput(row).data for row in page.rows]))

    @extend_schema(
        operation_id="delivery_configuration_add", request=shapes.ConfigurationInput, responses={201: shapes.ConfigurationMade}
    )
    def post(self, request: Request) -> HttpResponse:
        """Name a place events may go to. The secret that signs HTTP messages is shown this once."""
        wish = _known(shapes.ConfigurationInput.parse(request.data))
        if wish.get("is_personal", configurations.names_people(wish["way"])):
            sight.require(request)
        return self.write("configuration.add", lambda op: _made_row(configurations.add(op, target=wish.pop("way"), **wish)), status=201)


class OneConfigurationView(TrackingView):
    """`/api/v1/delivery-configurations/{id}`."""

    @extend_schema(operation_id="delivery_configuration_read", responses={200: shapes.ConfigurationOutput})
    def get(self, request: Request, configuration_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one."""
        return shown(shapes.ConfigurationOutput(self.found(configuration_id)).data)

    @extend_schema(
        operation_id="delivery_configuration_change", request=shapes.ConfigurationChange, responses={200: shapes.ConfigurationOutput}
    )
    def patch(self, request: Request, configuration_id: str) -> HttpResponse:
        """Change it, or switch it off and on."""
        wish = _known(shapes.ConfigurationChange.parse(request.data))
        found = self.found(configuration_id)
        if wish.get("is_personal", found.is_personal):
            sight.require(request)
        return self.write(
            "configuration.change",
            lambda op: shapes.ConfigurationOutput(configurations.change(op, configuration_id=found.pk, **wish)).data,
        )

    @extend_schema(operation_id="delivery_configuration_remove", request=None, responses={204: None})
    def delete(self, request: Request, configuration_id: str) -> HttpResponse:  # noqa: ARG002
        """Remove it; 409 while tracking events go there."""
        pk = uuid_of(configuration_id)
        return self.write("configuration.remove", lambda op: configurations.remove(op, configuration_id=pk), status=NO_CONTENT)


@extend_schema_view(post=extend_schema(operation_id="delivery_configuration_test"))
class ConfigurationTestView(TrackingView, TestView):
    """`/api/v1/delivery-configurations/{id}/test`."""


@extend_schema_view(post=extend_schema(operation_id="delivery_configuration_rotate"))
class ConfigurationRotateView(TrackingView, RotateView):
    """`/api/v1/delivery-configurations/{id}/rotate`."""


@extend_schema_view(post=extend_schema(operation_id="delivery_configuration_replay"))
class ConfigurationReplayView(TrackingView, ReplayView):
    """`/api/v1/delivery-configurations/{id}/replay`."""


@extend_schema_view(get=extend_schema(operation_id="delivery_configuration_deliveries"))
class ConfigurationDispatchesView(TrackingView, DispatchesView):
    """`/api/v1/delivery-configurations/{id}/deliveries`."""


class TrackingEventsView(TrackingView):
    """`/api/v1/tracking-events`."""

    @extend_schema(operation_id="tracking_events_list", parameters=[shapes.ConfigurationsQuery], responses={200: shapes.TrackingPage})
    def get(self, request: Request) -> HttpResponse:
        """List them."""
        wish = shapes.ConfigurationsQuery.parse(request.query_params)
        page = paged(TrackingEvent.objects.all(), order=("name",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([shapes.TrackingOutput(row).data for row in page.rows]))

    @extend_schema(operation_id="tracking_event_add", request=shapes.TrackingInput, responses={201: shapes.TrackingOutput})
    def post(self, request: Request) -> HttpResponse:
        """Send these events there from now on."""
        wish = _texts(shapes.TrackingInput.parse(request.data))
        return self.write(
            "tracking.add", lambda op: shapes.TrackingOutput(configurations.add_tracking(op, **wish)).data, status=201
        )


class OneTrackingEventView(TrackingView):
    """`/api/v1/tracking-events/{id}`."""

    @extend_schema(operation_id="tracking_event_read", responses={200: shapes.TrackingOutput})
    def get(self, request: Request, tracking_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one."""
        found = TrackingEvent.objects.filter(pk=uuid_of(tracking_id)).first()
        if found is None:
            raise Missing
        return shown(shapes.TrackingOutput(found).data)

    @extend_schema(operation_id="tracking_event_change", request=shapes.TrackingChange, responses={200: shapes.TrackingOutput})
    def patch(self, request: Request, tracking_id: str) -> HttpResponse:
        """Change it, or switch it off and on."""
        wish = _texts(shapes.TrackingChange.parse(request.data))
        pk = uuid_of(tracking_id)
        return self.write(
            "tracking.change", lambda op: shapes.TrackingOutput(configurations.change_tracking(op, tracking_id=pk, **wish)).data
        )

    @extend_schema(operation_id="tracking_event_remove", request=None, responses={204: None})
    def delete(self, request: Request, tracking_id: str) -> HttpResponse:  # noqa: ARG002
        """Remove it."""
        pk = uuid_of(tracking_id)
        return self.write("tracking.remove", lambda op: configurations.remove_tracking(op, tracking_id=pk), status=NO_CONTENT)


def _known(wish: dict[str, Any]) -> dict[str, Any]:
    """Credentials under the names they have on the wire."""
    if "credentials" in wish:
        wish["credentials"] = shapes.camelled(wish["credentials"])
    return wish


def _texts(wish: dict[str, Any]) -> dict[str, Any]:
    if "api_clients" in wish:
        wish["api_clients"] = [str(client) for client in wish["api_clients"]]
    return wish


def _made_row(made: operations.Made) -> dict[str, Any]:
    return {**shapes.ConfigurationOutput(made.endpoint).data, "secret": made.secret}
