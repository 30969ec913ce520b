"""What money did: payments and refunds (machines), and the raw notices gateways sent.

Note [What a payment keeps of its attempts]
    A gateway order may be paid in several attempts, and one story may be paid twice. `gateway_payment_id` names the
    attempt that counts. `facts["failed"]` lists attempts already known to have failed, so that a late repeat of an old
    failure cannot fail a new attempt; `facts["mismatched"]` lists attempts already reported as differing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from payments.books import Account, ClosedDay, Entry, Posting
from payments.dispute import Dispute
from payments.statements import BankLine, Remittance, RemittanceLine, Settlement, SettlementLine
from timeline.models import StateField, StateModel, SubjectKey

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "Account",
    "BankLine",
    "ClosedDay",
    "Dispute",
    "Entry",
    "Notice",
    "Payment",
    "Posting",
    "Refund",
    "Remittance",
    "RemittanceLine",
    "Settlement",
    "SettlementLine",
]

RAZORPAY, COD, EXCHANGE, CHANNEL = "razorpay", "cod", "exchange", "channel"
BY_HAND = (COD, EXCHANGE, CHANNEL)  # no gateway has this money: what goes back of it is given by other means
SUPERSEDED = "superseded"
GATEWAYS = [(RAZORPAY, "Razorpay"), (COD, "Cash on delivery"), (EXCHANGE, "Credit of an exchange"), (CHANNEL, "Taken by a channel")]


class Payment(StateModel):
    """One payment of one story. Amounts are in minor units of `currency`.

    What may still be refunded is `captured_minor − refunded_minor − pending_refund_minor − disputed_minor`, and nothing
    else (PAINS 6). What disputes have taken may exceed what is left: the customer was paid twice then (F32).
    `is_further` says that it was opened for more than was paid before: its money is no second payment of the same.
    """

    class Status(models.TextChoices):
        """Where the money is."""

        OPENING = "opening"
        CREATED = "created"
        AUTHORIZED = "authorized"
        CAPTURED = "captured"
        FAILED = "failed"
        IN_DOUBT = "in_doubt"

    FROZEN: ClassVar[tuple[str, ...]] = ("stream", "gateway", "amount_minor", "currency", "receipt", "is_further", "created_at")
    INITIAL: ClassVar[tuple[str, ...]] = (Status.OPENING, Status.CREATED, Status.CAPTURED)

    id = models.UUIDField(primary_key=True)
    stream = models.CharField(max_length=64, db_index=True)
    gateway = models.CharField(max_length=20, choices=GATEWAYS)
    status = StateField(default=Status.OPENING, choices=Status.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="INR")
    captured_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    pending_refund_minor = models.BigIntegerField(default=0)
    disputed_minor = models.BigIntegerField(default=0)
    gateway_order_id = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001 NULL keeps it unique
    gateway_payment_id = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001 NULL keeps it unique
    receipt = models.CharField(max_length=40, unique=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    is_further = models.BooleanField(default=False, db_default=False)
    method = models.CharField(max_length=30, blank=True)
    facts: models.JSONField[Any, Any] = models.JSONField(default=dict)
    error_code = models.CharField(max_length=60, blank=True)
    error_reason = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(refunded_minor__lte=F("captured_minor") - F("pending_refund_minor")),
                name="payment_refunds_within_captured",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_minor__gt=0,
                    captured_minor__gte=0,
                    refunded_minor__gte=0,
                    pending_refund_minor__gte=0,
                    disputed_minor__gte=0,
                ),
                name="payment_money_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(captured_minor=F("amount_minor"), status="captured")
                | (Q(captured_minor=0) & ~Q(status="captured")),
                name="payment_captured_whole_or_not",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["asked_at"],
                name="payment_unsettled_idx",
                condition=Q(status__in=["opening", "created", "authorized", "in_doubt"]),
            ),
            models.Index(fields=["created_at"], name="payment_age_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.amount_minor} {self.currency} {self.status}"

    @property
    def refundable_minor(self) -> int:
        """What may still be given back."""
        return max(0, self.captured_minor - self.refunded_minor - self.pending_refund_minor - self.disputed_minor)

    @transition(
        field=status,
        source=[Status.OPENING, Status.IN_DOUBT],
        target=Status.CREATED,
        custom={"event": "payment.accepted"},
    )
    def accept(self, *, gateway_order_id: str) -> None:
        """The gateway has an order to be paid."""
        self.gateway_order_id = gateway_order_id

    @property
    def is_superseded(self) -> bool:
        """Whether another amount is asked for instead. Money that comes for it all the same is taken in."""
        return self.status == self.Status.FAILED and self.error_code == SUPERSEDED

    @transition(
        field=status,
        source=[Status.CREATED, Status.FAILED, Status.IN_DOUBT],
        target=Status.AUTHORIZED,
        custom={"event": "payment.authorized"},
    )
    def authorise(self, *, processor_ref: str, payment_method: str) -> None:
        """The money is reserved; a late authorisation after a failure counts (F20)."""
        self.gateway_payment_id = processor_ref
        self.method = payment_method
        self.error_code = self.error_reason = ""

    @transition(
        field=status,
        source=[Status.CREATED, Status.AUTHORIZED, Status.FAILED, Status.IN_DOUBT],
        target=Status.CAPTURED,
        custom={"event": "payment.captured"},
    )
    def capture(self, *, processor_ref: str | None, amount_minor: int, payment_method: str, at: datetime) -> None:
        """The money is ours."""
        self.gateway_payment_id = processor_ref
        self.captured_minor = amount_minor
        self.captured_at = at
        self.method = payment_method
        self.error_code = self.error_reason = ""

    @transition(
        field=status,
        source=[Status.OPENING, Status.CREATED, Status.AUTHORIZED, Status.IN_DOUBT],
        target=Status.FAILED,
        custom={"event": "payment.failed"},
    )
    def fail(self, *, code: str, reason: str) -> None:
        """This attempt came to nothing; of an authorisation: the gateway let it lapse uncaptured, and nothing else."""
        self.error_code = code
        self.error_reason = reason

    @transition(
        field=status,
        source=[Status.OPENING, Status.CREATED],
        target=Status.FAILED,
        custom={"event": "payment.superseded"},
    )
    def supersede(self, *, reason: str) -> None:
        """Another amount is asked for instead."""
        self.error_code = SUPERSEDED
        self.error_reason = reason

    @transition(
        field=status,
        source=[Status.OPENING, Status.AUTHORIZED],
        target=Status.IN_DOUBT,
        custom={"event": "payment.doubted"},
    )
    def doubt(self) -> None:
        """The gateway was asked and did not answer; only asking again resolves it."""

    @transition(field=status, source=Status.FAILED, target=Status.CREATED, custom={"event": "payment.retried"})
    def retry(self, *, attempts: int) -> None:
        """Another attempt on the same gateway order."""
        self.attempts = attempts
        self.error_code = self.error_reason = ""

    @transition(field=status, source=Status.FAILED, target=Status.OPENING, custom={"event": "payment.retried"})
    def reopen(self, *, attempts: int) -> None:
        """Another attempt, for which the gateway has no order yet."""
        self.attempts = attempts
        self.error_code = self.error_reason = ""


class Refund(StateModel):
    """Money going back. The reason in words is sealed; `items` are ids and quantities of the lines it is for.

    `restock_lines` say what becomes of the goods once it is granted. `reference` is the bank's number for the money, or
    that of the other means by which a failed refund was given. `speed_processed` is the gateway's word: instant, normal.
    """

    class Status(models.TextChoices):
        """From the wish to the money."""

        REQUESTED = "requested"
        PENDING = "pending"
        PROCESSED = "processed"
        FAILED = "failed"
        IN_DOUBT = "in_doubt"
        DECLINED = "declined"

    FROZEN: ClassVar[tuple[str, ...]] = ("payment", "stream", "amount_minor", "currency", "created_at")
    INITIAL: ClassVar[tuple[str, ...]] = (Status.REQUESTED, Status.PENDING, Status.PROCESSED)

    id = models.UUIDField(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    stream = models.CharField(max_length=64, db_index=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="INR")
    status = StateField(default=Status.PENDING, choices=Status.choices)
    reason_code = models.CharField(max_length=40)
    sealed = models.BinaryField(null=True)
    key = models.ForeignKey(SubjectKey, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    items: models.JSONField[Any, Any] = models.JSONField(default=list)
    restock = models.BooleanField(default=False)
    restock_lines: models.JSONField[Any, Any] = models.JSONField(default=list)
    return_id = models.UUIDField(null=True)
    speed = models.CharField(max_length=10, default="normal", choices=[("normal", "Normal"), ("optimum", "Optimum")])
    speed_processed = models.CharField(max_length=10, blank=True)
    reference = models.CharField(max_length=40, blank=True)
    by_other_means = models.BooleanField(default=False)
    gateway_refund_id = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001 NULL keeps it unique
    attempts = models.PositiveSmallIntegerField(default=1)
    error_code = models.CharField(max_length=60, blank=True)
    error_reason = models.CharField(max_length=120, blank=True)
    requested_by_type = models.CharField(max_length=20)
    requested_by_id = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_amount_positive"),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(reason_code="duplicate_payment"), name="refund_of_duplicate_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["asked_at"], name="refund_unsettled_idx", condition=Q(status__in=["pending", "in_doubt"])
            ),
            models.Index(fields=["payment"], name="refund_requested_idx", condition=Q(status="requested")),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} {self.status}"

    @property
    def receipt(self) -> str:
        """What this attempt is called at the gateway: our id, and the attempt beyond the first."""
        return self.id.hex if self.attempts == 1 else f"{self.id.hex}-{self.attempts}"

    @property
    def gateway_key(self) -> str:
        """The idempotency key of this attempt: the same as long as the outcome is unknown (F25)."""
        return f"rf-{self.receipt}"

    @transition(
        field=status, source=Status.REQUESTED, target=Status.PENDING, custom={"event": "refund.asked"}
    )
    def approve(self, *, at: datetime, by_other_means: bool) -> None:
        """The wish is granted: the money must go back, or a person has given it back."""
        self.asked_at = at
        self.by_other_means = by_other_means

    @transition(
        field=status, source=Status.REQUESTED, target=Status.DECLINED, custom={"event": "refund.declined"}
    )
    def decline(self) -> None:
        """The wish is not granted."""

    @transition(
        field=status,
        source=[Status.PENDING, Status.IN_DOUBT],
        target=Status.PENDING,
        custom={"event": "refund.issued"},
    )
    def accept(self, *, gateway_refund_id: str) -> None:
        """The gateway works on it."""
        self.gateway_refund_id = gateway_refund_id

    @transition(
        field=status,
        source=[Status.PENDING, Status.IN_DOUBT],
        target=Status.PROCESSED,
        custom={"event": "refund.processed"},
    )
    def finish(self, *, gateway_refund_id: str | None, at: datetime) -> None:
        """The money has gone back."""
        self.gateway_refund_id = gateway_refund_id
        self.processed_at = at

    @transition(
        field=status,
        source=[Status.PENDING, Status.IN_DOUBT],
        target=Status.FAILED,
        custom={"event": "refund.failed"},
    )
    def fail(self, *, code: str, reason: str, gateway_refund_id: str | None) -> None:
        """The gateway said no, for certain."""
        self.gateway_refund_id = gateway_refund_id
        self.error_code = code
        self.error_reason = reason

    @transition(
        field=status, source=Status.PENDING, target=Status.IN_DOUBT, custom={"event": "refund.doubted"}
    )
    def doubt(self) -> None:
        """The gateway was asked and did not answer; it is asked again under the same key."""

    @transition(field=status, source=Status.FAILED, target=Status.PENDING, custom={"event": "refund.asked"})
    def retry(self, *, attempts: int, at: datetime) -> None:
        """Ask again after a certain failure, under a key of its own."""
        self.attempts = attempts
        self.asked_at = at
        self.gateway_refund_id = None
        self.error_code = self.error_reason = ""

    @transition(
        field=status, source=Status.FAILED, target=Status.PROCESSED, custom={"event": "refund.processed"}
    )
    def settle_otherwise(self, *, reference: str, at: datetime) -> None:
        """What the gateway could not give back, a person has given by other means."""
        self.by_other_means = True
        self.reference = reference
        self.processed_at = at


class Notice(models.Model):
    """A webhook as it came. The body is sealed: it carries people's e-mail addresses and phone numbers.

    `entity_id` is what it speaks of at the gateway, `sent_at` when the gateway says it was made, `repeats` how often it
    came again: so what was missed, repeated or out of order can be named. An erasure empties the body; its hash stays.
    """

    FROZEN: ClassVar[tuple[str, ...]] = (
        "provider", "event_id", "body_sha256", "kind", "entity_id", "sent_at", "received_at",
    )

    id = models.UUIDField(primary_key=True)
    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=100)
    body_sha256 = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=60)
    entity_id = models.CharField(max_length=40, blank=True)
    sent_at = models.DateTimeField(null=True)
    repeats = models.PositiveIntegerField(default=0)
    sealed = models.BinaryField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="notice_once_per_event"),
            models.UniqueConstraint(fields=["provider", "body_sha256"], name="notice_once_per_body"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["received_at"], name="notice_age_idx"),
            models.Index(fields=["entity_id", "received_at"], name="notice_entity_idx", condition=~Q(entity_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"

    @property
    def stream(self) -> str:
        """Each notice is a story of its own."""
        return f"notice:{self.id}"
