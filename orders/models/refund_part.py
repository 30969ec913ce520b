"""What a refund consists of: so much of this line, so much of the shipping, each with its own tax."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from orders.models.line import Line
from orders.models.order import Order
from payments.models import Refund


class RefundPart(models.Model):
    """One line's part of a refund, or the shipping's (no line), from the frozen prices (B27). Amounts are minor units.

    The parts of a refund sum to it. A goodwill payment and money that was never due (a second payment, a payment of a
    cancelled order) have none.
    """

    APPEND_ONLY: ClassVar[bool] = True

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refund_parts")
    line = models.ForeignKey(Line, null=True, on_delete=models.PROTECT, related_name="refund_parts")
    units = models.PositiveIntegerField(default=0)
    taxable_minor = models.BigIntegerField()
    cgst_minor = models.BigIntegerField()
    sgst_minor = models.BigIntegerField()
    igst_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(total_minor=F("taxable_minor") + F("cgst_minor") + F("sgst_minor") + F("igst_minor")),
                name="refund_part_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    total_minor__gte=0, taxable_minor__gte=0, cgst_minor__gte=0, sgst_minor__gte=0, igst_minor__gte=0
                ),
                name="refund_part_not_negative",
            ),
            models.UniqueConstraint(fields=["refund", "line"], name="refund_part_once_per_line"),
            models.UniqueConstraint(
                fields=["refund"], condition=Q(line__isnull=True), name="refund_part_once_for_shipping"
            ),
        ]

    @property
    def gst_minor(self) -> int:
        """All its tax."""
        return self.cgst_minor + self.sgst_minor + self.igst_minor

    def __str__(self) -> str:
        return f"{self.total_minor} of {self.line_id or 'shipping'}"


class KeptPart(models.Model):
    """What of the units a refund is for the shop keeps: a restocking fee, or the paise an exchange could not express.

    A part that is kept is given back by nobody: it counts with the refund's parts where one asks what remains of a line,
    and stands on the invoice as what it is, the price of goods that were sold.
    """

    APPEND_ONLY: ClassVar[bool] = True

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="kept_parts")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="kept_parts")
    taxable_minor = models.BigIntegerField()
    cgst_minor = models.BigIntegerField()
    sgst_minor = models.BigIntegerField()
    igst_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(total_minor=F("taxable_minor") + F("cgst_minor") + F("sgst_minor") + F("igst_minor")),
                name="kept_part_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    total_minor__gt=0, taxable_minor__gte=0, cgst_minor__gte=0, sgst_minor__gte=0, igst_minor__gte=0
                ),
                name="kept_part_is_some",
            ),
            models.UniqueConstraint(fields=["refund", "line"], name="kept_part_once_per_line"),
        ]

    def __str__(self) -> str:
        return f"{self.total_minor} of {self.line_id}"
