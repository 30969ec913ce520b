"""What cells of a spreadsheet mean, and what a spreadsheet has done to them."""

from __future__ import annotations

import datetime as dt
import re

from django.utils import timezone

from timeline.api.wire import QUANTITY_MAX, text_fault
from timeline.errors import Invalid

_ROUNDED = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")
_FLOATED = re.compile(r"[0-9]+\.0+")
_KEPT = re.compile(r"=\"(.*)\"|'(.*)")
_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)
_FORMULA = ("=", "+", "-", "@")
MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d-%m-%Y %H:%M", "%d-%m-%Y")
YEAR_MIN, YEAR_MAX = 2000, 2199
CLOCK_DRIFT_MAX = dt.timedelta(minutes=5)


class BadCell(Invalid):
    """A cell of this row cannot be what its column says."""


def text(cells: dict[str, str], column: str, *, chars_max: int, multiline: bool = False) -> str:
    """The cell's text; nothing when it is empty. A quote that kept a formula from running is taken off. Raises BadCell."""
    found = cells.get(column, "")
    if found[:1] == "'" and found[1:2] in _FORMULA:
        found = found[1:]
    if len(found) > chars_max:
        raise BadCell(f"{column} is longer than {chars_max} characters.")
    if fault := text_fault(found, multiline=multiline):
        raise BadCell(f"{column}: {fault}")
    return found


def code(cells: dict[str, str], column: str, *, chars_max: int) -> str:
    """A number that is a name, as of an order or a parcel, as it was before a spreadsheet took it for a quantity.

    `="0123"` and `'0123` are how it is kept from that; `1.23E+12` and `123.0` are what is left of it: digits are lost, and no
    guess brings them back. Raises BadCell.
    """
    found = text(cells, column, chars_max=chars_max)
    if kept := _KEPT.fullmatch(found):
        found = (kept[1] if kept[1] is not None else kept[2]).strip()
    if _ROUNDED.fullmatch(found) or _FLOATED.fullmatch(found):
        raise BadCell(f"{column} is {found}: a spreadsheet has rounded it. Format the column as text and export it again.")
    return found


def quantity(cells: dict[str, str], column: str) -> int | None:
    """A whole number of units; None when the cell is empty. Raises BadCell."""
    found = cells.get(column, "")
    if not found:
        return None
    if not _DIGITS.fullmatch(found) or not 1 <= int(found) <= QUANTITY_MAX:
        raise BadCell(f"{column} is a whole number from 1 to {QUANTITY_MAX}.")
    return int(found)


def moment(cells: dict[str, str], column: str) -> dt.datetime | None:
    """A time that has passed: RFC 3339, or a date with or without a time of the shop's own clock. Raises BadCell."""
    found = cells.get(column, "")
    if not found:
        return None
    at = _moment(found)
    if at is None or not YEAR_MIN <= at.year <= YEAR_MAX:
        raise BadCell(f"{column} is no date: write 2026-11-21, 2026-11-21 16:30 or 21/11/2026.")
    if at > timezone.now() + CLOCK_DRIFT_MAX:
        raise BadCell(f"{column} is yet to come.")
    return at


def _moment(found: str) -> dt.datetime | None:
    for form in MOMENTS:
        try:
            return timezone.make_aware(dt.datetime.strptime(found, form))  # noqa: DTZ007 the shop's own zone is added here
        except ValueError:
            continue
    try:
        at = dt.datetime.fromisoformat(found)
    except ValueError:
        return None
    return at if at.tzinfo is not None else timezone.make_aware(at)
