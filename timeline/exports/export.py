"""The rows of exports: what was asked for and how far it is, what is asked for every month, and files that have to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from timeline.actors import Actor
from timeline.states import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Wanted(models.Model):
    """What is wanted of which rows, in which form, in whose name."""

    class Format(models.TextChoices):
        """What the file is."""

        CSV = "csv"
        JSONL = "jsonl"
        PARQUET = "parquet"

    source = models.CharField(max_length=40)
    format = models.CharField(max_length=10, choices=Format.choices)
    filters: models.JSONField[Any, Any] = models.JSONField(default=dict)
    is_personal = models.BooleanField(default=False)
    actor_type = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=120, blank=True)

    class Meta:
        abstract = True

    def actor(self, channel: str) -> Actor:
        """Who asked, acting through this channel."""
        return Actor(type=self.actor_type, id=self.actor_id, name=self.actor_name, channel=channel)


class ExportSchedule(Wanted):
    """The month before, asked for on this day of every month at this time of the shop's clock."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=120, unique=True)
    day = models.PositiveSmallIntegerField()
    at = models.TimeField()
    next_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)
    why_inactive = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(day__gte=1, day__lte=28), name="export_schedule_day_of_every_month")
        ]
        indexes: ClassVar = [models.Index(fields=["next_at"], name="export_schedule_due_idx", condition=Q(is_active=True))]

    def __str__(self) -> str:
        return self.name


class Export(Wanted, StateModel):
    """One file. `cut` bounds the events that count, so that the same cut gives the same bytes.

    `done` of `total` places of the log were looked at, `rows` were written. `lease_until` and `lease_token` say which
    worker has it. `stalls` counts how often it was taken up.
    """

    class Status(models.TextChoices):
        """Whether it waits, is written, can be fetched, or is gone."""

        REQUESTED = "requested"
        RUNNING = "running"
        READY = "ready"
        FAILED = "failed"
        CANCELLED = "cancelled"
        EXPIRED = "expired"
        REVOKED = "revoked"

    class CutBy(models.TextChoices):
        """What the cut counts: places of the sealed log, or, where nothing is sealed, ids of events."""

        POSITION = "position"
        ID = "id"

    OPEN: ClassVar = (Status.REQUESTED, Status.RUNNING)
    FROZEN: ClassVar[tuple[str, ...]] = (
        "source", "format", "filters", "is_personal", "actor_type", "actor_id", "actor_name", "schedule", "period", "asked_at",
    )

    id = models.UUIDField(primary_key=True)
    status = StateField(default=Status.REQUESTED, choices=Status.choices)
    schedule = models.ForeignKey(ExportSchedule, null=True, on_delete=models.PROTECT, related_name="exports", db_index=False)
    period = models.CharField(max_length=10, blank=True)
    cut = models.BigIntegerField(null=True)
    cut_by = models.CharField(max_length=10, choices=CutBy.choices, default=CutBy.POSITION)
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    holds_personal = models.BooleanField(default=False)
    file = models.CharField(max_length=120, blank=True)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    stalls = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["schedule", "period"], name="export_once_per_period", condition=Q(schedule__isnull=False)
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["-asked_at", "-id"], name="export_newest_idx"),
            models.Index(fields=["asked_at"], name="export_open_idx", condition=Q(status__in=["requested", "running"])),
            models.Index(fields=["expires_at"], name="export_ready_idx", condition=Q(status="ready")),
        ]

    def __str__(self) -> str:
        return f"{self.source} as {self.format}"

    @staticmethod
    def story_of(export_id: UUID) -> str:
        """Each export is a story of its own."""
        return f"export:{export_id}"

    @property
    def story(self) -> str:
        """The story of this one."""
        return self.story_of(self.pk)

    @property
    def is_open(self) -> bool:
        """Whether it waits or is being written."""
        return self.status in self.OPEN

    @property
    def file_name(self) -> str:
        """What the file is called where it is kept by who fetched it."""
        month = self.filters.get("month")
        return f"{self.source}-{month or self.asked_at.date().isoformat()}-{self.pk.hex[-8:]}.{self.format}"

    @transition(field=status, source=Status.REQUESTED, target=Status.RUNNING, custom={"event": "export.started"})
    def start(self, *, at: datetime, cut: int, cut_by: str) -> None:
        """A worker took it up, and what counts is settled."""
        self.started_at = at
        self.cut, self.cut_by = cut, cut_by

    @transition(field=status, source=Status.RUNNING, target=Status.READY, custom={"event": "export.ready"})
    def finish(
        self, *, at: datetime, rows: int, total: int, size: int, sha256: str, file: str, holds_personal: bool, expires_at: datetime
    ) -> None:
        """The file is there, for so long."""
        self.finished_at, self.expires_at = at, expires_at
        self.rows, self.bytes, self.digest, self.file = rows, size, sha256, file
        self.total = self.done = total
        self.holds_personal = holds_personal
        self.lease_until = None
        self.stalls = 0

    @transition(field=status, source=[Status.REQUESTED, Status.RUNNING], target=Status.FAILED, custom={"event": "export.failed"})
    def fail(self, *, at: datetime, error: str) -> None:
        """It cannot be written; a person has to look."""
        self.finished_at = at
        self.error = error
        self.lease_until = None

    @transition(
        field=status, source=[Status.REQUESTED, Status.RUNNING], target=Status.CANCELLED, custom={"event": "export.cancelled"}
    )
    def cancel(self, *, at: datetime) -> None:
        """It was called off before it was there; nothing of it is kept."""
        self.finished_at = at
        self.lease_until = None

    @transition(field=status, source=Status.READY, target=Status.EXPIRED, custom={"event": "export.expired"})
    def expire(self) -> None:
        """Its time is over; the file goes."""
        self.file = ""

    @transition(field=status, source=Status.READY, target=Status.REVOKED, custom={"event": "export.revoked"})
    def revoke(self) -> None:
        """Somebody took it back; the link is dead and the file goes."""
        self.file = ""

    @transition(
        field=status, source=[Status.READY, Status.RUNNING], target=Status.REQUESTED, custom={"event": "export.recalled"}
    )
    def recall(self) -> None:
        """It holds what may not be kept any more: it is written anew, of the same cut."""
        self._again()
        self.file = ""

    @transition(field=status, source=Status.FAILED, target=Status.REQUESTED, custom={"event": "export.retried"})
    def retry(self) -> None:
        """A person's word: try again."""
        self._again()

    def _again(self) -> None:
        self.finished_at = self.expires_at = self.cancel_asked_at = self.lease_until = self.lease_token = None
        self.error = self.digest = ""
        self.done = self.rows = self.bytes = self.stalls = 0


class ExportScrap(models.Model):
    """A file in the storage that belongs to no export any more, or perhaps never will; it goes when it is due."""

    name = models.CharField(max_length=120, primary_key=True)
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
