"""Every reachable state of an order, built by operations, asked what may still be changed: as the table says (docs/lifecycle.md).

The ways are those of `orders.automaton`. They are driven as one tree, each branch in a savepoint that is rolled back, so that a
common beginning is made once. After every step the order is what the automaton says, and money and stock add up.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.db.models import Sum

from inventory import reconciliation as levels
from inventory.models import Hold, Level
from orders import automaton
from orders.automaton import ARRIVED, BACK, BOOKED, LABELLED, MOVING, OFF, QUESTIONS, RETURNING, State
from orders.models import Fulfilment, Line, Order, OrderHold, OrderPayment
from orders.operations import (
    axes,
    balance,
    cancel,
    cancel_units,
    confirm,
    edit,
    fulfil,
    holds,
    pay,
    process,
    refund,
    returns,
)
from orders.operations.edit import Wish
from payments import journal
from payments import operations as money
from payments.models import Payment, Refund
from shipping import operations as parcels
from tests import makers
from tests.thorough import THOROUGH
from timeline.errors import DomainError
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from timeline.operations import Operation

pytestmark = [
    pytest.mark.django_db, pytest.mark.skipif(not (THOROUGH or os.environ.get("LIFECYCLE")), reason="make lifecycle, make test-postgres"),
]
_numbers = itertools.count(1)
_PLACES = {BOOKED: "booked", LABELLED: "labelled", MOVING: "shipped", ARRIVED: "delivered", RETURNING: "returning", BACK: "returned"}
Key = tuple[State, tuple[str, ...]]


def targets() -> dict[tuple[Any, ...], Key]:
    """One state for each status, payment, fulfilment and hold, and for each answer that differs within them.

    `make test` takes one of each row of the table, whatever its payment and hold; `make lifecycle` takes every one.
    """
    found: dict[tuple[Any, ...], Key] = {}
    for state, way in automaton.explore().items():
        answers = tuple(question.answer(state) for question in QUESTIONS)
        key = state.key if EVERY else (state.status, state.at_door, state.fulfilment_state, state.has_free)
        found.setdefault((*key, answers), (state, way))
    return found


EVERY = bool(os.environ.get("LIFECYCLE"))
TARGETS = targets()


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """What happens within leaves nothing; operations may open their own transaction inside, as in any test."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


