"""Every typed event of an activity list is written by the operation it is about, with what an auditor asks of it (A9–A17, E11–E28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from inventory import operations as stock
from orders import checkout
from orders.api.event_rows import event_rows
from orders.models import Fulfilment, Line, Return
from orders.operations import (
    cancel,
    confirm,
    edit,
    fulfil,
    holds,
    notes,
    numbers,
    packing,
    planning,
    process,
    refund,
    return_goods,
    returns,
)
from payments import operations as money
from payments.models import Refund
from tests import makers
from tests.flows.makers import discount
from tests.returns.makers import items
from timeline.actors import Actor
from timeline.models import Event, Target
from timeline.operations import operation
from timeline.vocabulary import ACTIVITIES, VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Callable

    from orders.models import Order
    from timeline.operations import Operation

pytestmark = pytest.mark.django_db(transaction=True)

AGENT = Actor(type="staff", id="7", name="Asha", channel="console", session_id="sess-agent")


def do(order: Order, deed: Callable[[Operation], Any], *, actor: Actor = AGENT) -> Any:
    with operation("test.do", actor=actor, stream=str(order.pk)) as op:
        return deed(op)


def with_coupon() -> Order:
    """A paid order whose cart had a coupon, lost it, and got it again."""
    discount("TEN")
    ready = makers.checkout_ready(lines=2, discountCode="TEN")
    for code in (None, "TEN"):
        with operation("test.amend", actor=makers.shopper(ready.person_id), stream=str(ready.pk)) as op:
            checkout.amend(op, checkout_id=ready.pk, changes={"discountCode": code})
    number = numbers.take(actor=AGENT)
    with operation("test.complete", actor=makers.shopper(ready.person_id), stream=str(ready.pk)) as op:
        order = checkout.complete(op, checkout_id=ready.pk, number=number).order
    makers.capture(order)
    return makers.again(order)


def long_life() -> Order:
    """From the coupon to the refund of a return, by the operations people and services call."""
    order, pk = (found := with_coupon()), found.pk
    held = do(order, lambda op: holds.hold(op, order_id=pk, reason="fraud"))
    do(order, lambda op: holds.release(op, order_id=pk, hold_id=held.pk))
    off = do(order, lambda op: edit.stage(op, order_id=pk, wish=edit.Wish(discount_minor=5_000)))
    do(order, lambda op: edit.commit(op, order_id=pk, edit_id=off.pk))
    do(order, lambda op: process.start_processing(op, order_id=pk))
    do(order, lambda op: planning.plan(op, order_id=pk))
    row = Fulfilment.objects.get(order=order)
    do(order, lambda op: packing.start(op, order_id=pk, fulfilment_id=row.pk))
    do(order, lambda op: fulfil.ship_all(op, order_id=pk))
    parcel = Fulfilment.objects.get(order=order, shipment__isnull=False).shipment_id
    assert parcel is not None
    do(order, lambda op: fulfil.deliver(
        op, order_id=pk, shipment_id=parcel, delivered_to="Meera", signature_required=True, photo_url="https://img.example/1.jpg",
    ))
    mine = Actor(type="customer", id=str(order.person_id), channel="storefront_api", session_id="sess-meera")
    ret: Return = do(order, lambda op: returns.ask(op, order_id=pk, items=items(order, reason="defective")), actor=mine)
    if ret.status == Return.Status.REQUESTED:
        do(order, lambda op: returns.approve(op, return_id=ret.pk))
    do(order, lambda op: return_goods.receive(op, return_id=ret.pk))
    given: Refund = do(order, lambda op: refund.give(op, order_id=pk, amount_minor=10_000, reason="Torn", return_id=ret.pk))
    do(order, lambda op: money.accept_refund(op, refund_id=given.pk, gateway_refund_id="rfnd_A17"))
    return makers.again(order)


def called_off() -> Order:
    """An order whose parcel was labelled and did not leave."""
    order = makers.processing_order()
    do(order, lambda op: planning.plan(op, order_id=order.pk))
    do(order, lambda op: cancel.cancel(op, order_id=order.pk, code="fraud"))
    return order


def waiting() -> Order:
    """An order of what is not there yet."""
    variant = makers.product(units=0)
    with operation("test.policy", actor=AGENT) as op:
        stock.set_policy(op, sku=variant.sku, policy="backorder")
    order = makers.placed_order(skus=[variant.sku])
    do(order, lambda op: confirm.confirm(op, order_id=order.pk))
    do(order, lambda op: planning.plan(op, order_id=order.pk))
    return order


def rows_of(order: Order) -> list[dict[str, Any]]:
    events = Event.objects.filter(stream=str(order.pk)).select_related("person_key").order_by("stream_seq")
    return event_rows(events, order_id=order.pk, person=order.person, as_staff=True)


def test_e11_to_e28_each_is_written_and_a9_to_a17_say_what_is_asked() -> None:
    order = long_life()
    do(order, lambda op: notes.add(op, order_id=order.pk, note="Rang her"))
    rows = rows_of(order)
    by_action = {row["action"]: row for row in rows}

    written = {row["eventType"] for other in (called_off(), waiting()) for row in rows_of(other)} | {row["eventType"] for row in rows}
    assert written == {*ACTIVITIES, "None", "Custom"}
    assert {row["noteType"] for row in rows if row["action"] == "note.added"} == {"Custom"}
    assert {row["channel"] for row in rows if row["action"] == "order.held"} == {"console"}  # E30

    placed = by_action["order.placed"]["metadata"]
    parts = placed["subtotal"] - placed["discount"] + placed["tax"] + placed["shipping"]
    assert (parts, placed["currency"], placed["orderId"]) == (placed["total"], "INR", str(order.pk))
    assert placed["itemCount"] == order.item_count
    about = {(target["type"], target["id"], target.get("name")) for target in by_action["order.placed"]["targets"]}
    assert {("item", line.sku, line.name) for line in Line.objects.filter(order=order)} <= about  # A10
    assert {"order", "customer"} <= {kind for kind, _, _ in about}
    assert Target.objects.filter(type="item", target_id=Line.objects.filter(order=order)[0].sku).exists()  # A2

    def says(action: str, *names: str) -> dict[str, Any]:
        said = by_action[action]["metadata"]
        assert {*names, "orderId"} <= said.keys(), action
        assert said["orderId"] == str(order.pk)
        return dict(said)

    says("payment.captured", "amount", "currency", "paymentMethod", "processorRef")  # A13
    says("order.shipped", "carrier", "trackingNumber", "warehouse", "estimatedDelivery")  # A14
    arrived = says("order.delivered", "carrier", "trackingNumber", "signatureRequired", "deliveryPhotoUrl")  # A15
    assert arrived["deliveredTo"] == "Meera"
    assert not Event.objects.filter(kind="order.delivered", facts__icontains="Meera").exists()
    asked = says("return.requested", "returnId", "items", "refundAmount", "currency")  # A16
    assert {"sku", "reason", "quantity"} <= asked["items"][0].keys()
    assert (by_action["return.requested"]["sessionId"], by_action["return.requested"]["actor"]["type"]) == ("sess-meera", "customer")
    issued = says("refund.issued", "returnId", "refundAmount", "currency", "refundMethod")  # A17
    assert (issued["processorRef"], by_action["refund.issued"]["sessionId"]) == ("rfnd_A17", "sess-agent")


def test_c14_and_d3_every_word_of_the_documents_has_a_kind_of_ours() -> None:
    """And no kind has a name that is in no document."""
    words = VOCABULARY.values()
    assert {word.activity for word in words if word.activity} == set(ACTIVITIES)
    assert {word.stage for word in words if word.stage} == {
        "received", "validated", "reserved", "picked", "packed", "shipped", "delivered", "closed",
    }
    assert {"orders.submitted"} <= {word.tracking for word in words}


def test_a_discount_by_hand_is_spread_and_no_more_than_there_is() -> None:
    """E26: the sum is let off before tax; what it comes to is shown first and adds up."""
    order = makers.paid_order(lines=3)
    before = order.discount_minor
    staged = do(order, lambda op: edit.stage(op, order_id=order.pk, wish=edit.Wish(discount_minor=10_001)))
    do(order, lambda op: edit.commit(op, order_id=order.pk, edit_id=staged.pk))
    now = makers.again(order)
    assert now.discount_minor == before + 10_001 == sum(line.discount_minor for line in Line.objects.filter(order=order))
    assert now.total_minor == staged.preview["after"]["total"] < order.total_minor
    boss = makers.staff()
    answer = boss.post(f"/admin/orders/{order.number}/edits", {"discountAmount": now.subtotal_minor * 2})
    assert answer.status_code == 422, answer.content
    assert makers.read(boss.post(f"/admin/orders/{order.number}/edits", {"discountAmount": 100}), 201)["discountAmount"] == 100
