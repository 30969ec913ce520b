"""An external warehouse's counts in, ours out, as CSV (B81).

In: a header with `sku` and `on_hand`, one SKU a line. Out: `sku,on_hand,held,available`, sorted. SKUs are capital letters,
digits and hyphens, so no cell can be taken for a formula.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from typing import TYPE_CHECKING

from inventory.operations.counting import COUNTS_MAX, Counted, take_counts
from inventory.stock import Level
from timeline.errors import BadRequest
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timeline.actors import Actor

LINES_MAX = 20_000
_UNITS = re.compile(r"[0-9]{1,10}")


def take(text: str, *, warehouse_code: str, actor: Actor) -> Counted:
    """Read a count and take it over, 200 SKUs an operation; sending the same file again changes nothing.

    Raises `BadRequest` naming the first wrong line, before anything is changed; `UnknownWarehouse`.
    """
    counts = sorted(_read(text).items())
    total = Counted()
    for start in range(0, len(counts), COUNTS_MAX):
        part = _take_part(dict(itertools.islice(counts, start, start + COUNTS_MAX)), warehouse_code, actor)
        total.changed |= part.changed
        total.refused |= part.refused
    return total


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
def _take_part(counts: Mapping[str, int], warehouse_code: str, actor: Actor) -> Counted:
    with operation("stock.sync", actor=actor) as op:
        return take_counts(op, warehouse_code=warehouse_code, counts=counts)


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
