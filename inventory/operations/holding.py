"""Promise stock to a story, make the promise firm, take it back, let it leave the building.

What is promised beyond what is there is the business of `waiting`. These are parts of an order's or a checkout's operation and record no event of their own: the order's event is the fact,
the movement ledger its record. Every verb asks the database the same number of times for three lines and for a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.timezone import localdate

from inventory import locks
from inventory.allocation import allocate, divide, out_of_stock
from inventory.catalogue import Variant
from inventory.operations import waiting
from inventory.operations.moving import Step, move, spend
from inventory.stock import Hold, Level, Movement
from timeline.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from inventory.allocation import Distance
    from timeline.operations import Operation

VARIANTS_MAX = 200
WANT_UNITS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Want:
    """So many units of a variant."""

    variant_id: UUID
    quantity: int


class WantOutOfRange(Invalid):
    """A quantity is a whole number from 1 to 1,000,000, and at most 200 variants go into one order."""


class HoldSpent(Refused):
    """Fewer units are promised than were asked for: they have been released, have expired or have left already."""


def hold(op: Operation, *, stream: str, wants: Sequence[Want], until: datetime) -> list[Hold]:
    """Promise the story exactly these units until a time; the same variant wanted twice is summed first (F02).

    What the story holds already counts: only what is missing is taken and what is too much set free, so that asking again
    after a change of the cart is safe. Warehouses are asked by priority; one gives everything where one can. Of what may be
    ordered beyond what is there, that much is left out. Returns the story's holds. Raises `OutOfStock` naming each SKU, and then nothing has changed; `WantOutOfRange`.
    """
    op.version(stream)
    wanted = merged(wants)
    mine = [held for held in locks.live_holds(stream=stream) if held.status == Hold.Status.HELD]

    holds, _ = _settle(op, stream=stream, wanted=wanted, mine=mine, status=Hold.Status.HELD, until=until)
    return holds


def commit(
    op: Operation,
    *,
    stream: str,
    wants: Sequence[Want],
    hold_stream: str | None = None,
    is_new: bool = False,
    distance: Distance | None = None,
) -> list[Hold]:
    """Make the promise firm: the story's live holds lose their expiry; what is missing is taken, what is too much set free.

    With `hold_stream` the holds of that story (a checkout) move to `stream` (its order); both are locked by the operation.
    A hold that expired meanwhile is simply taken anew (F04). A variant whose policy allows it may be wanted beyond what is
    there: the rest waits as a `Backorder`. A story that `is_new` holds nothing and waits for nothing yet, and its caller says what it waits for
    (`say_promised`) after its first event. Nearer warehouses are asked first where `distance` says how far each is. Returns the committed holds. Raises `OutOfStock` naming each SKU, and then
    nothing has changed; `WantOutOfRange`.
    """
    source = hold_stream or stream
    op.version(stream)
    op.version(source)
    wanted = merged(wants)
    mine = [] if is_new and source == stream else locks.live_holds(stream=source)
    waits = [] if is_new else locks.waiting(stream=stream)

    uncovered = dict(wanted)
    for held in mine:
        uncovered[held.variant_id] = uncovered.get(held.variant_id, 0) - held.quantity
    still, ending = waiting.kept(waits, uncovered)
    here = {variant: units - still.get(variant, 0) for variant, units in wanted.items()}
    here = {variant: units for variant, units in here.items() if units}
    holds, later = _settle(
        op, stream=stream, wanted=here, mine=mine, status=Hold.Status.COMMITTED, until=None, distance=distance
    )
    waiting.end(op, waits=waits, ending=ending)
    waiting.promise(op, stream=stream, units=later, is_quiet=is_new)
    return holds


def release(op: Operation, *, stream: str, quantities: Mapping[UUID, int] | None = None) -> None:
    """Set promised units free: all of the story's, or so many of each hold id. Nothing to release is no error.

    With all of them the story's waiting for stock ends too. Raises `HoldSpent` when a hold is another story's or has fewer units left, and then nothing is released.
    """
    op.version(stream)
    mine = locks.live_holds(stream=stream)
    units = {held.id: held.quantity for held in mine} if quantities is None else _counted(quantities)
    levels = locks.levels(variant_ids={held.variant_id for held in mine if held.id in units})

    _set_free(op, holds=mine, units=units, levels=levels, kind=Movement.Kind.RELEASED)
    if quantities is None:
        waiting.forgo(op, stream=stream)


def consume(op: Operation, *, quantities: Mapping[UUID, int], holds: Sequence[Hold] | None = None) -> None:
    """The parcel leaves: on hand and held fall together, by so many units of each hold id.

    The stories of the holds are locked by the operation; whoever has locked the holds themselves already names them. Raises
    `HoldSpent` when a hold has fewer units left, and then nothing leaves.
    """
    units = _counted(quantities)
    mine = locks.holds(hold_ids=units) if holds is None else [held for held in holds if held.id in units]
    for stream in {held.stream for held in mine}:
        op.version(stream)
    levels = locks.levels(variant_ids={held.variant_id for held in mine})

    _set_free(op, holds=mine, units=units, levels=levels, kind=Movement.Kind.CONSUMED)


def expire(op: Operation, *, stream: str) -> list[Hold]:
    """Set free the story's holds that have outlived their time and say so, once; returns them as they were."""
    op.version(stream)
    due = locks.due_holds(stream=stream, now=op.now)
    levels = locks.levels(variant_ids={held.variant_id for held in due})

    units = {held.id: held.quantity for held in due}
    _set_free(op, holds=due, units=units, levels=levels, kind=Movement.Kind.EXPIRED)
    if due:
        op.record(
            due[0],
            "hold.expired",
            stream=stream,
            facts={"quantity": sum(units.values()), "holds": [held.id for held in due]},
            targets=[("variant", variant_id) for variant_id in sorted({held.variant_id for held in due})],
        )
    return due


