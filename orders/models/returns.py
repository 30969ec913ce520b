"""Goods on their way back (RMA): what was asked, what came, what each unit was found to be, and the parcels they travel in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from inventory.models import Variant
from orders.eligibility import CONDITIONS, REASONS
from orders.models.line import Line
from orders.models.order import Order
from shipping.models import Shipment
from timeline import vault
from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from timeline.models import SubjectKey

PHOTOS_MAX = 5
PHOTO_BYTES_MAX = 5 * 1024 * 1024
_REASONS = [(word, word.replace("_", " ").capitalize()) for word in REASONS]
_CONDITIONS = [(word, word.capitalize()) for word in CONDITIONS]


class Return(StateModel):
    """Units of one order that are to come back. A return never needs a refund, and a refund never needs a return.

    `worth_minor` is what the units were worth when it was asked for, `fee_minor` what the shop keeps of it by its rules.
    What the customer wrote, and where the goods are fetched from, is sealed under the customer's key.
    """

    class Status(models.TextChoices):
        """From the wish to the shelf."""

        REQUESTED = "requested"
        APPROVED = "approved"
        PICKUP_BOOKED = "pickup_booked"
        ON_THE_WAY = "on_the_way"
        RECEIVED = "received"
        INSPECTED = "inspected"
        CLOSED = "closed"
        DECLINED = "declined"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    class Wish(models.TextChoices):
        """What the customer would like for the goods."""

        REFUND = "refund"
        EXCHANGE = "exchange"

    OPEN: ClassVar = (Status.REQUESTED, Status.APPROVED, Status.PICKUP_BOOKED, Status.ON_THE_WAY)
    FROZEN: ClassVar[tuple[str, ...]] = ("order", "number", "wish", "currency", "worth_minor", "fee_minor", "created_at")

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="returns")
    number = models.CharField(max_length=24, unique=True)
    status = StateField(default=Status.REQUESTED, choices=Status.choices)
    wish = models.CharField(max_length=10, choices=Wish.choices)
    currency = models.CharField(max_length=3, default="INR")
    worth_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    beyond: models.JSONField[Any, Any] = models.JSONField(default=list)
    sealed = models.BinaryField(null=True)
    warehouse_code = models.CharField(max_length=40, blank=True)
    requested_by_type = models.CharField(max_length=20)
    requested_by_id = models.CharField(max_length=80)
    send_by = models.DateTimeField(null=True)
    others: models.JSONField[Any, Any] = models.JSONField(default=list)
    exchange_order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="exchange_of")
    outcome = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()
    state_since = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    inspected_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(worth_minor__gte=0, fee_minor__gte=0, fee_minor__lte=F("worth_minor")), name="return_fee_within_worth"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "state_since"], name="return_status_idx"),
            models.Index(fields=["-created_at"], name="return_created_idx"),
            models.Index(fields=["send_by"], name="return_send_by_idx", condition=Q(status="approved")),
        ]

    def __str__(self) -> str:
        return self.number

    def private(self, key: SubjectKey) -> dict[str, Any]:
        """`comment`, `pickupAddress`, `reason` (why it was declined); empty once the person is erased."""
        if self.sealed is None:
            return {}
        return vault.unseal(key, f"return:{self.pk}", bytes(self.sealed)) or {}

    def seal_private(self, key: SubjectKey, data: dict[str, Any]) -> bytes:
        """The personal part as ciphertext for `sealed`."""
        return vault.seal(key, f"return:{self.pk}", data)

    def _move(self, at: datetime) -> None:
        self.state_since = at

    @transition(field=status, source=Status.REQUESTED, target=Status.APPROVED, custom={"event": "return.approved"})
    def approve(self, *, at: datetime, send_by: datetime) -> None:
        """The goods may come, until `send_by`."""
        self._move(at)
        self.approved_at, self.send_by = at, send_by

    @transition(field=status, source=Status.REQUESTED, target=Status.DECLINED, custom={"event": "return.declined"})
    def decline(self, *, at: datetime) -> None:
        """The shop does not take the goods back."""
        self._move(at)
        self.ended_at = at

    @transition(
        field=status, source=[Status.REQUESTED, Status.APPROVED, Status.PICKUP_BOOKED], target=Status.CANCELLED,
        custom={"event": "return.cancelled"},
    )
    def cancel(self, *, at: datetime) -> None:
        """The customer keeps the goods."""
        self._move(at)
        self.ended_at = at

    @transition(field=status, source=Status.APPROVED, target=Status.EXPIRED, custom={"event": "return.expired"})
    def expire(self, *, at: datetime) -> None:
        """The goods were never sent."""
        self._move(at)
        self.ended_at = at

    @transition(field=status, source=Status.APPROVED, target=Status.PICKUP_BOOKED, custom={"event": "return.pickup_booked"})
    def book_pickup(self, *, at: datetime, warehouse: str) -> None:
        """A parcel is booked for the way back."""
        self._move(at)
        self.warehouse_code = warehouse

    @transition(field=status, source=Status.PICKUP_BOOKED, target=Status.APPROVED, custom={"event": "return.pickup_failed"})
    def lose_pickup(self, *, at: datetime) -> None:
        """The parcel for the way back was cancelled before it was fetched: book another, or let the customer send it."""
        self._move(at)

    @transition(
        field=status, source=[Status.APPROVED, Status.PICKUP_BOOKED], target=Status.ON_THE_WAY, custom={"event": "return.picked_up"}
    )
    def pick_up(self, *, at: datetime) -> None:
        """The goods are on their way to us."""
        self._move(at)

    @transition(
        field=status, source=[Status.APPROVED, Status.PICKUP_BOOKED, Status.ON_THE_WAY], target=Status.RECEIVED,
        custom={"event": "return.received"},
    )
    def receive(self, *, at: datetime, warehouse: str) -> None:
        """A person at the warehouse has counted what came."""
        self._move(at)
        self.received_at, self.warehouse_code = at, warehouse

    @transition(field=status, source=Status.RECEIVED, target=Status.INSPECTED, custom={"event": "return.inspected"})
    def inspect(self, *, at: datetime) -> None:
        """Each unit was graded, and is on the shelf, damaged, scrapped or on its way back."""
        self._move(at)
        self.inspected_at = at

    @transition(
        field=status, source=[Status.APPROVED, Status.ON_THE_WAY, Status.INSPECTED], target=Status.CLOSED,
        custom={"event": "return.closed"},
    )
    def close(self, *, at: datetime, outcome: str) -> None:
        """Nothing is left to do; goods the customer may keep, or that were lost on the way, need not have come."""
        self._move(at)
        self.outcome, self.ended_at = outcome, at


class ReturnLine(models.Model):
    """So many units of one line, and why. `received` is what a person counted; a line that was not announced has no quantity."""

    FROZEN: ClassVar[tuple[str, ...]] = ("ret", "line", "quantity", "reason", "condition", "worth_minor", "fee_minor")

    ret = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="return_lines")
    quantity = models.PositiveIntegerField()
    reason = models.CharField(max_length=20, choices=_REASONS)
    condition = models.CharField(max_length=10, choices=_CONDITIONS)
    worth_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)
    received = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ret", "line"], name="return_line_once"),
            models.CheckConstraint(
                condition=Q(worth_minor__gte=0, fee_minor__gte=0, fee_minor__lte=F("worth_minor")),
                name="return_line_fee_within_worth",
            ),
        ]
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line_id}"


class ReturnUnit(models.Model):
    """What so many received units of a line were found to be, and what became of them."""

    class Grade(models.TextChoices):
        """As new, opened or worn, not to be sold."""

        A = "A"
        B = "B"
        DAMAGED = "damaged"

    class Disposition(models.TextChoices):
        """Where the units go."""

        RESTOCK = "restock"
        DAMAGED = "damaged"
        SCRAP = "scrap"
        BACK = "back_to_customer"

    APPEND_ONLY: ClassVar[bool] = True

    line = models.ForeignKey(ReturnLine, on_delete=models.PROTECT, related_name="units")
    quantity = models.PositiveIntegerField()
    grade = models.CharField(max_length=10, choices=Grade.choices)
    disposition = models.CharField(max_length=20, choices=Disposition.choices)
    warehouse_code = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="return_unit_is_some"),
            models.CheckConstraint(
                condition=~Q(grade="damaged", disposition="restock"), name="return_unit_damaged_is_not_for_sale"
            ),
        ]
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} {self.grade} {self.disposition}"


class ReturnParcel(models.Model):
    """A parcel of a return: towards us, or with units that go back to the customer."""

    APPEND_ONLY: ClassVar[bool] = True

    ret = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="parcels")
    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.shipment_id} of {self.ret_id}"


class ReturnPhoto(models.Model):
    """A picture the customer sent with a return, sealed under the customer's key: at most five, of 5 MiB each."""

    FROZEN: ClassVar[tuple[str, ...]] = ("ret", "place", "media", "size_bytes", "sha256", "created_at")

    id = models.UUIDField(primary_key=True)
    ret = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="photos")
    place = models.PositiveSmallIntegerField()
    media = models.CharField(max_length=20)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ret", "place"], name="return_photo_once_per_place"),
            models.UniqueConstraint(fields=["ret", "sha256"], name="return_photo_once"),
            models.CheckConstraint(
                condition=Q(place__gte=1, place__lte=PHOTOS_MAX, size_bytes__gte=1, size_bytes__lte=PHOTO_BYTES_MAX),
                name="return_photo_within_limits",
            ),
        ]
        ordering: ClassVar = ["place"]

    def __str__(self) -> str:
        return f"photo {self.place} of {self.ret_id}"

    @staticmethod
    def context(photo_id: UUID) -> str:
        """What the ciphertext is bound to."""
        return f"return-photo:{photo_id}"


class ReturnRule(models.Model):
    """A variant's own days to send it back, instead of the shop's; 0 is a final sale."""

    variant = models.OneToOneField(Variant, on_delete=models.PROTECT, primary_key=True, related_name="+")
    days = models.PositiveSmallIntegerField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.days} days"
