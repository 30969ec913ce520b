"""A gateway in memory that keeps the wrapper's contract, whose faults a test can order."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localdate

from payments.gateways.base import (
    GatewayDispute,
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    GatewaySettlement,
    GatewaySettlementLine,
    Speed,
)
from timeline.network import refuse_inside_transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_SECRET = "test-key-secret-0123456789"
WEBHOOK_SECRET = "test-webhook-secret"
OLD_WEBHOOK_SECRET = "test-webhook-secret-old"
_numbers = itertools.count(1)


def seen_payment(
    *, id: str, status: str, order_id: str | None, amount_minor: int, **wish: Any  # noqa: A002 the gateway's word
) -> GatewayPayment:
    """One attempt as a gateway would show it."""
    came_in = wish.pop("captured", status in {"captured", "refunded"})
    values: dict[str, Any] = {
        "currency": "INR",
        "captured_minor": amount_minor if came_in else 0,
        "amount_refunded_minor": 0,
        "method": "upi",
        "fee_minor": None,
        "tax_minor": None,
        "error_code": "BAD_REQUEST_ERROR" if status == "failed" else "",
        "error_description": "",
        "error_reason": "payment_declined" if status == "failed" else "",
        "created_at": None,
    }
    return GatewayPayment(id=id, status=status, order_id=order_id, amount_minor=amount_minor, **{**values, **wish})


def seen_refund(
    *, id: str, payment_id: str | None, amount_minor: int, status: Any = "pending", **wish: Any  # noqa: A002 see above
) -> GatewayRefund:
    """One refund as a gateway would show it."""
    values: dict[str, Any] = {
        "currency": "INR", "receipt": None, "speed_processed": None, "reference": None, "created_at": None,
    }
    return GatewayRefund(
        id=id, payment_id=payment_id or "", amount_minor=amount_minor, status=status, **{**values, **wish}
    )


@dataclass
class Fault:
    """What goes wrong with the next call of a kind: before the gateway acts, or after (the reply is lost)."""

    error: Exception
    after: bool = False


@dataclass
class FakeGateway:
    """Orders, payments and refunds in dictionaries; `calls` says what was asked."""

    orders: dict[str, GatewayOrder] = field(default_factory=dict)
    payments: dict[str, GatewayPayment] = field(default_factory=dict)
    refunds: dict[str, GatewayRefund] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    disputed: dict[str, GatewayDispute] = field(default_factory=dict)
    settlements: dict[str, GatewaySettlement] = field(default_factory=dict)
    lines: list[GatewaySettlementLine] = field(default_factory=list)
    refund_status: str = "pending"
    lock: Any = field(default_factory=threading.RLock)

    # What a test does.

    def fault(self, call: str, error: Exception, *, after: bool = False, times: int = 1) -> None:
        """Let the next calls of this kind go wrong."""
        self.faults.setdefault(call, []).extend([Fault(error, after)] * times)

    def pay(self, order_id: str, status: str = "captured", **wish: Any) -> str:
        """A customer pays the order, or fails to; returns the payment's id."""
        payment_id = f"pay_{next(_numbers):014d}"
        wish.setdefault("amount_minor", self.orders[order_id].amount_minor)
        self.payments[payment_id] = seen_payment(id=payment_id, order_id=order_id, status=status, **wish)
        return payment_id

    def move(self, payment_id: str, status: str) -> None:
        """The payment goes on at the gateway."""
        old = self.payments[payment_id]
        self.payments[payment_id] = seen_payment(
            id=old.id, order_id=old.order_id, status=status, amount_minor=old.amount_minor
        )

    def move_refund(self, refund_id: str, status: str) -> None:
        """The refund goes on at the gateway."""
        self.refunds[refund_id] = replace(self.refunds[refund_id], status=status)  # type: ignore[arg-type]

    def asked(self, call: str) -> int:
        """How often this was asked."""
        return sum(1 for name, _ in self.calls if name == call)

    # What the shop asks.

    def create_order(self, *, amount_minor: int, currency: str, receipt: str, notes: Mapping[str, str]) -> GatewayOrder:
        """Not idempotent, like the real one."""
        with self._call("create_order", receipt=receipt, amount_minor=amount_minor, notes=dict(notes)):
            order = GatewayOrder(f"order_{next(_numbers):014d}", amount_minor, currency, "created", receipt)
            self.orders[order.id] = order
            return order

    def find_order(self, *, receipt: str) -> GatewayOrder | None:
        """By receipt."""
        with self._call("find_order", receipt=receipt):
            return next((order for order in self.orders.values() if order.receipt == receipt), None)

    def payments_of(self, *, gateway_order_id: str) -> list[GatewayPayment]:
        """Every attempt."""
        with self._call("payments_of", gateway_order_id=gateway_order_id):
            return [row for row in self.payments.values() if row.order_id == gateway_order_id]

    def fetch_payment(self, *, gateway_payment_id: str) -> GatewayPayment:
        """As it stands."""
        with self._call("fetch_payment", gateway_payment_id=gateway_payment_id):
            found: GatewayPayment = self._of(self.payments, gateway_payment_id)
            return found

    def capture(self, *, gateway_payment_id: str, amount_minor: int, currency: str) -> GatewayPayment:
        """Only what is authorised."""
        with self._call("capture", gateway_payment_id=gateway_payment_id, amount_minor=amount_minor):
            if self._of(self.payments, gateway_payment_id).status != "authorized":
                raise GatewayRefused("This payment has already been captured", code="BAD_REQUEST_ERROR")
            self.move(gateway_payment_id, "captured")
            return self.payments[gateway_payment_id]

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
        """The same key gives the same refund."""
        with self._call("refund", gateway_payment_id=gateway_payment_id, key=idempotency_key, amount_minor=amount_minor):
            if idempotency_key in self.keys:
                return self.refunds[self.keys[idempotency_key]]
            return self._refund(gateway_payment_id, amount_minor, receipt, idempotency_key)

    def refunds_of(self, *, gateway_payment_id: str) -> list[GatewayRefund]:
        """Every refund."""
        with self._call("refunds_of", gateway_payment_id=gateway_payment_id):
            return [row for row in self.refunds.values() if row.payment_id == gateway_payment_id]

    def fetch_refund(self, *, gateway_refund_id: str) -> GatewayRefund:
        """As it stands."""
        with self._call("fetch_refund", gateway_refund_id=gateway_refund_id):
            found: GatewayRefund = self._of(self.refunds, gateway_refund_id)
            return found

    def settlement_lines(self, *, day: date) -> list[GatewaySettlementLine]:
        """The lines settled on a day in India."""
        with self._call("settlement_lines", day=day):
            return [line for line in self.lines if line.settled_at and localdate(line.settled_at) == day]

    def fetch_settlement(self, *, gateway_settlement_id: str) -> GatewaySettlement:
        """As it stands."""
        with self._call("fetch_settlement", gateway_settlement_id=gateway_settlement_id):
            found: GatewaySettlement = self._of(self.settlements, gateway_settlement_id)
            return found

    def disputes(self, *, since: datetime) -> list[GatewayDispute]:
        """Opened since then."""
        with self._call("disputes", since=since):
            return [row for row in self.disputed.values() if row.created_at is None or row.created_at >= since]

    def fetch_dispute(self, *, gateway_dispute_id: str) -> GatewayDispute:
        """As it stands."""
        with self._call("fetch_dispute", gateway_dispute_id=gateway_dispute_id):
            found: GatewayDispute = self._of(self.disputed, gateway_dispute_id)
            return found

    def accept_dispute(self, *, gateway_dispute_id: str) -> GatewayDispute:
        """Conceded: lost, and paid for."""
        with self._call("accept_dispute", gateway_dispute_id=gateway_dispute_id):
            return self.move_dispute(gateway_dispute_id, "lost")

    def contest_dispute(self, *, gateway_dispute_id: str, amount_minor: int, summary: str) -> GatewayDispute:
        """Contested: the bank looks at it."""
        with self._call("contest_dispute", gateway_dispute_id=gateway_dispute_id, amount_minor=amount_minor, summary=summary):
            return self.move_dispute(gateway_dispute_id, "under_review")

    def dispute(self, payment_id: str, amount_minor: int | None = None, *, deducted_minor: int = 0) -> str:
        """The customer's bank opens a dispute over a payment; returns its id."""
        paid: GatewayPayment = self._of(self.payments, payment_id)
        now = datetime.now(tz=UTC)
        found = GatewayDispute(
            f"disp_{next(_numbers):014d}", payment_id, "open", amount_minor or paid.amount_minor, deducted_minor, "INR",
            "chargeback", "chargeback", now + timedelta(days=7), now,
        )
        self.disputed[found.id] = found
        return found.id

    def move_dispute(self, dispute_id: str, status: str) -> GatewayDispute:
        """The dispute goes on; a decided or conceded one is refused, a lost one is paid for."""
        found: GatewayDispute = self._of(self.disputed, dispute_id)
        if found.status in {"won", "lost", "closed"}:
            raise GatewayRefused("The dispute is over.", code="BAD_REQUEST_ERROR")
        deducted = {"lost": found.amount_minor, "won": 0, "closed": 0}.get(status, found.deducted_minor)
        self.disputed[dispute_id] = replace(found, status=status, deducted_minor=deducted)
        return self.disputed[dispute_id]

    def check_return(self, *, gateway_order_id: str, gateway_payment_id: str, signature: str | None) -> bool:
        """The pay page's signature."""
        expected = sign_return(gateway_order_id, gateway_payment_id)
        return hmac.compare_digest(expected.encode(), (signature or "").encode())

    def refund_by_hand(self, payment_id: str, amount_minor: int) -> str:
        """A person refunds in the gateway's dashboard."""
        return self._refund(payment_id, amount_minor, None, f"dashboard-{next(_numbers)}").id

    def _refund(self, payment_id: str, amount_minor: int, receipt: str | None, key: str) -> GatewayRefund:
        paid = self._of(self.payments, payment_id)
        if paid.amount_refunded_minor + amount_minor > paid.captured_minor:
            raise GatewayRefused("The total refund amount is greater than the refund payment amount", reason="too_much")
        self.payments[payment_id] = replace(paid, amount_refunded_minor=paid.amount_refunded_minor + amount_minor)
        made = seen_refund(
            id=f"rfnd_{next(_numbers):014d}",
            payment_id=payment_id,
            amount_minor=amount_minor,
            status=self.refund_status,
            receipt=receipt,
        )
        self.refunds[made.id] = made
        self.keys[key] = made.id
        return made

    @staticmethod
    def _of(rows: dict[str, Any], wanted: str) -> Any:
        if wanted not in rows:
            raise GatewayRefused("The id provided does not exist", code="BAD_REQUEST_ERROR")
        return rows[wanted]

    def _call(self, name: str, **nouns: Any) -> _Call:
        refuse_inside_transaction()
        return _Call(self, name, nouns)


