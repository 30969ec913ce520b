"""The tables of the kernel: stories, events, what they are about, who must still hear of them, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from timeline import ids
from timeline.exports.export import Export, ExportSchedule, ExportScrap
from timeline.generations import Generation
from timeline.log.cosigned import Cosignature, WitnessState
from timeline.member import StaffMember
from timeline.rate_window import RateWindow
from timeline.states import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "ApiClient",
    "Attempt",
    "Cosignature",
    "Delivery",
    "Dispatch",
    "Endpoint",
    "Event",
    "Export",
    "ExportSchedule",
    "ExportScrap",
    "Generation",
    "RateWindow",
    "Receipt",
    "StaffMember",
    "StateField",
    "StateModel",
    "Stream",
    "SubjectKey",
    "Target",
    "TrackingEvent",
    "WitnessState",
]

# What reconciliation looks up by day.
MONEY_KINDS = (
    "payment.captured", "payment.mismatched", "payment.doubted", "refund.processed", "refund.doubted", "dispute.deducted",
    "dispute.won", "dispute.lost", "dispute.closed",
)


class Stream(models.Model):
    """One story (an order, a checkout): the aggregate lock, its length and the time of its last event."""

    stream = models.CharField(max_length=64, primary_key=True)
    seq = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.stream}@{self.seq}"


class SubjectKey(models.Model):
    """The key of one person, wrapped by a master key of the environment. Destroying it erases the person (Z10)."""

    id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()
    master_id = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class Event(models.Model):
    """One fact about one subject, appended by `Operation.record` and never changed.

    `canonical` holds the RFC 8785 bytes the fact was committed to, `leaf_hash` SHA-256(0x00 ‖ canonical) (RFC 6962); only
    `position`, the place in the sealed log, is filled in later, once.
    """

    id = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField(null=True, unique=True)
    stream = models.CharField(max_length=64)
    stream_seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    from_state = models.CharField(max_length=30, blank=True)
    to_state = models.CharField(max_length=30, blank=True)
    facts: models.JSONField[Any, Any] = models.JSONField(default=dict)
    sealed = models.BinaryField(null=True)
    person_key = models.ForeignKey(
        SubjectKey, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    public = models.BooleanField(default=False)
    channel = models.CharField(max_length=40)
    operation_id = models.UUIDField()
    operation = models.CharField(max_length=80)
    actor_type = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=120, blank=True)
    session_id = models.CharField(max_length=80, blank=True)
    request_id = models.CharField(max_length=80, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    source_key = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001 NULL is what keeps it unique
    canonical = models.BinaryField()
    leaf_hash = models.BinaryField()
    txid = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stream", "stream_seq"], name="event_once_per_place"),
            models.CheckConstraint(condition=~Q(actor_type="") & ~Q(actor_id=""), name="event_has_an_actor"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_subject_idx"),
            models.Index(fields=["id"], name="event_unsealed_idx", condition=Q(position__isnull=True)),
            models.Index(fields=["kind", "recorded_at"], name="event_money_idx", condition=Q(kind__in=MONEY_KINDS)),
            models.Index(fields=["kind", "id"], name="event_kind_idx", opclasses=["varchar_pattern_ops", "int8_ops"]),
            models.Index(fields=["actor_id", "id"], name="event_actor_idx"),
            models.Index(fields=["session_id", "id"], name="event_session_idx", condition=~Q(session_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stream}@{self.stream_seq}"

    @property
    def public_id(self) -> str:
        """The event's id outside: a UUIDv7 made of its time and its own hash, so it needs no column."""
        moment: datetime = self.recorded_at
        return str(ids.uuid7(moment, int.from_bytes(bytes(self.leaf_hash)[:10], "big")))

    @property
    def subject_uuid(self) -> UUID:
        """The subject's id as the UUID its row carries."""
        return UUID(hex=self.subject_id)

    def private(self) -> dict[str, Any] | None:
        """What was sealed with the fact; None when there was nothing or the person's key is gone."""
        from timeline import vault

        if self.sealed is None or self.person_key is None:
            return None
        return vault.unseal(self.person_key, f"event:{self.stream}:{self.stream_seq}", bytes(self.sealed))


class Target(models.Model):
    """One resource an event is about; found from each of them (A2, A11)."""

    APPEND_ONLY: ClassVar[bool] = True

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="targets")
    type = models.CharField(max_length=40)
    target_id = models.CharField(max_length=80)
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["type", "target_id", "event"], name="target_resource_idx")]

    def __str__(self) -> str:
        return f"{self.type}:{self.target_id}"


class Delivery(models.Model):
    """One event owed to one subscriber: the queue of record of everything done in the background."""

    class State(models.TextChoices):
        """Owed, done, or put aside for a person."""

        DUE = "due"
        DONE = "done"
        PARKED = "parked"
        DROPPED = "dropped"

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    stream = models.CharField(max_length=64)
    subscriber = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    done_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_once_per_subscriber")
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], name="delivery_due_idx", condition=Q(state="due")),
            models.Index(
                fields=["subscriber", "stream", "id"],
                name="delivery_order_idx",
                condition=Q(state__in=["due", "parked"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} <- {self.event_id}"


class Receipt(models.Model):
    """The answer once given under an idempotency key, so that a repeat gets the same one (F12–F16).

    It may tell of a person, so it is cloaked; `stream` is the story it was about, by which an erasure finds and empties it.
    """

    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField()
    status = models.PositiveSmallIntegerField(null=True)
    headers: models.JSONField[Any, Any] = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    stream = models.CharField(max_length=64, blank=True, db_default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["scope", "key"], name="receipt_once_per_key")]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="receipt_age_idx"),
            models.Index(fields=["stream"], name="receipt_stream_idx", condition=~Q(stream="")),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class ApiClient(models.Model):
    """A machine that calls us with a key. Only the key's hash is kept."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=120, unique=True)
    prefix = models.CharField(max_length=24)
    key_hash = models.BinaryField(unique=True)
    scopes: models.JSONField[Any, Any] = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Tile(models.Model):
    """256 hashes of the log's tree, or as many as there are yet (C2SP tlog-tiles; `timeline.log.tiles`)."""

    FROZEN: ClassVar[tuple[str, ...]] = ("level", "number")
    GROWS: ClassVar[str] = "hashes"

    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["level", "number"], name="tile_once_per_place")]

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


class Checkpoint(models.Model):
    """The log at one moment: `size` events with this root, as a signed note."""

    APPEND_ONLY: ClassVar[bool] = True

    size = models.BigIntegerField(db_index=True)
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.size} at {self.at}"


class SealKey(models.Model):
    """A public key that signs checkpoints, from the size `since` on; kept for ever, so that old checkpoints can be checked."""

    APPEND_ONLY: ClassVar[bool] = True

    name = models.CharField(max_length=120)
    public = models.BinaryField(unique=True)
    since = models.BigIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} since {self.since}"


from timeline.endpoints.tables import Attempt, Dispatch, Endpoint, TrackingEvent  # noqa: E402 they refer to the tables above
