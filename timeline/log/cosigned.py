"""What independent witnesses signed, and how far each of them has followed the log (C2SP tlog-witness)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

if TYPE_CHECKING:
    from timeline.models import Checkpoint


class Cosignature(models.Model):
    """One witness's line under one checkpoint: it has seen the log grow to this, and never shrink or fork."""

    APPEND_ONLY: ClassVar[bool] = True

    checkpoint = models.ForeignKey("timeline.Checkpoint", on_delete=models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=120)
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "witness"], name="cosignature_once_per_witness")
        ]

    def __str__(self) -> str:
        return f"{self.witness} under {self.checkpoint_id}"


class WitnessState(models.Model):
    """How large the log was that a witness signed last, and when it is asked next."""

    witness = models.CharField(max_length=120, primary_key=True)
    size = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.witness} at {self.size}"


def signed_note(checkpoint: Checkpoint) -> str:
    """The checkpoint's note with every line that witnesses put under it. One statement."""
    return checkpoint.note + "".join(row.line for row in checkpoint.cosignatures.order_by("id"))
