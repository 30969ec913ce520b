"""A file becomes a job: read to its end, refused with its bad lines or taken in, in bounded memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from orders.bulk.kinds import KINDS, Row
from orders.bulk.reading import rows_of
from orders.operations import jobs
from timeline.errors import TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from orders.bulk.kinds import Kind
    from orders.models import Job
    from timeline.operations import Operation

BYTES_MAX = 50 * 1024 * 1024
CHUNK_ROWS, CHUNK_ROWS_MAX = 500, 2000
PIECE_BYTES = 64 * 1024
NAME_CHARS_MAX = 120


@dataclass(frozen=True, slots=True)
class File:
    """A file that was looked through once: it is a table of its kind, and has so many rows."""

    kind: Kind
    content: IO[bytes]
    digest: str
    total: int
    name: str


def copy(source: Iterable[bytes], target: IO[bytes]) -> str:
    """Copy what is sent, piece by piece, and give its SHA-256. Raises TooLarge."""
    found = hashlib.sha256()
    size = 0
    for piece in source:
        size += len(piece)
        if size > BYTES_MAX:
            raise TooLarge(bytes_max=BYTES_MAX)
        found.update(piece)
        target.write(piece)
    target.seek(0)
    return found.hexdigest()


def digest_of(pieces: Iterable[bytes]) -> str:
    """The SHA-256 of a file that was copied aside already."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def look(kind_name: str, content: IO[bytes], *, digest: str, name: str = "") -> File:
    """Read the file to its end without writing anything. Raises BadFile with the line."""
    kind = KINDS[kind_name]
    total = sum(1 for _ in rows_of(content, kind.columns))
    return File(kind, content, digest, total, name[:NAME_CHARS_MAX])


def ask(op: Operation, *, job_id: UUID, file: File, is_dry_run: bool) -> Job:
    """Take the file in as a job. Raises NothingInIt, TooManyJobs."""
    return jobs.ask(
        op, job_id=job_id, kind=file.kind.name, name=file.name, digest=file.digest, total=file.total,
        chunks=_chunks(file), is_dry_run=is_dry_run,
    )


def ask_rows(
    op: Operation, *, job_id: UUID, kind_name: str, rows: Sequence[dict[str, str]], name: str = "", is_dry_run: bool = False
) -> Job:
    """A job over rows that somebody chose. Raises NothingInIt, TooManyJobs."""
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    numbered = [(place + 1, row) for place, row in enumerate(rows)]
    return jobs.ask(
        op, job_id=job_id, kind=kind_name, name=name[:NAME_CHARS_MAX], digest=digest, total=len(rows),
        chunks=[numbered[first : first + CHUNK_ROWS] for first in range(0, len(numbered), CHUNK_ROWS)], is_dry_run=is_dry_run,
    )


def _chunks(file: File) -> Iterator[list[tuple[int, dict[str, str]]]]:
    """Some hundred rows each; rows of one order that follow each other stay together, as far as that can be bounded."""
    chunk: list[tuple[int, dict[str, str]]] = []
    last = ""
    for line, cells in rows_of(file.content, file.kind.columns):
        order = Row(0, line, cells).order
        if len(chunk) >= CHUNK_ROWS_MAX or (len(chunk) >= CHUNK_ROWS and order != last):
            yield chunk
            chunk = []
        chunk.append((line, cells))
        last = order
    if chunk:
        yield chunk
