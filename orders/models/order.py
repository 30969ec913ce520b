"""The order: its machine, its sums, its derived axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from orders.models.person import Address, Person
from timeline.models import StateField, StateModel, Stream

if TYPE_CHECKING:
    from datetime import datetime


class Order(StateModel):
    """One order of one person. Its story is the stream of its own id; `version` and ETag are the stream's length.

    `status` is the word of REQUIREMENTS B8 and moves as B16 and Z1 say. `payment_state` and `fulfilment_state` are
    derived (Z2), written by `orders.operations.axes` alone. Its sums are what was placed, or what the newest edit made of
    it: `revision` counts the edits, and the database lets the sums change with the event `order.edited` alone.

    An order of a channel (`channel_order_id`) has the sums that were told, in its own currency: `gst_minor` is all its tax,
    `other_tax_minor` what of it is no GST (ADR 15), `channel_status` the channel's own word.
    """

    class Status(models.TextChoices):
        """The seven words of B8."""

        PENDING = "pending"
        CONFIRMED = "confirmed"
        PROCESSING = "processing"
        SHIPPED = "shipped"
        DELIVERED = "delivered"
        CANCELLED = "cancelled"
        REFUNDED = "refunded"

    class PaymentState(models.TextChoices):
        """Where the money is."""

        UNPAID = "unpaid"
        AUTHORIZED = "authorized"
        PAID = "paid"
        PARTIALLY_REFUNDED = "partially_refunded"
        REFUNDED = "refunded"
        FAILED = "failed"
        IN_DOUBT = "in_doubt"
        DISPUTED = "disputed"

    class FulfilmentState(models.TextChoices):
        """Where the goods are."""

        UNFULFILLED = "unfulfilled"
        PARTIAL = "partial"
        FULFILLED = "fulfilled"
        DELIVERED = "delivered"
        RETURNED = "returned"

    FROZEN: ClassVar[tuple[str, ...]] = (
        "number",
        "person",
        "currency",
        "shipping_minor",
        "pricing_snapshot",
        "discount_snapshot",
        "created_at",
    )
    CHANGED_BY: ClassVar[dict[str, tuple[str, ...]]] = {
        "order.edited": (
            "subtotal_minor",
            "discount_minor",
            "gst_minor",
            "cgst_minor",
            "sgst_minor",
            "igst_minor",
            "total_minor",
            "item_count",
            "destination_state",
            "shipping_address",
            "billing_address",
            "revision",
        )
    }

    id = models.UUIDField(primary_key=True)
    stream = models.OneToOneField(Stream, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=24, unique=True)
    status = StateField(default=Status.PENDING, choices=Status.choices)
    payment_state = models.CharField(max_length=20, choices=PaymentState.choices, default=PaymentState.UNPAID)
    fulfilment_state = models.CharField(
        max_length=20, choices=FulfilmentState.choices, default=FulfilmentState.UNFULFILLED
    )
    on_hold = models.BooleanField(default=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="orders", db_index=False)
    channel = models.CharField(max_length=40, default="web")
    channel_order_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    channel_status = models.CharField(max_length=120, blank=True, default="", db_default="")
    currency = models.CharField(max_length=3, default="INR")
    subtotal_minor = models.BigIntegerField()
    discount_code = models.CharField(max_length=40, blank=True)
    discount_minor = models.BigIntegerField(default=0)
    gst_minor = models.BigIntegerField()
    cgst_minor = models.BigIntegerField()
    sgst_minor = models.BigIntegerField()
    igst_minor = models.BigIntegerField()
    other_tax_minor = models.BigIntegerField(default=0, db_default=0)
    shipping_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    item_count = models.PositiveIntegerField()
    revision = models.PositiveSmallIntegerField(default=0, db_default=0)
    shipping_method = models.CharField(max_length=20)
    payment_method = models.CharField(max_length=20)
    destination_state = models.CharField(max_length=8)
    shipping_address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+", db_index=False)
    billing_address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+", db_index=False)
    pricing_snapshot: models.JSONField[Any, Any] = models.JSONField()
    discount_snapshot: models.JSONField[Any, Any] = models.JSONField()
    city_token = models.BinaryField(null=True)
    pin_token = models.BinaryField(null=True)
    shipping_provider = models.CharField(max_length=40, blank=True)
    cancel_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    payment_due_at = models.DateTimeField(null=True)
    state_since = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    processing_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    refunded_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") - F("discount_minor") + F("gst_minor") + F("shipping_minor")),
                name="order_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(gst_minor=F("cgst_minor") + F("sgst_minor") + F("igst_minor") + F("other_tax_minor")),
                name="order_gst_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    subtotal_minor__gte=0,
                    discount_minor__gte=0,
                    discount_minor__lte=F("subtotal_minor"),
                    shipping_minor__gte=0,
                    total_minor__gte=0,
                    paid_minor__gte=0,
                    refunded_minor__gte=0,
                    refunded_minor__lte=F("paid_minor"),
                ),
                name="order_money_within_bounds",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "-created_at"], name="order_status_created_idx"),
            models.Index(fields=["person", "-created_at"], name="order_person_created_idx"),
            models.Index(fields=["-created_at"], name="order_created_idx"),
            # Most orders are delivered, but not the newest: PostgreSQL would walk through all of those that are not, for it cannot know.
            models.Index(fields=["-created_at"], name="order_done_created_idx", condition=Q(status="delivered")),
            models.Index(fields=["city_token", "-created_at"], name="order_city_idx", condition=Q(city_token__isnull=False)),
            models.Index(fields=["pin_token", "-created_at"], name="order_pin_idx", condition=Q(pin_token__isnull=False)),
            models.Index(fields=["total_minor"], name="order_total_idx"),
            models.Index(fields=["delivered_at"], name="order_delivered_idx", condition=Q(delivered_at__isnull=False)),
            models.Index(fields=["payment_state", "-created_at"], name="order_payment_created_idx"),
            models.Index(fields=["channel", "-created_at"], name="order_channel_created_idx"),
            models.Index(
                fields=["status", "state_since"], name="order_open_since_idx",
                condition=Q(status__in=["pending", "confirmed", "processing", "shipped"]),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def prices(self) -> dict[str, Any]:
        """The snapshot of the prices that hold: the placement's, or the newest edit's. At most one statement."""
        if not self.revision:
            return dict(self.pricing_snapshot)
        newest: Any = self.revisions.filter(number=self.revision)
        return dict(newest.values_list("pricing", flat=True).get())

    def _move(self, at: datetime) -> None:
        self.state_since = at

    @transition(field=status, source=Status.PENDING, target=Status.CONFIRMED, custom={"event": "order.confirmed"})
    def confirm(self, *, at: datetime) -> None:
        """Money is in, or is collected at the door: the order may be packed."""
        self._move(at)
        self.confirmed_at = at
        self.payment_due_at = None

    @transition(
        field=status, source=Status.CONFIRMED, target=Status.PROCESSING, custom={"event": "order.processing_started"}
    )
    def start_processing(self, *, at: datetime) -> None:
        """Somebody began to pick and pack."""
        self._move(at)
        self.processing_at = at

    @transition(field=status, source=Status.PROCESSING, target=Status.SHIPPED, custom={"event": "order.shipped"})
    def ship(self, *, at: datetime, carrier: str) -> None:
        """Everything is labelled for its journey (B18)."""
        self._move(at)
        self.shipped_at = at
        self.shipping_provider = carrier

    @transition(field=status, source=Status.SHIPPED, target=Status.DELIVERED, custom={"event": "order.delivered"})
    def deliver(self, *, at: datetime) -> None:
        """Every parcel has arrived."""
        self._move(at)
        self.delivered_at = at

    @transition(
        field=status,
        source=[Status.PENDING, Status.CONFIRMED, Status.PROCESSING, Status.SHIPPED],
        target=Status.CANCELLED,
        custom={"event": "order.cancelled"},
    )
    def cancel(self, *, at: datetime, code: str) -> None:
        """Stop the order: before it leaves, or by calling the parcel back (Z4)."""
        self._move(at)
        self.cancelled_at = at
        self.cancel_code = code
        self.payment_due_at = None

    @transition(
        field=status,
        source=[Status.CONFIRMED, Status.PROCESSING, Status.SHIPPED, Status.DELIVERED],
        target=Status.REFUNDED,
        custom={"event": "order.refunded"},
    )
    def refund(self, *, at: datetime) -> None:
        """All captured money has gone back (Z1); no person sets this."""
        self._move(at)
        self.refunded_at = at


# Those in which somebody has yet to do something, in the order of life.
OPEN_STATUSES = (Order.Status.PENDING, Order.Status.CONFIRMED, Order.Status.PROCESSING, Order.Status.SHIPPED)


class NumberSeries(models.Model):
    """The last number given out of one series, such as the orders of one business day (Z5)."""

    series = models.CharField(max_length=40, primary_key=True)
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"
