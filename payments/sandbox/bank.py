"""What happens to money: orders, payments, captures, refunds. Payouts and disputes stand beside, in their own modules.

Every function runs inside one transaction of the sandbox's file and puts the webhooks it causes into the outbox.
"""

from __future__ import annotations

import hashlib
import hmac
from http import HTTPStatus
from typing import Any

from payments.sandbox import entities, faults, outbox
from payments.sandbox.entities import Entity
from payments.sandbox.problems import Problem, unknown_id
from payments.sandbox.store import Ledger
from payments.sandbox.wire import text

RECEIPT_CHARS_MAX = 40
EXPIRY_MINUTES_MAX = 7200
# The provider's pages say three days in one place and five in another.
AUTHORISATION_S = 5 * 86400
OUTCOMES = ("captured", "failed", "authorized")


def checkout_signature(order_id: str, payment_id: str, key_secret: str) -> str:
    """What the pay page hands back: hex HMAC-SHA256 of ``order_id|payment_id`` under the key secret."""
    return hmac.new(key_secret.encode(), f"{order_id}|{payment_id}".encode(), hashlib.sha256).hexdigest()


def find(ledger: Ledger, kind: str, entity_id: str) -> Entity:
    """An entity, or the Problem of an id nobody has."""
    found = ledger.get(kind, entity_id)
    if found is None:
        raise unknown_id()
    return found


def open_order(ledger: Ledger, wish: Entity) -> Entity:
    """Make an order of at least INR 1.00, to be captured automatically unless it says ``manual``."""
    amount_minor = entities.amount(wish)
    entities.currency(wish)
    receipt = _receipt(wish)
    hidden = _capture_wish(wish)
    order = entities.order(amount_minor=amount_minor, receipt=receipt, found_notes=entities.notes(wish), now=ledger.now)
    ledger.add(order, hidden=hidden)
    return order


def pay(ledger: Ledger, account_id: str, *, order_id: str, outcome: str, method: str) -> Entity:
    """Do what a customer does on the pay page; refused with 409 once the order is paid."""
    order = ledger.get("order", order_id)
    if order is None:
        raise Problem("There is no such order.", status=HTTPStatus.NOT_FOUND)
    if outcome not in OUTCOMES:
        raise Problem(f"The outcome must be one of {', '.join(OUTCOMES)}.", field="outcome")
    if method not in entities.METHODS:
        raise Problem(f"The method must be one of {', '.join(entities.METHODS)}.", field="method")
    hidden = ledger.hidden(order_id)
    if order["status"] == "paid":
        if not hidden.get("double_pay"):
            raise Problem("This order is already paid.", status=HTTPStatus.CONFLICT, reason="order_already_paid")
        ledger.hide(order_id, {**hidden, "double_pay": False})
    else:
        order["status"] = "attempted"
    order["attempts"] += 1
    ledger.save(order)

    payment = entities.payment(of_order=order, method=method, now=ledger.now)
    if outcome == "failed":
        entities.failed(payment)
        ledger.add(payment, parent=order_id)
        outbox.announce(ledger, "payment.failed", account_id, payment=payment)
        return payment
    entities.authorised(payment)
    ledger.add(payment, parent=order_id)
    outbox.announce(ledger, "payment.authorized", account_id, payment=payment)
    if outcome == "captured" and hidden["capture"] == "automatic":
        _take_money(ledger, account_id, order=order, payment=payment)
    else:
        ledger.later("lapse", payment["id"], ledger.now + hidden["expiry_s"])
    return payment


def capture(ledger: Ledger, account_id: str, *, payment_id: str, wish: Entity) -> Entity:
    """Capture an authorised payment, whole."""
    payment = find(ledger, "payment", payment_id)
    amount_minor = entities.amount(wish)
    entities.currency(wish)
    if payment["status"] in {"captured", "refunded"}:
        raise Problem("This payment has already been captured", field="status")
    if payment["status"] != "authorized":
        raise Problem("Only payments which have been authorized and not yet captured can be captured", field="status")
    if amount_minor != payment["amount"]:
        raise Problem("Capture amount must be equal to the amount authorized", field="amount")
    order = find(ledger, "order", payment["order_id"])
    if order["status"] == "paid" and not ledger.hidden(order["id"]).get("double_pay"):
        raise Problem("Payment already done for this order.", reason="order_already_paid")
    _take_money(ledger, account_id, order=order, payment=payment)
    return payment


def authorise_late(ledger: Ledger, account_id: str, *, payment_id: str) -> Entity:
    """A failed payment turns out to be authorised after all."""
    payment = find(ledger, "payment", payment_id)
    if payment["status"] != "failed":
        raise Problem("Only a failed payment can be authorised late.", status=HTTPStatus.CONFLICT)
    entities.authorised(payment)
    ledger.save(payment)
    outbox.announce(ledger, "payment.authorized", account_id, payment=payment)
    ledger.later("lapse", payment_id, ledger.now + ledger.hidden(payment["order_id"])["expiry_s"])
    return payment


