"""What a channel says happened, done here: its money, and the steps forward; backward there is no way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orders import locks
from orders.channels.canonical import CANCELLED, CONFIRMED, DELIVERED, PENDING, PROCESSING, REFUNDED, SHIPPED, Told
from orders.models import Order, OrderHold, OrderPayment
from orders.operations import axes, cancel, cancel_units, fulfil, holds, process
from orders.operations.refund import settle
from payments import operations as money
from payments.models import CHANNEL, COD, Payment, Refund
from payments.operations.wishes import GOODWILL, MADE_AT_CHANNEL
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timeline.operations import Operation

RANK = {PENDING: 0, CONFIRMED: 1, PROCESSING: 2, SHIPPED: 3, DELIVERED: 4}
CANCEL_CODE = "channel"
CHANNEL_HOLDS = "channel"  # who put them: the channel lets go of these, and of no others
CARRIER_CHARS_MAX = 40
_BEFORE_SHIPPING = (Order.Status.PENDING, Order.Status.CONFIRMED, Order.Status.PROCESSING)
_OPEN = (Payment.Status.OPENING, Payment.Status.CREATED)
_WORD = re.compile(r"[^a-z0-9]+")


def take_as_far(op: Operation, *, order: Order, told: Told) -> Order:
    """Money first, then each step up to what the channel says. Raises whatever refuses a step here (OnHold, AwaitingStock)."""
    _take_money(op, order, told)
    if told.status == CANCELLED:
        if order.status not in (Order.Status.CANCELLED, Order.Status.REFUNDED):
            order = cancel.cancel(op, order_id=order.pk, code=CANCEL_CODE)
    elif told.status == REFUNDED:
        if order.status == Order.Status.PENDING:
            advance(op, order.confirm, at=op.now, stream=str(order.pk), targets=[("customer", order.person_id)])
    elif not (_is_held(told) and _holds(order)):
        # What the channel holds still goes no further; what it let go of is free before the next step.
        order = _forward(op, _hold(op, order, told) if not _is_held(told) else order, told)
    order = _give_money_back(op, order, told)
    return _hold(op, order, told)


def call_off(op: Operation, *, order: Order, units: Mapping[str, int]) -> Order:
    """Take out what the channel called off of its lines since, whose money it settles. Raises what `cancel_units.take_out` raises."""
    if not units or order.status in (Order.Status.CANCELLED, Order.Status.REFUNDED):
        return order
    more = {}
    for line in locks.lines(order.pk):
        known = str(line.metadata.get("channel", {}).get("lineId") or "")
        if (count := units.get(known, 0) - line.quantity_cancelled) > 0:
            more[line.pk] = count
    return cancel_units.take_out(op, order_id=order.pk, items=more, code=CANCEL_CODE) if more else order


def follow_money(op: Operation, *, order: Order, told: Told) -> Order:
    """What the channel took or gave back, and no step."""
    _take_money(op, order, told)
    return _give_money_back(op, order, told)


def stay(op: Operation, *, order: Order, told: Told) -> Order:
    """Follow the money, and the channel's own hold, of an order that has come further here."""
    return _hold(op, follow_money(op, order=order, told=told), told)


def is_cash_out(order: Order, told: Told) -> bool:
    """Whether a parcel under way collects cash for what its channel calls paid."""
    if order.status != Order.Status.SHIPPED or told.cash_on_delivery or told.paid_minor <= 0:
        return False
    return any(payment.gateway == COD and payment.status in _OPEN for payment in axes.payments_of(order))


def is_ahead(order: Order, told: Told) -> bool:
    """Whether the order has come further here than its channel says: no news, for we tell the channel and not it us."""
    return told.status in RANK and RANK.get(str(order.status), -1) > RANK[told.status]


def _hold(op: Operation, order: Order, told: Told) -> Order:
    """Put the channel's hold while it tells of one, once; release it when it no longer does. Holds of others stay."""
    held = _holds(order)
    if _is_held(told):
        if not held and order.status in _BEFORE_SHIPPING:
            holds.hold(op, order_id=order.pk, reason=OrderHold.Reason.OTHER, note=f"{order.channel}: {told.on_hold}", created_by=CHANNEL_HOLDS)
            order.on_hold = True
        return order
    for row in held:
        holds.release(op, order_id=order.pk, hold_id=row.pk)
    return locks.order(order.pk) if held else order


def _holds(order: Order) -> list[OrderHold]:
    """The channel's holds that stand."""
    return list(OrderHold.objects.filter(order=order, created_by=CHANNEL_HOLDS, released_at=None))


