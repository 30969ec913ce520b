"""A carrier's list of cash it hands over: read strictly, all of it or nothing.

The columns are carrier, reference, utr, date, awb and amount, a row a parcel. Rows of one carrier and reference are one
batch; a file may hold several. A driver of our own fleet who hands cash in at the counter writes the same list.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from payments.bank_statement import day_of, minor_of
from timeline.errors import Invalid

if TYPE_CHECKING:
    from datetime import date

    Key = tuple[str, str]
    Head = tuple[str, date]

COLUMNS = ("carrier", "reference", "utr", "date", "awb", "amount")
ROWS_MAX = 5_000
TEXT_CHARS_MAX = {"carrier": 40, "reference": 60, "utr": 60, "awb": 60}
ERRORS_MAX = 50


class BadRemittanceFile(Invalid):
    """The file is no list of cash we can read: nothing of it was booked."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One hand-over of a carrier; `rows` are tracking numbers and minor units."""

    carrier: str
    reference: str
    utr: str
    day: date
    rows: tuple[tuple[str, int], ...]


def read(text: str) -> list[Batch]:
    """The batches of a file, in its order. Raises `BadRemittanceFile` naming each bad line."""
    heads: dict[Key, Head] = {}
    rows: dict[Key, dict[str, int]] = {}
    errors: list[tuple[str, str]] = []
    for number, cells in _lines(text):
        try:
            _add(heads, rows, cells)
        except ValueError as error:
            errors.append((f"#/lines/{number}", str(error)))
    if errors:
        raise BadRemittanceFile("Some lines cannot be read; nothing was booked.", errors=errors[:ERRORS_MAX])
    if not rows:
        raise BadRemittanceFile("There are no lines below the header.")
    return [Batch(*key, *heads[key], tuple(found.items())) for key, found in rows.items()]


def _lines(text: str) -> list[tuple[int, dict[str, str]]]:
    table = csv.reader(io.StringIO(text.lstrip("\ufeff")), strict=True)
    try:
        rows = [(table.line_num, cells) for cells in table]
    except csv.Error as error:
        raise BadRemittanceFile(f"This is no CSV: {error}.") from error
    filled = [(number, [cell.strip() for cell in cells]) for number, cells in rows if any(cell.strip() for cell in cells)]
    if not filled or sorted(cell.lower() for cell in filled[0][1]) != sorted(COLUMNS):
        raise BadRemittanceFile(f"The first line names the columns {', '.join(COLUMNS)}.")
    if len(filled) > ROWS_MAX + 1:
        raise BadRemittanceFile(f"A list has at most {ROWS_MAX} parcels.")
    names = [cell.lower() for cell in filled[0][1]]
    return [
        (number, dict(zip(names, cells, strict=True)) if len(cells) == len(names) else {}) for number, cells in filled[1:]
    ]


def _add(heads: dict[Key, Head], rows: dict[Key, dict[str, int]], cells: dict[str, str]) -> None:
    if not cells:
        raise ValueError(f"A line has {len(COLUMNS)} cells.")
    for name, chars_max in TEXT_CHARS_MAX.items():
        if not cells[name] and name != "utr":
            raise ValueError(f"The {name} is missing.")
        if len(cells[name]) > chars_max or not cells[name].isprintable():
            raise ValueError(f"The {name} is at most {chars_max} printable characters.")
    key, head = (cells["carrier"], cells["reference"]), (cells["utr"], day_of(cells["date"]))
    paid_minor = minor_of(cells["amount"])
    if paid_minor < 0 or not cells["amount"]:
        raise ValueError("The amount is rupees, not below zero.")
    if heads.setdefault(key, head) != head:
        raise ValueError("A batch has one UTR and one date.")
    batch = rows.setdefault(key, {})
    if cells["awb"] in batch:
        raise ValueError("This tracking number stands in the batch twice.")
    batch[cells["awb"]] = paid_minor
