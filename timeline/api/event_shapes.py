"""What goes over the wire when events are told and read.

Names are camelCase as everywhere; `snake_case` is understood too, because the programs that tell events often speak it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from timeline.api.query import Query, QueryList, QueryMoment, QueryText
from timeline.api.wire import Input, Metadata, Output, Page, StrictDateTime, StrictText, camel
from timeline.errors import BadRequest
from timeline.ingest import ACTION, ACTION_CHARS_MAX, BATCH_EVENTS_MAX, Told
from timeline.search import Wish

ID_CHARS_MAX = 80
TYPE_CHARS_MAX = 40
NAME_CHARS_MAX = 120
KEY_CHARS_MAX = 150

EXAMPLE: dict[str, Any] = {
    "actor": {"id": "system_fulfillment", "name": "Fulfillment Center", "type": "system"},
    "action": "order.picked",
    "resource": "order",
    "resourceId": "ORD-20261121-00001",
    "targets": [{"type": "item", "id": "TEA-ASM-500", "name": "Assam tea"}],
    "metadata": {"station": "P-4", "seconds": 81},
    "idempotencyKey": "pick-20261121-00001",
    "occurredAt": "2026-11-21T06:30:00Z",
}


class ActorInput(Input):
    """Who did it, in the app's own words."""

    id = StrictText(max_length=ID_CHARS_MAX)
    type = StrictText(max_length=TYPE_CHARS_MAX, required=False, default="system")
    name = StrictText(max_length=NAME_CHARS_MAX, required=False, allow_blank=True, default="")


class TargetInput(Input):
    """A resource the event is about (A11)."""

    type = StrictText(max_length=TYPE_CHARS_MAX)
    id = StrictText(max_length=ID_CHARS_MAX)
    name = StrictText(max_length=200, required=False, allow_blank=True, allow_null=True, default="")


class ToldInput(Input):
    """One event. The actor is an object, or `actorId`, `actorName` and `actorType`."""

    action = StrictText(max_length=ACTION_CHARS_MAX, help_text="Dotted, such as `order.picked`.")
    actor = ActorInput(required=False)
    actor_id = StrictText(max_length=ID_CHARS_MAX, required=False)
    actor_type = StrictText(max_length=TYPE_CHARS_MAX, required=False)
    actor_name = StrictText(max_length=NAME_CHARS_MAX, required=False, allow_blank=True)
    resource = StrictText(max_length=TYPE_CHARS_MAX, required=False, allow_blank=True, allow_null=True, default="")
    resource_id = StrictText(max_length=ID_CHARS_MAX, required=False, allow_blank=True, allow_null=True, default="")
    targets = TargetInput(many=True, required=False, allow_null=True)
    metadata = Metadata(required=False, allow_null=True, default=dict)
    session_id = StrictText(max_length=ID_CHARS_MAX, required=False, allow_blank=True, allow_null=True, default="")
    idempotency_key = StrictText(max_length=KEY_CHARS_MAX, required=False, allow_null=True, default="")
    occurred_at = StrictDateTime(required=False, allow_null=True, default=None)

    @classmethod
    def told(cls, data: Any, *, key: str = "") -> Told:
        """Read one event; `key` is the request's own, as it was checked, for an event that brings none. Raises `BadRequest`."""
        wish = cls.parse(_camel(data))
        actor = wish.get("actor")
        if (actor is None) == ("actor_id" not in wish):
            raise BadRequest(errors=[("#/actor", "Name the actor once: an object, or actorId.")])
        if not ACTION.fullmatch(wish["action"]):
            raise BadRequest(errors=[("#/action", "Lower-case words joined by dots, such as order.picked.")])
        return Told(
            action=wish["action"],
            actor_id=actor["id"] if actor else wish["actor_id"],
            actor_type=actor["type"] if actor else wish.get("actor_type", "system"),
            actor_name=actor["name"] if actor else wish.get("actor_name", ""),
            resource=wish["resource"] or "",
            resource_id=wish["resource_id"] or "",
            targets=tuple((row["type"], row["id"], row["name"] or "") for row in wish.get("targets") or ()),
            metadata=wish["metadata"] or {},
            session_id=wish["session_id"] or "",
            idempotency_key=wish["idempotency_key"] or _short(key),
            occurred_at=wish["occurred_at"],
        )


def _short(key: str) -> str:
    """A key as it is kept; a longer one is told apart by its hash."""
    return key if len(key) <= KEY_CHARS_MAX else hashlib.sha256(key.encode()).hexdigest()


class BatchInput(Input):
    """Up to a hundred events, recorded in this order."""

    events = ToldInput(many=True, allow_empty=False)

    @staticmethod
    def rows(body: Any) -> list[Any]:
        """The events, not looked at yet. Raises `BadRequest` for another outline, none, or more than a hundred (A18)."""
        if type(body) is not dict or type(body.get("events")) is not list:
            raise BadRequest("A batch is an object with a list of events.", errors=[("#/events", "A list is required.")])
        faults = [(f"#/{name}", "Unknown field.") for name in list(body)[:BATCH_EVENTS_MAX] if name != "events"]
        count = len(body["events"])
        if not 1 <= count <= BATCH_EVENTS_MAX:
            faults.append(("#/events", f"A batch has 1 to {BATCH_EVENTS_MAX} events, not {count}; nothing of it was recorded."))
        if faults:
            raise BadRequest(errors=faults)
        return list(body["events"])


