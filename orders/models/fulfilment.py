"""The upward links: which payment and which parcel belong to which order (D6)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from orders.models.line import Line
from orders.models.order import Order
from payments.models import Payment
from shipping.models import Shipment


class OrderPayment(models.Model):
    """One payment of one order; an order may have several."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="order_payments")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.payment_id} of {self.order_id}"


class Fulfilment(models.Model):
    """One parcel of one order. `left_at`: its units left the stock; `back_at`: they were received back."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fulfilments")
    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    back_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.shipment_id} of {self.order_id}"


class FulfilmentLine(models.Model):
    """So many units of a line travel in this parcel."""

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
