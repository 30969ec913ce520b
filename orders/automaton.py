"""The order as a whole: what may happen to its status, money, goods and holds together, and what may still be changed then.

Pure tables and a checker. `STEPS` say what happens to an order of two units, `QUESTIONS` what is asked of it (cancel, edit,
return) and which rule refuses. `explore` finds every state that can be reached, with the shortest way; the operations are
driven along these ways by tests and compared, and `docs/lifecycle.md` is written from the same tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

SHELF, BOOKED, LABELLED, MOVING, ARRIVED = "shelf", "booked", "labelled", "moving", "arrived"
RETURNING, BACK, OFF = "returning", "back", "off"
SHIPPED = frozenset({LABELLED, MOVING, ARRIVED, RETURNING, BACK})
OPEN = ("pending", "confirmed", "processing")
ENDED = ("delivered", "cancelled", "refunded")
UNDER_WAY = ("authorized", "in_doubt")
NONE, SOME, ALL = "none", "some", "all"


@dataclass(frozen=True, slots=True)
class State:
    """An order of two units. `money` is its payment's state, `back` how much of it has gone back, `units` where they are."""

    status: str = "pending"
    at_door: bool = False
    money: str = "created"
    back: str = NONE
    is_going_back: bool = False
    is_disputed: bool = False
    units: tuple[str, str] = (SHELF, SHELF)
    on_hold: bool = False

    @property
    def payment_state(self) -> str:
        """The derived axis of the money (Z2)."""
        if self.is_disputed:
            return "disputed"
        if self.money == "captured":
            return {NONE: "paid", SOME: "partially_refunded", ALL: "refunded"}[self.back]
        return {"created": "unpaid"}.get(self.money, self.money)

    @property
    def fulfilment_state(self) -> str:
        """The derived axis of the goods (Z2)."""
        wanted = sum(unit != OFF for unit in self.units)
        shipped = sum(unit in SHIPPED for unit in self.units)
        returned = self.units.count(BACK)
        if returned and returned >= shipped:
            return "returned"
        if wanted and self.units.count(ARRIVED) >= wanted:
            return "delivered"
        if wanted and shipped >= wanted:
            return "fulfilled"
        return "partial" if shipped else "unfulfilled"

    @property
    def has_free(self) -> bool:
        """Whether some unit is neither in a parcel nor called off."""
        return SHELF in self.units

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """The state as it is published: status, payment, fulfilment, hold."""
        return self.status, self.payment_state, self.fulfilment_state, self.on_hold


@dataclass(frozen=True, slots=True)
class Step:
    """Something that may happen: its name, when it may, and what it does."""

    name: str
    may: Callable[[State], bool]
    then: Callable[[State], State]


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason why something is refused: the error's slug, when (as a rule and in words), and what to do instead."""

    slug: str
    when: Callable[[State], bool]
    words: str
    instead: str


@dataclass(frozen=True, slots=True)
class Question:
    """What may be asked of an order; the first rule that holds refuses it."""

    name: str
    title: str
    rules: tuple[Rule, ...]

    def answer(self, state: State) -> str:
        """The slug of the refusal; empty when it is allowed."""
        return next((rule.slug for rule in self.rules if rule.when(state)), "")


def first(state: State, word: str, then: str) -> State:
    """The first unit in this place goes to that one."""
    units = list(state.units)
    units[units.index(word)] = then
    return replace(state, units=(units[0], units[1]))


def settled(state: State) -> State:
    """What follows by itself: everything labelled is shipped, everything arrived is delivered, cash is collected at the door."""
    if state.status == "processing" and not state.on_hold and all(unit in SHIPPED for unit in state.units):
        state = replace(state, status="shipped")
    if state.status == "shipped" and state.units == (ARRIVED, ARRIVED):
        state = replace(state, status="delivered", money="captured" if state.at_door else state.money)
    return state


def paid(state: State) -> State:
    """Money came: a pending order is confirmed, for a cancelled one it goes back."""
    state = replace(state, money="captured")
    if state.status == "cancelled":
        return replace(state, is_going_back=True)
    return replace(state, status="confirmed") if state.status == "pending" and not state.on_hold else state


