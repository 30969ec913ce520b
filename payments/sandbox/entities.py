"""The gateway's entities as its documentation shows them, with their irregularities."""

from __future__ import annotations

import hashlib
import secrets
import string
from typing import Any

from payments.sandbox.problems import Problem

Entity = dict[str, Any]

ALPHABET = string.ascii_letters + string.digits
ID_CHARS = 14
NOTES_MAX = 15
NOTE_CHARS_MAX = 256
AMOUNT_MINOR_MIN = 100
AMOUNT_MINOR_MAX = 10**11
FEE_BP = 200
GST_BP = 1800
METHODS = ("upi", "card", "netbanking", "wallet")


def new_id(prefix: str) -> str:
    """A fresh id: the prefix, an underscore and 14 alphanumerics."""
    return f"{prefix}_{token()}"


def token() -> str:
    """14 random alphanumerics."""
    return "".join(secrets.choice(ALPHABET) for _ in range(ID_CHARS))


def account_id(key_id: str) -> str:
    """The account a key belongs to; the same key gives the same account."""
    digest = hashlib.sha256(key_id.encode()).digest()
    return "acc_" + "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:ID_CHARS])


def fee_and_tax(amount_minor: int, fee_bp: int = FEE_BP) -> tuple[int, int]:
    """The gateway's fee in paise, 2 % with GST of 18 % on it, and the GST it contains; half a paisa rounds up."""
    base = (amount_minor * fee_bp + 5000) // 10000
    tax = (base * GST_BP + 5000) // 10000
    return base + tax, tax


def amount(document: Entity) -> int:
    """The amount of a request in paise; a Problem worded as the gateway words it otherwise."""
    found = document.get("amount")
    if found is None:
        raise Problem("The amount field is required.", field="amount")
    if not isinstance(found, int) or isinstance(found, bool):
        raise Problem("The amount must be an integer.", field="amount")
    if found < AMOUNT_MINOR_MIN:
        raise Problem("The amount must be at least INR 1.00", field="amount")
    if found > AMOUNT_MINOR_MAX:
        raise Problem("Amount exceeds maximum amount allowed.", field="amount")
    return found


def currency(document: Entity) -> str:
    """The currency of a request, which can only be INR here."""
    found = document.get("currency")
    if found is None:
        raise Problem("The currency field is required.", field="currency")
    if found != "INR":
        raise Problem("Currency is not supported", field="currency")
    return "INR"


def notes(document: Entity) -> Entity | list[Any]:
    """The notes of a request; none at all is an empty list, as the gateway has it."""
    found = document.get("notes")
    if not found:
        return []
    if not isinstance(found, dict):
        raise Problem("The notes must be an array of key value pairs.", field="notes")
    if len(found) > NOTES_MAX:
        raise Problem(f"The notes may not have more than {NOTES_MAX} items.", field="notes")
    for key, value in found.items():
        if not isinstance(value, str | int) or len(key) > NOTE_CHARS_MAX or len(str(value)) > NOTE_CHARS_MAX:
            raise Problem(f"A note may not be greater than {NOTE_CHARS_MAX} characters.", field="notes")
    return found


def order(*, amount_minor: int, receipt: str | None, found_notes: Any, now: float) -> Entity:
    """A new order."""
    return {
        "id": new_id("order"), "entity": "order", "amount": amount_minor, "amount_paid": 0, "amount_due": amount_minor,
        "currency": "INR", "receipt": receipt, "offer_id": None, "status": "created", "attempts": 0,
        "notes": found_notes, "created_at": int(now),
    }  # fmt: skip


def payment(*, of_order: Entity, method: str, now: float) -> Entity:
    """A new payment of an order, nothing decided yet."""
    fresh: Entity = {
        "id": new_id("pay"), "entity": "payment", "amount": of_order["amount"], "base_amount": of_order["amount"],
        "currency": of_order["currency"], "status": "created", "order_id": of_order["id"], "invoice_id": None,
        "international": False, "method": method, "amount_refunded": 0, "amount_transferred": 0, "refund_status": None,
        "captured": False, "description": None, "card_id": None, "bank": None, "wallet": None, "vpa": None,
        "email": "void@razorpay.com", "contact": "+919999999999", "notes": of_order["notes"], "fee": None, "tax": None,
        "error_code": None, "error_description": None, "error_source": None, "error_step": None, "error_reason": None,
        "acquirer_data": {}, "created_at": int(now),
    }  # fmt: skip
    fresh.update(_instrument(method))
    return fresh


def authorised(found: Entity) -> None:
    """Mark a payment as authorised: nothing is wrong with it any more and the bank has given its references."""
    found.update(status="authorized", captured=False, error_code=None, error_description=None, error_source=None,
                 error_step=None, error_reason=None)  # fmt: skip
    number = digits(12)
    found["acquirer_data"] = {
        "upi": {"rrn": number, "upi_transaction_id": secrets.token_hex(16).upper()},
        "card": {"auth_code": digits(6), "rrn": number},
        "netbanking": {"bank_transaction_id": digits(7)},
        "wallet": {"transaction_id": None},
    }[found["method"]]


