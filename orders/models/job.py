"""Long work over many rows: the job, what it was given, and what came of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from orders.models.order import Order
from timeline import vault
from timeline.actors import Actor
from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class Job(StateModel):
    """A file's rows, done one after the other in the name of who asked; a dry run does them and takes them back.

    `lease_until` and `lease_token` say which worker has it: one that is gone loses it, and the next goes on where it
    stopped. `stalls` counts how often it was taken up since a row was last done.
    """

    class Status(models.TextChoices):
        """Whether it waits, runs or has ended."""

        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Kind(models.TextChoices):
        """What a row is."""

        FULFILMENTS = "fulfilments"
        STATUSES = "statuses"
        ACTIONS = "actions"

    OPEN: ClassVar = (Status.QUEUED, Status.RUNNING)
    FROZEN: ClassVar[tuple[str, ...]] = (
        "kind", "name", "digest", "total", "is_dry_run", "source", "asked_at", "actor_type", "actor_id", "actor_name",
    )

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    status = StateField(default=Status.QUEUED, choices=Status.choices)
    name = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=64)
    is_dry_run = models.BooleanField(default=False)
    source = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="applied")
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    ok = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    actor_type = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=120, blank=True)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    stalls = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(done=models.F("ok") + models.F("unchanged") + models.F("failed")), name="job_counts_add_up"
            ),
            models.CheckConstraint(condition=Q(done__lte=models.F("total")), name="job_done_within_total"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-asked_at", "-id"], name="job_newest_idx"),
            models.Index(fields=["asked_at"], name="job_open_idx", condition=Q(status__in=["queued", "running"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.pk}"

    @property
    def story(self) -> str:
        """Each job is a story of its own."""
        return f"job:{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.status in self.OPEN

    @property
    def rows_of_id(self) -> Any:
        """The job whose rows these are: a dry run's for the job that applies it."""
        return self.source_id or self.pk

    def actor(self) -> Actor:
        """Who asked: the rows are done in their name, and the request that an event names is the job."""
        return Actor(
            type=self.actor_type, id=self.actor_id, name=self.actor_name, channel="job", request_id=self.pk.hex
        )

    @transition(field=status, source=Status.QUEUED, target=Status.RUNNING, custom={"event": "job.started"})
    def start(self, *, at: datetime) -> None:
        """A worker took it up."""
        self.started_at = self.started_at or at

    @transition(field=status, source=Status.RUNNING, target=Status.DONE, custom={"event": "job.finished"})
    def finish(self, *, at: datetime, ok: int, unchanged: int, failed: int) -> None:
        """Every row has its outcome."""
        self.finished_at = at
        self.ok, self.unchanged, self.failed = ok, unchanged, failed
        self.done = ok + unchanged + failed
        self.lease_until = None

    @transition(field=status, source=[Status.QUEUED, Status.RUNNING], target=Status.FAILED, custom={"event": "job.failed"})
    def fail(self, *, at: datetime, error: str) -> None:
        """It was taken up again and again, and no row got done; a person has to look."""
        self.finished_at = at
        self.error = error
        self.lease_until = None

    @transition(
        field=status, source=[Status.QUEUED, Status.RUNNING], target=Status.CANCELLED, custom={"event": "job.cancelled"}
    )
    def cancel(self, *, at: datetime, ok: int, unchanged: int, failed: int) -> None:
        """It was called off: what is done stays done, the rest is left."""
        self.finished_at = at
        self.ok, self.unchanged, self.failed = ok, unchanged, failed
        self.done = ok + unchanged + failed
        self.lease_until = None

    @transition(field=status, source=Status.FAILED, target=Status.QUEUED, custom={"event": "job.retried"})
    def retry(self) -> None:
        """A person's word: try again from where it stopped."""
        self.finished_at = None
        self.cancel_asked_at = None
        self.error = ""
        self.stalls = 0


class JobChunk(models.Model):
    """Some hundred rows of a file, sealed, for a note on an order may name a person. Row numbers begin at `first`."""

    FROZEN: ClassVar[tuple[str, ...]] = ("job", "number", "first", "size", "key")

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    key = models.ForeignKey("timeline.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "number"], name="job_chunk_once")]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.number}"

    @staticmethod
    def name_of(job_id: Any, number: int) -> str:
        """What its sealing is bound to."""
        return f"job:{job_id}:{number}"

    def rows(self) -> list[tuple[int, dict[str, str]]]:
        """Pairs of line number and cells by column; empty once the key is gone or it was kept long enough."""
        if not self.sealed:
            return []
        found = vault.unseal(self.key, self.name_of(self.job_id, self.number), bytes(self.sealed)) or {"rows": []}
        return [(int(line), dict(cells)) for line, cells in found["rows"]]


class JobResult(models.Model):
    """What came of one row, written in the transaction of its effect: that a row has one is why nothing is done twice."""

    APPEND_ONLY: ClassVar[bool] = True

    class Outcome(models.TextChoices):
        """Done, found done, or refused."""

        OK = "ok"
        UNCHANGED = "unchanged"
        FAILED = "failed"

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="results", db_index=False)
    row = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "row"], name="job_result_once_per_row")]
        indexes: ClassVar = [models.Index(fields=["job", "outcome", "row"], name="job_result_outcome_idx")]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.row}: {self.outcome}"