def merged(wants: Iterable[Want]) -> dict[UUID, int]:
    """Units by variant, each variant once. Raises `WantOutOfRange`."""
    sums: dict[UUID, int] = {}
    for want in wants:
        if not 1 <= want.quantity <= WANT_UNITS_MAX:
            raise WantOutOfRange
        sums[want.variant_id] = sums.get(want.variant_id, 0) + want.quantity
    if len(sums) > VARIANTS_MAX or any(units > WANT_UNITS_MAX for units in sums.values()):
        raise WantOutOfRange
    return sums


def _settle(
    op: Operation,
    *,
    stream: str,
    wanted: Mapping[UUID, int],
    mine: Sequence[Hold],
    status: Hold.Status,
    until: datetime | None,
    distance: Distance | None = None,
) -> tuple[list[Hold], dict[UUID, int]]:
    """Make what is promised (`mine`) what is wanted, all of it with this status, expiry and story; and what is for later."""
    levels = locks.levels(variant_ids=wanted.keys() | {held.variant_id for held in mine})
    surplus, missing = _difference(wanted, mine)

    if surplus:
        _set_free(op, holds=mine, units=surplus, levels=levels, kind=Movement.Kind.RELEASED)
        _count_back(levels, mine, surplus)
    now, later = _divided(op, missing, levels)
    taken = take(op, stream=stream, wanted=now, levels=levels, status=status, until=until, distance=distance)

    kept = [held for held in mine if held.quantity > surplus.get(held.id, 0)]
    if kept:
        Hold.objects.filter(id__in=[held.id for held in kept]).update(status=status, expires_at=until, stream=stream)
    for held in kept:
        held.quantity -= surplus.get(held.id, 0)
        held.status, held.expires_at, held.stream = status, until, stream
    return kept + taken, later


def take(
    op: Operation,
    *,
    stream: str,
    wanted: Mapping[UUID, int],
    levels: Sequence[Level],
    status: Hold.Status,
    until: datetime | None,
    into_safety: bool = False,
    distance: Distance | None = None,
) -> list[Hold]:
    """Take what is there: allocate, move the levels, write the holds. Three statements, none when nothing is wanted.

    The levels are locked by the caller. Raises `OutOfStock` when they have less.
    """
    if not wanted:
        return []
    parts = allocate(wanted, levels, into_safety=into_safety, distance=distance)
    return promise(op, stream=stream, parts=parts, levels=levels, status=status, until=until, into_safety=into_safety)


