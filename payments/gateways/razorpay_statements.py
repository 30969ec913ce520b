"""Razorpay's settlements, settlement lines and disputes read into our values; the readers of `razorpay_replies` hold."""

from __future__ import annotations

from typing import Any

from payments.gateways import razorpay_replies as replies
from payments.gateways.base import GatewayDispute, GatewaySettlement, GatewaySettlementLine

LINE_KINDS = frozenset({"payment", "refund", "transfer", "adjustment"})
DISPUTE_STATES = frozenset({"open", "under_review", "won", "lost", "closed"})


def settlement(found: Any) -> GatewaySettlement:
    """A settlement; raises InDoubt when it cannot be read."""
    given = replies.entity(found)
    return GatewaySettlement(
        id=replies.text(given, "id"),
        amount_minor=replies.whole(given, "amount") or 0,
        fees_minor=replies.whole(given, "fees") or 0,
        tax_minor=replies.whole(given, "tax") or 0,
        utr=replies.optional(given, "utr") or "",
        status=replies.optional(given, "status") or "",
        created_at=replies.moment(given),
    )


def line(found: Any) -> GatewaySettlementLine:
    """One line of the report; raises InDoubt when it cannot be read. Of an unknown kind it is an adjustment."""
    given = replies.entity(found)
    kind = replies.text(given, "type")
    return GatewaySettlementLine(
        entity_id=replies.text(given, "entity_id"),
        kind=kind if kind in LINE_KINDS else "adjustment",
        debit_minor=replies.amount(given, "debit"),
        credit_minor=replies.amount(given, "credit"),
        amount_minor=replies.amount(given, "amount"),
        fee_minor=replies.whole(given, "fee") or 0,
        tax_minor=replies.whole(given, "tax") or 0,
        currency=replies.text(given, "currency").upper(),
        on_hold=given.get("on_hold") is True,
        settled=given.get("settled") is True,
        settlement_id=replies.optional(given, "settlement_id"),
        utr=replies.optional(given, "settlement_utr"),
        payment_id=replies.optional(given, "payment_id"),
        order_id=replies.optional(given, "order_id"),
        order_receipt=replies.optional(given, "order_receipt"),
        dispute_id=replies.optional(given, "dispute_id"),
        method=replies.optional(given, "method") or "",
        description=(replies.optional(given, "description") or "")[:200],
        created_at=replies.moment(given),
        settled_at=replies.moment(given, "settled_at"),
    )


def dispute(found: Any) -> GatewayDispute:
    """A dispute; raises InDoubt when it cannot be read."""
    given = replies.entity(found)
    return GatewayDispute(
        id=replies.text(given, "id"),
        payment_id=replies.text(given, "payment_id"),
        status=replies.state(given, DISPUTE_STATES),
        amount_minor=replies.amount(given, "amount"),
        deducted_minor=replies.whole(given, "amount_deducted") or 0,
        currency=replies.text(given, "currency").upper(),
        reason_code=(replies.optional(given, "reason_code") or "")[:60],
        phase=(replies.optional(given, "phase") or "")[:30],
        respond_by=replies.moment(given, "respond_by"),
        created_at=replies.moment(given),
    )
