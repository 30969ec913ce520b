"""The upward links (which payment and which parcel belong to which order), and the fulfilment: what one place ships (D6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from inventory.models import Variant
from orders.lifecycle import fulfilment_word
from orders.models.line import Line
from orders.models.order import Order
from payments.models import Payment
from shipping.models import Shipment
from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class OrderPayment(models.Model):
    """One payment of one order; an order may have several."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="order_payments")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.payment_id} of {self.order_id}"


class Fulfilment(StateModel):
    """What one warehouse ships of one order, in at most one parcel; another try is another fulfilment (docs/fulfilment.md).

    `left_at`: its units left the stock; `back_at`: they were received back. `outcome` says what was decided about a
    parcel that was lost or came back. `by_hand`: a person chose its place or its units, and planning keeps to that.
    `is_adopted`: it was there before fulfilments had states, so its story begins with its next step.
    """

    class Status(models.TextChoices):
        """Where the work at the warehouse is. From the label on the parcel's word is published instead."""

        AWAITING_INVENTORY = "awaiting_inventory"
        SCHEDULED = "scheduled"
        RELEASED = "released"
        PICKING = "picking"
        PACKED = "packed"
        HANDED_OVER = "handed_over"
        CANCELLED = "cancelled"

    class Outcome(models.TextChoices):
        """What became of the units of a parcel that did not arrive."""

        RESHIPPED = "reshipped"
        REFUNDED = "refunded"
        CLOSED = "closed"
        DROPPED = "dropped"

    INITIAL: ClassVar = (Status.AWAITING_INVENTORY, Status.SCHEDULED, Status.RELEASED)
    OPEN: ClassVar = (Status.AWAITING_INVENTORY, Status.SCHEDULED, Status.RELEASED, Status.PICKING, Status.PACKED)
    # Outcomes whose units are counted elsewhere, or nowhere any more.
    GONE: ClassVar = (Outcome.RESHIPPED, Outcome.DROPPED)
    READY: ClassVar = (Status.RELEASED, Status.PICKING, Status.PACKED)
    FROZEN: ClassVar[tuple[str, ...]] = ("order", "created_at")
    ADOPTED: ClassVar[str] = "is_adopted"

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fulfilments")
    status = StateField(default=Status.RELEASED, choices=Status.choices)
    shipment = models.OneToOneField(Shipment, null=True, on_delete=models.PROTECT, related_name="+")
    warehouse_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=240, blank=True)
    by_hand = models.BooleanField(default=False)
    is_adopted = models.BooleanField(default=False)
    release_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    picking_at = models.DateTimeField(null=True)
    packed_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    back_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    outcome_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["status", "created_at"], name="fulfilment_open_idx",
                condition=Q(status__in=["awaiting_inventory", "scheduled", "released", "picking", "packed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} of {self.order_id}"

    @property
    def word(self) -> str:
        """The status that is published: its own, then its parcel's."""
        return fulfilment_word(str(self.status), str(self.shipment.status) if self.shipment is not None else "")

    @property
    def is_open(self) -> bool:
        """Whether its units are still to be put into a parcel."""
        return self.shipment_id is None and self.status in self.OPEN

    @transition(
        field=status, source=[Status.AWAITING_INVENTORY, Status.SCHEDULED], target=Status.RELEASED,
        custom={"event": "fulfilment.released"},
    )
    def release(self, *, at: datetime) -> None:
        """Its units are there and its time has come: it may be picked."""
        self.released_at = at
        self.release_at = None

    @transition(
        field=status, source=[Status.RELEASED, Status.AWAITING_INVENTORY], target=Status.SCHEDULED,
        custom={"event": "fulfilment.scheduled"},
    )
    def schedule(self, *, release_at: datetime) -> None:
        """It is not to be picked before a time."""
        self.release_at = release_at

    @transition(
        field=status, source=Status.RELEASED, target=Status.PICKING, custom={"event": "fulfilment.picking_started"}
    )
    def start_picking(self, *, at: datetime) -> None:
        """Somebody fetches its units from the shelves."""
        self.picking_at = at

    @transition(field=status, source=Status.PICKING, target=Status.RELEASED, custom={"event": "fulfilment.put_back"})
    def put_back(self) -> None:
        """It is left for somebody else."""

    @transition(
        field=status, source=[Status.RELEASED, Status.PICKING], target=Status.PACKED, custom={"event": "fulfilment.packed"}
    )
    def pack(self, *, at: datetime) -> None:
        """All its units are in the box."""
        self.packed_at = at

    @transition(
        field=status, source=[Status.RELEASED, Status.PICKING, Status.PACKED], target=Status.HANDED_OVER,
        custom={"event": "fulfilment.handed_over"},
    )
    def hand_over(self) -> None:
        """Its parcel left the building."""

    @transition(
        field=status,
        source=[Status.AWAITING_INVENTORY, Status.SCHEDULED, Status.RELEASED, Status.PICKING, Status.PACKED],
        target=Status.CANCELLED, custom={"event": "fulfilment.cancelled"},
    )
    def cancel(self) -> None:
        """It ships nothing: its units were cancelled, or are planned anew elsewhere."""


class ShortPick(models.Model):
    """Units that were to be picked and were not on their shelf: why a count of it is due."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    fulfilment = models.ForeignKey(Fulfilment, on_delete=models.PROTECT, related_name="short_picks")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    warehouse_code = models.CharField(max_length=40)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.quantity} missing at {self.warehouse_code}"


class PackScan(models.Model):
    """One scan at the packing table. The reader's own id of it is the key, so that a scan sent twice is one."""

    class Result(models.TextChoices):
        """What the table said."""

        RIGHT = "right"
        WRONG = "wrong"
        OVER = "over"

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    fulfilment = models.ForeignKey(Fulfilment, on_delete=models.PROTECT, related_name="scans")
    line = models.ForeignKey(Line, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=64)
    result = models.CharField(max_length=6, choices=Result.choices)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.code}: {self.result}"


class FulfilmentLine(models.Model):
    """So many units of a line belong to this fulfilment and travel in its parcel."""

    fulfilment = models.ForeignKey(Fulfilment, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="fulfilment_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fulfilment", "line"], name="fulfilment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="fulfilment_line_has_units"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line_id}"
