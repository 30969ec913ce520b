"""What one story adds to the counts of the shop, as a pure function of its events.

Note [Counts from a fold]
    `added(state)` says what a story so far adds to every count. What one event adds is the difference between the fold
    with it and the fold before it; so the counts kept event by event and those summed over all stories are the same
    numbers, in whatever order the stories were told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

# Upper ends in seconds: from a quarter of an hour to a week of work, from an hour to a month on the road.
WORK_SECONDS: Final = (900, 3600, 14_400, 28_800, 86_400, 172_800, 259_200, 604_800)
ROAD_SECONDS: Final = (3600, 14_400, 43_200, 86_400, 172_800, 259_200, 432_000, 604_800, 1_209_600, 2_592_000)
BUCKETS: Final = {"processing": WORK_SECONDS, "shipping": ROAD_SECONDS, "delivery": ROAD_SECONDS}
BEYOND: Final = "inf"

KINDS: Final = (
    "checkout.started", "checkout.completed",
    "order.placed", "order.edited", "order.units_cancelled", "order.confirmed", "order.processing_started", "order.shipped",
    "order.delivered", "order.cancelled", "order.refunded",
    "payment.captured", "refund.processed", "return.received", "return.inspected",
)
_MOVES: Final = frozenset(kind for kind in KINDS if kind.startswith("order.")) - {"order.edited", "order.units_cancelled"}
_BACK_TO_CUSTOMER: Final = "back_to_customer"


class Key(NamedTuple):
    """One count."""

    day: date
    name: str
    label: str = ""
    currency: str = ""
    channel: str = ""


class Told(NamedTuple):
    """What the fold reads of an event."""

    kind: str
    facts: dict[str, Any]
    at: datetime
    channel: str
    to_state: str


@dataclass(slots=True)
class _Line:
    sku: str
    quantity: int
    total_minor: int
    cancelled: int = 0

    @property
    def units(self) -> int:
        return self.quantity - self.cancelled

    @property
    def worth_minor(self) -> int:
        return self.total_minor * self.units // self.quantity if self.quantity else 0


@dataclass(slots=True)
class State:
    """A story so far, as far as it is counted."""

    zone: tzinfo
    started: date | None = None
    is_completed: bool = False
    placed: date | None = None
    status: str = ""
    channel: str = ""
    currency: str = ""
    total_minor: int = 0
    is_paid: bool = False
    lines: dict[str, _Line] = field(default_factory=dict)
    at: dict[str, datetime] = field(default_factory=dict)
    returned: Counter[str] = field(default_factory=Counter)
    money: Counter[Key] = field(default_factory=Counter)

    @property
    def stands(self) -> bool:
        """Whether it is an order that was placed and not cancelled."""
        return self.placed is not None and self.status != "cancelled"

    def day(self, at: datetime) -> date:
        """The business day of a moment."""
        return at.astimezone(self.zone).date()


def folded(events: Iterable[Told], zone: tzinfo) -> State:
    """A story's state after these events, oldest first."""
    state = State(zone)
    for event in events:
        step(state, event)
    return state


def step(state: State, event: Told) -> None:
    """One event more. Kinds that are not counted change nothing."""
    if event.kind in _MOVES:
        state.status = event.to_state or state.status
        state.at.setdefault(event.kind, event.at)
    told = _STEPS.get(event.kind)
    if told is not None:
        told(state, event)


def added(state: State) -> Counter[Key]:
    """What the story adds to the counts: by the business day it began on; durations and money by the day they ended on.

    Money and worth are in minor units, durations in whole seconds.
    """
    found: Counter[Key] = Counter(state.money)
    if state.started is not None:
        found[Key(state.started, "checkouts", channel=state.channel)] += 1
        found[Key(state.started, "completed", channel=state.channel)] += int(state.is_completed)
    if state.placed is not None:
        _add_order(found, state, state.placed)
    return Counter({key: value for key, value in found.items() if value})


