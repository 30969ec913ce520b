"""What a carrier pushed, as it came."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class CarrierNotice(models.Model):
    """A carrier's webhook body, kept before anything is done about it. It is sealed: some carry names and phone numbers.

    `parcels` is how many of ours it spoke of, `sightings` how many lines could be read: nothing of either means that a person
    should look. Carriers sign nothing, so nothing in it is believed; see docs/carriers.md.
    """

    FROZEN: ClassVar[tuple[str, ...]] = ("carrier", "body_sha256", "received_at")

    id = models.UUIDField(primary_key=True)
    carrier = models.CharField(max_length=40)
    body_sha256 = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    repeats = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    sightings = models.PositiveIntegerField(default=0)
    parcels = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["carrier", "body_sha256"], name="carrier_notice_once_per_body")
        ]
        indexes: ClassVar = [
            models.Index(fields=["received_at"], name="carrier_notice_age_idx"),
            models.Index(
                fields=["received_at"], name="carrier_notice_stray_idx", condition=Q(parcels=0, handled_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.id}"

    @property
    def stream(self) -> str:
        """Each notice is a story of its own."""
        return f"carrier-notice:{self.id}"
