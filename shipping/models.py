"""The parcel's machine, its label, its scans; beside them what carriers send us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from shipping.claim import Claim
from shipping.manifest import Manifest, ManifestParcel
from shipping.notice import CarrierNotice
from timeline import vault
from timeline.models import StateField, StateModel, SubjectKey

if TYPE_CHECKING:
    from datetime import date, datetime


__all__ = ["CarrierNotice", "Claim", "Label", "Manifest", "ManifestParcel", "Scan", "Shipment"]

_PDF = b"%PDF"


class Shipment(StateModel):
    """One parcel. The customer's address and who took it in are sealed under the customer's key.

    `origin` is the warehouse's address, `private()["destination"]` the customer's. A forward parcel goes from the first to the
    second, a reverse one is picked up at the second and goes to the first.

    `promised_on` is the day the customer was told and does not move; `estimated_delivery` is what the carrier says now. `flags`
    are words of `shipping.projection.FLAGS` that wait for a person; scans up to `answered_scan_id` were looked at by one.
    """

    class Status(models.TextChoices):
        """Where the parcel is."""

        BOOKED = "booked"
        LABELLED = "labelled"
        SHIPPED = "shipped"
        IN_TRANSIT = "in_transit"
        OUT_FOR_DELIVERY = "out_for_delivery"
        ATTEMPTED = "attempted"
        DELIVERED = "delivered"
        LOST = "lost"
        RETURNING = "returning"
        RETURNED = "returned"
        CANCELLED = "cancelled"

    class Direction(models.TextChoices):
        """To the customer, or back from there."""

        FORWARD = "forward"
        REVERSE = "reverse"

    MOVING: ClassVar = [Status.SHIPPED, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.ATTEMPTED]
    FROZEN: ClassVar[tuple[str, ...]] = ("stream", "reference", "contents", "created_at", "direction")

    id = models.UUIDField(primary_key=True)
    stream = models.CharField(max_length=64, db_index=True)
    reference = models.CharField(max_length=40)
    carrier = models.CharField(max_length=40)
    service = models.CharField(max_length=40)
    direction = models.CharField(max_length=10, choices=Direction.choices, default=Direction.FORWARD)
    status = StateField(default=Status.BOOKED, choices=Status.choices)
    tracking_number = models.CharField(max_length=60, blank=True)
    warehouse_code = models.CharField(max_length=40)
    weight_g = models.PositiveIntegerField(default=0)
    cod_amount_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="INR")
    origin: models.JSONField[Any, Any] = models.JSONField()
    key = models.ForeignKey(SubjectKey, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()
    contents: models.JSONField[Any, Any] = models.JSONField()
    estimated_delivery = models.DateField(null=True)
    signature_required = models.BooleanField(default=False)
    photo_url = models.CharField(max_length=500, blank=True)
    labelled_elsewhere = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    labelled_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    damaged_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)  # the carrier was asked to take it on: from here on it may have
    tracked_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    left_by_scan = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempt_reason = models.CharField(max_length=20, blank=True)
    next_step = models.CharField(max_length=20, blank=True)
    promised_on = models.DateField(null=True)
    flags: models.JSONField[Any, Any] = models.JSONField(default=list)
    is_flagged = models.BooleanField(default=False)
    answered_scan_id = models.BigIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tracking_number"], name="shipment_tracking_idx"),
            models.Index(fields=["status", "promised_on"], name="shipment_promise_idx"),
            models.Index(fields=["is_flagged"], name="shipment_flagged_idx", condition=Q(is_flagged=True)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(direction="forward") | Q(direction="reverse", cod_amount_minor=0),
                name="shipment_reverse_collects_nothing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number or self.pk}"

    @property
    def is_reverse(self) -> bool:
        """Whether it is picked up at the customer's."""
        return self.direction == self.Direction.REVERSE

    def private(self) -> dict[str, Any]:
        """`destination` (as on the wire) and `deliveredTo`; empty once the person is erased."""
        return vault.unseal(self.key, f"shipment:{self.pk}", bytes(self.sealed)) or {}

    def seal_private(self, data: dict[str, Any]) -> bytes:
        """The personal part as ciphertext for `sealed`."""
        return vault.seal(self.key, f"shipment:{self.pk}", data)

    @transition(field=status, source=Status.BOOKED, target=Status.LABELLED, custom={"event": "shipment.labelled"})
    def label(
        self, *, at: datetime, tracking_number: str, service: str, estimated_delivery: date | None,
        labelled_elsewhere: bool, promised_on: date,
    ) -> None:
        """The carrier took it on and gave it a number."""
        self.promised_on = promised_on
        self.labelled_at = at
        self.tracking_number = tracking_number
        self.service = service
        self.estimated_delivery = estimated_delivery
        self.labelled_elsewhere = labelled_elsewhere

    @transition(field=status, source=Status.LABELLED, target=Status.SHIPPED, custom={"event": "shipment.shipped"})
    def dispatch(self, *, at: datetime) -> None:
        """It left the building."""
        self.shipped_at = at

    @transition(field=status, source=MOVING, target=Status.IN_TRANSIT, custom={"event": "shipment.scanned"})
    def move(self) -> None:
        """The carrier saw it on the way."""

    @transition(field=status, source=MOVING, target=Status.OUT_FOR_DELIVERY, custom={"event": "shipment.scanned"})
    def go_out(self) -> None:
        """It is on the last mile."""

    @transition(field=status, source=MOVING, target=Status.ATTEMPTED, custom={"event": "shipment.scanned"})
    def attempt(self) -> None:
        """Nobody took it in."""

    @transition(field=status, source=[*MOVING, Status.RETURNING], target=Status.DELIVERED, custom={"event": "shipment.delivered"})
    def deliver(self, *, at: datetime, signature_required: bool, photo_url: str) -> None:
        """It arrived; also when it was called back too late."""
        self.delivered_at = at
        self.signature_required = signature_required
        self.photo_url = photo_url

    @transition(field=status, source=[*MOVING, Status.RETURNING], target=Status.LOST, custom={"event": "shipment.lost"})
    def lose(self, *, at: datetime) -> None:
        """The carrier cannot find it."""
        self.lost_at = at

    @transition(field=status, source=MOVING, target=Status.RETURNING, custom={"event": "shipment.returning"})
    def bring_back(self) -> None:
        """It was called back, or refused at the door."""

    @transition(field=status, source=Status.RETURNING, target=Status.RETURNED, custom={"event": "shipment.returned"})
    def take_back(self) -> None:
        """It is in our hands again."""

    @transition(
        field=status, source=[Status.BOOKED, Status.LABELLED], target=Status.CANCELLED,
        custom={"event": "shipment.cancelled"},
    )
    def cancel(self) -> None:
        """It never left."""


