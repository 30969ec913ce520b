"""What a carrier owes us for a parcel it lost or damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class Claim(StateModel):
    """One claim on one parcel: what is asked, under which number at the carrier, and what was paid."""

    class Status(models.TextChoices):
        """How far it is."""

        OPEN = "open"
        FILED = "filed"
        PAID = "paid"
        REFUSED = "refused"
        DROPPED = "dropped"

    class Kind(models.TextChoices):
        """What happened to the parcel."""

        LOST = "lost"
        DAMAGED = "damaged"

    WAITING: ClassVar = [Status.OPEN, Status.FILED]
    FROZEN: ClassVar[tuple[str, ...]] = ("stream", "kind", "carrier", "currency", "created_at")

    id = models.UUIDField(primary_key=True)
    shipment = models.ForeignKey("shipping.Shipment", on_delete=models.PROTECT, related_name="claims")
    stream = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    status = StateField(default=Status.OPEN, choices=Status.choices)
    carrier = models.CharField(max_length=40)
    amount_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="INR")
    reference = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shipment", "kind"], name="claim_once_per_kind"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="claim_asks_something"),
            models.CheckConstraint(
                condition=Q(paid_minor__gte=0, paid_minor__lte=F("amount_minor")), name="claim_paid_within_amount"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "created_at"], name="claim_status_idx")]

    def __str__(self) -> str:
        return f"{self.kind} {self.shipment_id}"

    @transition(field=status, source=[Status.OPEN, Status.REFUSED], target=Status.FILED, custom={"event": "claim.filed"})
    def file(self, *, at: datetime, reference: str) -> None:
        """The carrier has it; again, when it refused the first time."""
        self.filed_at = at
        self.reference = reference

    @transition(field=status, source=Status.FILED, target=Status.PAID, custom={"event": "claim.paid"})
    def pay(self, *, at: datetime, paid_minor: int) -> None:
        """The carrier paid, all or part."""
        self.decided_at = at
        self.paid_minor = paid_minor

    @transition(field=status, source=Status.FILED, target=Status.REFUSED, custom={"event": "claim.refused"})
    def refuse(self, *, at: datetime) -> None:
        """The carrier will not pay."""
        self.decided_at = at

    @transition(field=status, source=[Status.OPEN, Status.REFUSED], target=Status.DROPPED, custom={"event": "claim.dropped"})
    def drop(self, *, at: datetime) -> None:
        """We let it go."""
        self.decided_at = at