def called_off(state: State) -> State:
    """Stock is free, parcels are called back, captured money goes back unless a bank is deciding over it."""
    moved = {SHELF: OFF, BOOKED: OFF, LABELLED: OFF, MOVING: RETURNING}
    one, two = (moved.get(unit, unit) for unit in state.units)
    goes = state.money == "captured" and state.back != ALL and not state.is_disputed and not state.at_door
    return replace(state, status="cancelled", units=(one, two), is_going_back=goes)


def gone_back(state: State) -> State:
    """All money is back: the order is refunded, unless it was called off; what still lay on the shelf stays there."""
    state = replace(state, back=ALL, is_going_back=False)
    return state if state.status in ("pending", "cancelled", "refunded") else replace(state, status="refunded")


def released(state: State) -> State:
    """What waited for the release alone goes on."""
    state = replace(state, on_hold=False)
    return settled(replace(state, status="confirmed") if state.status == "pending" and state.money == "captured" else state)


def _refundable(state: State) -> bool:
    return state.money == "captured" and state.back != ALL and not state.is_disputed and not state.is_going_back


STEPS: tuple[Step, ...] = (
    Step("authorise", lambda s: not s.at_door and s.money in ("created", "failed") and s.status != "cancelled", lambda s: replace(s, money="authorized")),
    Step("fail", lambda s: not s.at_door and s.money == "created" and s.status == "pending", lambda s: replace(s, money="failed")),
    Step("doubt", lambda s: s.money == "authorized", lambda s: replace(s, money="in_doubt")),
    Step("capture", lambda s: not s.at_door and s.money != "captured", paid),
    Step("confirm", lambda s: s.status == "pending" and not s.on_hold, lambda s: replace(s, status="confirmed")),
    Step("start_processing", lambda s: s.status == "confirmed" and not s.on_hold, lambda s: replace(s, status="processing")),
    Step("book", lambda s: s.status == "processing" and s.has_free and not s.on_hold, lambda s: first(s, SHELF, BOOKED)),
    Step("label", lambda s: BOOKED in s.units and s.status == "processing", lambda s: settled(first(s, BOOKED, LABELLED))),
    Step("dispatch", lambda s: LABELLED in s.units and not s.on_hold and s.status in ("processing", "shipped"), lambda s: settled(first(s, LABELLED, MOVING))),
    Step("deliver", lambda s: MOVING in s.units and s.status in ("processing", "shipped"), lambda s: settled(first(s, MOVING, ARRIVED))),
    Step("bring_back", lambda s: MOVING in s.units and s.status in ("processing", "shipped"), lambda s: settled(first(s, MOVING, RETURNING))),
    Step("take_back", lambda s: RETURNING in s.units and s.status in ("processing", "shipped", "cancelled"), lambda s: settled(first(s, RETURNING, BACK))),
    Step("refund_some", lambda s: _refundable(s) and s.back == NONE and s.status != "cancelled", lambda s: replace(s, back=SOME)),
    Step("refund_rest", lambda s: _refundable(s) and s.status not in ("cancelled", "pending"), gone_back),
    Step("money_goes_back", lambda s: s.is_going_back, gone_back),
    Step("dispute", lambda s: _refundable(s) and not s.at_door and s.status != "cancelled", lambda s: replace(s, is_disputed=True)),
    Step("win", lambda s: s.is_disputed and s.status != "cancelled", lambda s: replace(s, is_disputed=False)),
    Step("hold", lambda s: not s.on_hold and s.status not in ENDED, lambda s: replace(s, on_hold=True)),
    Step("release", lambda s: s.on_hold and s.status not in ENDED, released),
    Step("cancel", lambda s: s.status in (*OPEN, "shipped"), called_off),
)

