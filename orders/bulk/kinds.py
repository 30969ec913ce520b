"""What a row of each kind of file asks for, and how it is done: by the verbs of the single calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localdate

from orders import naming
from orders.bulk import acting
from orders.bulk import cells as of
from orders.bulk.reading import Columns
from orders.models import Job, Order
from orders.operations import send, step
from timeline.errors import Invalid, TransitionRefused

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from timeline.operations import Operation

Cells = dict[str, str]
OK, UNCHANGED = "ok", "unchanged"
NUMBER_CHARS_MAX, CARRIER_CHARS_MAX, TRACKING_CHARS_MAX, SKU_CHARS_MAX, NOTE_CHARS_MAX = 40, 40, 60, 64, 2000
OWN_FLEET = "own_fleet"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place among the rows, its line in the file, its cells."""

    row: int
    line: int
    cells: Cells

    @property
    def order(self) -> str:
        """The order it names, as `naming` finds it."""
        return self.cells.get("order_number", "").strip().lower()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. `same` tells which rows that follow each other are one deed; `act` does it, `OK` or `UNCHANGED`."""

    name: str
    scope: str
    columns: Columns
    same: Callable[[Row], Any]
    parse: Callable[[Sequence[Row]], Any]
    act: Callable[[Operation, UUID, Any], str]
    operation: str
    example: str

    def deeds(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """The rows by deed, in their order."""
        for _, group in groupby(rows, key=self.same):
            yield list(group)


@dataclass(frozen=True, slots=True)
class ParcelWish:
    """One parcel: the units by SKU (None: all that is left of it), or nothing for all that is left of the order."""

    carrier: str
    tracking_number: str
    units: dict[str, int | None]
    shipped_at: datetime | None


class NoSuchSku(Invalid):
    """The order has no line of this SKU with anything left to ship."""


class NumberTaken(Invalid):
    """A parcel of this order with this number left before, with other contents; put the rows of a parcel together."""


def _parcel(rows: Sequence[Row]) -> ParcelWish:
    first = rows[0].cells
    carrier = of.text(first, "carrier", chars_max=CARRIER_CHARS_MAX)
    number = of.code(first, "tracking_number", chars_max=TRACKING_CHARS_MAX)
    if not carrier:
        raise of.BadCell("carrier is empty.")
    if not number and carrier != OWN_FLEET:
        raise of.BadCell("tracking_number is empty; only the own fleet numbers its parcels here.")
    units: dict[str, int | None] = {}
    for row in rows:
        sku = of.code(row.cells, "sku", chars_max=SKU_CHARS_MAX).upper()
        quantity = of.quantity(row.cells, "quantity")
        if quantity is not None and not sku:
            raise of.BadCell("quantity is of a sku; without one the row is all that is left.")
        if not sku and len(rows) > 1:
            raise of.BadCell("One row of this parcel names no sku, and it has several rows.")
        if sku:
            known = units.get(sku, 0)
            units[sku] = None if quantity is None or known is None else known + quantity
    times = {of.moment(row.cells, "shipped_at") for row in rows}
    if len(times) > 1:
        raise of.BadCell("The rows of one parcel have different shipped_at.")
    return ParcelWish(carrier, number, units, times.pop())


def _send(op: Operation, order_id: UUID, wish: ParcelWish) -> str:
    """Send the parcel, or find it sent. One that was booked here under this number is handed over."""
    at = _after_placement(order_id, wish.shipped_at)
    earlier = naming.parcels_numbered(order_id, wish.tracking_number) if wish.tracking_number else []
    for parcel in earlier:
        if parcel.has_left:
            _require_same(parcel, wish)
            return UNCHANGED
        send.hand_over(op, order_id=order_id, shipment_id=parcel.shipment_id, at=at)
        return OK
    if wish.carrier == OWN_FLEET and not wish.tracking_number and not any(left for _, _, left in naming.lines_to_ship(order_id)):
        return UNCHANGED
    send.send(
        op, order_id=order_id, carrier=wish.carrier, items=_items(order_id, wish.units),
        tracking_number=wish.tracking_number or None, dispatch=True, at=at,
    )
    return OK


def _after_placement(order_id: UUID, at: datetime | None) -> datetime | None:
    """A day or a minute is a coarse word: on the day the order was placed it means no earlier than that. Raises BadCell."""
    if at is None:
        return None
    placed_at = naming.head(order_id).created_at
    if localdate(at) < localdate(placed_at):
        raise of.BadCell("shipped_at is before the order was placed.")
    return max(at, placed_at)


def _require_same(parcel: naming.NumberedParcel, wish: ParcelWish) -> None:
    """What is sent again is the same parcel. Raises NumberTaken."""
    for sku, quantity in wish.units.items():
        if parcel.units.get(sku, 0) < (quantity or 1):
            raise NumberTaken


def _items(order_id: UUID, units: dict[str, int | None]) -> dict[UUID, int] | None:
    """The units by line; a SKU that stands in several lines is taken from them in their order. Raises NoSuchSku."""
    if not units:
        return None
    items: dict[UUID, int] = {}
    lines = naming.lines_to_ship(order_id)
    for sku, quantity in units.items():
        here = [(line_id, left) for line_id, line_sku, left in lines if line_sku == sku and left]
        if not here:
            raise NoSuchSku(f"Nothing is left to ship of {sku} in this order.", skus=[sku])
        wanted = sum(left for _, left in here) if quantity is None else quantity
        for place, (line_id, left) in enumerate(here):
            taken = wanted if place == len(here) - 1 else min(wanted, left)  # too many: the parcel's own refusal says so
            if taken:
                items[line_id] = taken
            wanted -= taken
    return items


@dataclass(frozen=True, slots=True)
class StepWish:
    """One step of an order."""

    status: str
    note: str | None


def _step(rows: Sequence[Row]) -> StepWish:
    cells = rows[0].cells
    status = of.text(cells, "status", chars_max=20).lower()
    if status not in Order.Status.values:
        raise of.BadCell(f"status is one of {', '.join(Order.Status.values)}.")
    return StepWish(status, of.text(cells, "note", chars_max=NOTE_CHARS_MAX, multiline=True) or None)


def _take(op: Operation, order_id: UUID, wish: StepWish) -> str:
    """Take the step; an order that is there already is left alone, and its note is not written twice."""
    if naming.head(order_id).status == wish.status:
        return UNCHANGED
    try:
        step.take(op, order_id=order_id, status=wish.status, note=wish.note)
    except TransitionRefused as refusal:
        raise step.refused(order_id=order_id) from refusal
    return OK


KINDS: dict[str, Kind] = {
    Job.Kind.FULFILMENTS: Kind(
        name="fulfilments", scope="shipments:write", operation="shipment.import",
        columns=Columns(
            required=("order_number", "carrier", "tracking_number"), optional=("sku", "quantity", "shipped_at"),
            aliases=(("order", "order_number"), ("ordernumber", "order_number"), ("awb", "tracking_number"),
                     ("trackingnumber", "tracking_number"), ("shippedat", "shipped_at"), ("qty", "quantity")),
        ),
        same=lambda row: (
            row.order, row.cells.get("carrier"), row.cells.get("tracking_number") or row.row,
        ),
        parse=_parcel, act=_send,
        example="order_number,carrier,tracking_number,sku,quantity,shipped_at",
    ),
    Job.Kind.STATUSES: Kind(
        name="statuses", scope="orders:write", operation="order.set_status",
        columns=Columns(
            required=("order_number", "status"), optional=("note",),
            aliases=(("order", "order_number"), ("ordernumber", "order_number")),
        ),
        same=lambda row: row.row,
        parse=_step, act=_take,
        example="order_number,status,note",
    ),
    Job.Kind.ACTIONS: Kind(
        name="actions", scope="orders:write", operation="order.bulk",
        columns=Columns(required=("order_number", "action"), optional=acting.COLUMNS, aliases=()),
        same=lambda row: row.row,
        parse=acting.parse, act=acting.act,
        example="order_number,action,carrier,reason,note,tag,assignee",
    ),
}
