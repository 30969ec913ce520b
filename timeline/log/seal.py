"""Give unsealed events their place in the log, grow the tree, sign what it is now.

Note [One sealer]
    Whoever seals holds an advisory lock for the length of the transaction (on SQLite the one writer's turn), so positions
    are consecutive without anybody waiting on the write path. Events are found by having no position, never by an id that
    is larger than the last: ids are handed out before their transactions commit. What is not sealed yet is a second or two
    of events; the proof of an order names them as pending.

Note [Copies]
    A checkpoint in the database proves nothing against whoever owns the database. Each is appended to `SEAL_FILE`, which
    belongs on another volume, after its transaction committed; what a crash kept from the file is added by the next run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from timeline.log.checkpoint import signer
from timeline.log.merkle import root_of
from timeline.log.tiles import Tiles
from timeline.models import Checkpoint, Event, SealKey
from timeline.verifier import Checkpoint as State

if TYPE_CHECKING:
    from datetime import datetime

    from timeline.log.checkpoint import Signer

EVENTS_PER_RUN_MAX = 10_000
_LOCK = 0x62616869  # "bahi"
_BLANK = "\n\n"
_NOTE_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one run did: so many events are new, the log has so many."""

    count: int
    size: int


def seal(limit: int = EVENTS_PER_RUN_MAX) -> Sealed:
    """Seal what is there, at most `limit` events; nothing where no key is set or somebody else is sealing."""
    who = signer()
    if who is None:
        return Sealed(0, log_size())
    with transaction.atomic(durable=True):
        if not _alone():
            return Sealed(0, log_size())
        size = log_size()
        waiting = list(Event.objects.filter(position=None).order_by("id").values_list("id", "leaf_hash")[:limit])
        known = SealKey.objects.filter(public=who.key.public).exists()
        if waiting or (size and not known):
            _place([pk for pk, _ in waiting], size)
            _sign(who, size, [bytes(leaf) for _, leaf in waiting], introduce=not known, at=timezone.now())
    copy_out()
    return Sealed(len(waiting), size + len(waiting))


def log_size() -> int:
    """How many events the log has. One statement."""
    last = Checkpoint.objects.order_by("-id").values_list("size", flat=True).first()
    return int(last or 0)


def copy_out() -> int:
    """Append the checkpoints that `SEAL_FILE` does not have yet; returns how many. Note [Copies]."""
    if not settings.SEAL_FILE:
        return 0
    path = Path(settings.SEAL_FILE)
    last = _last_copy(path)
    size = State.parse(f"{last.partition(_BLANK)[0]}\n").size if last else 0
    notes = list(Checkpoint.objects.filter(size__gte=size).order_by("id").values_list("note", flat=True))
    fresh = notes[notes.index(last) + 1 :] if last in notes else notes
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{note}\n" for note in fresh))
            file.flush()
            os.fsync(file.fileno())
    return len(fresh)


def copies() -> list[tuple[str, State]]:
    """The notes of `SEAL_FILE` with what they say, oldest first. Raises Unreadable for a file that is none of ours."""
    path = Path(settings.SEAL_FILE) if settings.SEAL_FILE else None
    if path is None or not path.is_file():
        return []
    parts = path.read_text(encoding="utf-8").split(_BLANK)
    return [(f"{text}{_BLANK}{signed}\n", State.parse(f"{text}\n")) for text, signed in zip(parts[0::2], parts[1::2], strict=False)]


def _last_copy(path: Path) -> str:
    """The last note of the file, read from its end: the file grows for ever."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _NOTE_BYTES_MAX))
        parts = file.read().decode(errors="replace").split(_BLANK)
    return f"{parts[-3]}{_BLANK}{parts[-2]}\n" if len(parts) >= 3 else ""  # noqa: PLR2004 a text, signatures, the end


def _alone() -> bool:
    """Note [One sealer]."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _place(event_ids: list[int], size: int) -> None:
    """Consecutive positions from `size` on, in this order: one statement."""
    if not event_ids:
        return
    table = Event._meta.db_table
    if connection.vendor == "postgresql":
        source = "unnest(%s::bigint[]) WITH ORDINALITY AS m (event, place)"
        values: list[Any] = [size - 1, event_ids]
    else:
        source = "(SELECT value AS event, key AS place FROM json_each(%s)) AS m"
        values = [size, "[" + ",".join(map(str, event_ids)) + "]"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET position = m.place + %s FROM {source} WHERE {table}.id = m.event",  # noqa: S608 constants and placeholders
            values,
        )


def _sign(who: Signer, size: int, leaves: list[bytes], *, introduce: bool, at: datetime) -> None:
    tiles = Tiles()
    tiles.append(size, leaves)
    tiles.save()
    now = State(settings.SEAL_ORIGIN, size + len(leaves), root_of(size + len(leaves), tiles.read))
    if introduce:
        SealKey.objects.create(name=who.key.name, public=who.key.public, since=size, at=at)
    Checkpoint.objects.create(size=now.size, root=now.root, note=who.note(now), at=at)