class ReceiptOutput(Output):
    """The event's id, and whether it is new."""

    id = s.UUIDField()
    status = s.CharField(help_text="`queued` or `duplicate`.")


class BatchRowOutput(Output):
    """What became of one event of a batch."""

    index = s.IntegerField()
    id = s.UUIDField(allow_null=True)
    status = s.CharField(help_text="`queued`, `duplicate` or `invalid`.")
    problem = s.DictField(allow_null=True)


class BatchOutput(Output):
    """One answer an event, in their order."""

    data: Any = BatchRowOutput(many=True)
    queued = s.IntegerField()
    duplicate = s.IntegerField()
    invalid = s.IntegerField()


class WhoOutput(Output):
    """An actor."""

    id = s.CharField(allow_null=True)
    type = s.CharField()
    name = s.CharField(allow_null=True)


class AboutOutput(Output):
    """A target."""

    type = s.CharField()
    id = s.CharField()
    name = s.CharField(allow_null=True)


class RecordOutput(Output):
    """One event of the log. `kind` of what an app told begins with `app.`; `recordedBy` is who wrote it down."""

    id = s.UUIDField()
    action = s.CharField()
    kind = s.CharField()
    app = s.CharField(allow_null=True)
    resource = s.CharField(allow_null=True)
    resource_id = s.CharField(allow_null=True)
    stream = s.CharField()
    stream_seq = s.IntegerField()
    actor = WhoOutput()
    recorded_by = WhoOutput()
    session_id = s.CharField(allow_null=True)
    targets = AboutOutput(many=True)
    metadata = s.DictField()
    occurred_at = s.DateTimeField()
    recorded_at = s.DateTimeField()
    position = s.IntegerField(allow_null=True)
    leaf_hash = s.CharField()


class RecordPage(Page):
    """Events of one page."""

    data: Any = RecordOutput(many=True)


class EventsQuery(Query):
    """Which events."""

    action = QueryList(child=StrictText(max_length=60), required=False, default=list, help_text="`order.*` is all of a resource.")
    actor = QueryText(max_length=ID_CHARS_MAX, required=False, default="")
    actor_type = QueryText(max_length=TYPE_CHARS_MAX, required=False, default="")
    resource = QueryText(max_length=TYPE_CHARS_MAX, required=False, default="")
    resource_id = QueryText(max_length=ID_CHARS_MAX, required=False, default="")
    target = QueryList(child=StrictText(max_length=130), required=False, default=list, help_text="`type:id`; several must all be named.")
    session = QueryText(max_length=ID_CHARS_MAX, required=False, default="")
    after = QueryMoment(required=False, default=None, help_text="Recorded at or after.")
    before = QueryMoment(required=False, default=None, help_text="Recorded before.")
    q = QueryText(required=False, default="", help_text="A part of an action, of an actor's or a target's name.")

    @staticmethod
    def wish_of(wish: dict[str, Any]) -> Wish:
        """The parameters as `search` takes them. Raises `BadRequest` for a target that is not `type:id`, and for a star within an action."""
        if any("*" in action.removesuffix(".*") for action in wish["action"] if action != "*"):
            raise BadRequest(errors=[("?action", "A star stands alone, or at the end after a dot: order.*")])
        targets = [tuple(text.split(":", 1)) for text in wish["target"]]
        if any(len(pair) != 2 or not all(pair) for pair in targets):  # noqa: PLR2004 a pair
            raise BadRequest(errors=[("?target", "type:id is required.")])
        return Wish(
            actions=wish["action"], actor=wish["actor"], actor_type=wish["actor_type"], resource=wish["resource"],
            resource_id=wish["resource_id"], targets=[(kind, id_) for kind, id_ in targets], session=wish["session"],
            after=wish["after"], before=wish["before"], text=wish["q"],
        )


class VerifyQuery(Query):
    """Of which time."""

    after = QueryMoment(required=False, default=None, help_text="Recorded at or after.")
    before = QueryMoment(required=False, default=None, help_text="Recorded before.")


class BreakOutput(Output):
    """One place where the book is not what it was."""

    kind = s.CharField()
    where = s.CharField()
    says = s.CharField()


class VerifyOutput(Output):
    """Whether the events are what was sealed. `isCapped`: there are more than one call checks."""

    valid = s.BooleanField()
    events_checked = s.IntegerField()
    pending = s.IntegerField()
    is_capped = s.BooleanField()
    breaks: Any = BreakOutput(many=True)
    checkpoint = s.CharField(allow_null=True)


def _camel(data: Any) -> Any:
    """The body with its own field names in camelCase; what an app keeps in `metadata` is left alone."""
    if type(data) is not dict:
        return data
    return {camel(key) if "_" in key and key == key.lower() else key: value for key, value in data.items()}


extend_schema_serializer(examples=[OpenApiExample("Told", value=EXAMPLE, request_only=True)])(ToldInput)
extend_schema_serializer(examples=[OpenApiExample("Batch", value={"events": [EXAMPLE]}, request_only=True)])(BatchInput)
