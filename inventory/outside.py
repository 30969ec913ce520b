"""What an external warehouse system told us, by its own references, and what we could not make fit (B81).

A fact is kept once, as it was told; what it changed here stands in the ledger. A conflict is two facts that cannot both be
so: nobody guesses, a person decides.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from inventory.stock import Warehouse

REFERENCE_CHARS_MAX = 64


class OutsideCount(models.Model):
    """A count as it was told: when it was taken there, and what it came to here."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=REFERENCE_CHARS_MAX)
    fingerprint = models.BinaryField()
    taken_at = models.DateTimeField()
    told_at = models.DateTimeField()
    skus = models.PositiveIntegerField()
    changed: models.JSONField[Any, Any] = models.JSONField(default=dict)
    refused: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["warehouse", "reference"], name="outside_count_told_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["-told_at"], name="outside_count_told_idx")]

    def __str__(self) -> str:
        return self.reference


class OutsideDispatch(models.Model):
    """A parcel that left there, as it was told: its tracking number or our id, and when it left."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=REFERENCE_CHARS_MAX)
    fingerprint = models.BinaryField()
    parcel = models.CharField(max_length=REFERENCE_CHARS_MAX)
    dispatched_at = models.DateTimeField()
    told_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["warehouse", "reference"], name="outside_dispatch_told_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["-told_at"], name="outside_dispatch_told_idx")]

    def __str__(self) -> str:
        return f"{self.reference}: {self.parcel}"


class Conflict(models.Model):
    """Two facts about one thing that cannot both be so, until a person decides or a later count agrees."""

    class Kind(models.TextChoices):
        """What does not fit."""

        PROMISED = "promised", "Fewer counted than are promised"
        UNKNOWN_SKU = "unknown_sku", "A SKU we do not have"
        OUT_OF_RANGE = "out_of_range", "A count nobody can have"
        STALE = "stale", "Counted before a count we have taken"
        UNKNOWN_PARCEL = "unknown_parcel", "A parcel we do not know"
        PARCEL_NOT_READY = "parcel_not_ready", "A parcel that could not leave"
        OTHER_WAREHOUSE = "other_warehouse", "A parcel of another warehouse"
        COUNTED_AFTER = "counted_after", "Left before a count that missed it already"

    FROZEN: ClassVar[tuple[str, ...]] = ("warehouse", "kind", "about", "opened_at")

    id = models.UUIDField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    about = models.CharField(max_length=REFERENCE_CHARS_MAX)
    reference = models.CharField(max_length=REFERENCE_CHARS_MAX)
    ours: models.JSONField[Any, Any] = models.JSONField(default=dict)
    theirs: models.JSONField[Any, Any] = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=120, blank=True)
    resolution = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["warehouse", "kind", "about"], name="conflict_open_once", condition=Q(resolved_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolution="") | Q(resolved_at__isnull=False) & ~Q(resolution=""),
                name="conflict_is_resolved_somehow",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-opened_at", "-id"], name="conflict_opened_idx")]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"
