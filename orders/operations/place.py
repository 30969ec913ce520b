"""Write the order down: the record, its lines, addresses, payment, and the coupon's use, in the caller's operation (B12, B83)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings

from inventory import operations as stock
from inventory.operations import Want
from orders.models import DiscountUse, Line, Order, OrderPayment
from orders.operations import assessing, people, whereabouts
from orders.pricing import snapshot
from orders.risk.verdict import HOLD
from payments import operations as money
from timeline.models import Event
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orders.models import Address, Checkout, CheckoutLine, Discount, Person
    from orders.operations.numbers import Number
    from orders.pricing.quote import Quote, Request
    from payments.models import Payment
    from timeline.operations import Operation

COUPONS_TOLD_MAX = 20


@dataclass(frozen=True, slots=True)
class Placed:
    """What a completed checkout became."""

    order: Order
    lines: list[Line]
    payment: Payment | None
    person: Person
    shipping: dict[str, Any]
    billing: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a placement needs, checked and priced."""

    checkout: Checkout
    lines: Sequence[CheckoutLine]
    request: Request
    quote: Quote
    shipping: dict[str, Any]
    billing: dict[str, Any]
    destination_state: str
    discount: Discount | None
    contact: Mapping[str, Any]
    origin: str = ""


def place(op: Operation, *, plan: Plan, number: Number) -> Placed:
    """Commit the stock, then book the order and write every row of it. Raises OutOfStock."""
    checkout = plan.checkout
    person = checkout.person
    order_id = op.new_id()
    story = str(order_id)
    op.open_stream(story)

    holds = stock.commit(
        op,
        stream=story,
        hold_stream=str(checkout.pk) if checkout.hold_expires_at is not None else None,
        wants=[Want(variant_id=line.variant_id, quantity=line.quantity) for line in plan.lines],
        is_new=True,
        distance=whereabouts.distance_to(str(plan.shipping.get("postalCode") or "")),
    )
    shipping = people.keep_address(op, person=person, address=plan.shipping)
    billing = (
        shipping if plan.billing == plan.shipping else people.keep_address(op, person=person, address=plan.billing)
    )
    order = _order(op, plan=plan, number=number, order_id=order_id, shipping=shipping, billing=billing)
    lines = _lines(op, plan, order)
    begin(
        op, order, "order.placed", stream=story, facts=_facts(plan, order, lines),
        targets=[
            *(("item", line.sku, line.name[:200]) for line in lines),
            ("customer", person.pk),
            ("checkout", checkout.pk),
        ],
    )
    if sum(held.quantity for held in holds) < order.item_count:
        stock.say_promised(op, stream=story)
    Line.objects.bulk_create(lines)
    _say_coupons(op, plan, order)
    risk = assessing.assess(
        op, order=order, contact=plan.contact, shipping=plan.shipping, billing=plan.billing, origin=plan.origin
    )
    payment = _open_payment(op, order, fraud_score=risk.score)
    if plan.discount is not None:
        DiscountUse.objects.create(discount=plan.discount, order=order, person=person)
    if risk.verdict == HOLD:
        assessing.hold_for_review(op, order=order)
    elif order.payment_method == "cod" or order.total_minor == 0:
        advance(op, order.confirm, at=op.now, stream=story, targets=[("customer", person.pk)])
    return Placed(order, lines, payment, person, plan.shipping, plan.billing)


def _say_coupons(op: Operation, plan: Plan, order: Order) -> None:
    """The order's own story tells which coupons the cart had, when they were entered and taken away (E25, E27)."""
    story = str(plan.checkout.pk)
    said = Event.objects.filter(stream=story, kind__in=("checkout.coupon_added", "checkout.coupon_removed"))
    newest = said.order_by("-stream_seq").values_list("kind", "facts", "occurred_at", named=True)
    events = list(reversed(newest[:COUPONS_TOLD_MAX]))
    used = plan.checkout.discount_code if plan.discount is not None else ""
    at = op.now
    if used and events:
        at = events.pop().occurred_at
    for event in events:
        kind = event.kind.replace("checkout.", "order.")
        op.record(order, kind, stream=str(order.pk), facts={**event.facts}, occurred_at=event.occurred_at)
    if used:
        facts = {"discount_code": used, "amount_minor": order.discount_minor, "currency": order.currency}
        op.record(order, "order.coupon_added", stream=str(order.pk), facts=facts, occurred_at=at)


