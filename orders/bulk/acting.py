"""One action on many chosen orders: what each would say to it, and how a row of its job does it (B58, B89).

Note [Chosen is chosen]
    A view goes on moving while somebody reads it. So the orders of an action are fixed when they are chosen, by number, and
    become the rows of a job: one that comes into the view later is not swept in, and one that has moved on since is refused
    in its own row, with the reason.

Note [The preview asks the machine]
    Whether an order can is answered from its state and its hold, by the table the transitions themselves are made of: one
    look for each pair of them, however many orders there are. What only the deed can find, such as goods that have run
    out, is said in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from orders import naming
from orders.bulk import cells as of
from orders.models import Order, OrderHold
from orders.models.desk import NAME_CHARS_MAX, TAG_CHARS_MAX
from orders.operations import cancel, fulfil, holds, notes, planning, send, sorting, step
from orders.operations.actions import ENDED, allowed_statuses
from shipping import carriers
from timeline.errors import Invalid, Missing, Refused, TransitionRefused

if TYPE_CHECKING:
    from uuid import UUID

    from orders.bulk.kinds import Row
    from timeline.operations import Operation

S = Order.Status
ORDERS_MAX = 5000
ORDERS_AT_ONCE = 500
NAMED_MAX = 20
CARRIER_CHARS_MAX, NOTE_CHARS_MAX, WORD_CHARS_MAX = 40, 2000, 20
OK, UNCHANGED = "ok", "unchanged"


class NotHeld(Refused):
    """The order is not on hold; there is nothing to release."""


class UnknownAction(Invalid):
    """There is no such action."""


class TooManyChosen(Invalid):
    """One action takes 5,000 orders at most; narrow the view, and do it in parts."""


class NobodyChosen(Invalid):
    """No order is chosen."""


@dataclass(frozen=True, slots=True)
class Action:
    """What is done with each order. `to` is the status it brings, `params` what may be said with it, by name."""

    name: str
    word: str
    done: str
    to: str = ""
    params: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    is_danger: bool = False


ACTIONS: Final[dict[str, Action]] = {
    one.name: one
    for one in (
        Action("confirm", "Confirm", "Confirmed", S.CONFIRMED, ("note",)),
        Action("start_processing", "Start processing", "Processing started", S.PROCESSING, ("note",)),
        Action("ship", "Ship", "Shipped", S.SHIPPED, ("carrier", "note")),
        Action("deliver", "Mark delivered", "Delivered", S.DELIVERED, ("note",)),
        Action("hold", "Hold", "Held", params=("reason", "note"), needs=("reason",)),
        Action("release", "Release holds", "Released"),
        Action("tag", "Tag", "Tagged", params=("tag",), needs=("tag",)),
        Action("untag", "Take a tag off", "Tag taken off", params=("tag",), needs=("tag",)),
        Action("assign", "Assign", "Assigned", params=("assignee",), needs=("assignee",)),
        Action("unassign", "Assign to nobody", "Assigned to nobody"),
        Action("note", "Add a note", "Noted", params=("note",), needs=("note",)),
        Action("cancel", "Cancel", "Cancelled", S.CANCELLED, ("reason", "note"), ("reason",), is_danger=True),
    )
}
REASONS: Final[dict[str, tuple[str, ...]]] = {"hold": tuple(OrderHold.Reason.values), "cancel": tuple(cancel.CODES)}
COLUMNS: Final = ("carrier", "reason", "note", "tag", "assignee")
ALWAYS: Final = ("note", "tag", "untag", "assign", "unassign")


@dataclass(frozen=True, slots=True)
class Wish:
    """An action with its words."""

    action: Action
    carrier: str = ""
    reason: str = ""
    note: str = ""
    tag: str = ""
    assignee: str = ""


@dataclass(slots=True)
class Group:
    """Orders that cannot for one reason: the slug and the words of the refusal, how many they are, and all of their numbers."""

    code: str
    detail: str
    numbers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen: the numbers of those that can, in the order they were chosen, and why the others cannot."""

    action: Action
    can: list[str]
    groups: list[Group]
    missing: list[str]

    @property
    def cannot(self) -> int:
        """How many cannot, with those that do not exist."""
        return sum(len(group.numbers) for group in self.groups) + len(self.missing)

    @property
    def total(self) -> int:
        """How many were chosen."""
        return len(self.can) + self.cannot


