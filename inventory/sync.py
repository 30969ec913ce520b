"""An external warehouse's counts and dispatches in, ours out, as CSV (B81).

Counts: a header with `sku` and `on_hand`, one SKU a line. Dispatches: `reference`, `parcel`, `dispatched_at`. Out:
`sku,on_hand,held,available`, sorted. SKUs are capital letters, digits and hyphens, so no cell can be taken for a formula. A file
that was brought in half is brought in again: what is known already changes nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import re
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from inventory.operations.counting import COUNTS_MAX, Counted
from inventory.operations.shelves import warehouse_of
from inventory.operations.telling import Left, NotYet, ReferenceReused, tell_count, tell_dispatch
from inventory.outside import REFERENCE_CHARS_MAX
from inventory.stock import Level
from timeline.api.wire import YEAR_MAX, YEAR_MIN
from timeline.errors import BadRequest
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.outside import OutsideCount, OutsideDispatch
    from timeline.actors import Actor

LINES_MAX = 20_000
_REFERENCE_MAX = REFERENCE_CHARS_MAX - 8  # the number of the part comes after it
_UNITS = re.compile(r"[0-9]{1,10}")


def take(
    text: str, *, warehouse_code: str, actor: Actor, taken_at: datetime | None = None, reference: str = ""
) -> Counted:
    """Read a count and take it over, 200 SKUs an operation, each once by `reference` and its part's number.

    Without a reference it is the file's own digest; without `taken_at` it was taken now. Raises `BadRequest` naming the
    first wrong line, before anything is changed; `UnknownWarehouse`, `ReferenceReused`, `NotYet`.
    """
    counts = sorted(_read(text).items())
    at = taken_at or timezone.now()
    named = reference or hashlib.sha256(f"{at.isoformat()}\n{text}".encode()).hexdigest()[:16]
    if len(named) > _REFERENCE_MAX:
        raise BadRequest(f"A reference has at most {_REFERENCE_MAX} characters.")
    warehouse_of(warehouse_code)
    total = Counted()
    for part, start in enumerate(range(0, len(counts), COUNTS_MAX), start=1):
        told = _tell(dict(itertools.islice(counts, start, start + COUNTS_MAX)), warehouse_code, actor, f"{named}#{part}", at)
        total.changed |= told.changed
        total.refused |= told.refused
    return total


def take_dispatches(text: str, *, warehouse_code: str, actor: Actor) -> tuple[int, dict[str, str]]:
    """Read what left and tell each once; gives how many were taken, and why a reference was not.

    Raises `BadRequest` naming the first wrong line, before anything is changed; `UnknownWarehouse`.
    """
    rows = list(_dispatches(text))
    warehouse_of(warehouse_code)
    taken, refused = 0, {}
    for reference, left in rows:
        try:
            _tell_dispatch(reference, left, warehouse_code, actor)
            taken += 1
        except (ReferenceReused, NotYet) as error:
            refused[reference] = error.detail
    return taken, refused


def give(warehouse_code: str) -> str:
    """What we know of a warehouse, as CSV. One statement."""
    rows = Level.objects.filter(warehouse__code=warehouse_code).order_by("variant__sku")
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["sku", "on_hand", "held", "available"])
    table.writerows(
        [sku, on_hand, held, on_hand - held]
        for sku, on_hand, held in rows.values_list("variant__sku", "on_hand", "held").iterator(chunk_size=1000)
    )
    return out.getvalue()


@retried
def _tell(counts: Mapping[str, int], warehouse_code: str, actor: Actor, reference: str, at: datetime) -> OutsideCount:
    with operation("warehouse.count", actor=actor) as op:
        return tell_count(op, warehouse_code=warehouse_code, reference=reference, taken_at=at, counts=counts)


@retried
def _tell_dispatch(reference: str, left: Left, warehouse_code: str, actor: Actor) -> OutsideDispatch:
    with operation("warehouse.dispatch", actor=actor) as op:
        return tell_dispatch(op, warehouse_code=warehouse_code, reference=reference, left=left)


def _dispatches(text: str) -> Iterator[tuple[str, Left]]:
    table = csv.DictReader(io.StringIO(text))
    if not {"reference", "parcel", "dispatched_at"} <= set(table.fieldnames or ()):
        raise BadRequest("The first line names the columns reference, parcel and dispatched_at.")
    seen: set[str] = set()
    for number, row in enumerate(table, start=2):
        reference, parcel = (row["reference"] or "").strip(), (row["parcel"] or "").strip()
        at = _moment(row["dispatched_at"] or "")
        if number > LINES_MAX:
            raise BadRequest(f"A file has at most {LINES_MAX} lines.")
        if not reference or reference in seen or not parcel or max(len(reference), len(parcel)) > REFERENCE_CHARS_MAX or at is None:
            raise BadRequest(f"Line {number} is not a reference, named once, with its parcel and when it left.")
        seen.add(reference)
        yield reference, Left(parcel, at)


def _moment(text: str) -> datetime | None:
    """A date and time; without a zone it is the shop's."""
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        return None
    if found is None or not YEAR_MIN <= found.year <= YEAR_MAX:
        return None
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _read(text: str) -> dict[str, int]:
    table = csv.DictReader(io.StringIO(text))
    if not {"sku", "on_hand"} <= set(table.fieldnames or ()):
        raise BadRequest("The first line names the columns sku and on_hand.")
    counts: dict[str, int] = {}
    for number, row in enumerate(table, start=2):
        sku, units = (row["sku"] or "").strip().upper(), (row["on_hand"] or "").strip()
        if number > LINES_MAX:
            raise BadRequest(f"A count has at most {LINES_MAX} lines.")
        if not sku or sku in counts or not _UNITS.fullmatch(units):
            raise BadRequest(f"Line {number} is not a SKU, named once, with its units.")
        counts[sku] = int(units)
    return counts