def _order(
    op: Operation, *, plan: Plan, number: Number, order_id: Any, shipping: Address, billing: Address
) -> Order:
    checkout, quote = plan.checkout, plan.quote
    waits = checkout.payment_method != "cod" and quote.total_minor > 0
    return Order(
        id=order_id,
        stream_id=str(order_id),
        number=number.text,
        person=checkout.person,
        channel=checkout.channel,
        currency=checkout.currency,
        subtotal_minor=quote.subtotal_minor,
        discount_code=checkout.discount_code if plan.discount is not None else "",
        discount_minor=quote.discount_minor,
        gst_minor=quote.gst_minor,
        cgst_minor=quote.gst.cgst_minor,
        sgst_minor=quote.gst.sgst_minor,
        igst_minor=quote.gst.igst_minor,
        shipping_minor=quote.shipping_minor,
        total_minor=quote.total_minor,
        item_count=sum(line.quantity for line in plan.lines),
        shipping_method=checkout.shipping_method,
        payment_method=checkout.payment_method,
        destination_state=plan.destination_state,
        **people.place_tokens(plan.shipping),
        shipping_address=shipping,
        billing_address=billing,
        pricing_snapshot=snapshot.pricing_snapshot(plan.request, quote),
        discount_snapshot=snapshot.discount_snapshot(plan.request, quote),
        created_at=op.now,
        state_since=op.now,
        payment_due_at=op.now + timedelta(minutes=settings.PAYMENT_DUE_MINUTES) if waits else None,
    )


def _lines(op: Operation, plan: Plan, order: Order) -> list[Line]:
    quoted = {line.key: line for line in plan.quote.lines}
    rows = []
    for place_, line in enumerate(plan.lines, start=1):
        price = quoted[str(line.pk)]
        rows.append(
            Line(
                id=op.new_id(), order=order, place=place_, variant_id=line.variant_id, sku=line.variant.sku,
                name=line.variant.title, hsn=line.variant.hsn, quantity=line.quantity, price_minor=price.price_minor,
                price_includes_gst=price.includes_gst, value_minor=price.value_minor,
                gst_rate_bp=price.gst_rate_bp, cgst_minor=price.gst.cgst_minor, sgst_minor=price.gst.sgst_minor,
                igst_minor=price.gst.igst_minor, gst_minor=price.gst_minor, discount_minor=price.discount_minor,
                total_minor=price.total_minor, weight_g=line.variant.weight_g, metadata=line.metadata,
                created_at=op.now, updated_at=op.now,
            )
        )
    return rows


def _facts(plan: Plan, order: Order, lines: list[Line]) -> dict[str, Any]:
    return {
        "order_id": order.pk,
        "number": order.number,
        "channel": order.channel,
        "checkout_id": plan.checkout.pk,
        "subtotal_minor": order.subtotal_minor,
        "discount_minor": order.discount_minor,
        "discount_code": order.discount_code or None,
        "tax_minor": order.gst_minor,
        "shipping_minor": order.shipping_minor,
        "total_minor": order.total_minor,
        "currency": order.currency,
        "item_count": order.item_count,
        "payment_method": order.payment_method,
        "shipping_method": order.shipping_method,
        "destination_state": order.destination_state,
        "customer_id": order.person_id,
        "shipping_address_id": order.shipping_address_id,
        "billing_address_id": order.billing_address_id,
        "gst": {"cgst_minor": order.cgst_minor, "sgst_minor": order.sgst_minor, "igst_minor": order.igst_minor},
        "lines": [
            {"id": line.pk, "sku": line.sku, "quantity": line.quantity, "price_minor": line.price_minor,
             "price_includes_gst": line.price_includes_gst, "value_minor": line.value_minor,
             "discount_minor": line.discount_minor, "tax_minor": line.gst_minor, "total_minor": line.total_minor}
            for line in lines
        ],
    }


def _open_payment(op: Operation, order: Order, *, fraud_score: int) -> Payment | None:
    if order.total_minor == 0:
        return None
    payment = money.open(
        op, stream=str(order.pk), gateway=order.payment_method, amount_minor=order.total_minor, currency=order.currency,
        receipt=order.number, facts={"fraud_score": fraud_score},
    )
    OrderPayment.objects.create(order=order, payment=payment)
    return payment
