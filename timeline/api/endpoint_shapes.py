"""What goes over the wire about endpoints, their messages, and the feed one pulls."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from timeline.api.query import Query, QueryBool, QueryInt, QueryList
from timeline.api.wire import INTEGER_MAX, Choice, Input, Output, Page, StrictBool, StrictInt, StrictText
from timeline.endpoints.guard import URL_CHARS_MAX
from timeline.models import Dispatch, Endpoint

FEED_EVENTS_MAX = 1000


class EndpointInput(Input):
    """Where to send what."""

    name = StrictText(max_length=120)
    url = StrictText(max_length=URL_CHARS_MAX, help_text="A public https address, on port 443 or 8443.")
    kinds = s.ListField(child=StrictText(max_length=60), help_text="`order.placed`, `order.*`, or `*`.")
    payload = Choice(choices=Endpoint.Payload.values, required=False, default="thin")
    envelope = Choice(choices=Endpoint.Envelope.values, required=False, default="standard")
    is_personal = StrictBool(required=False, default=False, help_text="Whether a hydrated message may name the customer.")


class EndpointChange(Input):
    """What is to be different."""

    url = StrictText(max_length=URL_CHARS_MAX, required=False)
    kinds = s.ListField(child=StrictText(max_length=60), required=False)
    payload = Choice(choices=Endpoint.Payload.values, required=False)
    envelope = Choice(choices=Endpoint.Envelope.values, required=False)
    is_personal = StrictBool(required=False)
    is_active = StrictBool(required=False)


class ReplayInput(Input):
    """Which places of the log are sent again, both included."""

    first = StrictInt(min_value=0, max_value=INTEGER_MAX)
    last = StrictInt(min_value=0, max_value=INTEGER_MAX)


class DropInput(Input):
    """Why it is given up; kept sealed."""

    reason = StrictText(max_length=500, required=False, allow_blank=True, default="")


class EndpointOutput(Output):
    """An endpoint. `cursor` is the first place of the log it was not told of yet; `secret` is shown when it is made."""

    id = s.UUIDField()
    name = s.CharField()
    url = s.CharField()
    kinds = s.ListField(child=s.CharField())
    payload = s.CharField()
    envelope = s.CharField()
    is_personal = s.BooleanField()
    cursor = s.IntegerField()
    is_active = s.BooleanField()
    why_inactive = s.CharField()
    failures = s.IntegerField()
    failing_since = s.DateTimeField(allow_null=True)
    paused_until = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()


class MadeOutput(EndpointOutput):
    """An endpoint with its new secret, shown this once."""

    secret = s.CharField()


class ReplayOutput(Output):
    """How many messages go out again."""

    count = s.IntegerField()


class TryOutput(Output):
    """One try: what was sent, what came back."""

    at = s.DateTimeField()
    took_ms = s.IntegerField()
    status = s.IntegerField(allow_null=True)
    error = s.CharField()
    request = s.DictField()
    response = s.DictField()


class DispatchOutput(Output):
    """One message: its event, and every try."""

    id = s.UUIDField()
    event_id = s.CharField(source="event.public_id")
    kind = s.CharField(source="event.kind")
    position = s.IntegerField(source="event.position", allow_null=True)
    state = s.CharField()
    attempts = s.IntegerField()
    due_at = s.DateTimeField()
    done_at = s.DateTimeField(allow_null=True)
    tries: Any = TryOutput(many=True)


class DispatchPage(Page):
    """Messages of one page."""

    data: Any = DispatchOutput(many=True)


class EndpointPage(Page):
    """Endpoints of one page."""

    data: Any = EndpointOutput(many=True)


class EndpointsQuery(Query):
    """All endpoints, by name."""


class DispatchesQuery(Query):
    """Which messages, the newest first."""

    state = QueryList(child=Choice(choices=Dispatch.State.values), required=False, default=list)


class FeedQuery(Query):
    """From where on, and how much."""

    start = QueryInt(max_value=INTEGER_MAX, required=False, default=0, help_text="The first place of the log that is wanted.")
    limit = QueryInt(min_value=1, max_value=FEED_EVENTS_MAX, default=100)
    entries = QueryBool(required=False, default=False, help_text="With `entry`, the sealed bytes of each event: `leafHash` is SHA-256(0x00 ‖ entry).")


class FeedOutput(Output):
    """Sealed events without a gap, from `start` on: `leafHash` of each is the leaf of the tree `checkpoint` signs."""

    data: Any = s.ListField(child=s.DictField(), help_text="CloudEvents 1.0.")
    next = s.IntegerField(help_text="The `start` of the next call.")
    size = s.IntegerField(help_text="How many events are sealed.")
    checkpoint = s.CharField(allow_null=True)


_EXAMPLE = {"name": "warehouse", "url": "https://hooks.example.com/bahi", "kinds": ["order.*", "shipment.*"], "payload": "full"}
extend_schema_serializer(examples=[OpenApiExample("Endpoint", value=_EXAMPLE, request_only=True)])(EndpointInput)
extend_schema_serializer(examples=[OpenApiExample("Change", value={"isActive": False}, request_only=True)])(EndpointChange)
extend_schema_serializer(examples=[OpenApiExample("Drop", value={"reason": "The receiver is gone."}, request_only=True)])(DropInput)
extend_schema_serializer(examples=[OpenApiExample("Replay", value={"first": 0, "last": 99}, request_only=True)])(ReplayInput)