_LEFT = Rule(
    "not-editable", lambda s: s.status not in OPEN, "it is shipped or has ended", "take it back as a return, or give money back",
)
_IN_DISPUTE = "the customer's bank is deciding over the money"
_TAKEN = Rule(
    "payment-under-way", lambda s: s.money in UNDER_WAY, "a payment is being taken", "wait until it is settled",
)
QUESTIONS: tuple[Question, ...] = (
    Question("cancel", "Cancel", (
        Rule("transition-not-allowed", lambda s: s.status in ENDED, "it has ended", "a return, or a refund"),
    )),
    Question("own_cancel", "Cancel, by the customer", (
        Rule(
            "cannot-cancel", lambda s: s.status not in ("pending", "confirmed"), "packing has begun, or it has ended",
            "ask the shop, or for a refund or a return",
        ),
    )),
    Question("cancel_units", "Cancel one unit", (
        Rule("cannot-cancel", lambda s: s.status not in (*OPEN, "shipped"), "it has ended", "a return, or a refund"),
        Rule("units-packed", lambda s: not s.has_free, "no unit is free", "cancel the parcel first, or ask for a return"),
        Rule("dispute-open", lambda s: s.is_disputed, _IN_DISPUTE, "wait for its decision"),
        _TAKEN,
    )),
    Question("give_back", "Send a unit back, by the customer", (
        Rule("return-not-possible", lambda s: ARRIVED not in s.units, "nothing of it has arrived", "cancel it until it is packed"),
    )),
    Question("edit_goods", "Add or take away goods", (
        _LEFT,
        Rule(
            "not-editable", lambda s: bool(SHIPPED & set(s.units)), "something of it is labelled, and so it is invoiced",
            "cancel units, or refund them with a credit note",
        ),
        Rule("not-editable", lambda s: s.is_disputed, _IN_DISPUTE, "wait for its decision; the address may be changed"),
        _TAKEN,
    )),
    Question("edit_address", "Change the address", (
        _LEFT,
        Rule("not-editable", lambda s: not s.has_free, "everything is packed", "cancel a parcel that has not left"),
    )),
    Question("own_address", "Change the address, by the customer", (
        Rule(
            "cannot-readdress", lambda s: s.status not in ("pending", "confirmed"), "packing has begun, or it has ended",
            "ask the shop until it is packed",
        ),
    )),
)

FIRST: tuple[State, ...] = (State(), State(status="confirmed", at_door=True))


def following(state: State) -> Iterator[tuple[str, State]]:
    """Every step that may happen now, with the state after it."""
    for step in STEPS:
        if step.may(state):
            yield step.name, step.then(state)


def explore() -> dict[State, tuple[str, ...]]:
    """Every state that can be reached, with the shortest way to it from its placement."""
    ways: dict[State, tuple[str, ...]] = dict.fromkeys(FIRST, ())
    front = list(FIRST)
    while front:
        ahead = []
        for state in front:
            for name, after in following(state):
                if after not in ways:
                    ways[after] = (*ways[state], name)
                    ahead.append(after)
        front = ahead
    return ways


def table() -> dict[tuple[str, str, bool, tuple[str, ...]], set[tuple[str, bool]]]:
    """Status, fulfilment, whether a unit is free, and the answers: the payment states and holds for which they are so."""
    found: dict[tuple[str, str, bool, tuple[str, ...]], set[tuple[str, bool]]] = {}
    for state in explore():
        answers = tuple(question.answer(state) for question in QUESTIONS)
        row = (state.status, state.fulfilment_state, state.has_free, answers)
        found.setdefault(row, set()).add((state.payment_state, state.on_hold))
    return found


def faults() -> list[str]:
    """What must never be, in words, with the state: dead ends, unpaid parcels, money or goods that were not there."""
    ways = explore()
    wrong = []
    for state in ways:
        if state.status not in ENDED and not list(following(state)):
            wrong.append(f"{state}: nothing can happen any more")
        if set(state.units) & SHIPPED and not state.at_door and state.money != "captured" and "confirm" not in ways[state]:
            wrong.append(f"{state}: goods left unpaid, and nobody vouched for them")
        if state.back != NONE and state.money != "captured":
            wrong.append(f"{state}: money went back that never came")
        for _, after in following(state):
            if after.units.count(BACK) > state.units.count(BACK) and RETURNING not in state.units:
                wrong.append(f"{state}: goods are stock again that were not received")
    return wrong
