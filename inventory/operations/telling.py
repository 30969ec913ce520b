"""An external warehouse system tells us what it counted and what left: each fact once, by its own reference (B81).

What cannot be so is kept as a conflict that a person sees. Inventory does not know orders: that a parcel left is recorded as
`warehouse.dispatched`, and whoever knows the parcel acts on it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from inventory.operations.counting import take_counts
from inventory.operations.shelves import reason_code, warehouse_of
from inventory.outside import Conflict, OutsideCount, OutsideDispatch
from inventory.stock import Level
from timeline.errors import Invalid, Missing, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from inventory.stock import Warehouse
    from timeline.operations import Operation

Told = TypeVar("Told", OutsideCount, OutsideDispatch)

CLOCK_DRIFT_MAX = timedelta(minutes=5)
GONE = "agreed_later"
BY_HAND = "by_hand"
_OF_COUNTS = (Conflict.Kind.PROMISED, Conflict.Kind.UNKNOWN_SKU, Conflict.Kind.OUT_OF_RANGE, Conflict.Kind.STALE)


class ReferenceReused(Refused):
    """This reference told something else before; a new fact has a new reference."""


class NotYet(Invalid):
    """What has happened has not happened later than now."""


class Resolved(Refused):
    """This conflict is resolved already."""


@dataclass(frozen=True, slots=True)
class Left:
    """A parcel that left: its tracking number or our id, when, and what was in it where they say so."""

    parcel: str
    dispatched_at: datetime
    items: Mapping[str, int] = field(default_factory=dict)


def tell_count(
    op: Operation, *, warehouse_code: str, reference: str, taken_at: datetime, counts: Mapping[str, int]
) -> OutsideCount:
    """Take a count over, at most 200 SKUs; told again it changes nothing and gives what it came to the first time.

    What does not fit is a conflict; one of an earlier count that fits now is resolved. Raises `UnknownWarehouse`,
    `ReferenceReused`, `NotYet`.
    """
    warehouse = warehouse_of(warehouse_code)
    _require_past(op, taken_at)
    print_ = _fingerprint({"at": taken_at.isoformat(), "counts": dict(sorted(counts.items()))})
    op.open_stream(str(warehouse.id))
    known = OutsideCount.objects.filter(warehouse=warehouse, reference=reference).first()
    if known is not None:
        return _same(known, print_)

    found = take_counts(op, warehouse_code=warehouse_code, counts=counts, taken_at=taken_at)
    row = OutsideCount(
        id=op.new_id(),
        warehouse=warehouse,
        reference=reference,
        fingerprint=print_,
        taken_at=taken_at,
        told_at=op.now,
        skus=len(counts),
        changed=found.changed,
        refused=found.refused,
    )
    op.record(
        row,
        "warehouse.counted",
        stream=str(warehouse.id),
        facts={
            "warehouse": warehouse_code,
            "reference": reference,
            "skus": len(counts),
            "changed": len(found.changed),
            "refused": len(found.refused),
        },
        occurred_at=taken_at,
        targets=[("warehouse", warehouse.id)],
    )
    row.save(force_insert=True)
    for sku, kind in sorted(found.refused.items()):
        report_conflict(
            op,
            warehouse=warehouse,
            kind=kind,
            about=sku,
            reference=reference,
            ours=found.ours.get(sku, {}),
            theirs={"counted": counts[sku], "takenAt": taken_at.isoformat()},
        )
    _close_agreed(op, warehouse, counts.keys() - found.refused.keys())
    return row


def tell_dispatch(op: Operation, *, warehouse_code: str, reference: str, left: Left) -> OutsideDispatch:
    """A parcel left there; told again it changes nothing. Whoever knows the parcel hears of it.

    Units that left before a count which we have taken already were missing in that count: a conflict says so. Raises
    `UnknownWarehouse`, `ReferenceReused`, `NotYet`.
    """
    warehouse = warehouse_of(warehouse_code)
    _require_past(op, left.dispatched_at)
    print_ = _fingerprint(
        {"parcel": left.parcel, "at": left.dispatched_at.isoformat(), "items": dict(sorted(left.items.items()))}
    )
    op.open_stream(str(warehouse.id))
    known = OutsideDispatch.objects.filter(warehouse=warehouse, reference=reference).first()
    if known is not None:
        return _same(known, print_)

    row = OutsideDispatch(
        id=op.new_id(),
        warehouse=warehouse,
        reference=reference,
        fingerprint=print_,
        parcel=left.parcel,
        dispatched_at=left.dispatched_at,
        told_at=op.now,
    )
    op.record(
        row,
        "warehouse.dispatched",
        stream=str(warehouse.id),
        facts={
            "warehouse": warehouse_code,
            "reference": reference,
            "parcel": left.parcel,
            "dispatched_at": left.dispatched_at,
            "items": [{"sku": sku, "quantity": units} for sku, units in sorted(left.items.items())] or None,
        },
        occurred_at=left.dispatched_at,
        targets=[("warehouse", warehouse.id)],
    )
    row.save(force_insert=True)
    counted = Level.objects.filter(
        warehouse=warehouse, variant__sku__in=list(left.items), counted_at__gte=left.dispatched_at
    )
    for sku, at in counted.order_by("variant__sku").values_list("variant__sku", "counted_at"):
        report_conflict(
            op,
            warehouse=warehouse,
            kind=Conflict.Kind.COUNTED_AFTER,
            about=sku,
            reference=reference,
            ours={"countedAt": str(at)},
            theirs={"parcel": left.parcel, "dispatchedAt": left.dispatched_at.isoformat(), "units": left.items[sku]},
        )
    return row


def report_conflict(
    op: Operation,
    *,
    warehouse: Warehouse,
    kind: str,
    about: str,
    reference: str,
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
) -> Conflict:
    """Keep what does not fit for a person; the same one again says only what is told now. The warehouse's story is locked."""
    op.version(str(warehouse.id))
    known = Conflict.objects.filter(warehouse=warehouse, kind=kind, about=about, resolved_at=None).first()
    if known is not None:
        Conflict.objects.filter(id=known.id).update(
            reference=reference, ours=dict(ours), theirs=dict(theirs), seen_at=op.now
        )
        return known
    row = Conflict(
        id=op.new_id(),
        warehouse=warehouse,
        kind=kind,
        about=about,
        reference=reference,
        ours=dict(ours),
        theirs=dict(theirs),
        opened_at=op.now,
        seen_at=op.now,
    )
    op.record(
        row,
        "conflict.opened",
        stream=str(warehouse.id),
        facts={"warehouse": warehouse.code, "conflict": kind, "about": about, "reference": reference},
        targets=[("warehouse", warehouse.id)],
    )
    row.save(force_insert=True)
    return row


