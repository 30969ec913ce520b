"""Goods between two warehouses, and counts that wait for a second look: what has a life of its own beside the levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from inventory.catalogue import Variant
from inventory.stock import Warehouse
from timeline.states import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class Transfer(StateModel):
    """Units that have left one warehouse for another. While they are in transit they are nowhere on hand.

    Its story is its own id; the ledger of both places names it.
    """

    class Status(models.TextChoices):
        """On the way, and how that ended."""

        IN_TRANSIT = "in_transit"
        RECEIVED = "received"
        CALLED_BACK = "called_back"

    FROZEN: ClassVar[tuple[str, ...]] = ("source", "target", "sent_at")

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    status = StateField(choices=Status.choices, default=Status.IN_TRANSIT)
    sent_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_between_two_places"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["sent_at", "id"], name="transfer_open_idx", condition=Q(status="in_transit")),
        ]

    def __str__(self) -> str:
        return f"{self.status} since {self.sent_at:%Y-%m-%d}"

    @transition(field=status, source=Status.IN_TRANSIT, target=Status.RECEIVED, custom={"event": "transfer.received"})
    def receive(self, *, at: datetime) -> None:
        """The goods are at their new place, all of them or fewer."""
        self.ended_at = at

    @transition(
        field=status, source=Status.IN_TRANSIT, target=Status.CALLED_BACK, custom={"event": "transfer.called_back"}
    )
    def call_back(self, *, at: datetime) -> None:
        """The goods are where they came from."""
        self.ended_at = at


class TransferLine(models.Model):
    """So many units of a variant on their way; what was neither received nor damaged when they came is short."""

    FROZEN: ClassVar[tuple[str, ...]] = ("transfer", "variant", "sent")

    id = models.UUIDField(primary_key=True)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="lines", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    sent = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    damaged = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["transfer", "variant"], name="transfer_line_once_per_variant"),
            models.CheckConstraint(
                condition=Q(sent__gte=1) & Q(sent__gte=F("received") + F("damaged")),
                name="transfer_line_within_what_was_sent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.received} of {self.sent}"

    @property
    def short(self) -> int:
        """Units that left and did not come; meaningful once the transfer has ended."""
        return self.sent - self.received - self.damaged


class StockCount(StateModel):
    """What somebody counted in a warehouse without being told what to find, until somebody confirms the difference."""

    class Status(models.TextChoices):
        """Counted, and what became of it."""

        COUNTED = "counted"
        CONFIRMED = "confirmed"
        DISCARDED = "discarded"

    FROZEN: ClassVar[tuple[str, ...]] = ("warehouse", "counted_by", "counted_at")

    id = models.UUIDField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    status = StateField(choices=Status.choices, default=Status.COUNTED)
    counted_by = models.CharField(max_length=120)
    counted_at = models.DateTimeField()
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["counted_at", "id"], name="count_open_idx", condition=Q(status="counted")),
        ]

    def __str__(self) -> str:
        return f"{self.status} by {self.counted_by}"

    @transition(field=status, source=Status.COUNTED, target=Status.CONFIRMED, custom={"event": "count.confirmed"})
    def confirm(self, *, at: datetime) -> None:
        """The difference is real: the levels follow."""
        self.decided_at = at

    @transition(field=status, source=Status.COUNTED, target=Status.DISCARDED, custom={"event": "count.discarded"})
    def discard(self, *, at: datetime) -> None:
        """Somebody miscounted; nothing changes."""
        self.decided_at = at


class CountLine(models.Model):
    """What was counted of a variant, and what the level said at that very moment."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    count = models.ForeignKey(StockCount, on_delete=models.PROTECT, related_name="lines", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    counted = models.PositiveIntegerField()
    expected = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["count", "variant"], name="count_line_once_per_variant"),
        ]

    def __str__(self) -> str:
        return f"{self.counted} of {self.expected}"

    @property
    def difference(self) -> int:
        """Units found too many, or missing."""
        return self.counted - self.expected