def action_of(name: str) -> Action:
    """Raises UnknownAction."""
    try:
        return ACTIONS[name]
    except KeyError:
        raise UnknownAction(errors=[("#/action", f"One of {', '.join(ACTIONS)}.")]) from None


def wish_of(action: Action, params: Mapping[str, str]) -> Wish:
    """The action with its words, checked before anything is asked for. Raises BadCell naming each that is wrong."""
    faults = [(f"#/params/{name}", "This does not go with the action.") for name in params if name not in action.params]
    faults += [(f"#/params/{name}", "This is needed.") for name in action.needs if not params.get(name, "").strip()]
    reasons = REASONS.get(action.name, ())
    if params.get("reason") and reasons and params["reason"] not in reasons:
        faults.append(("#/params/reason", f"One of {', '.join(reasons)}."))
    if params.get("carrier") and params["carrier"] not in carriers.codes():
        faults.append(("#/params/carrier", f"One of {', '.join(carriers.codes())}."))
    if "tag" in action.params and params.get("tag", "").strip():
        sorting.tag_of(params["tag"])
    if faults:
        raise of.BadCell(errors=faults)
    return Wish(action, **{name: str(params[name]).strip() for name in action.params if params.get(name)})


def chosen(numbers: Iterable[str]) -> list[str]:
    """The orders somebody named, each once, in their order. Raises NobodyChosen, TooManyChosen."""
    found = list(dict.fromkeys(number.strip().lower() for number in numbers if number.strip()))
    if not found:
        raise NobodyChosen
    if len(found) > ORDERS_MAX:
        raise TooManyChosen
    return found


def preview(action: Action, names: Sequence[str]) -> Preview:
    """What each of these orders, by number or id, would say; Note [The preview asks the machine]. A statement for each 500."""
    can: list[str] = []
    missing: list[str] = []
    groups: dict[tuple[str, bool], Group | None] = {}
    for first in range(0, len(names), ORDERS_AT_ONCE):
        some = names[first : first + ORDERS_AT_ONCE]
        known = naming.ids_of(some)
        ids = [pk for pk, _ in known.values()]
        states = {row[0]: (str(row[1]), bool(row[2])) for row in Order.objects.filter(pk__in=ids).values_list("pk", "status", "on_hold")}
        for name in some:
            if name not in known:
                missing.append(name)
                continue
            pk, number = known[name]
            state = states[pk]
            if state not in groups:
                groups[state] = _cannot(action, *state)
            group = groups[state]
            (can if group is None else group.numbers).append(number)
    merged: dict[tuple[str, str], Group] = {}
    for group in groups.values():
        if group is not None:
            merged.setdefault((group.code, group.detail), Group(group.code, group.detail)).numbers.extend(group.numbers)
    return Preview(action, list(dict.fromkeys(can)), sorted(merged.values(), key=lambda one: -len(one.numbers)), missing)


def rows_of(wish: Wish, names: Iterable[str]) -> list[dict[str, str]]:
    """The rows of the job."""
    words = {column: getattr(wish, column) for column in COLUMNS if getattr(wish, column)}
    return [{"order_number": name, "action": wish.action.name, **words} for name in names]


def parse(rows: Sequence[Row]) -> Wish:
    """What a row asks for. Raises BadCell, UnknownAction."""
    cells = rows[0].cells
    action = action_of(of.text(cells, "action", chars_max=WORD_CHARS_MAX).lower())
    words = {
        "carrier": of.text(cells, "carrier", chars_max=CARRIER_CHARS_MAX),
        "reason": of.text(cells, "reason", chars_max=WORD_CHARS_MAX),
        "note": of.text(cells, "note", chars_max=NOTE_CHARS_MAX, multiline=True),
        "tag": of.text(cells, "tag", chars_max=TAG_CHARS_MAX),
        "assignee": of.text(cells, "assignee", chars_max=NAME_CHARS_MAX),
    }
    return wish_of(action, {name: word for name, word in words.items() if word})