class Walk:
    """One order that is driven along the ways of the automaton."""

    def __init__(self, order: Order) -> None:
        self.order = order

    def run(self, work: Callable[[Operation], Any]) -> Any:
        with operation("test.walk", actor=makers.STAFF, stream=str(self.order.pk)) as op:
            return work(op)

    def payment(self) -> Payment:
        return OrderPayment.objects.select_related("payment").filter(order=self.order).order_by("id")[0].payment

    def lines(self) -> list[Line]:
        return list(Line.objects.filter(order=self.order).order_by("place"))

    def parcel(self, state: State, word: str) -> UUID:
        line = self.lines()[state.units.index(word)]
        found = Fulfilment.objects.select_related("shipment").filter(order=self.order, lines__line=line, shipment__status=_PLACES[word])
        pk = found.latest("created_at").shipment_id
        assert pk is not None
        return pk

    def step(self, name: str, state: State) -> None:
        """What happens, by the operations that make it happen."""
        getattr(self, name)(state)

    def follow(self, work: Callable[[Operation], Any]) -> None:
        def both(op: Operation) -> None:
            work(op)
            pay.follow(op, order_id=self.order.pk)

        self.run(both)

    def accepted(self) -> dict[str, Any]:
        payment = self.payment()
        if payment.status == "opening":
            self.run(lambda op: money.accept(op, payment_id=payment.pk, gateway_order_id=f"order_{payment.pk.hex[-14:]}"))
        return {"payment_id": payment.pk, "amount_minor": payment.amount_minor, "currency": "INR", "method": "card",
                "gateway_payment_id": f"pay_{payment.pk.hex[-14:]}"}

    def authorise(self, _: State) -> None:
        words = self.accepted()
        self.follow(lambda op: money.authorise(op, **words))

    def capture(self, _: State) -> None:
        words = self.accepted()
        self.follow(lambda op: money.capture(op, **words))

    def fail(self, _: State) -> None:
        self.accepted()
        self.follow(lambda op: money.fail(op, payment_id=self.payment().pk, code="no", reason="no"))

    def doubt(self, _: State) -> None:
        self.follow(lambda op: money.doubt(op, payment_id=self.payment().pk))

    def confirm(self, _: State) -> None:
        self.run(lambda op: confirm.confirm(op, order_id=self.order.pk, by_hand=True))

    def start_processing(self, _: State) -> None:
        self.run(lambda op: process.start_processing(op, order_id=self.order.pk))

    def book(self, state: State) -> None:
        line = self.lines()[state.units.index("shelf")]
        self.run(lambda op: fulfil.book(op, order_id=self.order.pk, items={line.pk: 1}))

    def label(self, state: State) -> None:
        self.settle(lambda op: parcels.label_by_hand(op, shipment_id=self.parcel(state, BOOKED)))

    def dispatch(self, state: State) -> None:
        parcel = self.parcel(state, LABELLED)
        self.run(lambda op: fulfil.dispatch(op, order_id=self.order.pk, shipment_id=parcel))

    def deliver(self, state: State) -> None:
        parcel = self.parcel(state, MOVING)
        self.run(lambda op: fulfil.deliver(op, order_id=self.order.pk, shipment_id=parcel))

    def bring_back(self, state: State) -> None:
        self.settle(lambda op: parcels.bring_back(op, shipment_id=self.parcel(state, MOVING)))

    def take_back(self, state: State) -> None:
        parcel = self.parcel(state, RETURNING)
        self.run(lambda op: fulfil.take_back(op, order_id=self.order.pk, shipment_id=parcel))

    def settle(self, work: Callable[[Operation], Any]) -> None:
        def both(op: Operation) -> None:
            work(op)
            fulfil.settle(op, order_id=self.order.pk)

        self.run(both)

    def refund_some(self, state: State) -> None:
        self.give(state, 100)

    def refund_rest(self, state: State) -> None:
        self.give(state, self.payment().refundable_minor)

    def give(self, state: State, amount_minor: int) -> None:
        self.run(lambda op: refund.give(
            op, order_id=self.order.pk, amount_minor=amount_minor, reason="x", initiate_payment_refund=not state.at_door
        ))
        self.money_goes_back(state)

    def money_goes_back(self, _: State) -> None:
        for row in Refund.objects.filter(stream=str(self.order.pk), status="pending"):
            self.follow(lambda op, pk=row.pk: money.finish_refund(op, refund_id=pk, gateway_refund_id=f"rfnd_{pk.hex[-14:]}"))  # type: ignore[misc]

    def dispute(self, _: State) -> None:
        self.decide("open", f"disp_{next(_numbers):014d}")

    def win(self, _: State) -> None:
        known = self.payment().disputes.get(status="open")
        self.decide("won", str(known.gateway_dispute_id))

    def decide(self, word: str, dispute_id: str) -> None:
        payment = self.payment()
        seen: Any = SimpleNamespace(
            id=dispute_id, payment_id=payment.gateway_payment_id or "", amount_minor=payment.amount_minor, currency="INR", status=word,
            reason_code="fraud", phase="chargeback", respond_by=None, deducted_minor=0,
            created_at=payment.captured_at,
        )
        self.follow(lambda op: money.merge_dispute(op, payment_id=payment.pk, seen=seen))

    def hold(self, _: State) -> None:
        self.run(lambda op: holds.hold(op, order_id=self.order.pk, reason="other"))

    def release(self, _: State) -> None:
        row = OrderHold.objects.get(order=self.order, released_at=None)
        self.run(lambda op: holds.release(op, order_id=self.order.pk, hold_id=row.pk))

    def cancel(self, _: State) -> None:
        self.run(lambda op: cancel.cancel(op, order_id=self.order.pk))

    def ask(self, name: str, state: State) -> None:
        """Try what the question asks for."""
        pk = self.order.pk
        there, free = makers.address(line1="7 Temple Street"), [place for place, unit in enumerate(state.units) if unit == "shelf"]
        line = self.lines()[free[-1] if free else 1]
        came = self.lines()[state.units.index(ARRIVED) if ARRIVED in state.units else 0]
        tries: dict[str, Callable[[Operation], Any]] = {
            "cancel": lambda op: cancel.cancel(op, order_id=pk),
            "own_cancel": lambda op: cancel.cancel_by_customer(op, order_id=pk),
            "cancel_units": lambda op: cancel_units.cancel_units(op, order_id=pk, items={line.pk: 1}),
            "give_back": lambda op: returns.ask(op, order_id=pk, items=[returns.Item(came.pk, 1, "no_longer_wanted")]),
            "edit_goods": lambda op: edited(op, pk, Wish(add=(("MORE", 1),))),
            "edit_address": lambda op: edited(op, pk, Wish(shipping=there)),
            "own_address": lambda op: edit.readdress(op, order_id=pk, address=there),
        }
        self.run(tries[name])


