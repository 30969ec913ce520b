"""Holds on an order: they stop forward steps until a person releases them (E12, Z2)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from orders.models.order import Order


class OrderHold(models.Model):
    """One reason to wait. The note is sealed in the event that set it."""

    class Reason(models.TextChoices):
        """Why an order waits."""

        FRAUD = "fraud"
        FRAUD_REVIEW = "fraud_review", "Fraud review"
        ADDRESS = "address"
        STOCK = "stock"
        PAYMENT = "payment"
        CUSTOMER = "customer"
        OTHER = "other"

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    sealed = models.BinaryField(null=True)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["order"], name="order_hold_open_idx", condition=Q(released_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.reason} on {self.order_id}"
