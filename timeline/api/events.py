"""`/api/v1`: outside apps tell events, and whoever may reads them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.views import APIView

from timeline import ingest, search, sight
from timeline.api import problems
from timeline.api.answers import JSON_TYPE, encode
from timeline.api.authentication import ApiKeyAuthentication, StaffSessionAuthentication
from timeline.api.event_shapes import (
    BatchInput,
    BatchOutput,
    EventsQuery,
    ReceiptOutput,
    RecordPage,
    ToldInput,
    VerifyOutput,
    VerifyQuery,
)
from timeline.api.keys import key_text
from timeline.api.paging import paged
from timeline.api.permissions import Staff
from timeline.errors import DomainError, Forbidden
from timeline.ids import dashed
from timeline.log.audit import audit_between
from timeline.models import ApiClient
from timeline.vocabulary import APP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

    from timeline.models import Event


BATCH_BODY_BYTES_MAX = 2 * 1024 * 1024  # a hundred events of the largest size each


class LogView(APIView):
    """Called by API keys with the scope; staff may read."""

    authentication_classes = [ApiKeyAuthentication, StaffSessionAuthentication]
    permission_classes = [Staff]
    required_scopes: ClassVar = {"GET": "events:read", "POST": "events:write"}

    def client(self) -> ApiClient:
        """The app that tells. Raises Forbidden for a person: people act through the shop, they tell nothing about it."""
        if not isinstance(self.request.auth, ApiClient):
            raise Forbidden("Events are told by apps, with an API key.")
        return self.request.auth


class EventsView(LogView):
    """`/api/v1/events`."""

    @extend_schema(operation_id="events_list", parameters=[EventsQuery], responses={200: RecordPage})
    def get(self, request: Request) -> HttpResponse:
        """List events, the newest first."""
        wish = EventsQuery.parse(request.query_params)
        page = paged(
            search.events(EventsQuery.wish_of(wish)), order=("-id",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"]
        )
        shows = sight.sees(request)
        return _shown(200, page.envelope([record_row(event, shows_people=shows) for event in page.rows]))

    @extend_schema(operation_id="events_tell", request=ToldInput, responses={202: ReceiptOutput})
    def post(self, request: Request) -> HttpResponse:
        """Tell one event."""
        told = ToldInput.told(request.data, key=key_text(request) or "")
        receipt = ingest.take(told, client=self.client(), now=timezone.now(), request_id=_request_id(request))
        return _shown(202, {"id": receipt.id, "status": receipt.status})


class BatchView(LogView):
    """`/api/v1/events/batch`."""

    body_bytes_max: ClassVar[int] = BATCH_BODY_BYTES_MAX

    @extend_schema(operation_id="events_tell_batch", request=BatchInput, responses={202: BatchOutput})
    def post(self, request: Request) -> HttpResponse:
        """Tell up to 100 events; each gets an answer of its own, in their order, and one bad one stops no other (A18)."""
        client, rows, key = self.client(), BatchInput.rows(request.data), key_text(request)
        answers = [_told(row, place, client, request, key=f"{key}/{place}" if key else "") for place, row in enumerate(rows)]
        counts = {word: sum(answer["status"] == word for answer in answers) for word in (ingest.QUEUED, ingest.DUPLICATE, "invalid")}
        return _shown(202, {"data": answers, **counts})


class VerifyView(LogView):
    """`/api/v1/verify`."""

    @extend_schema(operation_id="events_verify", parameters=[VerifyQuery], responses={200: VerifyOutput})
    def get(self, request: Request) -> HttpResponse:
        """Check the events of a time against what was sealed (A27); the whole book is `manage.py verify`."""
        wish = VerifyQuery.parse(request.query_params)
        found = audit_between(wish["after"], wish["before"])
        breaks = [{"kind": broken.kind, "where": broken.where, "says": broken.says} for broken in found.breaks]
        return _shown(
            200,
            {
                "valid": not breaks, "eventsChecked": found.events + found.pending, "pending": found.pending,
                "isCapped": found.is_capped, "breaks": breaks, "checkpoint": found.checkpoint,
            },
        )


def record_row(event: Event, *, shows_people: bool) -> dict[str, Any]:
    """One event of the whole log; what an app told of people is masked for who does not see them."""
    return {
        "id": event.public_id,
        "kind": event.kind,
        "stream": event.stream,
        "streamSeq": event.stream_seq,
        "recordedBy": {"id": event.actor_id, "type": event.actor_type, "name": event.actor_name or None},
        "sessionId": event.session_id or None,
        "occurredAt": event.occurred_at,
        "recordedAt": event.recorded_at,
        "position": event.position,
        "leafHash": bytes(event.leaf_hash).hex(),
        **(_told_words(event, shows_people=shows_people) if event.kind.startswith(APP) else _own_words(event)),
    }


def _own_words(event: Event) -> dict[str, Any]:
    """What we say ourselves; what is sealed of it is shown on the order's own timeline alone."""
    return {
        "action": event.kind,
        "app": None,
        "resource": event.subject_type.rpartition(".")[2],
        "resourceId": dashed(event.subject_id),
        "actor": {"id": event.actor_id, "type": event.actor_type, "name": event.actor_name or None},
        "targets": _targets(event, {}),
        "metadata": event.facts,
    }


def _told_words(event: Event, *, shows_people: bool) -> dict[str, Any]:
    """What an app told, with what is sealed of it."""
    told, sealed = event.facts, ingest.opened(event.facts, event.private(), shows_people=shows_people)
    return {
        "action": told["action"],
        "app": told["app"],
        "resource": told.get("resource"),
        "resourceId": told.get("resource_id"),
        "actor": {
            "id": told.get("actor_id") or sealed.get("actor_id"), "type": told["actor_type"], "name": sealed.get("actor_name"),
        },
        "targets": _targets(event, sealed.get("names", {})),
        "metadata": sealed.get("metadata", {}),
    }


def _targets(event: Event, names: Mapping[str, str]) -> list[dict[str, Any]]:
    told = event.kind.startswith(APP)
    return [
        {
            "type": target.type, "id": ingest.shown_id(target.type, target.target_id, told=told),
            "name": target.name or names.get(target.target_id) or None,
        }
        for target in event.targets.all()
    ]


def _told(row: Any, place: int, client: ApiClient, request: Request, *, key: str) -> dict[str, Any]:
    try:
        receipt = ingest.take(ToldInput.told(row, key=key), client=client, now=timezone.now(), request_id=_request_id(request))
    except DomainError as error:
        words = problems.words_of(error)
        for fault in words.get("errors", ()):
            fault["pointer"] = f"#/events/{place}{fault['pointer'].removeprefix('#')}"
        problem = problems.document(words, status=problems.status_of(error), instance=request.path)
        return {"index": place, "id": None, "status": "invalid", "problem": problem}
    return {"index": place, "id": receipt.id, "status": receipt.status, "problem": None}


def _request_id(request: Request) -> str:
    return str(getattr(request._request, "request_id", ""))


def _shown(status: int, data: Any) -> HttpResponse:
    return HttpResponse(encode(data), status=status, content_type=JSON_TYPE)
