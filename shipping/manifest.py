"""The list a carrier's driver signs: which parcels were handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class Manifest(StateModel):
    """Parcels of one carrier that leave one warehouse together."""

    class Status(models.TextChoices):
        """Before and after the driver came."""

        OPEN = "open"
        HANDED_OVER = "handed_over"
        DROPPED = "dropped"

    FROZEN: ClassVar[tuple[str, ...]] = ("carrier", "warehouse_code", "day", "created_at")

    id = models.UUIDField(primary_key=True)
    status = StateField(default=Status.OPEN, choices=Status.choices)
    carrier = models.CharField(max_length=40)
    warehouse_code = models.CharField(max_length=40)
    day = models.DateField()
    parcels_count = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-created_at"], name="manifest_age_idx")]

    def __str__(self) -> str:
        return self.number

    @property
    def stream(self) -> str:
        """Each manifest is a story of its own."""
        return f"manifest:{self.id}"

    @property
    def number(self) -> str:
        """What stands on the paper: day and the end of the id."""
        return f"{self.day:%Y%m%d}-{self.id.hex[-6:].upper()}"

    @transition(field=status, source=Status.OPEN, target=Status.HANDED_OVER, custom={"event": "manifest.handed_over"})
    def hand_over(self, *, at: datetime, parcels: int) -> None:
        """The driver signed for so many."""
        self.handed_over_at = at
        self.parcels_count = parcels

    @transition(field=status, source=Status.OPEN, target=Status.DROPPED, custom={"event": "manifest.dropped"})
    def drop(self) -> None:
        """Nobody came; its parcels may stand on another."""


class ManifestParcel(models.Model):
    """One parcel on one manifest; of those that are live it stands on one at most."""

    manifest = models.ForeignKey(Manifest, on_delete=models.PROTECT, related_name="rows")
    shipment = models.ForeignKey("shipping.Shipment", on_delete=models.PROTECT, related_name="manifest_rows")
    is_live = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["manifest", "shipment"], name="manifest_parcel_once"),
            models.UniqueConstraint(fields=["shipment"], name="parcel_on_one_live_manifest", condition=Q(is_live=True)),
        ]

    def __str__(self) -> str:
        return f"{self.shipment_id} on {self.manifest_id}"
