"""Stock, orders, parcels and money against a small reference model, whatever is done in whatever order.

A rule does one thing to the real shop and to the model (`goods_model`); where the real one refuses, the model must have
expected it or stays as it is. After every step: on hand is the sum of the movements and what the model says, 0 ≤ held ≤ on
hand, no more is sold than was received, every line's quantities add up, and so does the money. `make model-proof` takes tens
of thousands of steps.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from inventory import operations as stock
from inventory import reconciliation
from inventory.models import Level
from orders import as_of
from orders.models import Line, Order, OrderPayment
from orders.operations import cancel, fulfil, holds, pay, process, refund
from orders.operations import cancel_units as cancelling
from payments import operations as money
from payments import reconciliation as books
from payments.models import Refund
from shipping import operations as shipping
from shipping.models import Shipment
from tests import makers, shelves
from tests.flows.goods_model import HOME, Parcel, Shop
from timeline.errors import DomainError
from timeline.operations import operation

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "6"))
PROOF_EXAMPLES = 50
# To shrink what a long proof found takes minutes: it shows the steps as they were, unless it is asked to.
PHASES = (Phase.generate,) if EXAMPLES >= PROOF_EXAMPLES and not os.environ.get("MODEL_SHRINK") else tuple(Phase)
STEPS = int(os.environ.get("MODEL_STEPS", "20"))
SKUS = ("TEA", "POT")
PLACES = ("BLR-1", "DEL-1")
WITHIN = st.integers(0, 10_000)
DONE: Counter[str] = Counter()  # which rule was done, and which refused, so that a proof that proves nothing is seen
UNITS = st.integers(1, 4)
LIVE = ("booked", "labelled", "moving", "returning")
LEGAL = {
    "label": ("booked",), "dispatch": ("labelled",), "deliver": ("moving", "returning"), "lose": ("moving", "returning"),
    "call_back": ("moving",), "take_back": ("returning",),
}
FAR = st.sampled_from([0, 1, 2, 2, 2, 3])


class Goods(RuleBasedStateMachine):
    """Two products, two warehouses, and everything that happens to goods."""

    def __init__(self) -> None:
        super().__init__()
        # One example is one transaction, rolled back at its end; operations are durable in it as they are in a test.
        self.world = transaction.atomic()
        self.world._from_testcase = True  # type: ignore[attr-defined]
        self.world.__enter__()
        self.shop = Shop()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)

    @initialize(tea=st.integers(4, 20), pot=st.integers(0, 12), firsts=st.lists(st.tuples(UNITS, st.integers(0, 3), FAR), max_size=3))
    def open_shop(self, tea: int, pot: int, firsts: list[tuple[int, int, int]]) -> None:
        """Shelves with something on them, and some orders that have gone different ways already."""
        shelves.warehouse(PLACES[1], priority=20)
        for sku, units in zip(SKUS, (tea, pot), strict=True):
            shelves.product(sku, code=PLACES[0], price_minor=49_900, gst_rate_bp=1800, hsn="6204", units=units)
            self.shop.on_hand[sku] += units
            self.shop.received[sku] += units
        for tea_units, pot_units, far in firsts:
            self.place(tea_units, pot_units, far % 2 == 1, far)

    # --- stock -----------------------------------------------------------------------------------------------------

    @rule(sku=st.sampled_from(SKUS), code=st.sampled_from(PLACES), units=UNITS)
    def receive(self, sku: str, code: str, units: int) -> None:
        self.do(lambda op: stock.receive(op, warehouse_code=code, sku=sku, quantity=units, reason="purchase"))
        self.shop.on_hand[sku] += units
        self.shop.received[sku] += units

    @rule(
        what=st.sampled_from(["adjust", "transfer", "set aside", "repair", "scrap"]), sku=st.sampled_from(SKUS),
        code=st.sampled_from(PLACES), units=UNITS, more=st.booleans(),
    )
    def handle(self, what: str, sku: str, code: str, units: int, more: bool) -> None:
        """Somebody in a warehouse counts, carries, sets aside, mends or throws away."""
        other = next(place for place in PLACES if place != code)
        delta = units if more else -units
        where: dict[str, Any] = {"warehouse_code": code, "sku": sku}
        deeds: dict[str, Any] = {
            "adjust": lambda op: stock.adjust(op, **where, delta=delta, reason="count"),
            "transfer": lambda op: stock.transfer(op, from_code=code, to_code=other, sku=sku, quantity=units),
            "set aside": lambda op: stock.damage(op, **where, quantity=units),
            "repair": lambda op: stock.repair(op, **where, quantity=units),
            "scrap": lambda op: stock.scrap(op, **where, quantity=units),
        }
        done = self.attempt(what, deeds[what])
        assert done or what != "adjust" or delta < 0
        on_hand = {"adjust": delta, "set aside": -units, "repair": units}.get(what, 0)
        damaged = {"set aside": units, "repair": -units, "scrap": -units}.get(what, 0)
        if done:
            self.shop.on_hand[sku] += on_hand
            self.shop.damaged[sku] += damaged
            self.shop.received[sku] += delta if what == "adjust" else 0

    # --- orders ----------------------------------------------------------------------------------------------------

    @rule(tea=st.integers(0, 3), pot=st.integers(0, 3), is_cash=st.booleans(), far=FAR)
    def place(self, tea: int, pot: int, is_cash: bool, far: int) -> None:
        """Sold exactly when there is enough, over both warehouses; then paid, being packed, or shipped at once."""
        wanted = Counter({sku: units for sku, units in zip(SKUS, (tea, pot), strict=True) if units})
        if not wanted:
            return
        enough = all(self.shop.available(sku) >= units for sku, units in wanted.items())
        try:
            order = place(wanted, is_cash=is_cash)
        except stock.OutOfStock:
            assert not enough, "refused what was there"
            DONE["place, refused"] += 1
            return
        DONE["place"] += 1
        assert enough, "sold what was not there"
        self.shop.place(str(order.pk), wanted, is_cash=is_cash)
        place_ = len(self.shop.orders) - 1
        for step in (self.pay, self.start, self.ship_all)[:far]:
            step(place_)

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN)
    def pay(self, which: int) -> None:
        key, order = self.pick(which)
        if order.paid or order.is_cash or order.called_off:
            return
        makers.capture(Order.objects.get(pk=key))
        DONE["pay"] += 1
        order.paid = True

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN)
    def start(self, which: int) -> None:
        key, order = self.pick(which)
        if self.attempt("start", lambda op: process.start_processing(op, order_id=UUID(key)), on=key):
            assert order.paid or order.is_cash
            order.started = True

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN)
    def call_off(self, which: int) -> None:
        key, order = self.pick(which)
        if self.attempt("cancel", lambda op: cancel.cancel(op, order_id=UUID(key)), on=key):
            assert not order.called_off
            self.shop.call_off(key)

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN, tea=st.integers(0, 2), pot=st.integers(0, 2))
    def cancel_units(self, which: int, tea: int, pot: int) -> None:
        """Single units go: cancelled in a paid order, taken off an unpaid one; with the last one the order itself goes."""
        key, order = self.pick(which)
        lines = {line.sku: line.pk for line in Line.objects.filter(order_id=key)}
        wanted = Counter({sku: units for sku, units in zip(SKUS, (tea, pot), strict=True) if units and sku in lines})
        if not wanted:
            return
        is_paid = Order.objects.get(pk=key).paid_minor > 0
        items = {lines[sku]: units for sku, units in wanted.items()}
        if self.attempt("cancel units", lambda op: cancelling.cancel_units(op, order_id=UUID(key), items=items), on=key):
            assert not wanted - order.to_book(), "units are cancelled that are in a parcel"
            if wanted == order.ordered - order.cancelled:
                self.shop.call_off(key)
            elif is_paid:
                order.cancelled += wanted
            else:
                order.ordered -= wanted

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN, units=UNITS, restock=st.sampled_from(["none", "stock", "damaged"]), pot=st.booleans())
    def give_money_back(self, which: int, units: int, restock: str, pot: bool) -> None:
        key, _ = self.pick(which)
        sku = SKUS[pot]
        line = Line.objects.filter(order_id=key, sku=sku).first()
        if line is None:
            return
        kept = [{"order_item_id": line.pk, "quantity": units, "to": restock}]
        done = self.attempt(f"refund, goods: {restock}", lambda op: refund.give(
            op, order_id=UUID(key), reason="x", items={line.pk: units}, restock_lines=kept,
        ), on=key)
        if done and restock != "none":
            self.shop.give_back(key, Counter({sku: units}), damaged=restock == "damaged")

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN)
    def gateway_has_paid_out(self, which: int) -> None:
        waiting = list(Refund.objects.filter(status__in=["requested", "pending"]).order_by("created_at", "id"))
        if not waiting:
            return
        row = waiting[which % len(waiting)]
        self.attempt("refund paid out", lambda op: money.finish_refund(
            op, refund_id=row.pk, gateway_refund_id=f"rfnd_{row.pk.hex[-14:]}"
        ), on=row.stream)
        self.do_on(row.stream, lambda op: pay.follow(op, order_id=UUID(row.stream)))  # as the subscriber of `refund.processed` does

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN, release=st.booleans())
    def hold_or_let_go(self, which: int, release: bool) -> None:
        key, _ = self.pick(which)
        if not release:
            self.attempt("hold", lambda op: holds.hold(op, order_id=UUID(key), reason="other", note=None), on=key)
            return
        for hold in Order.objects.get(pk=key).holds.filter(released_at=None):
            self.do_on(key, lambda op, hold=hold: holds.release(op, order_id=UUID(key), hold_id=hold.pk))

    # --- parcels ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN, tea=st.integers(0, 3), pot=st.integers(0, 3))
    def book(self, which: int, tea: int, pot: int) -> None:
        key, order = self.pick(which)
        wanted = Counter({sku: units for sku, units in zip(SKUS, (tea, pot), strict=True) if units and order.ordered[sku]})
        lines = {line.sku: line.pk for line in Line.objects.filter(order_id=key)}
        items = {lines[sku]: units for sku, units in wanted.items()} or None
        made: list[Any] = []
        if self.attempt("book", lambda op: made.append(fulfil.book(op, order_id=UUID(key), items=items)), on=key):
            taken = contents(made[0])
            assert taken, "an empty parcel"
            assert taken == wanted or not wanted, "another parcel than was asked for"
            assert not taken - order.to_book(), "more units in parcels than are to be shipped"
            order.parcels[str(made[0].pk)] = Parcel(taken)

    @precondition(lambda self: self.shop.orders)
    @rule(which=WITHIN)
    def ship_all(self, which: int) -> None:
        key, order = self.pick(which)
        rest = Counter(order.to_book())
        if not self.attempt("ship all", lambda op: fulfil.ship_all(op, order_id=UUID(key)), on=key):
            return
        new = {str(parcel.pk): contents(parcel) for parcel in Shipment.objects.filter(stream=key).exclude(pk__in=list(order.parcels))}
        assert sum(new.values(), Counter()) == rest, "what is shipped is what was left, over however many warehouses"
        order.parcels |= {pk: Parcel(units) for pk, units in new.items()}
        for pk, parcel in order.parcels.items():
            if parcel.where in HOME:
                self.shop.leave(key, pk)

    @precondition(lambda self: any(order.parcels for order in self.shop.orders.values()))
    @rule(which=WITHIN, what=st.sampled_from(sorted(LEGAL)))
    def try_with_a_parcel(self, which: int, what: str) -> None:
        """Anything with any parcel: it fits or is refused."""
        every = [(key, pk) for key, order in self.shop.orders.items() for pk in order.parcels]
        self.move_parcel(*every[which % len(every)], what)

    @precondition(lambda self: self.under_way())
    @rule(which=WITHIN, fate=st.sampled_from(["deliver", "deliver", "deliver", "call_back", "lose"]))
    def move_on(self, which: int, fate: str) -> None:
        """A parcel goes on; what is on the road meets its fate."""
        key, pk = self.under_way()[which % len(self.under_way())]
        where = self.shop.orders[key].parcels[pk].where
        back = "lose" if fate == "lose" else "take_back"
        self.move_parcel(key, pk, {"booked": "label", "labelled": "dispatch", "moving": fate, "returning": back}[where])

    @precondition(lambda self: self.under_way())
    @rule(which=WITHIN)
    def move_on_well(self, which: int) -> None:
        self.move_on(which, "deliver")

    def under_way(self) -> list[tuple[str, str]]:
        """Parcels something may yet become of."""
        return [
            (key, pk) for key, order in self.shop.orders.items() for pk, parcel in order.parcels.items() if parcel.where in LIVE
        ]

    def move_parcel(self, key: str, pk: str, what: str) -> None:
        """One thing with one parcel, and the model after it when it was done."""
        parcel = self.shop.orders[key].parcels[pk]
        order_id, shipment_id = UUID(key), UUID(pk)
        deeds: dict[str, Any] = {
            "label": lambda op: (shipping.label_by_hand(op, shipment_id=shipment_id), fulfil.settle(op, order_id=order_id)),
            "dispatch": lambda op: fulfil.dispatch(op, order_id=order_id, shipment_id=shipment_id),
            "deliver": lambda op: fulfil.deliver(op, order_id=order_id, shipment_id=shipment_id),
            "lose": lambda op: (shipping.lose(op, shipment_id=shipment_id), fulfil.settle(op, order_id=order_id)),
            "call_back": lambda op: (shipping.bring_back(op, shipment_id=shipment_id), fulfil.settle(op, order_id=order_id)),
            "take_back": lambda op: fulfil.take_back(op, order_id=order_id, shipment_id=shipment_id),
        }
        if not self.attempt(what, deeds[what], on=key):
            return
        assert parcel.where in LEGAL[what], f"{what} of a parcel that is {parcel.where}"
        if what == "dispatch":
            self.shop.leave(key, pk)
        elif what == "take_back":
            self.shop.come_back(key, pk)
        else:
            parcel.where = {"label": "labelled", "deliver": "delivered", "lose": "lost", "call_back": "returning"}[what]

    # --- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def stock_is_what_the_model_says(self) -> None:
        levels = Level.objects.values("variant__sku").annotate(on_hand=Sum("on_hand"), held=Sum("held"), damaged=Sum("damaged"))
        found = {row["variant__sku"]: (row["on_hand"], row["held"], row["damaged"]) for row in levels}
        held = self.shop.held()
        for sku in SKUS:
            expected = (self.shop.on_hand[sku], held[sku], self.shop.damaged[sku])
            assert found.get(sku, (0, 0, 0)) == expected, f"{sku}: on hand, held, damaged"
        assert all(0 <= level.held <= level.on_hand and level.damaged >= 0 for level in Level.objects.all())
        assert reconciliation.differences() == []

    @invariant()
    def no_more_is_sold_than_was_received(self) -> None:
        for sku in SKUS:
            sold = sum(order.left[sku] - order.returned[sku] for order in self.shop.orders.values())
            assert sold + self.shop.on_hand[sku] + self.shop.damaged[sku] <= self.shop.received[sku]

    @invariant()
    def every_line_adds_up(self) -> None:
        for line in Line.objects.all():
            order = self.shop.orders[str(line.order_id)]
            counted = {
                "shipped": line.quantity_shipped, "delivered": line.quantity_delivered, "cancelled": line.quantity_cancelled,
                "returned": line.quantity_returned,
            }
            expected = {
                "shipped": order.shipped()[line.sku], "delivered": order.within("delivered")[line.sku],
                "cancelled": order.cancelled[line.sku], "returned": order.returned[line.sku],
            }
            assert counted == expected
            assert line.quantity == order.ordered[line.sku]
            assert line.quantity == line.to_ship + line.quantity_shipped + line.quantity_cancelled
            assert line.to_ship >= 0
            assert line.quantity_delivered <= line.quantity_shipped
            assert line.quantity_returned <= line.quantity_shipped

    @invariant()
    def the_state_is_what_the_lines_say(self) -> None:
        for order in Order.objects.prefetch_related("lines"):
            lines = list(order.lines.all())
            if order.status in ("shipped", "delivered"):
                assert all(line.to_ship == 0 for line in lines)
            if order.status == "delivered":
                assert all(line.quantity_delivered == line.quantity - line.quantity_cancelled for line in lines)
            assert (order.status == "cancelled") == self.shop.orders[str(order.pk)].called_off

    @invariant()
    def the_money_adds_up(self) -> None:
        assert books.differences() == []
        for link in OrderPayment.objects.select_related("payment", "order"):
            payment, order = link.payment, link.order
            assert order.total_minor == order.subtotal_minor - order.discount_minor + order.gst_minor + order.shipping_minor
            assert payment.refunded_minor + payment.pending_refund_minor <= payment.captured_minor <= order.total_minor

    @invariant()
    def the_events_fold_to_the_rows(self) -> None:
        """D4: what happened, told from the book alone, is what stands in the tables."""
        assert [gap for _, gap in as_of.gaps(list(Order.objects.all()))] == []

    # --- how it is done --------------------------------------------------------------------------------------------

    def pick(self, which: int) -> tuple[str, Any]:
        keys = list(self.shop.orders)
        key = keys[which % len(keys)]
        return key, self.shop.orders[key]

    def do(self, deed: Any) -> None:
        self.do_on(None, deed)

    def do_on(self, stream: str | None, deed: Any) -> None:
        with operation("model.step", actor=makers.STAFF, stream=stream) as op:
            deed(op)

    def attempt(self, what: str, deed: Any, *, on: str | None = None) -> bool:
        """Whether it was done; a refusal must leave everything as it was, which the invariants see."""
        try:
            self.do_on(on, deed)
        except DomainError:
            DONE[f"{what}, refused"] += 1
            return False
        DONE[what] += 1
        return True


def contents(parcel: Shipment) -> Counter[str]:
    """The units of a parcel by SKU."""
    found: Counter[str] = Counter()
    for item in parcel.contents:
        found[item["sku"]] += item["quantity"]
    return found


def place(wanted: Counter[str], *, is_cash: bool) -> Order:
    """A checkout of these units, completed."""
    from orders import checkout
    from orders.operations import numbers

    person_id = UUID(int=int.from_bytes(os.urandom(16), "big"), version=4)
    actor = makers.shopper(person_id)
    with operation("model.checkout", actor=actor) as op:
        pk = op.new_id()
        op.open_stream(str(pk))
        wants = [checkout.Wish(sku, units, {}) for sku, units in wanted.items()]
        checkout.start(op, checkout_id=pk, person_id=person_id, kind="customer", channel="web", wants=wants)
    changes = {
        "email": "meera@example.com", "shippingAddress": makers.address(), "paymentMethod": "cod" if is_cash else "razorpay",
    }
    with operation("model.amend", actor=actor, stream=str(pk)) as op:
        checkout.amend(op, checkout_id=pk, changes=changes)
    number = numbers.take(actor=actor)
    with operation("model.complete", actor=actor, stream=str(pk)) as op:
        return checkout.complete(op, checkout_id=pk, number=number).order


@pytest.mark.django_db
def test_goods_against_the_model() -> None:
    run_state_machine_as_test(
        Goods,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck),
            print_blob=True, phases=PHASES, database=None, derandomize=EXAMPLES < PROOF_EXAMPLES,
        ),
    )
    if EXAMPLES >= PROOF_EXAMPLES:
        print(f"goods against the model: {sum(DONE.values())} deeds;", ", ".join(f"{what} {n}" for what, n in sorted(DONE.items())))  # noqa: T201 a proof says what it did