def promise(
    op: Operation, *, stream: str, parts: Mapping[UUID, int], levels: Sequence[Level], status: Hold.Status, until: datetime | None,
    into_safety: bool = False,
) -> list[Hold]:
    """Hold so many units of each level id; the levels are locked by the caller. Raises `OutOfStock` when they have less."""
    by_id = {level.id: level for level in levels}
    found = [
        Hold(
            id=op.new_id(),
            stream=stream,
            warehouse_id=by_id[level_id].warehouse_id,
            variant_id=by_id[level_id].variant_id,
            taken=units,
            quantity=units,
            status=status,
            expires_at=until,
            created_at=op.now,
        )
        for level_id, units in parts.items()
    ]
    Hold.objects.bulk_create(found)
    steps = [
        Step(by_id[level_id], Movement.Kind.HELD, stream, held=held.quantity, hold_id=held.id)
        for level_id, held in zip(parts, found, strict=True)
    ]
    if refused := move(op, steps=steps, into_safety=into_safety):
        variants = {level.variant_id: level.variant for level in levels}
        raise out_of_stock(
            [level.variant_id for level in refused], levels, variants=variants, today=localdate(op.now)
        )
    return found


def _set_free(
    op: Operation, *, holds: Sequence[Hold], units: Mapping[UUID, int], levels: Sequence[Level], kind: Movement.Kind
) -> None:
    """Take units off the holds and off their levels; on hand falls too when they are consumed."""
    if not units:
        return
    known = {held.id: held for held in holds}
    endings = {
        Movement.Kind.RELEASED: Hold.Status.RELEASED,
        Movement.Kind.EXPIRED: Hold.Status.EXPIRED,
        Movement.Kind.CONSUMED: Hold.Status.CONSUMED,
    }
    if units.keys() - known.keys() or units.keys() - spend(units=units, ending=endings[kind]):
        raise HoldSpent
    places = {(level.warehouse_id, level.variant_id): level for level in levels}
    leaving = kind == Movement.Kind.CONSUMED
    steps = [
        Step(
            places[known[hold_id].warehouse_id, known[hold_id].variant_id],
            kind,
            known[hold_id].stream,
            on_hand=-count if leaving else 0,
            held=-count,
            hold_id=hold_id,
        )
        for hold_id, count in units.items()
    ]
    if move(op, steps=steps):
        raise HoldSpent


def _difference(wanted: Mapping[UUID, int], mine: Sequence[Hold]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """What is held too much, by hold id, and what is still missing, by variant id."""
    missing = dict(wanted)
    surplus: dict[UUID, int] = {}
    for held in mine:
        kept = min(held.quantity, missing.get(held.variant_id, 0))
        if kept:
            missing[held.variant_id] -= kept
        if held.quantity > kept:
            surplus[held.id] = held.quantity - kept
    return surplus, {variant: units for variant, units in missing.items() if units}


def _count_back(levels: Sequence[Level], mine: Sequence[Hold], surplus: Mapping[UUID, int]) -> None:
    """Count the locked levels on after the surplus went back; the lock keeps everybody else out of them."""
    places = {(level.warehouse_id, level.variant_id): level for level in levels}
    for held in mine:
        places[held.warehouse_id, held.variant_id].held -= surplus.get(held.id, 0)


def _counted(quantities: Mapping[UUID, int]) -> dict[UUID, int]:
    if any(not 1 <= units <= WANT_UNITS_MAX for units in quantities.values()):
        raise WantOutOfRange
    return dict(quantities)


def _divided(
    op: Operation, wanted: Mapping[UUID, int], levels: Sequence[Level]
) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """What is taken now and what is for later; a variant that never lay anywhere is asked for with one statement more."""
    variants = {level.variant_id: level.variant for level in levels}
    nowhere = wanted.keys() - variants.keys()
    if nowhere:
        variants |= {variant.id: variant for variant in Variant.objects.filter(id__in=nowhere)}
    return divide(wanted, levels, variants=variants, today=localdate(op.now))
