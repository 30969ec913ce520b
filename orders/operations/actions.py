"""What the caller may do now, computed from the machine; illegal steps are never drawn."""

from __future__ import annotations

from functools import cache
from typing import Any

from orders.models import Order, Return
from timeline.transitions import allowed, allowed_from

S = Order.Status
ENDED = (S.DELIVERED, S.CANCELLED, S.REFUNDED)
_PAYABLE = (
    Return.Status.APPROVED, Return.Status.PICKUP_BOOKED, Return.Status.ON_THE_WAY, Return.Status.RECEIVED,
    Return.Status.INSPECTED, Return.Status.CLOSED,
)
_CUSTOMER_CANCELS = (S.PENDING, S.CONFIRMED)


def allowed_actions(order: Any, *, refundable_minor: int, as_staff: bool) -> list[str]:
    """The words of API.md: cancel, refund, start_processing, ship, deliver, hold, release, note. Of an order, or a row with its status and `on_hold`."""
    return list(_actions(str(order.status), bool(order.on_hold), refundable_minor > 0, as_staff))


def allowed_statuses(order: Order) -> list[str]:
    """The statuses a person may set from here; `refunded` is made by money alone."""
    by_verb = {
        "confirm": S.CONFIRMED,
        "start_processing": S.PROCESSING,
        "ship": S.SHIPPED,
        "deliver": S.DELIVERED,
        "cancel": S.CANCELLED,
    }
    return [str(status) for verb, status in by_verb.items() if verb in allowed(order)]


def next_step(order: Order) -> str | None:
    """The one verb that moves the order forward, for the console's one button; None when there is none."""
    if order.on_hold:
        return "release"
    return {
        S.PENDING: "confirm",
        S.CONFIRMED: "start_processing",
        S.PROCESSING: "ship",
        S.SHIPPED: "deliver",
    }.get(S(order.status))


@cache
def _actions(status: str, is_held: bool, is_refundable: bool, as_staff: bool) -> tuple[str, ...]:
    if not as_staff:
        words = ["cancel"] if status in _CUSTOMER_CANCELS else []
        return (*words, *(["refund"] if is_refundable and status != S.CANCELLED else []))
    verbs = allowed_from(Order, status)
    words = ["cancel"] if "cancel" in verbs else []
    if is_refundable:
        words.append("refund")
    if not is_held:
        words += [verb for verb in ("start_processing", "ship", "deliver") if verb in verbs]
    if status not in ENDED:
        words.append("hold")
    if is_held:
        words.append("release")
    return (*words, "note")


def return_actions(ret: Return, *, as_staff: bool) -> list[str]:
    """What may be done with a return: approve, decline, pickup, collect, receive, inspect, refund, exchange, close, cancel; photo."""
    verbs = set(allowed(ret))
    if not as_staff:
        return (["cancel"] if "cancel" in verbs else []) + (["photo"] if ret.status in Return.OPEN else [])
    words: list[str] = [word for word in ("approve", "decline", "receive", "inspect") if word in verbs]
    if "book_pickup" in verbs:
        words.append("pickup")
    if ret.status == Return.Status.PICKUP_BOOKED:
        words.append("collect")
    if ret.approved_at is not None and ret.status in _PAYABLE and ret.exchange_order_id is None:
        words += ["refund", "exchange"]
    return words + [word for word in ("close", "cancel") if word in verbs]