class Label(models.Model):
    """The printed label of one parcel: it shows a name, an address and a phone number, so it is sealed as those are."""

    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, primary_key=True, related_name="label_file")
    pdf = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"label of {self.shipment_id}"

    def file(self) -> bytes:
        """The PDF; empty once the person is erased."""
        kept = bytes(self.pdf)
        if not kept or kept.startswith(_PDF):  # a label of before labels were sealed
            return kept
        return vault.unseal_bytes(self.shipment.key, f"label:{self.shipment_id}", kept) or b""


class Scan(models.Model):
    """One sighting of a parcel: pushed by its carrier, told by it when asked, or noted by a person.

    `meaning` is a word of `shipping.sightings`, empty for a code nobody has mapped. A delivery that is believed is a row of its
    own beside the one that was only pushed.
    """

    class Source(models.TextChoices):
        """Who says so."""

        PUSH = "push"
        TRACK = "track"
        HAND = "hand"

    APPEND_ONLY: ClassVar[bool] = True

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="scans")
    code = models.CharField(max_length=40)
    place = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    source_key = models.CharField(max_length=120)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.HAND)
    meaning = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=20, blank=True)
    is_confirmed = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shipment", "source_key"], name="scan_once_per_source")
        ]

    def __str__(self) -> str:
        return f"{self.code} at {self.at}"
