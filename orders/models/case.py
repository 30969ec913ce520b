"""Differences found by reconciliation, each a case somebody owns, and the runs that found them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from orders.models.order import Order
from timeline import vault
from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class ReconciliationRun(models.Model):
    """One comparison of all books over some business days: due, under way, done. `counts` and `amounts` are by cause."""

    FROZEN: ClassVar[tuple[str, ...]] = ("first_day", "last_day", "asked_at", "asked_by")

    id = models.UUIDField(primary_key=True)
    first_day = models.DateField()
    last_day = models.DateField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=120)
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)
    at_check = models.CharField(max_length=20, blank=True)
    found = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    cleared = models.PositiveIntegerField(default=0)
    unexplained = models.PositiveIntegerField(default=0)
    counts: models.JSONField[Any, Any] = models.JSONField(default=dict)
    amounts: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], name="run_due_idx", condition=Q(finished_at__isnull=True)),
            models.Index(fields=["last_day", "started_at"], name="run_day_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"


class Case(StateModel):
    """One difference between two books: what ours says, what theirs says, and who has to explain it.

    `root` is the difference's own name, `key` the case's: they differ only when the difference came back after the day it
    had been counted on was closed. `fact_day` is the day of the facts, `day` the business day the case counts on.
    """

    class Status(models.TextChoices):
        """Somebody has to look, or it is explained."""

        OPEN = "open"
        RESOLVED = "resolved"

    FROZEN: ClassVar[tuple[str, ...]] = ("key", "root", "kind", "cause", "day", "fact_day", "opened_at")

    id = models.UUIDField(primary_key=True)
    key = models.CharField(max_length=200, unique=True)
    root = models.CharField(max_length=180, db_index=True)
    kind = models.CharField(max_length=10)
    cause = models.CharField(max_length=40)
    owner = models.CharField(max_length=20)
    severity = models.CharField(max_length=10)
    status = StateField(default=Status.OPEN, choices=Status.choices)
    amount_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="INR")
    day = models.DateField()
    fact_day = models.DateField()
    stream = models.CharField(max_length=64, blank=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="cases")
    ours: models.JSONField[Any, Any] = models.JSONField(default=dict)
    theirs: models.JSONField[Any, Any] = models.JSONField(default=dict)
    is_present = models.BooleanField(default=True)
    seen_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    snoozed_until = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=40, blank=True)
    sealed = models.BinaryField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["status", "day"], name="case_status_day_idx"),
            models.Index(fields=["day", "cause"], name="case_day_idx"),
            models.Index(fields=["cause", "is_present"], name="case_present_idx"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def story(self) -> str:
        """Each case is a story of its own."""
        return f"case:{self.pk}"

    def words(self) -> str:
        """Why it was resolved, in the words of who resolved it."""
        if self.sealed is None:
            return ""
        data = vault.unseal(vault.house_key(), self.story, bytes(self.sealed))
        return str(data["note"]) if data else ""

    @transition(field=status, source=Status.OPEN, target=Status.RESOLVED, custom={"event": "case.resolved"})
    def resolve(self, *, resolution: str, at: datetime, by: str) -> None:
        """The difference is explained, or gone."""
        self.resolution = resolution
        self.resolved_at = at
        self.resolved_by = by
        self.snoozed_until = None

    @transition(field=status, source=Status.RESOLVED, target=Status.OPEN, custom={"event": "case.reopened"})
    def reopen(self) -> None:
        """The difference is back, or it is another one than was explained."""
        self.resolution = self.resolved_by = ""
        self.resolved_at = None
        self.sealed = None
