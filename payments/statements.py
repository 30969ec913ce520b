"""What others say of our money: the gateway's settlements, the bank's statement, the carriers' remittances of cash."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from payments.models import Dispute, Payment, Refund

PAYMENT, REFUND, TRANSFER, ADJUSTMENT = "payment", "refund", "transfer", "adjustment"


class Settlement(models.Model):
    """One payout of the gateway to our bank. `amount_minor` is what it says it paid, whatever its lines sum to."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    gateway = models.CharField(max_length=20)
    gateway_settlement_id = models.CharField(max_length=40, unique=True)
    utr = models.CharField(max_length=60, blank=True, db_index=True)
    amount_minor = models.BigIntegerField()
    fees_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="INR")
    settled_at = models.DateTimeField()
    day = models.DateField(db_index=True)

    def __str__(self) -> str:
        return self.gateway_settlement_id

    @property
    def stream(self) -> str:
        """Each settlement is a story of its own."""
        return f"settlement:{self.gateway_settlement_id}"


class SettlementLine(models.Model):
    """One line of the report. `occurrence` counts lines of one entity: a second one is money that came twice.

    What the line is of is linked as soon as it is known; nothing else ever changes.
    """

    FROZEN: ClassVar[tuple[str, ...]] = (
        "settlement", "entity_id", "kind", "occurrence", "debit_minor", "credit_minor", "amount_minor", "fee_minor",
        "tax_minor", "order_receipt", "created_at", "booked_at",
    )

    id = models.UUIDField(primary_key=True)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="lines")
    entity_id = models.CharField(max_length=40, db_index=True)
    kind = models.CharField(max_length=12)
    occurrence = models.PositiveSmallIntegerField(default=1)
    debit_minor = models.BigIntegerField()
    credit_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    order_receipt = models.CharField(max_length=60, blank=True)
    payment = models.ForeignKey("payments.Payment", null=True, on_delete=models.PROTECT, related_name="settlement_lines")
    refund = models.ForeignKey("payments.Refund", null=True, on_delete=models.PROTECT, related_name="settlement_lines")
    dispute = models.ForeignKey("payments.Dispute", null=True, on_delete=models.PROTECT, related_name="settlement_lines")
    created_at = models.DateTimeField(null=True)
    booked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["settlement", "entity_id", "kind", "occurrence"], name="settlement_line_once_per_occurrence"
            ),
            models.CheckConstraint(
                condition=Q(debit_minor__gte=0, credit_minor__gte=0, amount_minor__gte=0), name="settlement_line_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} in {self.settlement_id}"

    @property
    def owner(self) -> Payment | Refund | Dispute | None:
        """What the line is of, if we know."""
        return self.payment or self.refund or self.dispute

    @property
    def is_matched(self) -> bool:
        """Whether we know what the line is of."""
        return bool(self.payment_id or self.refund_id or self.dispute_id)


class Remittance(models.Model):
    """Cash that a carrier collected at doors and hands over to us, one batch."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    carrier = models.CharField(max_length=40)
    reference = models.CharField(max_length=60)
    utr = models.CharField(max_length=60, blank=True, db_index=True)
    day = models.DateField(db_index=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="INR")
    digest = models.CharField(max_length=64)
    booked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["carrier", "reference"], name="remittance_once_per_reference")
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.reference}"

    @property
    def stream(self) -> str:
        """Each remittance is a story of its own."""
        return f"remittance:{self.pk}"


class RemittanceLine(models.Model):
    """One parcel's cash: what was due at the door, and what was handed over."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    remittance = models.ForeignKey(Remittance, on_delete=models.PROTECT, related_name="lines")
    tracking_number = models.CharField(max_length=60)
    payment = models.ForeignKey("payments.Payment", null=True, on_delete=models.PROTECT, related_name="remittance_lines")
    due_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["remittance", "tracking_number"], name="remittance_line_once_per_parcel"),
            models.CheckConstraint(condition=Q(due_minor__gte=0, paid_minor__gte=0), name="remittance_line_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.tracking_number} {self.paid_minor}"


class BankLine(models.Model):
    """One line of the bank's statement; money in is positive. `statement_key` knows a line that is imported again."""

    FROZEN: ClassVar[tuple[str, ...]] = ("day", "narration", "utr", "amount_minor", "statement_key", "booked_at")

    id = models.UUIDField(primary_key=True)
    day = models.DateField(db_index=True)
    narration = models.CharField(max_length=300)
    utr = models.CharField(max_length=60, blank=True)
    amount_minor = models.BigIntegerField()
    statement_key = models.CharField(max_length=64, unique=True)
    settlement = models.ForeignKey(Settlement, null=True, on_delete=models.PROTECT, related_name="bank_lines")
    remittance = models.ForeignKey(Remittance, null=True, on_delete=models.PROTECT, related_name="bank_lines")
    booked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(settlement__isnull=True) | Q(remittance__isnull=True), name="bank_line_of_one_thing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.amount_minor}"