def failed(found: Entity) -> None:
    """Mark a payment as failed at the customer's bank."""
    found.update(status="failed", captured=False, error_code="BAD_REQUEST_ERROR",
                 error_description="Payment was unsuccessful because the bank declined it. Try another method.",
                 error_source="issuer", error_step="payment_authorization", error_reason="payment_failed",
                 acquirer_data={"rrn": None})  # fmt: skip


def refund(*, of_payment: Entity, amount_minor: int, wish: Entity, now: float) -> Entity:
    """A new refund, not yet accepted by the bank."""
    return {
        "id": new_id("rfnd"), "entity": "refund", "amount": amount_minor, "currency": of_payment["currency"],
        "payment_id": of_payment["id"], "notes": wish.get("notes", []), "receipt": wish.get("receipt"),
        "acquirer_data": {"arn": None}, "created_at": int(now), "batch_id": None, "status": "pending",
        "speed_processed": None, "speed_requested": wish.get("speed", "normal"),
    }  # fmt: skip


def dispute(*, of_payment: Entity, amount_minor: int, reason_code: str, now: float) -> Entity:
    """A new dispute over a payment."""
    return {
        "id": new_id("disp"), "entity": "dispute", "payment_id": of_payment["id"], "amount": amount_minor,
        "currency": of_payment["currency"], "amount_deducted": 0, "reason_code": reason_code,
        "respond_by": int(now) + 7 * 86400, "status": "open", "phase": "chargeback",
        "evidence": {"amount": amount_minor, "summary": None, "submitted_at": None}, "created_at": int(now),
    }  # fmt: skip


def adjustment(*, of_dispute: Entity, debit_minor: int, credit_minor: int, now: float) -> Entity:
    """Money the gateway takes, or gives back, for a dispute."""
    return {
        "id": new_id("adj"), "entity": "adjustment", "debit": debit_minor, "credit": credit_minor,
        "currency": of_dispute["currency"], "payment_id": of_dispute["payment_id"], "dispute_id": of_dispute["id"],
        "created_at": int(now),
    }  # fmt: skip


def adjustment_item(found: Entity, *, settlement: Entity) -> Entity:
    """The report's line of an adjustment, which has no credit_type and names neither order nor method."""
    return {
        "entity_id": found["id"], "type": "adjustment", "debit": found["debit"], "credit": found["credit"],
        "amount": found["debit"] + found["credit"], "currency": found["currency"], "fee": 0, "tax": 0, "on_hold": False,
        "settled": True, "created_at": found["created_at"], "settled_at": settlement["created_at"], "posted_at": None,
        "settlement_id": settlement["id"], "settlement_utr": settlement["utr"],
        "description": "Dispute debit" if found["debit"] else "Dispute credit", "notes": None, "payment_id": None,
        "order_id": None, "order_receipt": None, "method": None, "card_network": None, "card_issuer": None,
        "card_type": None, "dispute_id": found["dispute_id"],
    }  # fmt: skip


def recon_item(found: Entity, *, paid: Entity, of_order: Entity | None, settlement: Entity) -> Entity:
    """One line of the settlement report, for a payment or for a refund of the payment ``paid``."""
    is_payment = found["entity"] == "payment"
    fee, tax = (paid["fee"] or 0, paid["tax"] or 0) if is_payment else (0, 0)
    return {
        "entity_id": found["id"], "type": found["entity"], "debit": 0 if is_payment else found["amount"],
        "credit": found["amount"] - fee if is_payment else 0, "amount": found["amount"],
        "currency": found["currency"], "fee": fee, "tax": tax, "on_hold": False, "settled": True,
        "created_at": found["created_at"], "settled_at": settlement["created_at"], "posted_at": None,
        "settlement_id": settlement["id"], "settlement_utr": settlement["utr"], "credit_type": "default",
        "description": None, "notes": None, "payment_id": None if is_payment else paid["id"],
        "order_id": paid["order_id"], "order_receipt": of_order["receipt"] if of_order else None,
        "method": paid["method"], "card_network": "Visa" if paid["method"] == "card" else None,
        "card_issuer": "KARB" if paid["method"] == "card" else None,
        "card_type": "credit" if paid["method"] == "card" else None, "dispute_id": None,
    }  # fmt: skip


def digits(count: int) -> str:
    """So many random digits, the first not zero."""
    return str(secrets.randbelow(9 * 10 ** (count - 1)) + 10 ** (count - 1))


def _instrument(method: str) -> Entity:
    if method == "upi":
        return {"vpa": "success@razorpay", "upi": {"vpa": "success@razorpay"}}
    if method == "card":
        card_id = new_id("card")
        return {"card_id": card_id, "card": {"id": card_id, "entity": "card", "last4": "1111", "network": "Visa",
                                             "type": "credit", "international": False}}  # fmt: skip
    return {"bank": "HDFC"} if method == "netbanking" else {"wallet": "payzapp"}
