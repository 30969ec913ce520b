"""What can be sold: products and their variants, with price, tax and weight."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q

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

    The price is without GST, unless it is marked with it, as a maximum retail price is.
    """

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
    def gst_rate(self) -> Decimal:
        """The rate as a percentage: 5, 18, 0.25."""
        return Decimal(self.gst_rate_bp) / 100
