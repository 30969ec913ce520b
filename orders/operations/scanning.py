"""The packing table: each scan counts a unit into the box, the last one closes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orders.models import Fulfilment, PackScan
from orders.operations import packing, planning
from orders.operations.arranging import own
from timeline.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from orders.operations.planning import Ground, Units
    from timeline.operations import Operation

S = Fulfilment.Status
R = PackScan.Result
CODE_CHARS_MAX = 64
SCANS_MAX = 5000


class EmptyBox(Refused):
    """Nothing has been scanned into this box yet."""


class NotACode(Invalid):
    """A scan is a code of 1 to 64 letters and digits."""


class ScannedElsewhere(Refused):
    """This scan was counted for another box."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the table says to a scan: its result, the line it was counted for, and whether the box is packed now."""

    result: str
    line_id: UUID | None
    is_packed: bool


def scan(
    op: Operation, *, order_id: UUID, fulfilment_id: UUID, scan_id: UUID, code: str, carrier: str | None = None
) -> Scanned:
    """Count a unit of this SKU into the box. The first scan starts picking, the last one packs and books the parcel.

    The same scan id twice is one scan. Raises NotACode, ScannedElsewhere, OnHold, NotReady, Missing.
    """
    text = code.strip()
    if not 1 <= len(text) <= CODE_CHARS_MAX or not text.isprintable():
        raise NotACode(errors=[("#/code", "1 to 64 letters and digits.")])
    known = PackScan.objects.filter(pk=scan_id).first()
    if known is not None:
        if known.fulfilment_id != fulfilment_id:
            raise ScannedElsewhere
        row = own(planning.read(order_id), fulfilment_id)
        return Scanned(known.result, known.line_id, row.status == S.PACKED)

    packing.start_if_needed(op, order_id=order_id, fulfilment_id=fulfilment_id)
    ground = planning.read(order_id)
    row = own(ground, fulfilment_id)
    counted = counts(row)
    result, line_id = _judge(ground, row, counted, text)
    PackScan.objects.create(
        id=scan_id, fulfilment=row, line_id=line_id, code=text, result=result, by=op.actor.id[:120], at=op.now
    )
    if result == R.RIGHT and line_id is not None:
        counted[line_id] += 1
    if row.status == S.PICKING and not missing(ground.of(row), counted):
        row = packing.pack(op, order_id=order_id, fulfilment_id=fulfilment_id, carrier=carrier)
    return Scanned(result, line_id, row.status == S.PACKED)


def finish(op: Operation, *, order_id: UUID, fulfilment_id: UUID, carrier: str | None = None) -> Fulfilment:
    """The box is full: it is packed with what was scanned, and the rest becomes a box of its own (UX F2).

    Raises EmptyBox, OnHold, NotReady, Missing.
    """
    ground = planning.plan(op, order_id=order_id)
    row = own(ground, fulfilment_id)
    if row.status == S.PACKED:
        return packing.pack(op, order_id=order_id, fulfilment_id=fulfilment_id, carrier=carrier)
    counted = counts(row)
    inside = {pk: min(units, counted[pk]) for pk, units in ground.of(row).items() if counted[pk]}
    if not inside:
        raise EmptyBox
    rest = missing(ground.of(row), counted)
    if rest:
        planning.lay(
            op, ground=ground, target={row: inside, planning.sibling(op, row=row, by_hand=True): rest}, what="box_full"
        )
    return packing.pack(op, order_id=order_id, fulfilment_id=fulfilment_id, carrier=carrier)


def short(
    op: Operation, *, order_id: UUID, fulfilment_id: UUID, items: Mapping[UUID, int], carrier: str | None = None
) -> Fulfilment:
    """Units are not on the shelf (UX F4); when all others are in the box, it is packed. Raises as `packing.short`."""
    row = packing.short(op, order_id=order_id, fulfilment_id=fulfilment_id, items=items)
    ground = planning.read(order_id)
    row = own(ground, fulfilment_id)
    if row.status == S.PICKING and not missing(ground.of(row), counts(row)):
        row = packing.pack(op, order_id=order_id, fulfilment_id=fulfilment_id, carrier=carrier)
    return row


def counts(row: Fulfilment) -> Counter[UUID]:
    """Units in the box by line id: the right scans since picking began."""
    if row.picking_at is None or row.status == S.RELEASED:
        return Counter()
    scans = PackScan.objects.filter(fulfilment=row, result=R.RIGHT, at__gte=row.picking_at)
    return Counter(pk for pk in scans.values_list("line_id", flat=True)[:SCANS_MAX] if pk is not None)


def missing(units: Mapping[UUID, int], counted: Mapping[UUID, int]) -> Units:
    """What is not in the box yet."""
    return {pk: count - counted.get(pk, 0) for pk, count in units.items() if count > counted.get(pk, 0)}


def _judge(ground: Ground, row: Fulfilment, counted: Mapping[UUID, int], text: str) -> tuple[R, UUID | None]:
    """The first line of this SKU with room, else why there is none."""
    wanted = text.casefold()
    lines = [pk for pk in ground.of(row) if ground.lines[pk].sku.casefold() == wanted]
    if not lines:
        return R.WRONG, None
    room = next((pk for pk in lines if counted.get(pk, 0) < ground.of(row)[pk]), None)
    if room is None or row.status != S.PICKING:
        return R.OVER, lines[0]
    return R.RIGHT, room
