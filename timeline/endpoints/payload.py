"""What a message says: one event, thin or with its facts, as Standard Webhooks or CloudEvents shape it.

A thin message names the event and what it is about; who wants more asks the API. A full one adds what the event itself says:
its facts, its targets, who did it. What is sealed is in neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings

if TYPE_CHECKING:
    from timeline.models import Endpoint, Event

MESSAGE_BYTES_MAX = 20_000
JSON_TYPE, CLOUDEVENTS_TYPE = "application/json", "application/cloudevents+json"


def body_of(event: Event, endpoint: Endpoint) -> tuple[bytes, str]:
    """The message's bytes and its media type. A full message that would be too large is sent thin."""
    full = endpoint.payload == endpoint.Payload.FULL
    cloud = endpoint.envelope == endpoint.Envelope.CLOUDEVENTS
    body = orjson.dumps(_message(event, full=full, cloud=cloud), option=orjson.OPT_UTC_Z)
    if full and len(body) > MESSAGE_BYTES_MAX:
        body = orjson.dumps(_message(event, full=False, cloud=cloud), option=orjson.OPT_UTC_Z)
    return body, CLOUDEVENTS_TYPE if cloud else JSON_TYPE


def cloud_event(event: Event, *, full: bool = True) -> dict[str, Any]:
    """The event as CloudEvents 1.0 has it; `source` and `id` together are unique."""
    return {
        "specversion": "1.0",
        "id": event.public_id,
        "source": settings.SEAL_ORIGIN,
        "type": event.kind,
        "subject": event.stream,
        "time": event.occurred_at,
        "datacontenttype": JSON_TYPE,
        "data": _data(event, full=full),
    }


def _message(event: Event, *, full: bool, cloud: bool) -> dict[str, Any]:
    if cloud:
        return cloud_event(event, full=full)
    return {"type": event.kind, "timestamp": event.occurred_at, "data": _data(event, full=full)}


def _data(event: Event, *, full: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": event.public_id,
        "stream": event.stream,
        "streamSeq": event.stream_seq,
        "position": event.position,
        "leafHash": bytes(event.leaf_hash).hex(),
        "subject": {"type": event.subject_type.rpartition(".")[2], "id": event.subject_id},
        "recordedAt": event.recorded_at,
    }
    if full:
        data |= {
            "from": event.from_state or None,
            "to": event.to_state or None,
            "facts": event.facts,
            "actor": {"type": event.actor_type, "id": event.actor_id},
            "channel": event.channel,
            "targets": [{"type": kind, "id": id_} for kind, id_, _ in orjson.loads(bytes(event.canonical))["targets"]],
        }
    return data
