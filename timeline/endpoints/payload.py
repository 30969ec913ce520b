"""What a message says: one event, thin or with its facts, as Standard Webhooks or CloudEvents shape it.

A thin message names the event and what it is about; who wants more asks the API. A full one adds what the event itself says:
its facts, its targets, who did it. A hydrated one adds the things themselves (`timeline.endpoints.hydration`). What is
sealed is in none, unless the receiver may know the person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings

from timeline.endpoints import hydration, tracking
from timeline.ids import dashed
from timeline.ingest import shown_id
from timeline.vocabulary import APP

if TYPE_CHECKING:
    from timeline.models import Endpoint, Event

MESSAGE_BYTES_MAX, HYDRATED_BYTES_MAX = 20_000, 200_000
JSON_TYPE, CLOUDEVENTS_TYPE = "application/json", "application/cloudevents+json"


def body_of(event: Event, endpoint: Endpoint) -> tuple[bytes, str]:
    """The message's bytes and its media type. One that would be too large says less: hydrated, full, thin."""
    cloud = endpoint.envelope == endpoint.Envelope.CLOUDEVENTS
    name = tracking.name_of(event.kind, event.facts) if endpoint.is_tracking else event.kind
    media = CLOUDEVENTS_TYPE if cloud else JSON_TYPE
    if endpoint.payload == endpoint.Payload.HYDRATED:
        data = {**_data(event, full=True), **hydration.of(event, is_personal=endpoint.is_personal)}
        body = _encoded(event, name, data, cloud=cloud)
        if len(body) <= HYDRATED_BYTES_MAX:
            return body, media
    full = endpoint.payload != endpoint.Payload.THIN
    body = _encoded(event, name, _data(event, full=full), cloud=cloud)
    if full and len(body) > MESSAGE_BYTES_MAX:
        body = _encoded(event, name, _data(event, full=False), cloud=cloud)
    return body, media


def cloud_event(event: Event, *, has_entry: bool = False) -> dict[str, Any]:
    """The event as CloudEvents 1.0 has it; `source` and `id` together are unique. `entry`: the very bytes that were sealed."""
    entry = {"entry": bytes(event.canonical).decode()} if has_entry else {}
    return _cloud(event, event.kind, {**_data(event, full=True), **entry})


def _encoded(event: Event, name: str, data: dict[str, Any], *, cloud: bool) -> bytes:
    message = _cloud(event, name, data) if cloud else {"type": name, "timestamp": event.occurred_at, "data": data}
    return orjson.dumps(message, option=orjson.OPT_UTC_Z)


def _cloud(event: Event, name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event.public_id,
        "source": settings.SEAL_ORIGIN,
        "type": name,
        "subject": event.stream,
        "time": event.occurred_at,
        "datacontenttype": JSON_TYPE,
        "data": data,
    }


def _data(event: Event, *, full: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": event.public_id,
        "kind": event.kind,
        "stream": event.stream,
        "streamSeq": event.stream_seq,
        "position": event.position,
        "leafHash": bytes(event.leaf_hash).hex(),
        "subject": {"type": event.subject_type.rpartition(".")[2], "id": dashed(event.subject_id)},
        "recordedAt": event.recorded_at,
    }
    if full:
        data |= {
            "from": event.from_state or None,
            "to": event.to_state or None,
            "facts": event.facts,
            "actor": {"type": event.actor_type, "id": event.actor_id},
            "channel": event.channel,
            "sessionId": event.session_id or None,
            "targets": [{"type": kind, "id": shown_id(kind, id_, told=event.kind.startswith(APP))} for kind, id_, _ in orjson.loads(bytes(event.canonical))["targets"]],
        }
    return data
