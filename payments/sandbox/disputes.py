"""Disputes: the customer's bank takes the side of the customer, and money is taken from the shop, now or when it is lost.

Every function runs inside one transaction of the sandbox's file and puts the webhooks it causes into the outbox.
"""

from __future__ import annotations

from payments.sandbox import entities, outbox
from payments.sandbox.bank import find
from payments.sandbox.entities import Entity
from payments.sandbox.problems import Problem
from payments.sandbox.store import Ledger

STATES = ("under_review", "won", "lost", "closed")
OVER = frozenset({"won", "lost", "closed"})
DEDUCTIONS = ("lost", "open")


def open_(ledger: Ledger, account_id: str, *, payment_id: str, wish: Entity) -> Entity:
    """Open a dispute over all or part of a payment; ``deduct`` says whether the money goes when it is open or lost."""
    payment = find(ledger, "payment", payment_id)
    amount_minor = entities.amount(wish) if "amount" in wish else payment["amount"]
    if amount_minor > payment["amount"]:
        raise Problem("The dispute exceeds the payment.", field="amount")
    if wish.get("deduct", "lost") not in DEDUCTIONS:
        raise Problem(f"deduct must be one of {', '.join(DEDUCTIONS)}.", field="deduct")
    made = entities.dispute(of_payment=payment, amount_minor=amount_minor, reason_code="chargeback", now=ledger.now)
    if wish.get("deduct") == "open":
        made["amount_deducted"] = amount_minor
    ledger.add(made, parent=payment_id)
    if made["amount_deducted"]:
        _adjust(ledger, made, debit_minor=amount_minor)
    outbox.announce(ledger, "payment.dispute.created", account_id, payment=payment, dispute=made)
    return made


def ask_evidence(ledger: Ledger, account_id: str, *, dispute_id: str) -> Entity:
    """The bank wants to see evidence."""
    found = _running(ledger, dispute_id)
    payment = find(ledger, "payment", found["payment_id"])
    outbox.announce(ledger, "payment.dispute.action_required", account_id, payment=payment, dispute=found)
    return found


def move(ledger: Ledger, account_id: str, *, dispute_id: str, status: str) -> Entity:
    """Carry a dispute on; a lost one costs its amount, any other end gives back what had been taken."""
    if status not in STATES:
        raise Problem(f"The status must be one of {', '.join(STATES)}.", field="status")
    found = _running(ledger, dispute_id)
    found["status"] = status
    if status == "lost" and not found["amount_deducted"]:
        found["amount_deducted"] = found["amount"]
        _adjust(ledger, found, debit_minor=found["amount"])
    elif status in {"won", "closed"} and found["amount_deducted"]:
        _adjust(ledger, found, credit_minor=found["amount_deducted"])
        found["amount_deducted"] = 0
    ledger.save(found)
    payment = find(ledger, "payment", found["payment_id"])
    outbox.announce(ledger, f"payment.dispute.{status}", account_id, payment=payment, dispute=found)
    return found


def contest(ledger: Ledger, account_id: str, *, dispute_id: str, wish: Entity) -> Entity:
    """The shop submits its side; a draft changes the evidence alone."""
    found = _running(ledger, dispute_id)
    amount_minor = entities.amount(wish) if "amount" in wish else found["amount"]
    if amount_minor > found["amount"]:
        raise Problem("The amount must not exceed the disputed amount.", field="amount")
    found["evidence"] = {"amount": amount_minor, "summary": wish.get("summary"), "submitted_at": None}
    if wish.get("action", "draft") != "submit":
        ledger.save(found)
        return found
    found["evidence"]["submitted_at"] = int(ledger.now)
    ledger.save(found)
    return move(ledger, account_id, dispute_id=dispute_id, status="under_review")


def _running(ledger: Ledger, dispute_id: str) -> Entity:
    found = find(ledger, "dispute", dispute_id)
    if found["status"] in OVER:
        raise Problem("The dispute is over.", field="status")
    return found


def _adjust(ledger: Ledger, dispute: Entity, *, debit_minor: int = 0, credit_minor: int = 0) -> None:
    made = entities.adjustment(
        of_dispute=dispute, debit_minor=debit_minor, credit_minor=credit_minor, now=ledger.now
    )
    ledger.add(made, parent=dispute["payment_id"])
