"""The order page of the console as plain values: where it is, who waits, and what may be done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.urls import resolve, reverse

from orders import queries
from orders.documents import reading
from orders.models import Order
from orders.operations import balance
from orders.operations.actions import allowed_actions, next_step
from orders.pages import doors, entries
from orders.pages.refund_cards import RefundCard, cards
from orders.pricing.snapshot import refund_share
from timeline.rights import RIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from uuid import UUID

    from orders.models import Document, Fulfilment, Line
    from orders.queries import OrderDetail, Parcel
    from shipping.models import Shipment
    from timeline.actors import Actor

S = Order.Status
PATH: Final = (
    (S.PENDING, "Placed", "created_at"), (S.CONFIRMED, "Confirmed", "confirmed_at"),
    (S.PROCESSING, "Processing", "processing_at"), (S.SHIPPED, "Shipped", "shipped_at"),
    (S.DELIVERED, "Delivered", "delivered_at"),
)
_ARRANGEABLE: Final = ("released", "scheduled")
_MOVING: Final = ("shipped", "in_transit", "out_for_delivery", "attempted")


@dataclass(frozen=True, slots=True)
class Action:
    """One legal step: a form that posts to `url`, or a page (a dialog where htmx is) when it needs words first."""

    verb: str
    label: str
    url: str
    key: str = ""
    is_page: bool = False
    is_danger: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One stop of the stepper: done, now, ended or to come."""

    word: str
    at: datetime | None
    mark: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """So many units of a line in one group, `already` of its units in groups before."""

    line: Line
    quantity: int
    already: int = 0

    @property
    def total_minor(self) -> int:
        """The group's share of the line's total; the shares of all groups add up to it."""
        return refund_share(
            total_minor=self.line.total_minor, quantity=self.line.quantity, units=self.quantity, already=self.already
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """One open fulfilment: what is to be shipped from where, and why."""

    fulfilment: Fulfilment
    rows: list[LineRow]
    actions: list[Action]

    def may_join(self, other: Planned) -> bool:
        """Whether the two may become one: another one of the same warehouse, neither of them being picked."""
        mine, its = self.fulfilment, other.fulfilment
        is_planned = mine.status in _ARRANGEABLE and its.status in _ARRANGEABLE
        return is_planned and mine.pk != its.pk and mine.warehouse_code == its.warehouse_code


@dataclass(frozen=True, slots=True)
class Package:
    """One parcel with its lines and what may be done with it."""

    title: str
    shipment: Shipment
    rows: list[LineRow]
    has_label: bool
    actions: list[Action]
    scans: list[Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the order page shows."""

    detail: OrderDetail
    pay: str
    steps: list[Step]
    primary: Action | None
    actions: list[Action]
    refused: list[tuple[str, str]]
    to_ship: list[LineRow]
    planned: list[Planned]
    cancelled: list[LineRow]
    packages: list[Package]
    holds: list[tuple[Any, str, str]]
    refunds: list[RefundCard]
    documents: list[Document]
    can_invoice: bool
    can_edit: bool
    days: list[tuple[date, list[entries.Entry]]]
    profile: dict[str, Any]
    order_count: int
    tags: list[str]
    assignee: str

    @property
    def on_its_way_minor(self) -> int:
        """Money that is set aside for going back and has not yet."""
        return sum(payment.pending_refund_minor for payment in self.detail.payments)

    @property
    def order(self) -> Order:
        """The order itself."""
        return self.detail.order


def sheet(
    order_id: UUID, *, show: str = "", reader: Actor | None = None, shows_people: bool = False, held: frozenset[str] = frozenset(RIGHTS)
) -> Sheet:
    """Read the order page, for somebody with these rights: what they may not do is not offered.

    A fixed number of statements, however many lines, parcels and events there are.
    """
    detail = queries.detail(order_id)
    order = detail.order
    words = allowed_actions(order, refundable_minor=detail.refundable_minor, as_staff=True)
    taken: Counter[UUID] = Counter()
    packages = [_package(place, parcel, detail, taken) for place, parcel in enumerate(detail.parcels, start=1)]
    planned = _planned(detail, taken.copy())
    to_ship = _rows(((line, line.to_ship - boxed(line, detail.parcels)) for line in detail.lines), taken)
    primary = next(iter(_open([first] if (first := _primary(detail, bool(to_ship), packages)) else [], held)), None)
    for offered in (*(package.actions for package in packages), *(plan.actions for plan in planned)):
        offered[:] = _open(offered, held)
    papers = reading.of_order(order_id)
    story = queries.timeline(order_id, public_only=False)
    return Sheet(
        detail=detail,
        pay=pay_word(order),
        steps=steps(order),
        primary=primary,
        actions=[action for action in _open(_actions(order, detail.lines, words), held) if primary is None or action.verb != primary.verb],
        refused=_refused(order, words, detail.refundable_minor),
        to_ship=to_ship,
        planned=planned,
        cancelled=_rows(((line, line.quantity_cancelled) for line in detail.lines), taken),
        packages=packages,
        holds=[
            (hold, queries.hold_note(hold, detail.person) or "", _url("console-release", order, hold_id=hold.pk))
            for hold in detail.holds if hold.released_at is None
        ],
        refunds=cards(detail, story),
        documents=papers,
        can_invoice="orders:write" in held and not papers and order.status in (S.CONFIRMED, S.PROCESSING),
        can_edit="orders:write" in held and order.status in balance.OPEN and not order.channel_order_id,
        days=entries.staff_days(story, show=show, reader=reader, shows_people=shows_people),
        profile=detail.person.profile(),
        order_count=Order.objects.filter(person_id=order.person_id).count(),
        tags=sorted(order.tags.values_list("tag", flat=True)),
        assignee=order.assignment.assignee if hasattr(order, "assignment") else "",
    )


def pay_word(order: Order) -> str:
    """The key of the payment pill: an unpaid order at the door waits for nobody, an ended one is void."""
    if order.payment_state == Order.PaymentState.UNPAID:
        if order.status == S.CANCELLED:
            return "pay-void"
        if order.payment_method == "cod":
            return "pay-cod"
    return f"pay-{order.payment_state}"


def steps(order: Order) -> list[Step]:
    """The path of an order; a cancelled or refunded one ends where it ended."""
    ended = order.status in (S.CANCELLED, S.REFUNDED)
    found = []
    for status, word, column in PATH:
        moment = getattr(order, column)
        if order.status == status:
            found.append(Step(word, moment, "now"))
        elif moment is not None:
            found.append(Step(word, moment, "done"))
        elif not ended:
            found.append(Step(word, None, "todo"))
    if ended:
        moment = order.cancelled_at if order.status == S.CANCELLED else order.refunded_at
        found.append(Step("Cancelled" if order.status == S.CANCELLED else "Refunded", moment, "ended"))
    return found


def _url(name: str, order: Order, **more: Any) -> str:
    return reverse(name, kwargs={"number": order.number, **more})


def _open(actions: Iterable[Action], held: frozenset[str]) -> list[Action]:
    """Those whose page lets somebody with these rights in."""
    return [action for action in actions if doors.opens(resolve(action.url).url_name or "", held, to_write=True)]


def _primary(detail: OrderDetail, has_to_ship: bool, packages: Iterable[Package]) -> Action | None:
    order = detail.order
    verb = next_step(order)
    if verb == "release":
        open_holds = [hold for hold in detail.holds if hold.released_at is None]
        url = _url("console-release", order, hold_id=open_holds[0].pk) if open_holds else ""
        return Action("release", "Release hold", url, "s") if url else None
    if verb == "confirm":
        return Action("confirm", "Confirm order", _url("console-confirm", order), "s", is_page=True)
    if verb == "start_processing":
        return Action("start_processing", "Start processing", _url("console-process", order), "s")
    if verb == "ship" and has_to_ship:
        return Action("ship", "Create shipment", _url("console-ship", order), "s", is_page=True)
    if verb == "deliver":
        for package in packages:
            if package.actions:
                first = package.actions[0]
                return Action(first.verb, first.label, first.url, "s", is_page=first.is_page)
    return None


def _actions(order: Order, lines: Iterable[Line], words: list[str]) -> list[Action]:
    known = {
        "refund": Action("refund", "Refund", _url("console-refund", order), "r", is_page=True),
        "ship": Action("ship", "Create shipment", _url("console-ship", order), is_page=True),
        "take_return": Action("take_return", "Return items", _url("console-take-return", order), is_page=True),
        "hold": Action("hold", "Put on hold", _url("console-hold", order), "h", is_page=True),
        "cancel_units": Action("cancel_units", "Cancel items", _url("console-cancel-units", order), is_page=True),
        "cancel": Action("cancel", "Cancel order", _url("console-cancel", order), "x", is_page=True, is_danger=True),
    }
    if order.status in (S.PENDING, S.CONFIRMED, S.PROCESSING):
        words = [*words, "cancel_units"]
    if any(line.quantity_delivered > line.quantity_returned for line in lines):
        words = [*words, "take_return"]
    return [known[word] for word in known if word in words]


def _refused(order: Order, words: list[str], refundable_minor: int) -> list[tuple[str, str]]:
    """Steps that are not possible, each with its reason; they are never drawn as buttons."""
    found = []
    if "cancel" not in words:
        why = "Refund it instead." if refundable_minor > 0 else "Nothing is left to cancel."
        found.append(("Cancel", f"The order is {order.status}. {why}"))
    if "refund" not in words:
        found.append(("Refund", "No captured money is left to give back."))
    if order.on_hold:
        found.append(("Move on", "The order is on hold; release the hold first."))
    return found


def boxed(line: Line, parcels: Iterable[Parcel]) -> int:
    """Units of a line that wait in a parcel for its label: no longer to be packed, not yet counted as shipped."""
    return sum(
        units for parcel in parcels if parcel.shipment.status == "booked" for pk, units in parcel.units if pk == line.pk
    )


def _planned(detail: OrderDetail, taken: Counter[UUID]) -> list[Planned]:
    """A card for each open fulfilment, as they were planned."""
    lines = {line.pk: line for line in detail.lines}
    found = [
        Planned(row, _rows(((lines[item.line_id], item.quantity) for item in row.lines.all()), taken), [])
        for row in detail.fulfilments if row.is_open
    ]
    for plan in found:
        plan.actions.extend(_arrangements(detail.order, plan, can_join=any(other.may_join(plan) for other in found)))
    return found


def _arrangements(order: Order, plan: Planned, *, can_join: bool) -> list[Action]:
    """What may be arranged by hand: nothing of what is being picked or packed."""
    row, url = plan.fulfilment, partial(_url, order=order, fulfilment_id=plan.fulfilment.pk)
    found = []
    if row.status in _ARRANGEABLE:
        found.append(Action("move", "Move", url("console-move"), is_page=True))
        if sum(line.quantity for line in plan.rows) > 1:
            found.append(Action("split", "Split", url("console-split"), is_page=True))
        if can_join:
            found.append(Action("merge", "Merge", url("console-merge"), is_page=True))
    if row.status in (*_ARRANGEABLE, "awaiting_inventory"):
        found.append(Action("schedule", "Schedule", url("console-schedule"), is_page=True))
    if row.status in ("scheduled", "awaiting_inventory") and not order.on_hold:
        found.append(Action("release_work", "Release now", url("console-release-work")))
    return found


def _decisions(detail: OrderDetail, shipment: Shipment) -> list[Action]:
    """What may be decided about a parcel that was lost or came back, until it is."""
    row = next((row for row in detail.fulfilments if row.shipment_id == shipment.pk), None)
    if row is None or row.outcome or detail.order.status not in (S.PROCESSING, S.SHIPPED):
        return []
    url = partial(_url, order=detail.order, fulfilment_id=row.pk)
    found = [Action("reship", "Send again", url("console-reship"))]
    is_paid = bool(detail.order.paid_minor)
    word = "Give the money back" if is_paid else "Take it off the order"
    found.append(Action("give_back", word, url("console-give-back"), is_page=True))
    return [*found, Action("close", "Close it", url("console-close-parcel"), is_page=True)] if is_paid else found


def _rows(units: Iterable[tuple[Line, int]], taken: Counter[UUID]) -> list[LineRow]:
    """The rows of one group; their units are added to what is `taken` of each line."""
    found = []
    for line, quantity in units:
        if quantity > 0:
            # Units of a parcel that was called back stand in two groups: the second one counts from where there is room.
            found.append(LineRow(line, quantity, min(taken[line.pk], line.quantity - quantity)))
            taken[line.pk] += quantity
    return found


def _package(place: int, parcel: Parcel, detail: OrderDetail, taken: Counter[UUID]) -> Package:
    shipment = parcel.shipment
    lines = {line.pk: line for line in detail.lines}
    actions = []
    if shipment.status == "labelled":
        actions.append(Action("dispatch", "Hand over to carrier", _parcel_url("console-dispatch", shipment)))
    elif shipment.status in _MOVING:
        actions.append(Action("deliver", "Mark delivered", _parcel_url("console-deliver", shipment), is_page=True))
    elif shipment.status == "returning":
        actions.append(Action("take_back", "Receive back", _parcel_url("console-take-back", shipment)))
    elif shipment.status in ("lost", "returned"):
        actions += _decisions(detail, shipment)
    return Package(
        title=f"Package {place}",
        shipment=shipment,
        rows=_rows(
            ((lines[pk], units) for pk, units in parcel.units if pk in lines),
            taken if shipment.status != "cancelled" else Counter(),
        ),
        has_label=parcel.has_label,
        actions=actions,
        scans=list(shipment.scans.all()),
    )


def _parcel_url(name: str, shipment: Shipment) -> str:
    return reverse(name, kwargs={"shipment_id": shipment.pk})