def difference(after: Counter[Key], before: Counter[Key]) -> Counter[Key]:
    """What `after` has more than `before`, also below zero; without zeros."""
    found = Counter(after)
    found.subtract(before)
    return Counter({key: value for key, value in found.items() if value})


def _place(state: State, event: Told) -> None:
    facts = event.facts
    state.placed = state.day(event.at)
    state.channel = str(facts.get("channel") or event.channel)
    state.currency, state.total_minor = str(facts["currency"]), int(facts["total_minor"])
    for line in facts["lines"]:
        state.lines[line["id"]] = _Line(line["sku"], line["quantity"], line["total_minor"])


def _start(state: State, event: Told) -> None:
    state.started, state.channel = state.day(event.at), event.channel


def _complete(state: State, event: Told) -> None:
    del event
    state.is_completed = True


def _edit(state: State, event: Told) -> None:
    state.total_minor = int(event.facts["total_minor"])
    for line in event.facts.get("lines", ()):  # another address alone changes none
        known = state.lines.setdefault(line["id"], _Line(line["sku"], 0, 0))
        known.quantity, known.total_minor = line["quantity"], line["total_minor"]


def _cancel_units(state: State, event: Told) -> None:
    outcome = event.facts.get("outcome") or ("cancelled" if state.is_paid else "taken_off")
    if outcome == "cancelled":  # of an unpaid order they are edited away
        for item in event.facts["items"]:
            state.lines[item["order_item_id"]].cancelled += item["quantity"]


def _move_money(state: State, event: Told) -> None:
    state.is_paid = True
    name = "captured" if event.kind == "payment.captured" else "refunded"
    currency = str(event.facts.get("currency") or state.currency)
    state.money[Key(state.day(event.at), name, "", currency)] += int(event.facts["amount_minor"])


def _receive(state: State, event: Told) -> None:
    for item in event.facts["items"]:
        state.returned[item["sku"]] += item["quantity"]


def _inspect(state: State, event: Told) -> None:
    for item in event.facts["items"]:
        if item["disposition"] == _BACK_TO_CUSTOMER:
            state.returned[item["sku"]] -= item["quantity"]


_STEPS: Final = {
    "checkout.started": _start, "checkout.completed": _complete, "order.placed": _place, "order.edited": _edit,
    "order.units_cancelled": _cancel_units, "payment.captured": _move_money, "refund.processed": _move_money,
    "return.received": _receive, "return.inspected": _inspect,
}


def _add_order(found: Counter[Key], state: State, day: date) -> None:
    money = {"currency": state.currency, "channel": state.channel}
    found[Key(day, "placed", **money)] += 1
    found[Key(day, "cancelled", **money)] += int(not state.stands)
    found[Key(day, "status", state.status, **money)] += 1
    if state.stands:
        found[Key(day, "standing", **money)] += 1
        found[Key(day, "value", **money)] += state.total_minor
        for line in state.lines.values():
            if line.sku:  # a channel may sell what has no SKU of ours
                found[Key(day, "sold", line.sku)] += line.units
                found[Key(day, "sold_value", line.sku, state.currency)] += line.worth_minor
    for sku, units in state.returned.items():
        found[Key(day, "returned", sku)] += units
    for name, first, last in (
        ("processing", "order.confirmed", "order.shipped"),
        ("shipping", "order.shipped", "order.delivered"),
        ("delivery", "order.placed", "order.delivered"),
    ):
        if first in state.at and last in state.at:
            seconds = max(0, int((state.at[last] - state.at[first]).total_seconds()))
            ended = state.day(state.at[last])
            found[Key(ended, name, bucket_of(name, seconds))] += 1
            found[Key(ended, f"{name}_s")] += seconds
    if "order.shipped" in state.at:
        found[Key(state.day(state.at["order.shipped"]), "sent")] += sum(line.units for line in state.lines.values())


def bucket_of(name: str, seconds: int) -> str:
    """The label of the bucket a duration falls in: its upper end, included."""
    return next((str(end) for end in BUCKETS[name] if seconds <= end), BEYOND)
