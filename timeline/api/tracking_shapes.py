"""What goes over the wire about delivery configurations and tracking events."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from timeline.api.query import Query
from timeline.api.wire import Choice, Input, Output, Page, StrictBool, StrictText, StrictUUID, camel
from timeline.endpoints import configurations
from timeline.endpoints.brokers import TOPIC_CHARS_MAX
from timeline.endpoints.guard import URL_CHARS_MAX
from timeline.models import Endpoint, TrackingEvent

CREDENTIAL_CHARS_MAX, NAME_CHARS_MAX, ENVIRONMENT_CHARS_MAX, LIST_MAX = 500, 120, 40, 50
_KINDS = "Tracking names (`orders.submitted`), our kinds (`order.placed`), either with a star (`orders.*`), or `*`."


class CredentialsInput(Input):
    """What the target asks of us; which are needed depends on it. They are sealed and never answered back."""

    client_id = StrictText(max_length=CREDENTIAL_CHARS_MAX, required=False)
    api_key = StrictText(max_length=CREDENTIAL_CHARS_MAX, required=False)
    username = StrictText(max_length=CREDENTIAL_CHARS_MAX, required=False)
    password = StrictText(max_length=CREDENTIAL_CHARS_MAX, required=False)
    token = StrictText(max_length=CREDENTIAL_CHARS_MAX, required=False)
    access_key_id = StrictText(max_length=CREDENTIAL_CHARS_MAX, required=False)
    secret_access_key = StrictText(max_length=CREDENTIAL_CHARS_MAX, required=False)
    region = StrictText(max_length=CREDENTIAL_CHARS_MAX, required=False)


def camelled(credentials: dict[str, str]) -> dict[str, str]:
    """Under the names they have on the wire."""
    return {camel(name): text for name, text in credentials.items()}


class ConfigurationInput(Input):
    """A place events may go to."""

    name = StrictText(max_length=NAME_CHARS_MAX)
    target = Choice(choices=Endpoint.Way.values, source="way")
    url = StrictText(max_length=URL_CHARS_MAX, required=False, allow_blank=True, default="", help_text="https, or the broker's address.")
    topic = StrictText(
        max_length=TOPIC_CHARS_MAX, required=False, allow_blank=True, default="",
        help_text="Topic, subject, queue or exchange/key; `{type}` stands for the event's name.",
    )
    credentials = CredentialsInput(required=False, default=dict)
    payload = Choice(choices=Endpoint.Payload.values, required=False, default="hydrated")
    envelope = Choice(choices=Endpoint.Envelope.values, required=False, default="standard")
    is_personal = StrictBool(required=False, help_text="Whether messages may name the customer; mail_campaign: yes, else no.")
    is_active = StrictBool(required=False, default=True)


class ConfigurationChange(Input):
    """What is to be different; credentials are replaced whole."""

    name = StrictText(max_length=NAME_CHARS_MAX, required=False)
    url = StrictText(max_length=URL_CHARS_MAX, required=False, allow_blank=True)
    topic = StrictText(max_length=TOPIC_CHARS_MAX, required=False, allow_blank=True)
    credentials = CredentialsInput(required=False)
    payload = Choice(choices=Endpoint.Payload.values, required=False)
    envelope = Choice(choices=Endpoint.Envelope.values, required=False)
    is_personal = StrictBool(required=False)
    is_active = StrictBool(required=False)


class ConfigurationOutput(Output):
    """A delivery configuration; of its credentials only a fingerprint."""

    id = s.UUIDField()
    name = s.CharField()
    target = s.CharField(source="way")
    url = s.CharField()
    topic = s.CharField()
    payload = s.CharField()
    envelope = s.CharField()
    is_personal = s.BooleanField()
    is_active = s.BooleanField()
    why_inactive = s.CharField()
    credentials_fingerprint = s.SerializerMethodField(allow_null=True)
    cursor = s.IntegerField()
    failures = s.IntegerField()
    failing_since = s.DateTimeField(allow_null=True)
    paused_until = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()

    def get_credentials_fingerprint(self, row: Endpoint) -> str | None:
        """By which two sets of credentials are told apart."""
        return configurations.fingerprint(row)


class ConfigurationMade(ConfigurationOutput):
    """A delivery configuration with the secret that signs its HTTP messages, shown this once."""

    secret = s.CharField()


class TrackingInput(Input):
    """Which events go where."""

    name = StrictText(max_length=NAME_CHARS_MAX)
    delivery_configuration_id = StrictUUID(source="configuration_id")
    kinds = s.ListField(child=StrictText(max_length=60), help_text=_KINDS)
    environments = s.ListField(
        child=StrictText(max_length=ENVIRONMENT_CHARS_MAX), required=False, default=list, max_length=LIST_MAX, help_text="Empty: all."
    )
    api_clients = s.ListField(
        child=StrictUUID(), required=False, default=list, max_length=LIST_MAX, help_text="Ids of API clients. Empty: all, and the shop's pages."
    )
    is_enabled = StrictBool(required=False, default=True)


class TrackingChange(Input):
    """What is to be different."""

    name = StrictText(max_length=NAME_CHARS_MAX, required=False)
    delivery_configuration_id = StrictUUID(source="configuration_id", required=False)
    kinds = s.ListField(child=StrictText(max_length=60), required=False)
    environments = s.ListField(child=StrictText(max_length=ENVIRONMENT_CHARS_MAX), required=False, max_length=LIST_MAX)
    api_clients = s.ListField(child=StrictUUID(), required=False, max_length=LIST_MAX)
    is_enabled = StrictBool(required=False)


class TrackingOutput(Output):
    """A tracking event. `isHere` says whether it is enabled in this installation's environment."""

    id = s.UUIDField()
    name = s.CharField()
    delivery_configuration_id = s.UUIDField(source="configuration_id")
    kinds = s.ListField(child=s.CharField())
    environments = s.ListField(child=s.CharField())
    api_clients = s.ListField(child=s.UUIDField())
    is_enabled = s.BooleanField()
    is_here = s.SerializerMethodField()
    created_at = s.DateTimeField()

    def get_is_here(self, row: TrackingEvent) -> bool:
        """Enabled, and in this environment."""
        return row.is_enabled and row.is_here


class ConfigurationPage(Page):
    """Delivery configurations of one page."""

    data: Any = ConfigurationOutput(many=True)


class TrackingPage(Page):
    """Tracking events of one page."""

    data: Any = TrackingOutput(many=True)


class ConfigurationsQuery(Query):
    """All of them, by name."""


_CONFIGURATION = {
    "name": "Campaigns", "target": "mail_campaign", "url": "https://send.example.com/events", "credentials": {"apiKey": "k-4711"},
}
_TRACKING = {
    "name": "Carts and orders", "deliveryConfigurationId": "01890000-0000-7000-8000-000000000000",
    "kinds": ["orders.lines.added", "orders.lines.updated", "orders.submitted", "sessions.identified", "checkout.abandoned"],
    "environments": ["production"],
}
extend_schema_serializer(examples=[OpenApiExample("Configuration", value=_CONFIGURATION, request_only=True)])(ConfigurationInput)
extend_schema_serializer(examples=[OpenApiExample("Change", value={"isActive": False}, request_only=True)])(ConfigurationChange)
extend_schema_serializer(examples=[OpenApiExample("Tracking", value=_TRACKING, request_only=True)])(TrackingInput)
extend_schema_serializer(examples=[OpenApiExample("Change", value={"isEnabled": False}, request_only=True)])(TrackingChange)