def act(op: Operation, order_id: UUID, wish: Wish) -> str:
    """Do it with one order; one that is there already is left alone, and its note is not written twice."""
    order = naming.head(order_id)
    if wish.action.to and order.status == wish.action.to:
        return UNCHANGED
    if wish.action.name in _SORTING:
        return OK if _SORTING[wish.action.name](op, order_id, wish) else UNCHANGED
    try:
        _DEEDS.get(wish.action.name, _step)(op, order_id, wish)
    except TransitionRefused as refusal:
        raise step.refused(order_id=order_id) from refusal
    if wish.note and wish.action.name != "hold":
        notes.add(op, order_id=order_id, note=wish.note, is_public=False)
    return OK


def _cannot(action: Action, status: str, on_hold: bool) -> Group | None:
    """The reason why an order in this state cannot, in the words in which its row would be refused; None when it can."""
    order = Order(status=status, on_hold=on_hold)
    if action.name in ALWAYS:
        return None
    if action.name == "hold":
        return _group(Refused(f"The order is {status}; there is nothing left to hold.")) if status in ENDED else None
    if action.name == "release":
        return None if on_hold else _group(NotHeld())
    if status == action.to:
        return Group(UNCHANGED, f"The order is {status} already.")
    if on_hold and action.to in (S.CONFIRMED, S.PROCESSING, S.SHIPPED):
        return _group(holds.OnHold())
    return None if action.to in allowed_statuses(order) else _group(step.refused_from(order))


def _group(refusal: Refused | TransitionRefused) -> Group:
    return Group(refusal.slug, refusal.detail)


def _step(op: Operation, order_id: UUID, wish: Wish) -> None:
    step.take(op, order_id=order_id, status=wish.action.to)


def _ship(op: Operation, order_id: UUID, wish: Wish) -> None:
    """By the own fleet everything leaves at once; another carrier is asked for a parcel, and a label, from each warehouse."""
    if wish.carrier in ("", fulfil.OWN_FLEET):
        fulfil.ship_all(op, order_id=order_id)
        return
    send.send(op, order_id=order_id, carrier=wish.carrier)
    for _ in {row.warehouse_code for row in planning.read(order_id).ready()}:
        send.send(op, order_id=order_id, carrier=wish.carrier)


def _hold(op: Operation, order_id: UUID, wish: Wish) -> None:
    holds.hold(op, order_id=order_id, reason=wish.reason, note=wish.note or None)


def _release(op: Operation, order_id: UUID, wish: Wish) -> None:
    del wish
    open_ = list(OrderHold.objects.filter(order_id=order_id, released_at=None).order_by("created_at").values_list("pk", flat=True))
    if not open_:
        raise NotHeld
    for hold_id in open_:
        holds.release(op, order_id=order_id, hold_id=hold_id)


def _cancel(op: Operation, order_id: UUID, wish: Wish) -> None:
    cancel.cancel(op, order_id=order_id, code=wish.reason)


def _note(op: Operation, order_id: UUID, wish: Wish) -> None:
    """The note itself is written by `act`."""
    del op, wish
    if not Order.objects.filter(pk=order_id).exists():
        raise Missing


_SORTING: Final[dict[str, Callable[[Operation, UUID, Wish], Any]]] = {
    "tag": lambda op, pk, wish: sorting.tag(op, order_id=pk, tags=[wish.tag]),
    "untag": lambda op, pk, wish: sorting.untag(op, order_id=pk, tags=[wish.tag]),
    "assign": lambda op, pk, wish: sorting.assign(op, order_id=pk, assignee=wish.assignee),
    "unassign": lambda op, pk, _: sorting.assign(op, order_id=pk, assignee=""),
}
_DEEDS: Final[dict[str, Callable[[Operation, UUID, Wish], Any]]] = {
    "ship": _ship, "hold": _hold, "release": _release, "cancel": _cancel, "note": _note,
}