def _is_held(told: Told) -> bool:
    """Whether the channel says wait: of what it says left or ended, that word is an old one."""
    return bool(told.on_hold) and RANK.get(told.status, RANK[SHIPPED]) < RANK[SHIPPED]


def _forward(op: Operation, order: Order, told: Told) -> Order:
    wanted = RANK[told.status]
    if wanted >= RANK[CONFIRMED] and order.status == Order.Status.PENDING:
        holds.require_free(order)
        advance(op, order.confirm, at=op.now, stream=str(order.pk), targets=[("customer", order.person_id)])
    if wanted >= RANK[PROCESSING] and order.status == Order.Status.CONFIRMED:
        order = process.start_processing(op, order_id=order.pk)
    if wanted >= RANK[SHIPPED] and order.status == Order.Status.PROCESSING:
        carrier, number = next(iter(told.tracking), ("", ""))
        order = fulfil.ship_all(
            op, order_id=order.pk, carrier=carrier_of(carrier) or order.channel, tracking_number=number or None
        )
    if wanted >= RANK[DELIVERED] and order.status == Order.Status.SHIPPED:
        order = fulfil.deliver_all(op, order_id=order.pk)
    return order


def carrier_of(name: str) -> str:
    """`Blue Dart` as `blue_dart`."""
    return _WORD.sub("_", name.casefold()).strip("_")[:CARRIER_CHARS_MAX]


def _take_money(op: Operation, order: Order, told: Told) -> None:
    """What the channel took for us, as far as it is not booked yet: one payment for each time it says more.

    Cash our carrier collects is none of it, though shops call an order paid once they count on that cash.
    """
    payments = axes.payments_of(order)
    cash = [payment for payment in payments if payment.gateway == COD and payment.status in _OPEN]
    if told.cash_on_delivery and any(payment.gateway == COD for payment in payments):
        return
    paid = min(told.paid_minor, order.total_minor)
    known = sum(payment.captured_minor for payment in payments)
    if paid > known:
        count = len(payments)
        payment = money.open(
            op, stream=str(order.pk), gateway=CHANNEL, amount_minor=paid - known, currency=order.currency,
            receipt=f"{order.number}-{count + 1}" if count else order.number, is_further=bool(known),
        )
        OrderPayment.objects.create(order=order, payment=payment)
        money.capture(
            op, payment_id=payment.pk, gateway_payment_id=None, amount_minor=paid - known, currency=order.currency, method="channel"
        )
        if paid == order.total_minor and order.status in _BEFORE_SHIPPING:
            for row in cash:
                money.supersede(op, payment_id=row.pk, reason="paid at the channel")
        axes.refresh(op, order=order)
    if told.cash_on_delivery and told.status in RANK:
        _open_cash(op, order)


def ask_cash_anew(op: Operation, *, order: Order, told: Told) -> None:
    """The cash at the door is what is due of an order that comes to something else now."""
    asked = [payment for payment in axes.payments_of(order) if payment.gateway == COD and payment.status in _OPEN]
    for payment in asked:
        money.supersede(op, payment_id=payment.pk, reason="the order was changed")
    if asked and told.cash_on_delivery:
        _open_cash(op, order)


def _open_cash(op: Operation, order: Order) -> None:
    """Cash our carrier collects, where the channel took nothing: asked for from the first sight of the order on."""
    due = order.total_minor - order.paid_minor
    if due > 0:
        payment = money.open(
            op, stream=str(order.pk), gateway=COD, amount_minor=due, currency=order.currency,
            receipt=f"{order.number}-C{order.revision or ''}", is_further=bool(order.paid_minor),
        )
        OrderPayment.objects.create(order=order, payment=payment)
        axes.refresh(op, order=order)


def _give_money_back(op: Operation, order: Order, told: Told) -> Order:
    """What the channel gave back, as far as it is not booked yet: also by staff, who wrote down what they did there."""
    booked = Refund.objects.filter(stream=str(order.pk), status=Refund.Status.PROCESSED).exclude(reason_code=GOODWILL)
    due = told.refunded_minor - sum(refund.amount_minor for refund in booked)
    for payment in axes.payments_of(order):
        left = payment.refundable_minor if payment.gateway == CHANNEL else 0
        part = left if told.nothing_taken else min(due, left)
        if part > 0:
            money.ask_refund(
                op, payment_id=payment.pk, amount_minor=part, reason_code=MADE_AT_CHANNEL, by_other_means=True, despite_dispute=True
            )
            due -= part
    return settle(op, order=axes.refresh(op, order=order))
