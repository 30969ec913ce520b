"""What a person asks about their own data: to be handed it, or to be erased (B95)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from orders.models.person import Person
from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class DataRequest(StateModel):
    """One request of one person. One of a kind is open at a time.

    `due_at` is when it is looked at next, None when never. `reasons` are why an erasure waits (`orders.operations.keeping`).
    `erased_again_at` is when late mail about an erased person was last swept, `noted_at` when the erasure was written to the
    file that a restored backup is held against.
    """

    class Kind(models.TextChoices):
        """Hand over, or erase."""

        ACCESS = "access"
        ERASURE = "erasure"

    class Status(models.TextChoices):
        """From the wish to its end."""

        ASKED = "asked"
        WAITING = "waiting"
        READY = "ready"
        DONE = "done"
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"

    OPEN: ClassVar = (Status.ASKED, Status.WAITING)
    FROZEN: ClassVar[tuple[str, ...]] = ("person", "kind", "asked_at", "asked_by_type", "asked_by_id")

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="data_requests")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    status = StateField(default=Status.ASKED, choices=Status.choices)
    asked_at = models.DateTimeField()
    asked_by_type = models.CharField(max_length=20)
    asked_by_id = models.CharField(max_length=80)
    due_at = models.DateTimeField(null=True)
    reasons: models.JSONField[Any, Any] = models.JSONField(default=list)
    size = models.PositiveBigIntegerField(default=0)
    downloads = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    erased_again_at = models.DateTimeField(null=True)
    noted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(status__in=["asked", "waiting"]), name="data_request_one_open"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="data_request_due_idx", condition=Q(due_at__isnull=False)),
            models.Index(fields=["-asked_at", "-id"], name="data_request_newest_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.status in self.OPEN

    @transition(field=status, source=Status.ASKED, target=Status.WAITING, custom={"event": "privacy.waiting"})
    def wait(self, *, due_at: datetime) -> None:
        """Something still needs the data; it is done as soon as nothing does."""
        self.due_at = due_at

    @transition(
        field=status, source=[Status.ASKED, Status.WAITING], target=Status.DONE, custom={"event": "privacy.fulfilled"}
    )
    def fulfil(self, *, at: datetime, due_at: datetime) -> None:
        """The person is erased; what others still send about them is swept for a while."""
        self.ended_at = at
        self.due_at = due_at
        self.reasons = []

    @transition(field=status, source=Status.ASKED, target=Status.READY, custom={"event": "privacy.archive_ready"})
    def hand_over(self, *, at: datetime, expires_at: datetime, size: int) -> None:
        """The archive can be fetched until then."""
        self.ended_at = at
        self.due_at = self.expires_at = expires_at
        self.size = size

    @transition(field=status, source=Status.READY, target=Status.EXPIRED, custom={"event": "privacy.archive_expired"})
    def expire(self, *, at: datetime) -> None:
        """The archive is gone: its time is over, or somebody took it back."""
        self.expires_at = at
        self.due_at = None

    @transition(
        field=status, source=[Status.ASKED, Status.WAITING], target=Status.WITHDRAWN, custom={"event": "privacy.withdrawn"}
    )
    def withdraw(self, *, at: datetime) -> None:
        """The person thought better of it."""
        self.ended_at = at
        self.due_at = None
        self.reasons = []


class ArchivePart(models.Model):
    """A piece of the archive of one request, sealed under the person's key, so that it goes with them."""

    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["request", "number"], name="archive_part_once")]

    def __str__(self) -> str:
        return f"{self.request_id}/{self.number}"

    @property
    def context(self) -> str:
        """What its sealing is bound to."""
        return f"archive:{self.request_id}:{self.number}"
