"""What the shop asks of any payment gateway, and the ways it can answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

RefundStatus = Literal["pending", "processed", "failed"]
Speed = Literal["normal", "optimum"]


@dataclass(frozen=True, slots=True)
class GatewayOrder:
    """The gateway's record of what is to be paid; ``status`` is created, attempted or paid."""

    id: str
    amount_minor: int
    currency: str
    status: str
    receipt: str | None


@dataclass(frozen=True, slots=True)
class GatewayPayment:
    """One attempt to pay; ``status`` is created, authorized, captured, refunded or failed.

    ``captured_minor`` is what the shop has received: it follows the status, never the gateway's ``captured`` flag alone.
    ``fee_minor`` contains ``tax_minor``; both are None before capture. ``references`` are the bank's (rrn, arn, ...).
    """

    id: str
    order_id: str | None
    status: str
    amount_minor: int
    currency: str
    captured_minor: int
    amount_refunded_minor: int
    method: str
    fee_minor: int | None
    tax_minor: int | None
    error_code: str
    error_description: str
    error_reason: str
    created_at: datetime | None
    references: dict[str, str] = field(default_factory=dict)

    @property
    def captured(self) -> bool:
        """Whether the money came in, even if some of it has gone back since."""
        return self.captured_minor > 0

    @property
    def facts(self) -> dict[str, Any]:
        """What is worth keeping about it that is nobody's personal data: the fee and the bank's references."""
        fee = {"fee_minor": self.fee_minor, "tax_minor": self.tax_minor}
        return {**{name: minor for name, minor in fee.items() if minor is not None}, **self.references}


@dataclass(frozen=True, slots=True)
class GatewayRefund:
    """Money on its way back; ``reference`` is the bank's number the customer can ask with, once there is one."""

    id: str
    payment_id: str
    status: RefundStatus
    amount_minor: int
    currency: str
    receipt: str | None
    speed_processed: str | None
    reference: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class GatewayDispute:
    """A customer's bank asking money back; ``status`` is open, under_review, won, lost or closed.

    ``deducted_minor`` is what the gateway has taken from us for it so far.
    """

    id: str
    payment_id: str
    status: str
    amount_minor: int
    deducted_minor: int
    currency: str
    reason_code: str
    phase: str
    respond_by: datetime | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class GatewaySettlement:
    """One payout to our bank, as the gateway says; ``utr`` is what the bank's line carries."""

    id: str
    amount_minor: int
    fees_minor: int
    tax_minor: int
    utr: str
    status: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class GatewaySettlementLine:
    """One line of the settlement report; ``kind`` is payment, refund, transfer or adjustment.

    Of a payment ``credit = amount − fee``, and the fee contains the tax; of a refund ``debit = amount``.
    """

    entity_id: str
    kind: str
    debit_minor: int
    credit_minor: int
    amount_minor: int
    fee_minor: int
    tax_minor: int
    currency: str
    on_hold: bool
    settled: bool
    settlement_id: str | None
    utr: str | None
    payment_id: str | None
    order_id: str | None
    order_receipt: str | None
    dispute_id: str | None
    method: str
    description: str
    created_at: datetime | None
    settled_at: datetime | None


class GatewayError(Exception):
    """The gateway did not do, or may not have done, what it was asked."""


class GatewayRefused(GatewayError):
    """The gateway said no, for certain; asking again the same way is no use."""

    def __init__(
        self,
        description: str,
        *,
        code: str = "",
        field: str | None = None,
        reason: str | None = None,
        status: int = 400,
        raw: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.field = field
        self.reason = reason
        self.status = status
        self.raw = dict(raw or {})


class GatewayBusy(GatewayError):
    """Too many requests, or the same one still running: ask again later with the same key.

    ``retry_after_s`` is what the gateway asked for, if it did.
    """

    def __init__(self, description: str, *, status: int, retry_after_s: int | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.status = status
        self.retry_after_s = retry_after_s


class InDoubt(GatewayError):
    """Nobody knows whether it was done: look before asking again, and only ever with the same key.

    ``reason`` is one of timeout, unreachable, cut, too_large, http_error, not_json, error_in_success, unreadable.
    """

    def __init__(self, reason: str, description: str = "", *, status: int | None = None) -> None:
        super().__init__(f"{reason}: {description}" if description else reason)
        self.reason = reason
        self.description = description
        self.status = status


class GatewayMisconfigured(GatewayError):
    """The gateway does not accept our keys; nothing will work until a person has changed them."""


class Gateway(Protocol):
    """Every call may raise GatewayRefused, GatewayBusy, InDoubt or GatewayMisconfigured, and nothing else.

    No call may be made inside a transaction. Amounts are integers of the currency's minor unit.
    """

    def create_order(self, *, amount_minor: int, currency: str, receipt: str, notes: Mapping[str, str]) -> GatewayOrder:
        """Make an order. Not idempotent: after doubt, look with ``find_order`` first."""
        ...

    def find_order(self, *, receipt: str) -> GatewayOrder | None:
        """The order made for a receipt, the furthest one if there are several; None if there is none."""
        ...

    def payments_of(self, *, gateway_order_id: str) -> list[GatewayPayment]:
        """Every attempt to pay an order."""
        ...

    def fetch_payment(self, *, gateway_payment_id: str) -> GatewayPayment:
        """A payment as it stands now."""
        ...

    def capture(self, *, gateway_payment_id: str, amount_minor: int, currency: str) -> GatewayPayment:
        """Take an authorised payment, whole. Not idempotent: a payment already captured is refused."""
        ...

    def refund(
        self,
        *,
        gateway_payment_id: str,
        amount_minor: int,
        idempotency_key: str,
        receipt: str,
        notes: Mapping[str, str],
        speed: Speed = "normal",
    ) -> GatewayRefund:
        """Give money back; the same key and wish give the same refund however often they are sent."""
        ...

    def refunds_of(self, *, gateway_payment_id: str) -> list[GatewayRefund]:
        """Every refund of a payment."""
        ...

    def fetch_refund(self, *, gateway_refund_id: str) -> GatewayRefund:
        """A refund as it stands now."""
        ...

    def settlement_lines(self, *, day: date) -> list[GatewaySettlementLine]:
        """Every line settled on a day, as India reckons days."""
        ...

    def fetch_settlement(self, *, gateway_settlement_id: str) -> GatewaySettlement:
        """A payout as the gateway has it."""
        ...

    def disputes(self, *, since: datetime) -> list[GatewayDispute]:
        """Every dispute opened since a moment."""
        ...

    def fetch_dispute(self, *, gateway_dispute_id: str) -> GatewayDispute:
        """A dispute as it stands now."""
        ...

    def accept_dispute(self, *, gateway_dispute_id: str) -> GatewayDispute:
        """Concede a dispute: it is lost."""
        ...

    def contest_dispute(self, *, gateway_dispute_id: str, amount_minor: int, summary: str) -> GatewayDispute:
        """Stand up against a dispute, with our side of it in words."""
        ...

    def check_return(self, *, gateway_order_id: str, gateway_payment_id: str, signature: str | None) -> bool:
        """Whether the browser's word about a payment of *our* order is the gateway's; it proves no capture."""
        ...
