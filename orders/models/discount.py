"""Discount codes with exact limits."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from orders.models.order import Order
from orders.models.person import Person


class Discount(models.Model):
    """One code and its rule (the shape of `orders.pricing.discounts`). `used` is counted by conditional UPDATE (F05)."""

    id = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    rule: models.JSONField[Any, Any] = models.JSONField()
    uses_max = models.PositiveIntegerField(null=True)
    uses_per_person_max = models.PositiveIntegerField(null=True)
    used = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(uses_max__isnull=True) | Q(used__lte=F("uses_max")), name="discount_within_its_limit"
            )
        ]

    def __str__(self) -> str:
        return self.code


class DiscountUse(models.Model):
    """One use of a code by one order; given back when the order is cancelled before payment."""

    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, related_name="uses")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="discount_use")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    returned_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["discount", "person"], name="discount_use_person_idx")]

    def __str__(self) -> str:
        return f"{self.discount_id} by {self.order_id}"
