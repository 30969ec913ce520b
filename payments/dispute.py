"""Disputes: the customer's bank asks money back over our head (a chargeback)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class Dispute(StateModel):
    """One dispute over one payment. `deducted_minor` is what the gateway keeps back for it at the moment.

    The money moves in `payments.operations.disputes`: held back, then lost or given back.
    """

    class Status(models.TextChoices):
        """Who has the word."""

        OPEN = "open"
        UNDER_REVIEW = "under_review"
        WON = "won"
        LOST = "lost"
        CLOSED = "closed"

    FROZEN: ClassVar[tuple[str, ...]] = ("payment", "stream", "gateway_dispute_id", "amount_minor", "currency", "opened_at")
    RUNNING: ClassVar[tuple[str, ...]] = (Status.OPEN, Status.UNDER_REVIEW)

    id = models.UUIDField(primary_key=True)
    payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, related_name="disputes")
    stream = models.CharField(max_length=64, db_index=True)
    gateway_dispute_id = models.CharField(max_length=40, unique=True)
    status = StateField(default=Status.OPEN, choices=Status.choices)
    amount_minor = models.BigIntegerField()
    deducted_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="INR")
    reason_code = models.CharField(max_length=60, blank=True)
    phase = models.CharField(max_length=30, blank=True)
    respond_by = models.DateTimeField(null=True)
    answer = models.CharField(max_length=10, blank=True, choices=[("contest", "Contest"), ("concede", "Concede")])
    answer_error = models.CharField(max_length=120, blank=True)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, deducted_minor__gte=0, deducted_minor__lte=F("amount_minor")),
                name="dispute_deducts_within_amount",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["respond_by"], name="dispute_running_idx", condition=Q(status__in=["open", "under_review"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway_dispute_id} {self.status}"

    @transition(field=status, source=Status.OPEN, target=Status.UNDER_REVIEW, custom={"event": "dispute.reviewed"})
    def review(self) -> None:
        """The bank looks at our evidence."""

    @transition(
        field=status, source=[Status.OPEN, Status.UNDER_REVIEW], target=Status.WON, custom={"event": "dispute.won"}
    )
    def win(self, *, at: datetime) -> None:
        """The money stays ours; what was held back comes back."""
        self.decided_at = at
        self.deducted_minor = 0

    @transition(
        field=status, source=[Status.OPEN, Status.UNDER_REVIEW], target=Status.LOST, custom={"event": "dispute.lost"}
    )
    def lose(self, *, at: datetime) -> None:
        """What was held back is gone."""
        self.decided_at = at

    @transition(
        field=status, source=[Status.OPEN, Status.UNDER_REVIEW], target=Status.CLOSED, custom={"event": "dispute.closed"}
    )
    def close(self, *, at: datetime) -> None:
        """It ended without a verdict; what was held back comes back."""
        self.decided_at = at
        self.deducted_minor = 0