class _Call:
    """One call: counted, one at a time, with the fault that was ordered for it."""

    def __init__(self, gateway: FakeGateway, name: str, nouns: dict[str, Any]) -> None:
        self.gateway, self.name, self.nouns = gateway, name, nouns
        self.fault: Fault | None = None

    def __enter__(self) -> None:
        self.gateway.lock.acquire()
        self.gateway.calls.append((self.name, self.nouns))
        due = self.gateway.faults.get(self.name)
        self.fault = due.pop(0) if due else None
        if self.fault is not None and not self.fault.after:
            self.gateway.lock.release()
            raise self.fault.error

    def __exit__(self, kind: object, *_: object) -> None:
        self.gateway.lock.release()
        if self.fault is not None and kind is None:
            raise self.fault.error


def sign_return(order_id: str, payment_id: str, secret: str = KEY_SECRET) -> str:
    """What the pay page hands to the browser."""
    return hmac.new(secret.encode(), f"{order_id}|{payment_id}".encode(), hashlib.sha256).hexdigest()


def sign(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    """The signature of a notice."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def body_of(event: str, **entities: Mapping[str, Any]) -> bytes:
    """A notice in the gateway's shape, irregular `notes` and all."""
    payload = {name: {"entity": {"notes": [], **entity}} for name, entity in entities.items()}
    said = {
        "entity": "event", "account_id": "acc_BAHI0000000001", "event": event, "contains": list(entities),
        "payload": payload, "created_at": 1790000000 + next(_numbers),
    }
    return json.dumps(said).encode()
