"""Where stock is and how much of it is left: levels, what is held of them, and the ledger that explains both.

available = on hand - held - safety; damaged units lie beside them and are never on hand. A hold expires while a checkout is open; placement commits it; on hand falls when the parcel
leaves. What was promised beyond what is there waits as a `Backorder`. Holds and levels are no machines: they move by conditional bulk UPDATE, and `Movement` is their record.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from inventory.catalogue import Variant

ON_HAND_UNITS_MAX = 1_000_000_000


class Warehouse(models.Model):
    """A place stock lies in. A smaller `priority` is asked first; the address is the shop's own."""

    FROZEN: ClassVar[tuple[str, ...]] = ("code",)

    id = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    address: models.JSONField[Any, Any] = models.JSONField(default=dict)
    state = models.CharField(max_length=6)
    priority = models.PositiveSmallIntegerField(default=100)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(code=""), name="warehouse_has_a_code")]

    def __str__(self) -> str:
        return self.code


class Level(models.Model):
    """How many units of a variant lie in a warehouse, and how many of them are promised.

    `safety` units are never offered; at `reorder_at` available ones the level is low, and has been so since `low_since`.
    `counted_at` is when the last external count we took was made there.
    """

    FROZEN: ClassVar[tuple[str, ...]] = ("warehouse", "variant")

    id = models.UUIDField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="levels", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    damaged = models.IntegerField(default=0, db_default=0)
    safety = models.IntegerField(default=0, db_default=0)
    reorder_at = models.IntegerField(null=True)
    low_since = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["warehouse", "variant"], name="level_once_per_place"),
            models.CheckConstraint(condition=Q(held__gte=0, held__lte=F("on_hand")), name="level_held_within_on_hand"),
            models.CheckConstraint(condition=Q(on_hand__lte=ON_HAND_UNITS_MAX), name="level_on_hand_in_range"),
            models.CheckConstraint(condition=Q(damaged__gte=0), name="level_damaged_not_below_nothing"),
            models.CheckConstraint(condition=Q(safety__gte=0), name="level_safety_not_below_nothing"),
            models.CheckConstraint(
                condition=Q(reorder_at__isnull=True) | Q(reorder_at__gte=0), name="level_reorders_at_nothing_or_more"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["variant"], name="level_watched_idx", condition=Q(reorder_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.on_hand} - {self.held}"

    @property
    def available(self) -> int:
        """Units that may still be promised to customers."""
        return max(0, self.free - self.safety)

    @property
    def free(self) -> int:
        """Units nobody has been promised; staff may reach down to the last of them."""
        return self.on_hand - self.held


class Hold(models.Model):
    """Units promised to one story. `quantity` is what is still promised of the `taken` units; 0 once the hold has ended."""

    class Status(models.TextChoices):
        """Live (held, committed), or ended by what happened to its last unit."""

        HELD = "held"
        COMMITTED = "committed"
        RELEASED = "released"
        EXPIRED = "expired"
        CONSUMED = "consumed"

    LIVE: ClassVar = (Status.HELD, Status.COMMITTED)
    FROZEN: ClassVar[tuple[str, ...]] = ("warehouse", "variant", "taken")

    id = models.UUIDField(primary_key=True)
    stream = models.CharField(max_length=64)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", db_index=False)
    taken = models.PositiveIntegerField()
    quantity = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.HELD)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quantity__gte=0, quantity__lte=F("taken"), taken__gte=1), name="hold_quantity_within_taken"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["held", "committed"], quantity__gte=1)
                | Q(status__in=["released", "expired", "consumed"], quantity=0),
                name="hold_lives_while_units_are_left",
            ),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(expires_at__isnull=False), name="hold_expires_until_committed"
            ),
            models.CheckConstraint(
                condition=~Q(status="committed") | Q(expires_at__isnull=True), name="hold_committed_never_expires"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["stream"], name="hold_stream_idx"),
            models.Index(fields=["expires_at"], name="hold_due_idx", condition=Q(status="held")),
            models.Index(
                fields=["warehouse", "variant"], name="hold_live_idx", condition=Q(status__in=["held", "committed"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.quantity} of {self.taken}"

    @property
    def is_live(self) -> bool:
        """Whether units are still promised."""
        return self.status in self.LIVE


class Backorder(models.Model):
    """Units promised to one story before they are there. `quantity` still waits of the `wanted` units; `filled` have come."""

    class Status(models.TextChoices):
        """Waiting, or ended by what happened to its last unit."""

        WAITING = "waiting"
        FILLED = "filled"
        ENDED = "ended"

    FROZEN: ClassVar[tuple[str, ...]] = ("stream", "variant", "wanted")

    id = models.UUIDField(primary_key=True)
    stream = models.CharField(max_length=64)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="backorders", db_index=False)
    wanted = models.PositiveIntegerField()
    quantity = models.PositiveIntegerField()
    filled = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(wanted__gte=1) & Q(wanted__gte=F("quantity") + F("filled")),
                name="backorder_within_what_was_wanted",
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", quantity__gte=1) | Q(status__in=["filled", "ended"], quantity=0),
                name="backorder_waits_while_units_are_left",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["stream"], name="backorder_stream_idx"),
            models.Index(
                fields=["variant", "created_at", "id"], name="backorder_queue_idx", condition=Q(status="waiting")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.quantity} of {self.wanted}"


class Movement(models.Model):
    """One change of one level and its cause; the sums of a level's movements are the level (I1)."""

    class Kind(models.TextChoices):
        """Why a level changed."""

        HELD = "held"
        RELEASED = "released"
        EXPIRED = "expired"
        CONSUMED = "consumed"
        RECEIVED = "received"
        ADJUSTED = "adjusted"
        SENT = "sent"
        TRANSFERRED = "transferred"
        RESTOCKED = "restocked"
        DAMAGED = "damaged"
        REPAIRED = "repaired"
        SCRAPPED = "scrapped"

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    on_hand_delta = models.IntegerField()
    held_delta = models.IntegerField()
    damaged_delta = models.IntegerField(default=0, db_default=0)
    stream = models.CharField(max_length=64)
    operation_id = models.UUIDField()
    hold = models.ForeignKey(Hold, null=True, on_delete=models.PROTECT, related_name="movements")
    reason = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(on_hand_delta=0, held_delta=0, damaged_delta=0), name="movement_moves_units"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["variant", "at", "id"], name="movement_ledger_idx"),
            models.Index(fields=["stream"], name="movement_stream_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_hand_delta:+d}/{self.held_delta:+d}/{self.damaged_delta:+d}"
