"""Exchange: a new order for goods that come back, paid with what they were worth.

Note [Credit between two orders]
    The old order's refund goes "by other means" into the account `exchanges`, the new order's payment of the gateway `exchange`
    comes out of it, both in one operation; so the account is even, and both orders close by themselves. Where the customer
    owes a difference that is paid online, nothing is carried before it is paid: an exchange nobody pays for leaves the
    return as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from inventory import operations as stock
from inventory.operations import Want
from orders import locks
from orders.models import Line, Order, OrderPayment, Return
from orders.operations import axes, refund, refund_limits, refund_parts, return_money
from orders.operations.confirm import confirm_when_paid
from orders.operations.exchange_offer import DUE_AFTER, Choice, Offer, offer
from orders.operations.returns import words_of
from orders.pricing import snapshot
from payments import operations as money
from payments.models import COD, EXCHANGE, Payment
from timeline.models import Event
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orders.operations.numbers import Number
    from orders.pricing.giving_back import Part
    from payments.models import Refund
    from timeline.operations import Operation

_ONLINE = "razorpay"
_GIVEN_UP = "exchange_given_up"


def place(
    op: Operation, *, return_id: UUID, number: Number, choices: Sequence[Choice] = (), reason: str = "Exchanged",
    initiate_payment_refund: bool = True, limit_minor: int | None = None,
) -> Order:
    """Place the new order; Note [Credit between two orders]. What the old goods were worth beyond it goes back.

    Raises what `offer` raises, OutOfStock, GivenAlready, NotApproved, AboveRefundable, DisputeOpen.
    """
    ret = locks.ret(return_id)
    old = locks.order(ret.order_id)
    deal = offer(ret=ret, lines=locks.lines(old.pk), choices=choices, now=op.now)
    source = _source(old, deal)

    new = _new_order(op, old=old, ret=ret, deal=deal, number=number)
    ret.exchange_order = new
    Return.objects.filter(pk=ret.pk).update(exchange_order=new)
    words = words_of(ret)
    op.record(
        ret, "return.exchanged", stream=words.pop("stream"), targets=[*words.pop("targets"), ("order", new.pk)],
        facts={
            **words, "exchange_order_id": new.pk, "exchange_number": new.number, "credit_minor": deal.credit_minor,
            "total_minor": deal.total_minor, "due_minor": deal.due_minor, "back_minor": deal.back_minor,
            "kept_minor": deal.kept_minor, "currency": new.currency,
            "items": [{"order_item_id": pk, "quantity": units} for pk, units in deal.units.items()],
        },
    )
    _open_payments(op, new=new, deal=deal)
    if source is not None and (not deal.due_minor or new.payment_method == COD):
        _carry(op, old=old, new=new, ret=ret, source=source, parts=deal.used, kept=deal.kept, reason=reason)
    if source is not None and deal.back_minor:
        _give_rest(
            op, old=old, ret=ret, source=source, deal=deal, reason=reason, by_other_means=not initiate_payment_refund,
            limit_minor=limit_minor,
        )
    _confirm(op, new=new)
    refund.settle(op, order=axes.refresh(op, order=old))
    return_money.follow(op, return_id=ret.pk)
    return new


def take_credit(op: Operation, *, order: Order, payments: Sequence[Payment]) -> bool:
    """Carry the credit once the customer has paid the rest of an exchange online; says whether it did. Safe to repeat.

    `payments` are the order's own.
    """
    credit = _waiting_credit(payments)
    if credit is None or order.status != Order.Status.PENDING:
        return False
    paid = sum(payment.captured_minor for payment in payments)
    if paid < order.total_minor - credit.amount_minor:
        return False
    found = Return.objects.get(exchange_order=order)
    op.open_stream(str(found.order_id))
    ret, old = locks.ret(found.pk), locks.order(found.order_id)
    wish = refund_parts.Wish(items=_agreed_units(ret), amount_minor=credit.amount_minor)
    quoted = refund_parts.quote(order=old, lines=locks.lines(old.pk), wish=wish)
    _carry(op, old=old, new=order, ret=ret, source=quoted.payment, parts=quoted.parts, kept=(), reason="Exchanged")
    refund.settle(op, order=axes.refresh(op, order=old))
    return_money.follow(op, return_id=ret.pk)
    return True


def give_up(op: Operation, *, order: Order) -> None:
    """The new order was called off before it was paid: the return is as it was, to be refunded or exchanged anew."""
    credit = _waiting_credit(axes.payments_of(order))
    found = Return.objects.filter(exchange_order=order).first()
    if credit is None or found is None or order.status != Order.Status.CANCELLED:
        return
    op.open_stream(str(found.order_id))
    ret = locks.ret(found.pk)
    money.fail(op, payment_id=credit.pk, code=_GIVEN_UP, reason="the exchange was called off")
    axes.refresh(op, order=order)
    Return.objects.filter(pk=ret.pk).update(exchange_order=None)
    words = words_of(ret)
    op.record(
        ret, "return.exchange_undone", stream=words.pop("stream"), targets=words.pop("targets"),
        facts={**words, "exchange_order_id": order.pk, "exchange_number": order.number},
    )


def _agreed_units(ret: Return) -> dict[UUID, int]:
    """The units the credit is for, as they were agreed when the exchange was placed."""
    said = Event.objects.filter(stream=str(ret.order_id), kind="return.exchanged", subject_id=ret.pk.hex).order_by("-id")[0]
    return {UUID(item["order_item_id"]): item["quantity"] for item in said.facts["items"]}


def _source(old: Order, deal: Offer) -> Payment | None:
    """The payment the old goods were paid with; None for goods that cost nothing. Raises AboveRefundable."""
    if not deal.credit_minor:
        return None
    return refund_parts.quote(order=old, lines=locks.lines(old.pk), wish=refund_parts.Wish(items=deal.units)).payment


def _new_order(op: Operation, *, old: Order, ret: Return, deal: Offer, number: Number) -> Order:
    order_id = op.new_id()
    story = str(order_id)
    op.open_stream(story)
    wants = [Want(variant_id=deal.variants[line.sku].pk, quantity=line.quantity) for line in deal.request.lines]
    holds = stock.commit(op, stream=story, wants=wants, is_new=True)
    order = _order(op, old=old, deal=deal, number=number, order_id=order_id)
    lines = _lines(op, order, deal)
    begin(
        op, order, "order.placed", stream=story, facts=_facts(order, lines, ret),
        targets=[
            *(("item", line.sku, line.name[:200]) for line in lines),
            ("customer", order.person_id), ("order", old.pk),
        ],
    )
    if sum(held.quantity for held in holds) < order.item_count:
        stock.say_promised(op, stream=story)
    Line.objects.bulk_create(lines)
    return order


def _order(op: Operation, *, old: Order, deal: Offer, number: Number, order_id: UUID) -> Order:
    found = deal.quote
    waits_online = deal.due_minor > 0 and old.payment_method != COD
    return Order(
        id=order_id, stream_id=str(order_id), number=number.text, person=old.person, channel=old.channel,
        currency=old.currency, subtotal_minor=found.subtotal_minor, discount_minor=found.discount_minor,
        gst_minor=found.gst_minor, cgst_minor=found.gst.cgst_minor, sgst_minor=found.gst.sgst_minor,
        igst_minor=found.gst.igst_minor, shipping_minor=found.shipping_minor, total_minor=found.total_minor,
        item_count=sum(line.quantity for line in deal.request.lines), shipping_method=old.shipping_method,
        payment_method=EXCHANGE if not deal.due_minor else COD if old.payment_method == COD else _ONLINE,
        destination_state=old.destination_state, shipping_address_id=old.shipping_address_id,
        billing_address_id=old.billing_address_id, pricing_snapshot=snapshot.pricing_snapshot(deal.request, found),
        discount_snapshot=snapshot.discount_snapshot(deal.request, found), created_at=op.now, state_since=op.now,
        payment_due_at=op.now + DUE_AFTER if waits_online else None,
    )


def _lines(op: Operation, order: Order, deal: Offer) -> list[Line]:
    return [
        Line(
            id=op.new_id(), order=order, place=place_, variant=deal.variants[price.sku], sku=price.sku, name=asked.name,
            hsn=asked.hsn, quantity=price.quantity, price_minor=price.price_minor, price_includes_gst=price.includes_gst,
            value_minor=price.value_minor, gst_rate_bp=price.gst_rate_bp, cgst_minor=price.gst.cgst_minor,
            sgst_minor=price.gst.sgst_minor, igst_minor=price.gst.igst_minor, gst_minor=price.gst_minor,
            discount_minor=price.discount_minor, total_minor=price.total_minor,
            weight_g=deal.variants[price.sku].weight_g, created_at=op.now, updated_at=op.now,
        )
        for place_, (asked, price) in enumerate(zip(deal.request.lines, deal.quote.lines, strict=True), start=1)
    ]


def _facts(order: Order, lines: Iterable[Line], ret: Return) -> dict[str, Any]:
    return {
        "order_id": order.pk, "number": order.number, "channel": order.channel, "subtotal_minor": order.subtotal_minor,
        "discount_minor": order.discount_minor, "tax_minor": order.gst_minor, "shipping_minor": order.shipping_minor,
        "total_minor": order.total_minor, "currency": order.currency, "item_count": order.item_count,
        "payment_method": order.payment_method, "shipping_method": order.shipping_method,
        "destination_state": order.destination_state, "exchange_of": ret.number, "return_id": ret.pk,
        "customer_id": order.person_id,
        "shipping_address_id": order.shipping_address_id, "billing_address_id": order.billing_address_id,
        "gst": {"cgst_minor": order.cgst_minor, "sgst_minor": order.sgst_minor, "igst_minor": order.igst_minor},
        "lines": [
            {"id": line.pk, "sku": line.sku, "quantity": line.quantity, "price_minor": line.price_minor,
             "price_includes_gst": line.price_includes_gst, "value_minor": line.value_minor,
             "discount_minor": line.discount_minor, "tax_minor": line.gst_minor, "total_minor": line.total_minor}
            for line in lines
        ],
    }


def _open_payments(op: Operation, *, new: Order, deal: Offer) -> None:
    """The credit first, then what is due: the newest payment is the one a customer looks at."""
    wanted = [(EXCHANGE, deal.used_minor, None), (new.payment_method, deal.due_minor, new.number)]
    for gateway, amount_minor, receipt in wanted:
        if amount_minor:
            payment = money.open(
                op, stream=str(new.pk), gateway=gateway, amount_minor=amount_minor, currency=new.currency, receipt=receipt
            )
            OrderPayment.objects.create(order=new, payment=payment)


def _carry(
    op: Operation, *, old: Order, new: Order, ret: Return, source: Payment, parts: Iterable[Part], kept: Iterable[Part],
    reason: str,
) -> Refund:
    """Out of the old order, into the new one."""
    credit = _waiting_credit(axes.payments_of(new))
    if credit is None:
        raise LookupError(new.number)
    parts = list(parts)
    made = money.ask_refund(
        op, payment_id=source.pk, amount_minor=sum(part.total_minor for part in parts), reason_code=EXCHANGE,
        reason=f"{reason}: {new.number}", items=_wire(parts), by_other_means=True, return_id=ret.pk, person=old.person.key,
    )
    refund_parts.write(op, order=old, refund=made, parts=parts, kept=kept)
    money.capture(
        op, payment_id=credit.pk, gateway_payment_id=None, amount_minor=credit.amount_minor, currency=new.currency,
        method=EXCHANGE,
    )
    return made


def _give_rest(
    op: Operation, *, old: Order, ret: Return, source: Payment, deal: Offer, reason: str, by_other_means: bool,
    limit_minor: int | None,
) -> None:
    """What the old goods were worth beyond the new ones goes back, within what one person may give."""
    waits = refund_limits.needs_approval(
        stream=str(old.pk), actor=op.actor, amount_minor=deal.back_minor, limit_minor=limit_minor
    )
    ask = money.request_refund if waits else money.ask_refund
    made = ask(
        op, payment_id=source.pk, amount_minor=deal.back_minor, reason_code=return_money.REASON_CODE, reason=reason,
        by_other_means=by_other_means, return_id=ret.pk, person=old.person.key,
    )
    refund_parts.write(op, order=old, refund=made, parts=deal.given)


def _confirm(op: Operation, *, new: Order) -> None:
    axes.refresh(op, order=new)
    if new.payment_method == COD:
        advance(op, new.confirm, at=op.now, stream=str(new.pk), targets=[("customer", new.person_id)])
    else:
        confirm_when_paid(op, order=new)


def _waiting_credit(payments: Sequence[Payment]) -> Payment | None:
    waiting = (payment for payment in payments if payment.gateway == EXCHANGE and payment.status == Payment.Status.CREATED)
    return next(waiting, None)


def _wire(parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [{"orderItemId": part.key, "quantity": part.units} for part in parts if part.key and part.units]
