"""Reads of the timeline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from django.utils import timezone

from timeline.actors import API_CLIENT, CUSTOMER, GUEST
from timeline.models import Delivery, Event, Target

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

STORY_EVENTS_MAX = 5000
SHOPPERS = (CUSTOMER, GUEST)
_MOMENT = timedelta(milliseconds=2)
_LAST_MILLISECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1000)


def story(stream: str, *, public_only: bool = False) -> list[Event]:
    """The events of one story, oldest first, with their targets and the keys that open what is sealed: two statements."""
    events = Event.objects.filter(stream=stream).select_related("person_key").prefetch_related("targets")
    if public_only:
        events = events.filter(public=True)
    return list(events.order_by("stream_seq")[:STORY_EVENTS_MAX])


def entry(stream: str, public_id: UUID) -> Event | None:
    """The event of this story that is known outside by this id; one statement over the events of one moment."""
    milliseconds = public_id.int >> 80
    if milliseconds > _LAST_MILLISECOND:  # an id that no event has may speak of any year
        return None
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    near = Event.objects.select_related("person_key").filter(
        stream=stream, recorded_at__gte=at - _MOMENT, recorded_at__lte=at + _MOMENT
    )
    return next((event for event in near if event.public_id == str(public_id)), None)


def journey(stream: str) -> tuple[str, str]:
    """The session in which shoppers last moved this story, and the app they came through; empty where none is known. Two statements."""
    session = Event.objects.filter(stream=stream).exclude(session_id="").order_by("-stream_seq").values_list("session_id", flat=True).first()
    client = Target.objects.filter(event__stream=stream, event__actor_type__in=SHOPPERS, type=API_CLIENT)
    return session or "", client.order_by("-event__stream_seq").values_list("target_id", flat=True).first() or ""


def of_target(kind: str, target_id: str) -> QuerySet[Event]:
    """The events that are about this resource, newest first (A2)."""
    found = Target.objects.filter(type=kind, target_id=target_id).values("event_id")
    return Event.objects.filter(pk__in=found).order_by("-id")


def parked() -> QuerySet[Delivery]:
    """Deliveries that wait for a person."""
    return Delivery.objects.filter(state=Delivery.State.PARKED).select_related("event").order_by("id")


def lag_seconds() -> float:
    """How long the oldest delivery that could be handed over has waited for it; 0 when there is none. One statement.

    What waits behind an earlier one of its story does not count: not the relay keeps it waiting.
    """
    now = timezone.now()
    earlier = Delivery.objects.filter(
        subscriber=OuterRef("subscriber"), stream=OuterRef("stream"), pk__lt=OuterRef("pk"),
        state__in=(Delivery.State.DUE, Delivery.State.PARKED),
    )
    due = Delivery.objects.filter(~Exists(earlier), state=Delivery.State.DUE, due_at__lte=now).order_by("due_at")
    oldest = due.values_list("due_at", flat=True).first()
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def stuck(minutes: int = 5) -> QuerySet[Delivery]:
    """Deliveries due for longer than they should be: the relay is down, or a handler keeps failing."""
    late = timezone.now() - timedelta(minutes=minutes)
    return Delivery.objects.filter(state=Delivery.State.DUE, due_at__lt=late).order_by("due_at")
