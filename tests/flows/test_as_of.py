"""Any order as it stood at any instant, and as it was known then: folded from its events, equal to its rows (A1, D4, E32)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config import doctor
from orders import as_of, folding
from orders.models import Fulfilment, Line, Order, OrderPayment, OrderTag, Return
from orders.operations import (
    cancel,
    cancel_units,
    disposition,
    edit,
    fulfil,
    holds,
    notes,
    packing,
    pay,
    planning,
    process,
    refund,
    return_goods,
    returns,
    sorting,
)
from orders.operations.return_goods import Graded
from payments import operations as money
from payments.models import Payment, Refund
from shipping import operations as parcels
from shipping.models import Shipment
from tests import makers
from tests.flows.test_every_activity import long_life
from tests.makers import read
from tests.returns.makers import items
from tests.thorough import many
from timeline import relay
from timeline.errors import DomainError
from timeline.models import Delivery, Event
from timeline.operations import Operation, operation

pytestmark = pytest.mark.django_db(transaction=True)

Deed = Callable[[Operation, Order, int], Any]


def _first(rows: Any, which: int) -> Any:
    found = list(rows)
    if not found:
        raise DomainError("There is none.")
    return found[which % len(found)]


def _line(order: Order, which: int) -> Line:
    found: Line = _first(Line.objects.filter(order=order, quantity__gt=0).order_by("place"), which)
    return found


def _capture(op: Operation, order: Order, which: int) -> None:
    payment = _first(Payment.objects.filter(stream=str(order.pk), status__in=("opening", "created", "failed", "authorized")), which)
    if payment.status == "opening":
        money.accept(op, payment_id=payment.pk, gateway_order_id=f"order_{payment.pk.hex[:14]}")
    money.capture(
        op, payment_id=payment.pk, gateway_payment_id=f"pay_{payment.pk.hex[:14]}", amount_minor=payment.amount_minor,
        currency="INR", method="upi",
    )
    pay.follow(op, order_id=order.pk)


def _fail(op: Operation, order: Order, which: int) -> None:
    payment = _first(Payment.objects.filter(stream=str(order.pk)), which)
    money.fail(op, payment_id=payment.pk, code="declined", reason="no funds")
    pay.follow(op, order_id=order.pk)


def _edit(op: Operation, order: Order, which: int) -> None:
    line = _line(order, which)
    wish = edit.Wish(quantities={line.pk: which % (line.quantity + 2)}, discount_minor=which % 3 * 100)
    edit.commit(op, order_id=order.pk, edit_id=edit.stage(op, order_id=order.pk, wish=wish).pk)


def _move(op: Operation, order: Order, which: int) -> None:
    row = _first(Fulfilment.objects.filter(order=order, shipment__isnull=False).order_by("created_at"), which)
    verbs: list[Callable[[], Any]] = [
        lambda: fulfil.dispatch(op, order_id=order.pk, shipment_id=row.shipment_id),
        lambda: fulfil.deliver(op, order_id=order.pk, shipment_id=row.shipment_id, delivered_to="Meera"),
        lambda: parcels.bring_back(op, shipment_id=row.shipment_id),
        lambda: fulfil.take_back(op, order_id=order.pk, shipment_id=row.shipment_id),
        lambda: parcels.lose(op, shipment_id=row.shipment_id, claim_minor=0),
        lambda: disposition.reship(op, order_id=order.pk, fulfilment_id=row.pk),
        lambda: disposition.give_back(op, order_id=order.pk, fulfilment_id=row.pk, reason="Lost"),
    ]
    fits = {
        Shipment.Status.LABELLED: (0,), Shipment.Status.SHIPPED: (1, 1, 2, 4), Shipment.Status.RETURNING: (3,),
        Shipment.Status.LOST: (5, 6), Shipment.Status.RETURNED: (5, 6),
    }.get(row.shipment.status, (1,))
    verbs[fits[which % len(fits)]]()
    fulfil.settle(op, order_id=order.pk)


def _book(op: Operation, order: Order, which: int) -> None:
    ground = planning.plan(op, order_id=order.pk)
    row = _first(ground.ready(), which)
    packing.pack(op, order_id=order.pk, fulfilment_id=row.pk, carrier="own_fleet")
    found = Fulfilment.objects.get(pk=row.pk)
    if found.shipment_id is not None:
        parcels.label_by_hand(op, shipment_id=found.shipment_id)
    fulfil.settle(op, order_id=order.pk)


def _give(op: Operation, order: Order, which: int) -> None:
    line = _line(order, which)
    wishes: list[dict[str, Any]] = [
        {"items": {line.pk: 1}, "restock": True}, {"amount_minor": 1 + which % 5_000}, {"items": {line.pk: 1}},
    ]
    refund.give(op, order_id=order.pk, reason="x", **wishes[which % 3])


def _pay_out(op: Operation, order: Order, which: int) -> None:
    row = _first(Refund.objects.filter(stream=str(order.pk), status="pending"), which)
    if which % 3:
        money.finish_refund(op, refund_id=row.pk, gateway_refund_id=f"rfnd_{row.pk.hex[:14]}")
    else:
        money.fail_refund(op, refund_id=row.pk, code="no", reason="no")
    pay.follow(op, order_id=order.pk)


def _return(op: Operation, order: Order, which: int) -> None:
    open_ = Return.objects.filter(order=order, status__in=("approved", "received")).first()
    if open_ is None:
        ret = returns.ask(op, order_id=order.pk, items=items(order)[: 1 + which % 2])
        if ret.status == "requested":
            returns.approve(op, return_id=ret.pk)
    elif open_.status == "approved":
        return_goods.receive(op, return_id=open_.pk)
    else:
        grades = [Graded(row.line_id, row.received, "new", "restock") for row in open_.lines.all() if row.received]
        return_goods.inspect(op, return_id=open_.pk, units=grades)


def _hold(op: Operation, order: Order, which: int) -> None:
    hold = order.holds.filter(released_at=None).first()
    if hold is not None:
        holds.release(op, order_id=order.pk, hold_id=hold.pk)
    elif which % 3 == 0:
        holds.hold(op, order_id=order.pk, reason="fraud")


DEEDS: dict[str, Deed] = {
    "capture": _capture, "fail": _fail, "edit": _edit, "book": _book, "move": _move, "give": _give, "pay out": _pay_out,
    "return": _return, "hold": _hold,
    "process": lambda op, order, _: process.start_processing(op, order_id=order.pk),
    "ship": lambda op, order, _: fulfil.ship_all(op, order_id=order.pk),
    "deliver": lambda op, order, _: fulfil.deliver_all(op, order_id=order.pk),
    "cancel units": lambda op, order, which: cancel_units.cancel_units(
        op, order_id=order.pk, items={_line(order, which).pk: 1}, code="other"
    ),
    "cancel": lambda op, order, _: cancel.cancel(op, order_id=order.pk, code="other"),
    "note": lambda op, order, _: notes.add(op, order_id=order.pk, note="x"),
}
OFTEN = ["capture", "process", "book", "move", "move", "ship", "deliver", "return", "return", "pay out"]
STEPS = st.lists(st.tuples(st.sampled_from([*OFTEN, *DEEDS]), st.integers(0, 10**6)), min_size=6, max_size=22)


def picture(order: Order) -> dict[str, Any]:
    """What the rows say now."""
    row = makers.again(order)
    return {
        "status": str(row.status), "money": row.payment_state, "goods": row.fulfilment_state, "held": row.on_hold,
        "sums": (row.total_minor, row.discount_minor, row.paid_minor, row.refunded_minor, row.item_count, row.revision),
        "units": {
            line.pk.hex: (line.quantity, line.quantity_shipped, line.quantity_delivered, line.quantity_cancelled, line.quantity_returned)
            for line in Line.objects.filter(order=order)
        },
    }


def folded(stand: folding.Stand) -> dict[str, Any]:
    """The same of a fold."""
    told = stand.columns
    return {
        "status": stand.status, "money": stand.payment_state, "goods": stand.fulfilment_state, "held": stand.on_hold,
        "sums": (
            told["total_minor"], told["discount_minor"], stand.paid_minor, stand.refunded_minor, told["item_count"], told["revision"],
        ),
        "units": {key: (i.quantity, i.shipped, i.delivered, i.cancelled, i.returned) for key, i in stand.items.items()},
    }


def gaps(order: Order) -> list[as_of.Gap]:
    return [gap for _, gap in as_of.gaps([makers.again(order)])]


@settings(max_examples=many(24), deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(steps=STEPS, is_cash=st.booleans())
def test_random_histories_fold_to_the_rows_at_every_step_and_to_what_they_were(steps: list[tuple[str, int]], is_cash: bool) -> None:
    order = makers.placed_order(lines=2, quantity=3, payment_method="cod" if is_cash else "razorpay")
    pictures: list[tuple[int, dict[str, Any]]] = []
    for word, which in steps:
        try:
            with operation("test.step", actor=makers.STAFF, stream=str(order.pk)) as op:
                DEEDS[word](op, makers.again(order), which)
        except DomainError:
            continue
        assert gaps(order) == [], word
        pictures.append((Event.objects.filter(stream=str(order.pk)).count(), picture(order)))
    for version, seen in pictures:
        assert folded(as_of.view(order.pk, version=version).stand) == seen


def test_what_an_outside_reader_asks_of_an_instant() -> None:
    """`asOf` is when it happened, `known` is what was on record: a delivery that is told late is both."""
    order = makers.shipped_order()
    boss = makers.staff()
    at = f"/admin/orders/{order.number}"
    parcel = Shipment.objects.get(stream=str(order.pk))
    late = Event.objects.filter(stream=str(order.pk)).order_by("-id")[0].recorded_at
    with operation("test.deliver", actor=makers.STAFF, stream=str(order.pk)) as op:
        fulfil.deliver(op, order_id=order.pk, shipment_id=parcel.pk, at=late - timedelta(minutes=0))
        arrived = op.now
    now = read(boss.get(at))
    told = read(boss.get(at, asOf=arrived.isoformat()))
    same = ("id", "orderNumber", "status", "stage", "paymentState", "fulfilmentState", "onHold", "customerId", "total", "subtotal",
            "discountAmount", "gstAmount", "gst", "shippingCost", "paidAmount", "refundedAmount", "version", "shippingAddress",
            "billingAddress", "channel", "currency", "deliveredAt", "createdAt")
    assert {name: told[name] for name in same} == {name: now[name] for name in same}
    assert told["unknown"] == []
    lines = ("id", "sku", "name", "quantity", "price", "total", "gstAmount", "quantityShipped", "quantityDelivered", "quantityReturned")
    assert [[row[name] for name in lines] for row in told["items"]] == [[row[name] for name in lines] for row in now["items"]]

    before = read(boss.get(at, asOf=arrived.isoformat(), known=late.isoformat()))
    assert (before["status"], before["shipments"][0]["status"]) == ("shipped", "shipped"), "nobody had heard of it yet"
    happened = read(boss.get(at, asOf=late.isoformat()))
    assert happened["shipments"][0]["status"] == "delivered", "it had happened"
    placed = Event.objects.get(stream=str(order.pk), kind="order.placed").recorded_at
    first = read(boss.get(at, known=placed.isoformat()))
    assert (first["status"], first["paidAmount"], first["shipments"]) == ("pending", 0, [])
    assert boss.get(at, asOf=(placed - timedelta(seconds=1)).isoformat()).status_code == 404
    assert boss.get(at, asOf="yesterday").status_code == 400
    assert boss.get(at, when="2026-01-01").status_code == 400


def test_what_was_seen_while_it_lived_is_what_is_read_of_then() -> None:
    """Tags, who looks after it, holds with their ends, and every part by the id it goes by: compared with answers kept at each step."""
    order, staff = makers.paid_order(), makers.staff()
    at = f"/admin/orders/{order.number}"
    makers.member("asha")
    seen = [makers.read(staff.get(at))]

    def then(answer: Any, status: int = 200) -> Any:
        found = makers.read(answer, status)
        seen.append(makers.read(staff.get(at)))
        return found

    then(staff.post(f"{at}/tags", {"add": ["gift", "late"]}))
    held = then(staff.post(f"{at}/holds", {"reason": "address"}, key=True), 201)
    then(staff.post(f"{at}/assign", {"assignee": "asha"}))
    then(staff.post(f"{at}/tags", {"remove": ["late"]}))
    then(staff.delete(f"{at}/holds/{held['id']}"))
    then(staff.post(f"{at}/assign", {"assignee": ""}))
    then(staff.patch(f"{at}/status", {"status": "processing"}))
    then(staff.patch(f"{at}/status", {"status": "shipped", "carrier": "Post", "trackingNumber": "X-1"}))
    for living in seen:
        folded = makers.read(staff.get(at, asOf=living["updatedAt"], known=living["updatedAt"]))
        for name in ("version", "status", "stage", "paymentState", "fulfilmentState", "onHold", "tags", "assignee", "total", "customerId"):
            assert folded[name] == living[name], (living["version"], name)
        assert [part["id"] for part in folded["payments"]] == [part["id"] for part in living["payments"]]
        for name, words in (("holds", ("id", "reason", "createdAt", "releasedAt")), ("shipments", ("id", "status", "trackingNumber")),
                            ("items", ("id", "sku", "hsn", "gstRate", "quantity", "quantityShipped", "total"))):
            assert [[part[word] for word in words] for part in folded[name]] == [[part[word] for word in words] for part in living[name]]


def test_an_order_is_delivered_when_its_parcel_was_and_not_when_somebody_told() -> None:
    """B34, D4: told an hour late, it was delivered in that hour already, as a whole: state, date and event."""
    order, staff = makers.shipped_order(), makers.staff()
    at = f"/admin/orders/{order.number}"
    parcel = Shipment.objects.get(stream=str(order.pk))
    assert parcel.shipped_at is not None
    arrived = parcel.shipped_at + timedelta(microseconds=7)
    makers.read(staff.post(f"/admin/shipments/{parcel.pk}/deliver", {"at": arrived.isoformat()}))
    now = makers.read(staff.get(at))
    assert now["deliveredAt"] == now["shipments"][0]["deliveredAt"] == arrived.isoformat().replace("+00:00", "Z")
    assert Event.objects.get(stream=str(order.pk), kind="order.delivered").occurred_at == arrived
    then = makers.read(staff.get(at, asOf=arrived.isoformat()))
    assert (then["status"], then["fulfilmentState"], then["deliveredAt"]) == ("delivered", "delivered", now["deliveredAt"])
    before = makers.read(staff.get(at, asOf=parcel.shipped_at.isoformat()))
    assert (before["status"], before["fulfilmentState"], before["deliveredAt"]) == ("shipped", "fulfilled", None)
    assert list(as_of.gaps([makers.again(order)])) == []


def test_nothing_arrives_before_it_left_nor_leaves_before_it_was_ordered() -> None:
    """A moment that cannot be is refused in words and changes nothing; the minute in which it left is coarse, and good."""
    order, staff = makers.shipped_order(), makers.staff()
    parcel = Shipment.objects.get(stream=str(order.pk))
    assert parcel.shipped_at is not None
    for at in (parcel.shipped_at - timedelta(hours=1), parcel.shipped_at - timedelta(days=4000)):
        refused = makers.read(staff.post(f"/admin/shipments/{parcel.pk}/deliver", {"at": at.isoformat()}), 422)
        assert (refused["type"], refused["errors"][0]["pointer"]) == ("/problems/before-it-left", "#/at")
    assert makers.again(order).status == "shipped"
    minute = parcel.shipped_at.replace(second=0, microsecond=0)
    assert makers.read(staff.post(f"/admin/shipments/{parcel.pk}/deliver", {"at": minute.isoformat()}))["status"] == "delivered"
    assert makers.again(order).delivered_at == parcel.shipped_at

    other = makers.processing_order()
    made = makers.read(staff.post(f"/admin/orders/{other.number}/shipments", {"carrier": "own_fleet"}, key=True), 201)
    relay.drain()
    early = other.created_at - timedelta(minutes=2)
    refused = makers.read(staff.post(f"/admin/shipments/{made['id']}/dispatch", {"at": early.isoformat()}), 422)
    assert refused["type"] == "/problems/before-placement"


def test_the_doctor_misses_a_tag_that_nobody_took_off() -> None:
    order = makers.placed_order()
    with operation("test.tag", actor=makers.TESTER, stream=str(order.pk)) as op:
        sorting.tag(op, order_id=order.pk, tags=["gift"])
    OrderTag.objects.all().delete()
    assert [(gap.field, gap.told, gap.there) for _, gap in as_of.gaps([makers.again(order)])] == [("tags", ["gift"], [])]


def test_the_doctor_names_the_row_and_the_field_that_is_not_what_happened() -> None:
    """A row that was changed beside the door is found by folding; a sound one is not blamed."""
    order = long_life()
    Delivery.objects.update(state=Delivery.State.DONE)
    assert list(doctor.orders_fold_to_their_rows()) == []
    Order.objects.filter(pk=order.pk).update(paid_minor=order.paid_minor + 1)
    line = Line.objects.filter(order=order)[0]
    Line.objects.filter(pk=line.pk).update(quantity_returned=0)
    said = dict(doctor.orders_fold_to_their_rows())
    assert f"{order.number}: {order.number} paid_minor" in said
    assert f"{order.number}: line {line.pk.hex} quantity_returned" in said


def test_old_events_fold_and_say_what_they_do_not_tell() -> None:
    """Facts that were not written then are unknown, never wrong."""
    order = long_life()
    events = []
    for event in as_of.told(order.pk):
        facts = dict(event.facts)
        for name in ("gst", "channel", "customer_id", "shipping_address_id", "billing_address_id"):
            facts.pop(name, None)
        facts["contents"] = [{k: v for k, v in row.items() if k != "order_item_id"} for row in facts.get("contents", ())]
        events.append(SimpleNamespace(**{name: getattr(event, name) for name in folding.Said.__annotations__} | {"facts": facts}))
    old = folding.fold(events)
    assert old is not None
    assert (old.columns["shipping_address_id"], old.status) == (None, str(makers.again(order).status))
    new = as_of.view(order.pk).stand
    assert folded(old) == folded(new), "two lines of different SKUs still name their units"


def test_the_cost_does_not_grow_with_the_orders(django_assert_num_queries: Any) -> None:
    orders = [makers.delivered_order(lines=1), makers.paid_order(lines=2)]
    with django_assert_num_queries(10):
        assert list(as_of.gaps(orders)) == []
    assert OrderPayment.objects.count() == 2
