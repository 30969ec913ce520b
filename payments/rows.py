"""A payment as a list reads it: its columns, and what is computed of them; for who shows many and changes none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from payments.models import SUPERSEDED, Payment

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class PaymentRow(NamedTuple):
    """What of `Payment` an answer shows, under the same names."""

    id: UUID
    gateway: str
    status: str
    amount_minor: int
    currency: str
    captured_minor: int
    refunded_minor: int
    pending_refund_minor: int
    disputed_minor: int
    gateway_order_id: str | None
    gateway_payment_id: str | None
    attempts: int
    method: str
    facts: dict[str, Any]
    error_code: str
    error_reason: str
    created_at: datetime
    captured_at: datetime | None

    @property
    def refundable_minor(self) -> int:
        """As `Payment.refundable_minor`."""
        return max(0, self.captured_minor - self.refunded_minor - self.pending_refund_minor - self.disputed_minor)

    @property
    def is_superseded(self) -> bool:
        """As `Payment.is_superseded`."""
        return self.status == Payment.Status.FAILED and self.error_code == SUPERSEDED


COLUMNS: Final = PaymentRow._fields
