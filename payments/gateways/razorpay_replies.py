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
CARD_FACTS = {"card_network": "network", "card_type": "type", "card_issuer": "issuer"}
UNIX_S_MAX = 10**11


def items(reply: Any) -> list[Mapping[str, Any]]:
    """The entities of a collection."""
    found = reply.get("items") if isinstance(reply, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _unreadable("items")
    return found


def order(found: Any) -> GatewayOrder:
    """An order; raises InDoubt when it cannot be read."""
    given = entity(found)
    return GatewayOrder(
        id=text(given, "id"),
        amount_minor=amount(given, "amount"),
        currency=text(given, "currency").upper(),
        status=state(given, ORDER_STATES),
        receipt=optional(given, "receipt"),
    )


def payment(found: Any) -> GatewayPayment:
    """A payment; raises InDoubt when it cannot be read."""
    given = entity(found)
    status = state(given, PAYMENT_STATES)
    amount_minor = amount(given, "amount")
    # An authorisation nobody captured goes back by itself: refunded, and the one case where the flag must be heard.
    received = status == "captured" or (status == "refunded" and given.get("captured") is not False)
    tax_minor = whole(given, "tax")
    return GatewayPayment(
        id=text(given, "id"),
        order_id=optional(given, "order_id"),
        status=status,
        amount_minor=amount_minor,
        currency=text(given, "currency").upper(),
        captured_minor=amount_minor if received else 0,
        amount_refunded_minor=whole(given, "amount_refunded") or 0,
        method=optional(given, "method") or "",
        fee_minor=whole(given, "fee"),
        tax_minor=tax_minor if tax_minor is not None else whole(given, "service_tax"),
        error_code=optional(given, "error_code") or "",
        error_description=optional(given, "error_description") or "",
        error_reason=optional(given, "error_reason") or "",
        created_at=moment(given),
        references={**_references(given), **_means(given)},
    )


def refund(found: Any) -> GatewayRefund:
    """A refund; raises InDoubt when it cannot be read."""
    given = entity(found)
    references = _references(given)
    return GatewayRefund(
        id=text(given, "id"),
        payment_id=text(given, "payment_id"),
        status=cast("RefundStatus", state(given, REFUND_STATES)),
        amount_minor=amount(given, "amount"),
        currency=text(given, "currency").upper(),
        receipt=optional(given, "receipt"),
        speed_processed=optional(given, "speed_processed"),
        reference=next((references[name] for name in REFERENCES if name in references), None),
        created_at=moment(given),
    )


def entity(found: Any) -> Mapping[str, Any]:
    """An object, or InDoubt."""
    if not isinstance(found, dict):
        raise _unreadable("entity")
    return found


def text(given: Mapping[str, Any], name: str) -> str:
    """A text that must be there, or InDoubt."""
    found = given.get(name)
    if not isinstance(found, str) or not found:
        raise _unreadable(name)
    return found


def optional(given: Mapping[str, Any], name: str) -> str | None:
    """A text that may be missing."""
    found = given.get(name)
    return found if isinstance(found, str) and found else None


def amount(given: Mapping[str, Any], name: str) -> int:
    """Minor units that must be there, not negative, or InDoubt."""
    found = whole(given, name)
    if found is None or found < 0:
        raise _unreadable(name)
    return found


def whole(given: Mapping[str, Any], name: str) -> int | None:
    """A whole number that may be missing."""
    found = given.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def state(given: Mapping[str, Any], known: frozenset[str]) -> str:
    """A status we know, or InDoubt."""
    found = text(given, "status")
    if found not in known:
        raise _unreadable("status")
    return found


def moment(given: Mapping[str, Any], name: str = "created_at") -> datetime | None:
    """A moment in unix seconds that may be missing."""
    found = whole(given, name)
    return datetime.fromtimestamp(found, tz=UTC) if found is not None and 0 <= found < UNIX_S_MAX else None


def _references(given: Mapping[str, Any]) -> dict[str, str]:
    found = given.get("acquirer_data")
    if not isinstance(found, dict):
        return {}
    return {
        name: str(value) for name, value in found.items() if name in KEPT and isinstance(value, str | int) and value
    }


def _means(given: Mapping[str, Any]) -> dict[str, str]:
    """How it was paid, as far as it says nothing of who paid: network, kind of card, bank, wallet, UPI provider."""
    card = given.get("card")
    found = {name: optional(card, of) for name, of in CARD_FACTS.items()} if isinstance(card, dict) else {}
    found |= {"bank": optional(given, "bank"), "wallet": optional(given, "wallet")}
    handle = (optional(given, "vpa") or "").rpartition("@")[2]
    found |= {"upi_provider": handle or None, "international": "yes" if given.get("international") is True else None}
    return {name: value[:60] for name, value in found.items() if value}


def _unreadable(name: str) -> InDoubt:
    return InDoubt("unreadable", f"The gateway's answer has no readable {name}.")