def refund(ledger: Ledger, account_id: str, *, payment_id: str, wish: Entity) -> Entity:
    """Give money back, at most what was captured and not yet given back; no amount means all of that."""
    payment = find(ledger, "payment", payment_id)
    if not payment["captured"]:
        raise Problem("The payment status should be captured for action to be taken", field="status")
    left_minor = payment["amount"] - payment["amount_refunded"]
    if left_minor == 0:
        raise Problem("The payment has been fully refunded already", field="amount")
    amount_minor = left_minor if wish.get("amount") is None else entities.amount(wish)
    if amount_minor > left_minor:
        raise Problem("The total refund amount is greater than the refund payment amount", field="amount")
    speed = wish.get("speed", "normal")
    if speed not in ("normal", "optimum"):
        raise Problem("The speed is invalid.", field="speed")
    receipt = _receipt(wish)
    made = entities.refund(
        of_payment=payment, amount_minor=amount_minor, now=ledger.now,
        wish={"notes": entities.notes(wish), "receipt": receipt, "speed": speed},
    )  # fmt: skip
    ledger.add(made, parent=payment_id)
    _count_refund(ledger, payment, amount_minor)
    outbox.announce(ledger, "refund.created", account_id, refund=made, payment=payment)
    rules = faults.refund_rules(ledger)
    if speed == "optimum" and rules.speed_changed:
        ledger.later("refund.speed_changed", made["id"], ledger.now)
    if rules.outcome != "stuck":
        ledger.later(f"refund.{rules.outcome}", made["id"], ledger.now + rules.after_s)
    return made


def edit_notes(ledger: Ledger, kind: str, entity_id: str, wish: Entity) -> Entity:
    """Replace the notes, the only thing that may be edited."""
    found = find(ledger, kind, entity_id)
    if set(wish) != {"notes"}:
        raise Problem("Only the notes can be edited.", field="notes")
    found["notes"] = entities.notes(wish)
    ledger.save(found)
    return found


def allow_double_pay(ledger: Ledger, *, order_id: str) -> Entity:
    """Let the order be paid once more although it is paid."""
    order = find(ledger, "order", order_id)
    ledger.hide(order_id, {**ledger.hidden(order_id), "double_pay": True})
    return order


def do_later(ledger: Ledger, account_id: str, *, kind: str, subject: str) -> None:
    """Do what was noted for later, unless something else happened meanwhile."""
    if kind == "lapse":
        _lapse(ledger, account_id, payment_id=subject)
        return
    found = find(ledger, "refund", subject)
    if found["status"] != "pending":
        return
    payment = find(ledger, "payment", found["payment_id"])
    if kind == "refund.speed_changed":
        found["speed_processed"] = "normal"
    elif kind == "refund.failed":
        found["status"] = "failed"
        _count_refund(ledger, payment, -found["amount"])
    else:
        found["status"] = "processed"
        found["speed_processed"] = _speed(found)
        found["acquirer_data"] = {"arn": entities.digits(23)}
    ledger.save(found)
    outbox.announce(ledger, kind, account_id, refund=found, payment=payment)


def _speed(found: Entity) -> str:
    if found["speed_processed"] is not None:
        return str(found["speed_processed"])
    return "instant" if found["speed_requested"] == "optimum" else "normal"


def _take_money(ledger: Ledger, account_id: str, *, order: Entity, payment: Entity) -> None:
    fee, tax = entities.fee_and_tax(payment["amount"], ledger.setting("fee").get("bp", entities.FEE_BP))
    payment.update(status="captured", captured=True, fee=fee, tax=tax)
    ledger.save(payment)
    order.update(status="paid", amount_paid=order["amount"], amount_due=0)
    ledger.save(order)
    outbox.announce(ledger, "payment.captured", account_id, payment=payment)
    outbox.announce(ledger, "order.paid", account_id, payment=payment, order=order)


def _count_refund(ledger: Ledger, payment: Entity, amount_minor: int) -> None:
    payment["amount_refunded"] += amount_minor
    whole = payment["amount_refunded"] == payment["amount"]
    payment["refund_status"] = "full" if whole else "partial" if payment["amount_refunded"] else None
    if payment["captured"]:
        payment["status"] = "refunded" if whole else "captured"
    ledger.save(payment)


def _lapse(ledger: Ledger, account_id: str, *, payment_id: str) -> None:
    """Nobody captured it in time: the money goes back, and the payment shows as refunded but never captured."""
    payment = find(ledger, "payment", payment_id)
    if payment["status"] != "authorized":
        return
    made = entities.refund(of_payment=payment, amount_minor=payment["amount"], wish={}, now=ledger.now)
    made.update(status="processed", speed_processed="normal", acquirer_data={"arn": entities.digits(23)})
    ledger.add(made, parent=payment_id)
    _count_refund(ledger, payment, payment["amount"])
    payment["status"] = "refunded"
    ledger.save(payment)
    outbox.announce(ledger, "refund.created", account_id, refund=made, payment=payment)
    outbox.announce(ledger, "refund.processed", account_id, refund=made, payment=payment)


def _receipt(wish: Entity) -> str | None:
    return text(wish, "receipt", longest=RECEIPT_CHARS_MAX)


def _capture_wish(wish: Entity) -> dict[str, Any]:
    found = wish.get("payment")
    if found is None:
        return {"capture": "automatic", "expiry_s": AUTHORISATION_S}
    if not isinstance(found, dict) or found.get("capture", "automatic") not in ("automatic", "manual"):
        raise Problem("The payment.capture must be automatic or manual.", field="payment")
    options = found.get("capture_options") or {}
    minutes = options.get("manual_expiry_period") if isinstance(options, dict) else "none"
    if minutes is None:
        return {"capture": found.get("capture", "automatic"), "expiry_s": AUTHORISATION_S}
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= EXPIRY_MINUTES_MAX:
        raise Problem("The manual_expiry_period must be at most 7200 minutes.", field="payment")
    return {"capture": found.get("capture", "automatic"), "expiry_s": minutes * 60}
