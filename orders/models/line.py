"""What was bought, at which price, and where each unit is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from inventory.models import Variant
from orders.models.order import Order
from timeline.cloaked import CloakedJSONField


class Line(models.Model):
    """One line of an order (OrderItem, B11). Prices are frozen; the quantities say where the units are.

    A unit is still to ship, shipped or cancelled; of those shipped some were delivered, lost or returned.

    How many there are and what they come to changes with its order's event `order.edited` alone. A line of which an edit
    took everything stays, with no units and no amounts.

    `total = value − discount + gst`. Where the price is marked without GST, value is price times quantity; where it is
    marked with it, the customer pays price times quantity less discount, and the value is what that leaves (ADR 9).
    Of a line `as_told` by a channel the sums are exact and the price of a unit is rounded: what others sell need not divide.
    """

    FROZEN: ClassVar[tuple[str, ...]] = (
        "order",
        "variant",
        "sku",
        "price_minor",
        "price_includes_gst",
        "gst_rate_bp",
    )
    CHANGED_BY: ClassVar[dict[str, tuple[str, ...]]] = {
        "order.edited": (
            "quantity",
            "value_minor",
            "discount_minor",
            "cgst_minor",
            "sgst_minor",
            "igst_minor",
            "gst_minor",
            "total_minor",
        )
    }
    CHANGED_WITH: ClassVar[str] = "order"

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    place = models.PositiveSmallIntegerField()
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", db_index=False)
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    hsn = models.CharField(max_length=8)
    quantity = models.PositiveIntegerField()
    price_minor = models.BigIntegerField()
    price_includes_gst = models.BooleanField(default=False)
    as_told = models.BooleanField(default=False, db_default=False)
    value_minor = models.BigIntegerField()
    gst_rate_bp = models.PositiveIntegerField()
    cgst_minor = models.BigIntegerField()
    sgst_minor = models.BigIntegerField()
    igst_minor = models.BigIntegerField()
    other_tax_minor = models.BigIntegerField(default=0, db_default=0)
    gst_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    weight_g = models.PositiveIntegerField(default=0)
    metadata = CloakedJSONField()
    quantity_shipped = models.PositiveIntegerField(default=0)
    quantity_delivered = models.PositiveIntegerField(default=0)
    quantity_cancelled = models.PositiveIntegerField(default=0)
    quantity_returned = models.PositiveIntegerField(default=0)
    quantity_lost = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "place"], name="line_once_per_place"),
            models.CheckConstraint(
                condition=Q(total_minor=F("value_minor") - F("discount_minor") + F("gst_minor")), name="line_total_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(as_told=True)
                | Q(price_includes_gst=False, value_minor=F("price_minor") * F("quantity"))
                | Q(price_includes_gst=True, total_minor=F("price_minor") * F("quantity") - F("discount_minor")),
                name="line_value_as_marked",
            ),
            models.CheckConstraint(
                condition=Q(quantity_lost__lte=F("quantity_shipped")), name="line_lost_within_shipped"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("quantity_shipped") + F("quantity_cancelled"))
                & Q(quantity_delivered__lte=F("quantity_shipped"))
                & Q(quantity_returned__lte=F("quantity_shipped")),
                name="line_units_within_quantity",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["order", "quantity"], name="line_order_quantity_idx"),
            models.Index(fields=["sku", "order"], name="line_sku_order_idx", opclasses=["varchar_pattern_ops", "uuid_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"

    @property
    def to_ship(self) -> int:
        """Units that have neither been shipped nor cancelled."""
        return self.quantity - self.quantity_shipped - self.quantity_cancelled

    def worth_minor(self, units: int) -> int:
        """What so many of its units are worth, rounded down: what a carrier is told a parcel holds, never what is paid."""
        return self.total_minor * units // self.quantity if self.quantity else 0
