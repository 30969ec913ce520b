"""Razorpay's entities read into our values, whatever their samples leave out, rename or contradict.

``notes`` is a list, an object or null; ``captured`` is true on failed payments; older entities say ``service_tax``;
fields are missing. Only what decides about money (id, amount, currency, status) must be there: without it the answer
is unreadable, and what was asked is in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from payments.gateways.base import GatewayOrder, GatewayPayment, GatewayRefund, InDoubt, RefundStatus

ORDER_STATES = frozenset({"created", "attempted", "paid"})
PAYMENT_STATES = frozenset({"created", "authorized", "captured", "refunded", "failed"})
REFUND_STATES = frozenset({"pending", "processed", "failed"})
REFERENCES = ("arn", "rrn", "utr")
# The bank's numbers for a payment, none of which says who paid.
KEPT = frozenset({*REFERENCES, "auth_code", "authentication_reference_number", "bank_transaction_id",
                  "transaction_id", "upi_transaction_id"})  # fmt: skip
UNIX_S_MAX = 10**11


def items(reply: Any) -> list[Mapping[str, Any]]:
    """The entities of a collection."""
    found = reply.get("items") if isinstance(reply, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _unreadable("items")
    return found


def order(found: Any) -> GatewayOrder:
    """An order; raises InDoubt when it cannot be read."""
    entity = _entity(found)
    return GatewayOrder(
        id=_text(entity, "id"),
        amount_minor=_amount(entity, "amount"),
        currency=_text(entity, "currency").upper(),
        status=_state(entity, ORDER_STATES),
        receipt=_optional(entity, "receipt"),
    )


def payment(found: Any) -> GatewayPayment:
    """A payment; raises InDoubt when it cannot be read."""
    entity = _entity(found)
    status = _state(entity, PAYMENT_STATES)
    amount_minor = _amount(entity, "amount")
    # An authorisation nobody captured goes back by itself: refunded, and the one case where the flag must be heard.
    received = status == "captured" or (status == "refunded" and entity.get("captured") is not False)
    tax_minor = _whole(entity, "tax")
    return GatewayPayment(
        id=_text(entity, "id"),
        order_id=_optional(entity, "order_id"),
        status=status,
        amount_minor=amount_minor,
        currency=_text(entity, "currency").upper(),
        captured_minor=amount_minor if received else 0,
        amount_refunded_minor=_whole(entity, "amount_refunded") or 0,
        method=_optional(entity, "method") or "",
        fee_minor=_whole(entity, "fee"),
        tax_minor=tax_minor if tax_minor is not None else _whole(entity, "service_tax"),
        error_code=_optional(entity, "error_code") or "",
        error_description=_optional(entity, "error_description") or "",
        error_reason=_optional(entity, "error_reason") or "",
        created_at=_moment(entity),
        references=_references(entity),
    )


def refund(found: Any) -> GatewayRefund:
    """A refund; raises InDoubt when it cannot be read."""
    entity = _entity(found)
    references = _references(entity)
    return GatewayRefund(
        id=_text(entity, "id"),
        payment_id=_text(entity, "payment_id"),
        status=cast("RefundStatus", _state(entity, REFUND_STATES)),
        amount_minor=_amount(entity, "amount"),
        currency=_text(entity, "currency").upper(),
        receipt=_optional(entity, "receipt"),
        speed_processed=_optional(entity, "speed_processed"),
        reference=next((references[name] for name in REFERENCES if name in references), None),
        created_at=_moment(entity),
    )


def _entity(found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise _unreadable("entity")
    return found


def _text(entity: Mapping[str, Any], name: str) -> str:
    found = entity.get(name)
    if not isinstance(found, str) or not found:
        raise _unreadable(name)
    return found


def _optional(entity: Mapping[str, Any], name: str) -> str | None:
    found = entity.get(name)
    return found if isinstance(found, str) and found else None


def _amount(entity: Mapping[str, Any], name: str) -> int:
    found = _whole(entity, name)
    if found is None or found < 0:
        raise _unreadable(name)
    return found


def _whole(entity: Mapping[str, Any], name: str) -> int | None:
    found = entity.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _state(entity: Mapping[str, Any], known: frozenset[str]) -> str:
    found = _text(entity, "status")
    if found not in known:
        raise _unreadable("status")
    return found


def _moment(entity: Mapping[str, Any]) -> datetime | None:
    found = _whole(entity, "created_at")
    return datetime.fromtimestamp(found, tz=UTC) if found is not None and 0 <= found < UNIX_S_MAX else None


def _references(entity: Mapping[str, Any]) -> dict[str, str]:
    found = entity.get("acquirer_data")
    if not isinstance(found, dict):
        return {}
    return {
        name: str(value) for name, value in found.items() if name in KEPT and isinstance(value, str | int) and value
    }


def _unreadable(name: str) -> InDoubt:
    return InDoubt("unreadable", f"The gateway's answer has no readable {name}.")