def resolve_conflict(op: Operation, *, conflict_id: UUID, reason: str) -> Conflict:
    """A person has looked into it and done what was to be done. Raises `Missing`, `Resolved`."""
    found = Conflict.objects.select_related("warehouse").filter(id=conflict_id).first()
    if found is None:
        raise Missing
    op.open_stream(str(found.warehouse_id))
    _, private = reason_code(reason)
    return _resolve(op, found, BY_HAND, private=private or {"reason": reason})


def _close_agreed(op: Operation, warehouse: Warehouse, skus: set[str]) -> None:
    rows = Conflict.objects.select_related("warehouse").filter(
        warehouse=warehouse, kind__in=_OF_COUNTS, about__in=skus, resolved_at=None
    )
    for row in rows.order_by("id"):
        _resolve(op, row, GONE)


def _resolve(op: Operation, found: Conflict, how: str, *, private: dict[str, str] | None = None) -> Conflict:
    """The story of the warehouse is locked; whoever comes second is told."""
    who = (op.actor.name or op.actor.id)[:120]
    rows = Conflict.objects.filter(id=found.id, resolved_at=None)
    if not rows.update(resolved_at=op.now, resolved_by=who, resolution=how):
        raise Resolved
    op.record(
        found,
        "conflict.resolved",
        stream=str(found.warehouse_id),
        facts={"warehouse": found.warehouse.code, "conflict": found.kind, "about": found.about, "resolution": how},
        private=private,
        targets=[("warehouse", found.warehouse_id)],
    )
    found.resolved_at, found.resolved_by, found.resolution = op.now, who, how
    return found


def _same(known: Told, print_: bytes) -> Told:
    if bytes(known.fingerprint) != print_:
        raise ReferenceReused(reference=known.reference, told_at=known.told_at.isoformat())
    return known


def _fingerprint(facts: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()


def _require_past(op: Operation, at: datetime) -> None:
    if at > op.now + CLOCK_DRIFT_MAX:
        raise NotYet
