"""Goods that came back: counted by a person at the warehouse, graded unit by unit, and only then on a shelf again (Z4, E24)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inventory import operations as stock
from orders import locks
from orders.eligibility import OPENED, OTHER
from orders.models import Line, Return, ReturnLine, ReturnUnit
from orders.operations import axes, return_pickup
from orders.operations.returns import place_of, words_of
from timeline.errors import Invalid, Refused
from timeline.transitions import advance, require_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from inventory.models import Warehouse
    from timeline.operations import Operation

D, G = ReturnUnit.Disposition, ReturnUnit.Grade
OTHERS_MAX = 20
_REASON = "returned"


class NothingCame(Refused):
    """Nothing came back: call the return off, or close it."""


class MoreThanWentOut(Invalid):
    """More units came than this order still has out; name what is beyond as something else that came."""


class CountsDiffer(Invalid):
    """Every unit that was received is graded once."""


class DamagedIsNotForSale(Invalid):
    """A damaged unit does not go back on the shelf."""


@dataclass(frozen=True, slots=True)
class Graded:
    """So many units of a line, what they were found to be, and where they go; without a warehouse, where they were received."""

    line_id: UUID
    units: int
    grade: str
    disposition: str
    warehouse: str | None = None


def receive(
    op: Operation, *, return_id: UUID, counts: Mapping[UUID, int] | None = None, others: Sequence[Mapping[str, Any]] = (),
    warehouse: str | None = None,
) -> Return:
    """A person has counted what came: as announced, or by line what `counts` says, also of lines nobody announced.

    `others` are things that are not of this order, as `{sku, quantity}`. The units count as returned from now on; they are
    on no shelf before they were inspected. Raises TransitionRefused, NothingCame, MoreThanWentOut, NoWarehouse, Missing.
    """
    ret = locks.ret(return_id)
    lines = {line.pk: line for line in locks.lines(ret.order_id)}
    known = {row.line_id: row for row in ReturnLine.objects.filter(ret=ret)}
    came = dict(counts) if counts is not None else {pk: row.quantity for pk, row in known.items()}
    place = place_of(warehouse or ret.warehouse_code or None)

    require_step(ret.receive)
    _require_out(came, lines)
    if not any(came.values()) and not others:
        raise NothingCame

    advance(
        op, ret.receive, at=op.now, warehouse=place.code, item_count=sum(came.values()),
        items=[
            {"order_item_id": pk, "sku": lines[pk].sku, "announced": known[pk].quantity if pk in known else 0, "quantity": units}
            for pk, units in came.items()
        ],
        others=list(others) or None, **words_of(ret),
    )
    return_pickup.arrive(op, return_id=return_id)
    _count(op, ret, came, known, lines)
    if others:
        ret.others = [dict(item) for item in others]
        Return.objects.filter(pk=ret.pk).update(others=ret.others)
    axes.refresh(op, order=ret.order)
    return ret


def inspect(op: Operation, *, return_id: UUID, units: Sequence[Graded]) -> Return:
    """Every received unit was graded: it is on the shelf, among the damaged, scrapped, or goes back to the customer.

    Units that go back to the customer are not returned any more. Raises TransitionRefused unless it is received,
    CountsDiffer, DamagedIsNotForSale, NoWarehouse, Missing.
    """
    ret = locks.ret(return_id)
    rows = {row.line_id: row for row in ReturnLine.objects.filter(ret=ret)}
    lines = {line.pk: line for line in locks.lines(ret.order_id)}

    require_step(ret.inspect)
    require_graded(units, {pk: row.received for pk, row in rows.items()})
    places = {code: place_of(code) for code in {item.warehouse or ret.warehouse_code for item in units}}

    advance(
        op, ret.inspect, at=op.now, items=[
            {"order_item_id": item.line_id, "sku": lines[item.line_id].sku, "quantity": item.units, "grade": item.grade,
             "disposition": item.disposition, "warehouse": item.warehouse or ret.warehouse_code}
            for item in units
        ],
        **words_of(ret),
    )
    ReturnUnit.objects.bulk_create(
        [
            ReturnUnit(
                line=rows[item.line_id], quantity=item.units, grade=item.grade, disposition=item.disposition,
                warehouse_code=item.warehouse or ret.warehouse_code, at=op.now,
            )
            for item in units
        ]
    )
    put_away(op, stream=str(ret.order_id), at=ret.warehouse_code, units=units, lines=lines, places=places, reason=_REASON)
    _hand_back(op, ret, units, lines)
    return ret


def require_graded(units: Sequence[Graded], came: Mapping[UUID, int]) -> None:
    """That every unit that came is graded once. Raises CountsDiffer, DamagedIsNotForSale."""
    graded: dict[UUID, int] = defaultdict(int)
    for place, item in enumerate(units):
        if item.line_id not in came:
            raise CountsDiffer(errors=[(f"#/units/{place}/orderItemId", "Nothing of this item was received.")])
        if item.grade == G.DAMAGED and item.disposition == D.RESTOCK:
            raise DamagedIsNotForSale(errors=[(f"#/units/{place}/disposition", "Not to the shelf.")])
        graded[item.line_id] += item.units
    errors = [
        ("#/units", f"{count} units of this item were received, {graded[pk]} are graded.")
        for pk, count in came.items()
        if graded[pk] != count
    ]
    if errors:
        raise CountsDiffer(errors=errors)


def put_away(
    op: Operation, *, stream: str, at: str, units: Sequence[Graded], lines: Mapping[UUID, Line],
    places: Mapping[str, Warehouse], reason: str,
) -> None:
    """One restock a place and kind; what is scrapped is first received among the damaged, so that a movement tells of both."""
    piles: dict[tuple[str, bool], dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    scrapped: dict[tuple[str, str], int] = defaultdict(int)
    for item in units:
        code, line = item.warehouse or at, lines[item.line_id]
        if item.disposition != D.BACK:
            piles[code, item.disposition != D.RESTOCK][line.variant_id] += item.units
        if item.disposition == D.SCRAP:
            scrapped[code, line.sku] += item.units
    for (code, damaged), quantities in sorted(piles.items()):
        stock.restock(
            op, warehouse_id=places[code].pk, quantities=dict(quantities), stream=stream, reason=reason, damaged=damaged
        )
    for (code, sku), quantity in sorted(scrapped.items()):
        stock.scrap(op, warehouse_code=code, sku=sku, quantity=quantity)


def kept_units(ret: Return) -> dict[UUID, int]:
    """Units by line that stay with us, or are to come: received ones less those that go back; announced ones before."""
    rows = list(ret.lines.prefetch_related("units"))
    if ret.received_at is None:
        return {row.line_id: row.quantity for row in rows if row.quantity}
    back = {row.pk: sum(unit.quantity for unit in row.units.all() if unit.disposition == D.BACK) for row in rows}
    return {row.line_id: row.received - back[row.pk] for row in rows if row.received > back[row.pk]}


def _require_out(came: Mapping[UUID, int], lines: Mapping[UUID, Line]) -> None:
    out = {pk: line.quantity_delivered - line.quantity_returned for pk, line in lines.items()}
    errors = [
        (f"#/items/{place}", "There is no such item." if pk not in out else f"{max(out[pk], 0)} units are with the customer.")
        for place, (pk, units) in enumerate(came.items())
        if pk not in out or not 0 <= units <= max(out[pk], 0)
    ]
    if errors:
        raise MoreThanWentOut(errors=errors)


def _count(
    op: Operation, ret: Return, came: Mapping[UUID, int], known: Mapping[UUID, ReturnLine], lines: Mapping[UUID, Line]
) -> None:
    for pk, units in came.items():
        row = known.get(pk)
        if row is not None:
            ReturnLine.objects.filter(pk=row.pk).update(received=units)
        elif units:
            ReturnLine.objects.create(
                ret=ret, line=lines[pk], quantity=0, reason=OTHER, condition=OPENED, received=units
            )
        lines[pk].quantity_returned += units
        lines[pk].updated_at = op.now
    Line.objects.bulk_update(lines.values(), ["quantity_returned", "updated_at"])


def _hand_back(op: Operation, ret: Return, units: Sequence[Graded], lines: Mapping[UUID, Line]) -> None:
    back = [item for item in units if item.disposition == D.BACK]
    if not back:
        return
    for item in back:
        lines[item.line_id].quantity_returned -= item.units
        lines[item.line_id].updated_at = op.now
    Line.objects.bulk_update(lines.values(), ["quantity_returned", "updated_at"])
    axes.refresh(op, order=ret.order)
    return_pickup.send_back(op, ret=ret, units=[(lines[item.line_id], item.units) for item in back])
