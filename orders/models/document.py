"""Tax invoices and credit notes, as issued: numbered without gap, never edited (Z6, CGST rules 46 and 53)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from orders.models.order import Order
from payments.models import Refund
from timeline import vault
from timeline.models import SubjectKey


class Document(models.Model):
    """One invoice or credit note. Amounts are minor units; those of a credit note are what it takes off.

    `content` is everything printable that is not personal. The recipient is sealed: a consumer under the person's own key, a
    registered business under a key of the books, for the law keeps it longer than the person (docs/privacy.md). A credit note
    has its invoice as `original`, and the refund it is for unless the order was called off unpaid.
    """

    class Kind(models.TextChoices):
        """What it is."""

        INVOICE = "invoice"
        CREDIT_NOTE = "credit_note"

    APPEND_ONLY: ClassVar[bool] = True
    REFUSED_INSERTS: ClassVar[tuple[tuple[str, str, str], ...]] = (
        (
            "next_in_series",
            "NEW.seq <> 1 AND NOT EXISTS (SELECT 1 FROM orders_document WHERE series = NEW.series AND seq = NEW.seq - 1)",
            "leaves a gap in its series",
        ),
    )

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    number = models.CharField(max_length=16, unique=True)
    series = models.CharField(max_length=9)
    seq = models.PositiveIntegerField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="documents")
    refund = models.ForeignKey(Refund, null=True, on_delete=models.PROTECT, related_name="+")
    original = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="notes")
    day = models.DateField()
    issued_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    place_of_supply = models.CharField(max_length=2)
    registered = models.BooleanField()
    taxable_minor = models.BigIntegerField()
    cgst_minor = models.BigIntegerField()
    sgst_minor = models.BigIntegerField()
    igst_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    content: models.JSONField[Any, Any] = models.JSONField()
    sealed = models.BinaryField()
    key = models.ForeignKey(SubjectKey, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "seq"], name="document_once_in_series"),
            models.UniqueConstraint(fields=["order"], condition=Q(kind="invoice"), name="document_one_invoice"),
            models.UniqueConstraint(fields=["refund"], name="document_one_note_per_refund"),
            models.CheckConstraint(
                condition=Q(total_minor=F("taxable_minor") + F("cgst_minor") + F("sgst_minor") + F("igst_minor")),
                name="document_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    total_minor__gt=0, taxable_minor__gte=0, cgst_minor__gte=0, sgst_minor__gte=0, igst_minor__gte=0
                ),
                name="document_of_money",
            ),
            models.CheckConstraint(
                condition=Q(cgst_minor=0, sgst_minor=0) | Q(igst_minor=0), name="document_within_or_between_states"
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", original__isnull=True, refund__isnull=True)
                | Q(kind="credit_note", original__isnull=False),
                name="document_note_has_its_invoice",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["day", "series", "seq"], name="document_day_idx")]

    def __str__(self) -> str:
        return self.number

    def recipient(self) -> dict[str, Any]:
        """`name`, `gstin`, `billing` and `delivery` as they were; empty once the person is erased."""
        return vault.unseal(self.key, f"document:{self.pk}", bytes(self.sealed)) or {}

    def seal_recipient(self, key: SubjectKey, recipient: dict[str, Any]) -> None:
        """Keep the recipient under this key."""
        self.key = key
        self.sealed = vault.seal(key, f"document:{self.pk}", recipient)


class DocumentSeries(models.Model):
    """The last number of one series of one financial year, such as `INV/26-27`. Its row's lock makes it gapless."""

    series = models.CharField(max_length=9, primary_key=True)
    last = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"
