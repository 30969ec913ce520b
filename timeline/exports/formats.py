"""The three forms of a file. The same rows give the same bytes.

* CSV: UTF-8 without a byte order mark, CRLF, a header line; text that a spreadsheet might run is kept from it
  (`timeline.exports.cells`), numbers are bare, a time is RFC 3339 in UTC, an object is JSON with sorted keys, nothing is empty.
* JSON Lines: UTF-8, one object a line, LF; nothing is null, an object is an object.
* Parquet: row groups of 10,000 rows, Snappy; whole numbers are int64, times microseconds in UTC, an object is JSON text.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from timeline.exports.cells import safe

if TYPE_CHECKING:
    from pathlib import Path

    from timeline.exports.sources import Column

ROW_GROUP_ROWS = 10_000
MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
_QUOTED = re.compile('[,"\r\n]')
_SORTED = orjson.OPT_SORT_KEYS
_JSONL = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS

Row = Sequence[Any]


class Sink(io.RawIOBase):
    """A file that knows its SHA-256 and its length as it is written."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def write(self, data: Any) -> int:
        """Append."""
        self._digest.update(data)
        count = self._file.write(data)
        self.size += count
        return count

    def tell(self) -> int:
        """Where it is: always at its end."""
        return self.size

    def close(self) -> None:
        """Close the file beneath."""
        if not self.closed:
            self._file.close()
        super().close()

    @property
    def sha256(self) -> str:
        """Of all that was written."""
        return self._digest.hexdigest()


class Writer(Protocol):
    """Takes rows, and at the end what a form has to say at its end."""

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows."""

    def end(self) -> None:
        """Nothing more comes."""


class CsvWriter:
    """Comma-separated values."""

    def __init__(self, sink: Sink, columns: Sequence[Column]) -> None:
        self._sink = sink
        self._formed = [_CSV[column.kind] for column in columns]
        self._put([[column.name] for column in columns])

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows, column by column."""
        if rows:
            columns = zip(*rows, strict=True)
            self._put([_quoted(formed(cells)) for formed, cells in zip(self._formed, columns, strict=True)])

    def end(self) -> None:
        """Nothing stands at its end."""

    def _put(self, columns: Sequence[Sequence[str]]) -> None:
        lines = [*map(",".join, zip(*columns, strict=True)), ""]
        self._sink.write("\r\n".join(lines).encode())


class JsonLinesWriter:
    """One object a line."""

    def __init__(self, sink: Sink, columns: Sequence[Column]) -> None:
        self._sink = sink
        self._names = [column.name for column in columns]

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows."""
        names = self._names
        self._sink.write(b"".join([orjson.dumps(dict(zip(names, row, strict=True)), option=_JSONL) for row in rows]))

    def end(self) -> None:
        """Nothing stands at its end."""


class ParquetWriter:
    """Apache Parquet. Rows are gathered into groups of one size, so that how they came changes nothing; they wait as columns."""

    def __init__(self, sink: Sink, columns: Sequence[Column]) -> None:
        import pyarrow as pa  # 30 MB of memory that only this form needs
        from pyarrow import parquet

        self._pa: Any = pa
        pa.set_memory_pool(pa.system_memory_pool())  # the others keep what they once had
        types = {"text": pa.string(), "json": pa.string(), "whole": pa.int64(), "time": pa.timestamp("us", tz="UTC"), "flag": pa.bool_()}
        self._kinds = [column.kind for column in columns]
        self._schema = pa.schema([pa.field(column.name, types[column.kind]) for column in columns])
        self._writer = parquet.ParquetWriter(sink, self._schema, compression="snappy", store_schema=True)
        self._waiting: list[Any] = []
        self._count = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Take rows, and append the groups that are full."""
        for first in range(0, len(rows), ROW_GROUP_ROWS):
            self._take(rows[first : first + ROW_GROUP_ROWS])

    def end(self) -> None:
        """The last group and the footer."""
        if self._count:
            self._put(self._count)
        self._writer.close()

    def _take(self, rows: Sequence[Row]) -> None:
        columns = [
            self._pa.array([None if cell is None else _json(cell) for cell in cells] if kind == "json" else cells, type=field.type)
            for kind, cells, field in zip(self._kinds, zip(*rows, strict=True), self._schema, strict=True)
        ]
        self._waiting.append(self._pa.Table.from_arrays(columns, schema=self._schema))
        self._count += len(rows)
        if self._count >= ROW_GROUP_ROWS:
            self._put(ROW_GROUP_ROWS)

    def _put(self, count: int) -> None:
        table = self._pa.concat_tables(self._waiting)
        self._writer.write_table(table.slice(0, count).combine_chunks(), row_group_size=ROW_GROUP_ROWS)
        self._count -= count
        self._waiting = [table.slice(count).combine_chunks()] if self._count else []


def writer_of(form: str, sink: Sink, columns: Sequence[Column]) -> Writer:
    """The writer of a form."""
    makers: dict[str, type[CsvWriter | JsonLinesWriter | ParquetWriter]] = {
        "csv": CsvWriter, "jsonl": JsonLinesWriter, "parquet": ParquetWriter,
    }
    return makers[form](sink, columns)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=_SORTED).decode()


def _texts(cells: Sequence[Any]) -> Sequence[str]:
    """Each different text is looked at once."""
    made = {cell: kept for cell in set(cells) if (kept := "" if cell is None else safe(cell)) is not cell}
    return [made.get(cell, cell) for cell in cells] if made else cells


def _quoted(cells: Sequence[str]) -> Sequence[str]:
    """As `csv.writer` quotes, which looks at every character by itself: what holds a comma, a quotation mark or the end of a line (RFC 4180)."""
    if not _QUOTED.search("".join(cells)):
        return cells
    return [_quote(cell) if _QUOTED.search(cell) else cell for cell in cells]


def _quote(cell: str) -> str:
    inner = cell.replace('"', '""')
    return f'"{inner}"'


_CSV: dict[str, Callable[[Sequence[Any]], Sequence[str]]] = {
    "text": _texts,
    "json": lambda cells: ["" if cell is None else _json(cell) for cell in cells],
    "whole": lambda cells: ["" if cell is None else str(cell) for cell in cells],
    "time": lambda cells: ["" if cell is None else cell.isoformat().replace("+00:00", "Z") for cell in cells],
    "flag": lambda cells: ["" if cell is None else str(cell).lower() for cell in cells],
}