def edited(op: Operation, order_id: Any, wish: Wish) -> None:
    staged = edit.stage(op, order_id=order_id, wish=wish)
    edit.commit(op, order_id=order_id, edit_id=staged.pk)


def adds_up(order: Order) -> None:
    """Σ lines, captured and refunded, on hand = Σ movements, held = Σ holds, entries balanced, the balance its own law."""
    now, lines, payments = makers.again(order), list(Line.objects.filter(order=order)), axes.payments_of(order)
    assert now.total_minor == sum(line.total_minor for line in lines) + now.shipping_minor
    assert (now.paid_minor, now.refunded_minor) == (sum(row.captured_minor for row in payments), sum(row.refunded_minor for row in payments))
    assert all(row.refunded_minor + row.pending_refund_minor <= row.captured_minor for row in payments)
    assert list(levels.differences()) == []
    held = Hold.objects.filter(stream=str(order.pk), status__in=Hold.LIVE).aggregate(sum=Sum("quantity"))["sum"] or 0
    assert Level.objects.aggregate(sum=Sum("held"))["sum"] == held
    assert sum(row.amount_minor for row in journal.of_stream(str(order.pk))) == 0
    assert axes.derive(payments=payments, lines=lines).payment_state == now.payment_state


def in_state(order: Order, state: State) -> None:
    now = makers.again(order)
    assert (now.status, now.payment_state, now.fulfilment_state, now.on_hold) == state.key


def asked(walk: Walk, state: State) -> None:
    """Each question: allowed or refused as the table says; money and stock right after it, and nothing changed by a refusal."""
    for question in QUESTIONS:
        said, slug = question.answer(state), ""
        with undone():
            try:
                walk.ask(question.name, state)
            except DomainError as error:
                slug = error.slug
            assert slug == said, f"{question.title}, {state}"
            if not slug:
                adds_up(walk.order)
                if question.name.startswith("edit"):
                    now = makers.again(walk.order)
                    open_ = [row.amount_minor for row in axes.payments_of(now) if row.status in ("opening", "created")]
                    assert sum(open_) in (0, max(0, balance.of(now)))


def tree(ways: list[Key]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for state, way in ways:
        node = root
        for name in way:
            node = node.setdefault(name, {})
        node[""] = state
    return root


def climb(walk: Walk, state: State, node: dict[str, Any]) -> int:
    """Every target of this branch; returns how many."""
    found = 0
    if "" in node:
        in_state(walk.order, state)
        adds_up(walk.order)
        asked(walk, state)
        found += 1
    for name, branch in node.items():
        if name:
            with undone():
                walk.step(name, state)
                found += climb(walk, next(after for step, after in automaton.following(state) if step == name), branch)
    return found


@pytest.mark.parametrize("at_door", [False, True], ids=["online", "at the door"])
@pytest.mark.parametrize("status", ["pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "refunded"])
def test_d7_what_may_be_changed_is_what_the_table_says(status: str, at_door: bool) -> None:
    """Cancel, unit cancel, return, edit and address of every reachable order state."""
    mine = [key for key in TARGETS.values() if key[0].status == status and key[0].at_door == at_door]
    if not mine:
        return
    makers.product("MORE", price_minor=10_000)
    order = makers.placed_order(lines=2, quantity=1, payment_method="cod" if at_door else "razorpay")
    start = automaton.FIRST[at_door]
    assert climb(Walk(order), start, tree(mine)) == len(mine)


def test_the_automaton_has_no_fault() -> None:
    """No dead end, no unpaid parcel nobody vouched for, no money back that never came, no stock that was not received."""
    assert automaton.faults() == []
    assert {state.status for state in automaton.explore()} == set(Order.Status.values)
    assert OFF in {unit for state in automaton.explore() for unit in state.units}


def test_a_wrong_table_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the checker sees an order that can never end, and a parcel nobody paid for."""
    steps = tuple(step for step in automaton.STEPS if step.name not in ("cancel", "hold", "capture", "confirm", "authorise", "fail"))
    monkeypatch.setattr(automaton, "STEPS", steps)
    assert any("nothing can happen" in fault for fault in automaton.faults())
