"""Payments and refunds in every state, made by the operations that make real ones."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any

from payments import operations
from payments.models import COD, RAZORPAY, Payment, Refund
from tests.payments.fake_gateway import seen_payment
from timeline.actors import Actor, system
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from timeline.operations import Operation

AMOUNT_MINOR = 1_234_56
TESTER = system("tests")
STAFF = Actor(type="staff", id="7", name="Asha")
_numbers = itertools.count(1)


def gateway_id(prefix: str) -> str:
    """An id as the gateway would give it."""
    return f"{prefix}_{next(_numbers):014d}"


def run(stream: str, work: Callable[[Operation], Any], *, actor: Actor = TESTER) -> Any:
    """Do one piece of work in an operation on this story."""
    with operation("test.work", actor=actor, stream=stream) as op:
        return work(op)


def do(row: Payment | Refund, verb: Callable[..., Any], *, actor: Actor = TESTER, **nouns: Any) -> Any:
    """Run one operation on a payment or a refund."""
    name = "payment_id" if isinstance(row, Payment) else "refund_id"
    return run(row.stream, lambda op: verb(op, **{name: row.pk}, **nouns), actor=actor)


def _payment(row: Any) -> Payment:
    assert isinstance(row, Payment)
    return row


def _refund(row: Any) -> Refund:
    assert isinstance(row, Refund)
    return row


def opened(*, gateway: str = RAZORPAY, stream: str | None = None, amount_minor: int = AMOUNT_MINOR) -> Payment:
    """A payment just opened."""
    story = stream or str(uuid.uuid4())
    return _payment(
        run(
            story,
            lambda op: operations.open(op, stream=story, gateway=gateway, amount_minor=amount_minor, currency="INR"),
        )
    )


def created(**wish: Any) -> Payment:
    """A payment whose gateway order is there."""
    payment = opened(**wish)
    return _payment(do(payment, operations.accept, gateway_order_id=gateway_id("order")))


def see(payment: Payment, **wish: Any) -> Payment:
    """Merge one attempt as the gateway shows it."""
    wish.setdefault("amount_minor", payment.amount_minor)
    return _payment(do(payment, operations.merge, seen=seen_payment(order_id=payment.gateway_order_id, **wish)))


def captured(*, pay_id: str | None = None, **wish: Any) -> Payment:
    """A paid payment."""
    return see(created(**wish), id=pay_id or gateway_id("pay"), status="captured")


def captured_cash(**wish: Any) -> Payment:
    """Cash on delivery, collected."""
    payment = opened(gateway=COD, **wish)
    money: dict[str, Any] = {"amount_minor": payment.amount_minor, "currency": "INR", "method": "cash"}
    return _payment(do(payment, operations.capture, gateway_payment_id=None, **money))


def payment_in(state: str) -> Payment:
    """A payment in this state."""
    pay_id = gateway_id("pay")
    match state:
        case "opening":
            return opened()
        case "created":
            return created()
        case "authorized" | "captured" | "failed":
            return see(created(), id=pay_id, status=state)
        case "in_doubt":
            return _payment(do(opened(), operations.doubt))
    raise AssertionError(state)


def refund_in(state: str, payment: Payment | None = None, *, amount_minor: int = 10_000) -> Refund:
    """A refund in this state, of a captured payment."""
    paid = payment or captured()
    wish: dict[str, Any] = {"amount_minor": amount_minor, "reason_code": "goodwill"}
    if state in {"requested", "declined"}:
        refund: Refund = do(paid, operations.request_refund, **wish)
        return _refund(do(refund, operations.decline_refund)) if state == "declined" else refund
    refund = _refund(do(paid, operations.ask_refund, **wish))
    match state:
        case "pending":
            return refund
        case "processed":
            return _refund(do(refund, operations.finish_refund, gateway_refund_id=gateway_id("rfnd")))
        case "failed":
            return _refund(do(refund, operations.fail_refund, code="BAD_REQUEST_ERROR", reason="no balance"))
        case "in_doubt":
            return _refund(do(refund, operations.doubt_refund))
    raise AssertionError(state)


def fresh(row: Any) -> Any:
    """The row as the database has it now."""
    return type(row).objects.get(pk=row.pk)
