"""A CSV file as rows, read strictly and in bounded memory: what is not clearly a table is refused, with its line.

Taken: UTF-8 with or without a byte order mark, any of the three line ends, comma, semicolon or tab, quoted cells that
hold any of these. Refused: other encodings, unclosed quotes, control characters, unknown, missing or repeated columns,
rows that are wider than their header.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BYTES_MAX = 50 * 1024 * 1024
ROWS_MAX = 1_000_000
LINE_BYTES_MAX = 64 * 1024
CELL_CHARS_MAX = 2000
ERRORS_MAX = 50
DELIMITERS = (",", ";", "\t")
_BOM, _WIDE = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = re.compile(r"[\s_-]+")


class BadFile(Invalid):
    """The file is no table we can read: nothing of it was taken."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a kind of file has: columns that must be there, those that may, and other names they go by."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ("line", "code", "problem")  # of a file of refused rows that comes back

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.required, *self.optional)


def rows_of(file: IO[bytes], columns: Columns) -> Iterator[tuple[int, dict[str, str]]]:
    """Pairs of line number and cells by column; empty lines are left out. Raises BadFile, at the first fault."""
    file.seek(0)
    lines = _Lines(file)
    header = lines.header()
    delimiter, places = _header(header, columns)
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    count = 0
    while True:
        line = lines.number + 1
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            raise _bad(line, f"This row is no CSV ({error}); look for a quote that is not closed.") from error
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > ROWS_MAX:
            raise BadFile(f"A file has at most {ROWS_MAX} rows.")
        yield line, _row(line, cells, places)


def _row(line: int, cells: Sequence[str], places: Sequence[str]) -> dict[str, str]:
    extra = cells[len(places):]
    if any(cell.strip() for cell in extra):
        raise _bad(line, f"This row has {len(cells)} cells, the header {len(places)}; quote a cell that holds the delimiter.")
    found = {}
    for name, cell in zip(places, cells, strict=False):
        text = cell.strip()
        if not text or not name:
            continue
        if len(text) > CELL_CHARS_MAX:
            raise _bad(line, f"{name} is longer than {CELL_CHARS_MAX} characters.")
        if _CONTROLS.search(text):
            raise _bad(line, f"{name} holds a control character.")
        found[name] = text
    return found


def _header(text: str, columns: Columns) -> tuple[str, list[str]]:
    """The delimiter under which most of the columns are found, and the column at each place."""
    best = max(DELIMITERS, key=lambda mark: len(set(_names(text, mark, columns)) & set(columns.every)))
    names = _names(text, best, columns)
    while names and not names[-1]:
        names.pop()
    faults = [f"The column {name} is missing." for name in columns.required if name not in names]
    faults += [f"The column {name[:40] or '(without a name)'} is not known." for name in names if name not in (*columns.every, *columns.ignored)]
    faults += [f"The column {name} is there twice." for name in columns.every if names.count(name) > 1]
    if faults:
        known = ", ".join(columns.every)
        raise BadFile(
            f"The first line names the columns: {known}.", errors=[("#/lines/1", fault) for fault in faults[:ERRORS_MAX]]
        )
    return best, ["" if name in columns.ignored else name for name in names]


def _names(text: str, delimiter: str, columns: Columns) -> list[str]:
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    aliases = dict(columns.aliases)
    plain = [_SPACES.sub("_", cell.strip().lower()) for cell in cells]
    return [aliases.get(name, name) for name in plain]


class _Lines:
    """The file's lines as text, one at a time, with the number of the last one read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._kept: list[bytes] = []
        self.number = 0

    def header(self) -> str:
        """The first line, without the byte order mark."""
        first = self._next()
        if first is None:
            raise BadFile("The file is empty.")
        if first.startswith(_WIDE):
            raise _bad(1, "The file is UTF-16: save it as CSV UTF-8.")
        return self._text(first.removeprefix(_BOM))

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._next()
        if line is None:
            raise StopIteration
        return self._text(line)

    def _next(self) -> bytes | None:
        """One line, whichever of the three ends it has."""
        if not self._kept:
            raw = self._file.readline(LINE_BYTES_MAX + 1)
            if not raw:
                return None
            if len(raw) > LINE_BYTES_MAX and b"\r" not in raw:
                raise _bad(self.number + 1, f"A line is longer than {LINE_BYTES_MAX} bytes.")
            self._kept = self._split(raw)
        self.number += 1
        return self._kept.pop(0)

    def _split(self, raw: bytes) -> list[bytes]:
        """A file of old Macs has no line feed at all: its lines end with a carriage return."""
        if b"\r" not in raw.removesuffix(b"\r\n"):
            return [raw]
        parts = raw.removesuffix(b"\n").removesuffix(b"\r").split(b"\r")
        if len(raw) > LINE_BYTES_MAX:
            self._file.seek(-len(parts.pop()), 1)
        return [part + b"\n" for part in parts]

    def _text(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _bad(self.number, "This line is not UTF-8: save the file as CSV UTF-8.") from error


def _bad(line: int, why: str) -> BadFile:
    return BadFile(f"Line {line}: {why}", errors=[(f"#/lines/{line}", why)])
