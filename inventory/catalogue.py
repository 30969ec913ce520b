"""What can be sold: products and their variants, with price, tax and weight."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import date

PRICE_MINOR_MAX = 10**13
GST_RATE_BP_MAX = 10_000
WEIGHT_G_MAX = 1_000_000


class Product(models.Model):
    """One thing the shop sells, in one or several variants."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(name=""), name="product_has_a_name")]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """What a customer puts into the cart. The price is in minor units, the rate in basis points.

    The price is without GST, unless it is marked with it, as a maximum retail price is. `policy` says whether more is sold
    than is there; `backordered` units of it are promised so and wait, at most `backorder_units_max` where that is set.
    """

    class Policy(models.TextChoices):
        """What happens to an order for more than is there: refused, promised, or promised for a day."""

        DENY = "deny"
        BACKORDER = "backorder"
        PREORDER = "preorder"

    FROZEN: ClassVar[tuple[str, ...]] = ("product", "sku", "currency")

    id = models.UUIDField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants")
    sku = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=70, blank=True)
    price_minor = models.BigIntegerField()
    price_includes_gst = models.BooleanField(default=False)
    currency = models.CharField(max_length=3, default="INR")
    gst_rate_bp = models.PositiveIntegerField()
    hsn = models.CharField(max_length=8)
    weight_g = models.PositiveIntegerField(default=0)
    policy = models.CharField(max_length=10, choices=Policy.choices, default=Policy.DENY, db_default=Policy.DENY)
    backorder_units_max = models.PositiveIntegerField(null=True)
    available_on = models.DateField(null=True)
    backordered = models.IntegerField(default=0, db_default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(sku=""), name="variant_has_a_sku"),
            models.CheckConstraint(
                condition=Q(price_minor__gte=0, price_minor__lte=PRICE_MINOR_MAX), name="variant_price_in_range"
            ),
            models.CheckConstraint(
                condition=Q(gst_rate_bp__gte=0, gst_rate_bp__lte=GST_RATE_BP_MAX), name="variant_gst_rate_in_range"
            ),
            models.CheckConstraint(
                condition=Q(weight_g__gte=0, weight_g__lte=WEIGHT_G_MAX), name="variant_weight_in_range"
            ),
            models.CheckConstraint(condition=Q(backordered__gte=0), name="variant_backordered_not_below_nothing"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="variant_queue_idx", condition=Q(backordered__gt=0)),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def title(self) -> str:
        """What the customer reads: the product, and the variant where it has a name of its own."""
        return f"{self.product.name}, {self.name}" if self.name else self.product.name

    @property
    def is_sellable(self) -> bool:
        """Whether both the variant and its product are offered."""
        return self.is_active and self.product.is_active

    @property
    def later_units(self) -> int | None:
        """Units that may still be promised beyond what is there; None where there is no limit."""
        if self.policy == self.Policy.DENY:
            return 0
        return None if self.backorder_units_max is None else max(0, self.backorder_units_max - self.backordered)

    @property
    def backorder(self) -> bool:
        """Whether one may be ordered now though none is there."""
        return self.later_units != 0

    def waits_on(self, today: date) -> bool:
        """Whether this is a preorder before its day: a promise alone, even of what lies there already."""
        return self.policy == self.Policy.PREORDER and self.available_on is not None and today < self.available_on

    @property
    def gst_rate(self) -> Decimal:
        """The rate as a percentage: 5, 18, 0.25."""
        return Decimal(self.gst_rate_bp) / 100
