"""The tables of outgoing messages: to whom, which event, and every try."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from timeline.cloaked import CloakedJSONField


class Endpoint(models.Model):
    """Somebody's address for our events (`timeline.endpoints`). `cursor` is the first place of the log not looked at yet.

    A tracking configuration is one too: what it is sent is said by its tracking events, and `kinds` is empty.
    `is_personal` says that a hydrated message may name the customer.
    """

    class Payload(models.TextChoices):
        """How much a message says."""

        THIN = "thin"
        FULL = "full"
        HYDRATED = "hydrated"

    class Way(models.TextChoices):
        """By what it is sent."""

        HTTP = "http"
        KAFKA = "kafka"
        SQS = "sqs"
        NATS = "nats"
        RABBITMQ = "rabbitmq"
        MAIL_CAMPAIGN = "mail_campaign"
        PRODUCT_DISCOVERY = "product_discovery"

    class Envelope(models.TextChoices):
        """In which form it says it."""

        STANDARD = "standard"
        CLOUDEVENTS = "cloudevents"

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=120)
    is_tracking = models.BooleanField(default=False, db_default=False)
    way = models.CharField(max_length=20, choices=Way.choices, default=Way.HTTP, db_default=Way.HTTP)
    topic = models.CharField(max_length=200, blank=True, db_default="")
    is_personal = models.BooleanField(default=False, db_default=False)
    removed_at = models.DateTimeField(null=True)
    url = models.CharField(max_length=500)
    kinds: models.JSONField[Any, Any] = models.JSONField(default=list)
    payload = models.CharField(max_length=10, choices=Payload.choices, default=Payload.THIN)
    envelope = models.CharField(max_length=20, choices=Envelope.choices, default=Envelope.STANDARD)
    sealed = models.BinaryField()
    cursor = models.BigIntegerField()
    is_active = models.BooleanField(default=True)
    why_inactive = models.CharField(max_length=60, blank=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "is_tracking"], name="endpoint_name_once", condition=Q(removed_at=None)),
        ]

    def __str__(self) -> str:
        return self.name


class TrackingEvent(models.Model):
    """Which events go to a tracking configuration, in which environments, and of which API clients; an empty list is all."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=120, unique=True)
    configuration = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="tracking_events")
    kinds: models.JSONField[Any, Any] = models.JSONField(default=list)
    environments: models.JSONField[Any, Any] = models.JSONField(default=list)
    api_clients: models.JSONField[Any, Any] = models.JSONField(default=list)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def is_here(self) -> bool:
        """Whether it is meant for the environment of this installation."""
        return not self.environments or settings.ENVIRONMENT in self.environments


class Dispatch(models.Model):
    """One event owed to one endpoint. Its id is the message's id, the same on every try."""

    class State(models.TextChoices):
        """Owed, taken, given up and waiting for a person, or dropped by one."""

        DUE = "due"
        DONE = "done"
        FAILED = "failed"
        DROPPED = "dropped"

    id = models.UUIDField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="dispatches", db_index=False)
    event = models.ForeignKey("timeline.Event", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["endpoint", "event"], name="dispatch_once_per_endpoint")]
        indexes: ClassVar = [models.Index(fields=["due_at", "id"], name="dispatch_due_idx", condition=Q(state="due"))]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}"


class Attempt(models.Model):
    """One try of a dispatch: what was sent, what came back, how long it took.

    What came back is another's words and may repeat what it was told of a person, so it is cloaked.
    """

    FROZEN: ClassVar[tuple[str, ...]] = ("dispatch", "at", "took_ms", "status", "error", "request")

    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="tries")
    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    request: models.JSONField[Any, Any] = models.JSONField(default=dict)
    response = CloakedJSONField()

    def __str__(self) -> str:
        return f"{self.status or self.error} at {self.at}"
