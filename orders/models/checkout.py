"""The checkout: a cart on its way to become an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from inventory.models import Variant
from orders.models.order import Order
from orders.models.person import Person
from timeline import vault
from timeline.cloaked import CloakedJSONField
from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class Checkout(StateModel):
    """One checkout of one person. Contact and addresses are sealed until the order takes them over."""

    class Status(models.TextChoices):
        """Open until it ends one way; abandoned ones may be taken up again."""

        OPEN = "open"
        COMPLETED = "completed"
        FAILED = "failed"
        EXPIRED = "expired"
        ABANDONED = "abandoned"

    GOING_ON: ClassVar = (Status.OPEN, Status.ABANDONED)

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="checkouts")
    status = StateField(default=Status.OPEN, choices=Status.choices)
    sealed = models.BinaryField(null=True)
    discount_code = models.CharField(max_length=40, blank=True)
    shipping_method = models.CharField(max_length=20, default="standard")
    payment_method = models.CharField(max_length=20, default="razorpay")
    currency = models.CharField(max_length=3, default="INR")
    channel = models.CharField(max_length=40, default="web")
    seen_total_minor = models.BigIntegerField(null=True)
    hold_expires_at = models.DateTimeField(null=True)
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="checkout")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    abandoned_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["updated_at"], name="checkout_open_idx", condition=Q(status="open")),
            models.Index(fields=["updated_at"], name="checkout_abandoned_idx", condition=Q(status="abandoned")),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def contact(self) -> dict[str, Any]:
        """email, phone, name, gstin, shippingAddress, billingAddress as far as given."""
        if self.sealed is None:
            return {}
        return vault.unseal(self.person.key, f"checkout:{self.pk}", bytes(self.sealed)) or {}

    def seal_contact(self, contact: dict[str, Any]) -> bytes:
        """The contact as ciphertext for `sealed`."""
        return vault.seal(self.person.key, f"checkout:{self.pk}", contact)

    @transition(field=status, source=Status.OPEN, target=Status.COMPLETED, custom={"event": "checkout.completed"})
    def complete(self, *, order_id: Any, at: datetime) -> None:
        """It became an order."""
        self.order_id = order_id
        self.hold_expires_at = None
        self.updated_at = at

    @transition(field=status, source=Status.OPEN, target=Status.FAILED, custom={"event": "checkout.failed"})
    def fail(self, *, at: datetime) -> None:
        """It cannot become an order any more (B75)."""
        self.updated_at = at

    @transition(field=status, source=[Status.OPEN, Status.ABANDONED], target=Status.EXPIRED, custom={"event": "checkout.expired"})
    def expire(self, *, at: datetime) -> None:
        """Nobody touched it for too long."""
        self.hold_expires_at = None
        self.updated_at = at

    @transition(field=status, source=Status.OPEN, target=Status.ABANDONED, custom={"event": "checkout.abandoned"})
    def abandon(self, *, at: datetime) -> None:
        """Nobody touched it for a while: told once, so that the customer may be reminded. It can be taken up again."""
        self.abandoned_at = at

    @transition(field=status, source=Status.ABANDONED, target=Status.OPEN, custom={"event": "checkout.resumed"})
    def resume(self) -> None:
        """The customer came back."""


class CheckoutLine(models.Model):
    """One line of a cart."""

    id = models.UUIDField(primary_key=True)
    checkout = models.ForeignKey(Checkout, on_delete=models.PROTECT, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    metadata = CloakedJSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=10_000), name="checkout_line_quantity"),
        ]
        ordering: ClassVar = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.variant_id}"
