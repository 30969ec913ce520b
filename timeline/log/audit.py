"""Is the book what it was? Every event against its bytes, the bytes against the tree, the tree against what was signed.

Note [Who is believed]
    The signed checkpoints are, those of `SEAL_FILE` above those of the database, because the database's owner cannot make
    them. Where an event and its tile say different things, the signed root tells which of them was changed: the tree is
    computed twice then, once from the events' bytes and once from the tiles.

One pass over the events in the order of the log, in bounded memory; the hashes of full tiles are kept (32 bytes for 256
events).
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

import orjson
from django.db.models import Count, Max, Min, Q, TextField
from django.db.models.functions import Cast

from timeline.log import seal
from timeline.log.checkpoint import known_keys, signer
from timeline.log.merkle import Frontier, root_of
from timeline.log.tiles import WIDTH, Tiles
from timeline.models import Checkpoint, Event, Stream, Target, Tile
from timeline.verifier import HASH_BYTES, Broken, Unreadable, leaf_hash, open_note
from timeline.verifier import Checkpoint as State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from timeline.verifier import Key

CHUNK = 2000
BETWEEN_EVENTS_MAX = 5000
GAPS_MAX = 4
_COLUMNS = (
    "id", "position", "stream", "stream_seq", "kind", "subject_type", "subject_id", "from_state", "to_state",
    "sealed", "person_key_id", "public", "channel", "operation_id", "operation", "actor_type", "actor_id", "actor_name",
    "session_id", "request_id", "occurred_at", "recorded_at", "source_key", "canonical", "leaf_hash",
)


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the book is not what it was: how (`kind`), where, and in words."""

    kind: str
    where: str
    says: str


@dataclass
class Audit:
    """What was looked at, and what was found."""

    events: int = 0
    pending: int = 0
    checkpoints: int = 0
    size: int = 0
    breaks: list[Break] = field(default_factory=list)


def audit() -> Audit:
    """Look at everything; Note [Who is believed]."""
    found = Audit()
    signed = _signed(found)
    found.size = max(signed, default=0)
    walk = _Walk(found, signed)
    walk.run()
    _tiles(found, walk)
    _waiting(found)
    _stories(found)
    return found


@dataclass
class Sample(Audit):
    """What was looked at of a time; `checkpoint` is the newest note, `is_capped` says that there is more."""

    checkpoint: str | None = None
    is_capped: bool = False


def audit_between(after: datetime | None, before: datetime | None, *, limit: int = BETWEEN_EVENTS_MAX) -> Sample:
    """Look at the events recorded in `[after, before)`, oldest first: bytes, leaf, place in the tiles; quick, and bounded.

    That the tiles are what was signed is checked for the newest checkpoint alone; `audit` looks at everything.
    """
    found = Sample()
    rows = _events().order_by("id")
    rows = rows.filter(recorded_at__gte=after) if after is not None else rows
    rows = rows.filter(recorded_at__lt=before) if before is not None else rows
    chosen = list(rows[: limit + 1])
    found.is_capped = len(chosen) > limit
    tiles = Tiles()
    newest = Checkpoint.objects.order_by("-id").first()
    if newest is not None:
        found.checkpoint, found.checkpoints = newest.note, 1
        state = _opened(found, newest.note, known_keys(), f"checkpoint of {newest.size}")
        found.size = state.size if state is not None else 0
        if state is not None and root_of(state.size, tiles.read) != state.root:
            found.breaks.append(Break("root_differs", f"checkpoint of {state.size}", "the tiles give another root than was signed"))
    for row, targets in _with_targets(chosen[:limit]):
        leaf = _check(found, row, targets)
        if row["position"] is None:
            found.pending += 1
            continue
        found.events += 1
        if row["position"] >= found.size:
            found.breaks.append(Break("not_signed", _name(row), f"place {row['position']} is behind all that was signed"))
        elif tiles.read(0, row["position"]) != leaf:
            found.breaks.append(Break("rewritten", _name(row), f"these are not the bytes that were sealed at place {row['position']}"))
    return found


def _signed(found: Audit) -> dict[int, bytes]:
    """Size to root of every checkpoint that a known key has signed, of the file and of the database."""
    keys = known_keys()
    now = signer()
    if now is not None and now.key not in keys:
        keys.append(now.key)
    roots: dict[int, bytes] = {}
    copied = _copied(found, keys)
    for row in Checkpoint.objects.order_by("id").iterator(CHUNK):
        found.checkpoints += 1
        state = _opened(found, row.note, keys, f"checkpoint {row.pk} of {row.size}")
        if state is None:
            continue
        if (state.size, state.root) != (row.size, bytes(row.root)):
            found.breaks.append(Break("checkpoint_edited", f"checkpoint {row.pk}", f"the row says {row.size}, the note {state.size}"))
        _believe(found, roots, state)
        copied.discard(state)
    for state in sorted(copied, key=lambda state: state.size):
        found.breaks.append(Break("checkpoint_gone", f"checkpoint of {state.size}", "it stands in SEAL_FILE and not in the database"))
        _believe(found, roots, state)
    return roots


def _copied(found: Audit, keys: Sequence[Key]) -> set[State]:
    try:
        notes = seal.copies()
    except Unreadable as error:
        found.breaks.append(Break("copy_unreadable", "SEAL_FILE", str(error)))
        return set()
    opened = (_opened(found, note, keys, "SEAL_FILE") for note, _ in notes)
    return {state for state in opened if state is not None}


def _opened(found: Audit, note: str, keys: Sequence[Key], where: str) -> State | None:
    try:
        return State.parse(open_note(note, keys))
    except (Broken, Unreadable) as error:
        found.breaks.append(Break("checkpoint_edited", where, str(error)))
        return None


def _believe(found: Audit, roots: dict[int, bytes], state: State) -> None:
    if roots.setdefault(state.size, state.root) != state.root:
        found.breaks.append(Break("checkpoint_forked", f"checkpoint of {state.size}", "two signed roots for one size"))


class _Walk:
    """The events in the order of the log beside the leaf tiles, and the tree that both give."""

    def __init__(self, found: Audit, signed: dict[int, bytes]) -> None:
        self.found, self.signed = found, signed
        self.rows = [bytearray()]  # the hashes that each level of tiles should have, from the events
        self.of_events = Frontier()
        self.of_tiles: Frontier | None = None
        self.apart: list[tuple[int, str]] = []
        self.stored = b""

    def run(self) -> None:
        """Walk to the end of what was signed, and look at what stands behind it."""
        expected = 0
        rows = _events().filter(position__isnull=False).order_by("position")
        for row, targets in _with_targets(rows.iterator(CHUNK)):
            while expected < row["position"] and expected < self.found.size:
                self._step(expected, None, "")
                expected += 1
            self.found.events += 1
            leaf = _check(self.found, row, targets)
            if row["position"] >= self.found.size:
                self.found.breaks.append(Break("not_signed", _name(row), f"place {row['position']} is behind all that was signed"))
                continue
            self._step(expected, leaf, _name(row))
            expected += 1
        while expected < self.found.size:
            self._step(expected, None, "")
            expected += 1

    def _step(self, position: int, leaf: bytes | None, name: str) -> None:
        if position % WIDTH == 0:
            kept = Tile.objects.filter(level=0, number=position // WIDTH).values_list("hashes", flat=True).first()
            self.stored = bytes(kept or b"")
        at = position % WIDTH * HASH_BYTES
        tile = self.stored[at : at + HASH_BYTES]
        if leaf is None:
            self.found.breaks.append(Break("missing", f"place {position}", "an event that was sealed is not there"))
        if leaf != tile and self.of_tiles is None:
            self.of_tiles = copy.deepcopy(self.of_events)
        if leaf is not None and leaf != tile:
            self.apart.append((position, name))
        mine = leaf or tile or bytes(HASH_BYTES)
        self.rows[0] += mine
        self.of_events.add([mine])
        if self.of_tiles is not None:
            self.of_tiles.add([tile or mine])
        if position + 1 in self.signed:
            self._compare(position + 1)

    def _compare(self, size: int) -> None:
        root = self.signed[size]
        if self.of_events.root() == root:
            for position, name in self.apart:
                self.found.breaks.append(Break("tile_edited", f"tile 0/{position // WIDTH}", f"hash {position % WIDTH} is not that of {name}"))
            self.of_tiles = None
        elif self.of_tiles is not None and self.of_tiles.root() == root:
            for position, name in self.apart:
                self.found.breaks.append(Break("rewritten", name, f"these are not the bytes that were sealed at place {position}"))
        else:
            for position, name in self.apart:
                self.found.breaks.append(Break("rewritten", name, f"place {position}: neither the event nor its tile is what was signed"))
            if not self.apart:
                self.found.breaks.append(Break("root_differs", f"checkpoint of {size}", "the events and tiles give another root than was signed"))
        self.apart.clear()


def _check(found: Audit, row: dict[str, Any], targets: list[list[str]]) -> bytes:
    """The event's columns against its bytes, its stored leaf against both; returns the leaf its bytes give."""
    leaf = leaf_hash(bytes(row["canonical"]))
    wrong = _differs(row, targets)
    if wrong:
        found.breaks.append(Break("edited", _name(row), f"{', '.join(wrong)}: the row and its bytes say different things"))
    if leaf != bytes(row["leaf_hash"]):
        found.breaks.append(Break("leaf_edited", _name(row), "its leaf hash is not that of its bytes"))
    return leaf


def _differs(row: dict[str, Any], targets: list[list[str]]) -> list[str]:
    """The names of what the columns and the canonical bytes say differently."""
    try:
        said = orjson.loads(bytes(row["canonical"]))
    except orjson.JSONDecodeError:
        return ["canonical"]
    here = {
        "stream": row["stream"],
        "seq": row["stream_seq"],
        "kind": row["kind"],
        "subject": [row["subject_type"], row["subject_id"]],
        "from": row["from_state"],
        "to": row["to_state"],
        "facts": orjson.loads(row["told"]),
        "sealed": bytes(row["sealed"]).hex() if row["sealed"] is not None else "",
        "key": row["person_key_id"].hex if row["person_key_id"] else "",
        "public": row["public"],
        "channel": row["channel"],
        "operation": [str(row["operation_id"]), row["operation"]],
        "actor": [row["actor_type"], row["actor_id"], row["actor_name"]],
        "session": row["session_id"],
        "request": row["request_id"],
        "occurred": _moment(row["occurred_at"]),
        "recorded": _moment(row["recorded_at"]),
        "source": row["source_key"] or "",
        "targets": targets,
    }
    return [name for name, value in here.items() if said.get(name) != value]


def _events() -> Any:
    """Rows of all columns that are compared. The facts come as text, which is read several times as fast."""
    return Event.objects.annotate(told=Cast("facts", TextField())).values(*_COLUMNS, "told")


def _with_targets(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[list[str]]]]:
    """Each event with its targets in the order they were written: one statement a chunk."""
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield from _joined(chunk)
            chunk = []
    yield from _joined(chunk)


def _joined(chunk: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[list[str]]]]:
    about: dict[int, list[list[str]]] = defaultdict(list)
    ids = [row["id"] for row in chunk]
    # Events are nearly always sealed in the order of their ids: then one range says as much as thousands of ids.
    is_dense = bool(ids) and max(ids) - min(ids) < len(ids) * GAPS_MAX
    within = Q(event_id__gte=min(ids), event_id__lte=max(ids)) if is_dense else Q(event_id__in=ids)
    found = Target.objects.filter(within).order_by("id")
    for event_id, kind, target_id, name in found.values_list("event_id", "type", "target_id", "name"):
        about[event_id].append([kind, target_id, name])
    for row in chunk:
        yield row, about[row["id"]]


def _tiles(found: Audit, walk: _Walk) -> None:
    """The tiles above the leaves, and that none is missing."""
    levels = [bytes(walk.rows[0])]
    while len(levels[-1]) >= WIDTH * HASH_BYTES:
        below = levels[-1]
        full = len(below) // (WIDTH * HASH_BYTES)
        levels.append(b"".join(_root(below[at * WIDTH * HASH_BYTES : (at + 1) * WIDTH * HASH_BYTES]) for at in range(full)))
    stored = {(tile.level, tile.number): bytes(tile.hashes) for tile in Tile.objects.filter(level__gte=1).iterator(CHUNK)}
    for level, hashes in enumerate(levels[1:], start=1):
        for number in range(-(-len(hashes) // (WIDTH * HASH_BYTES))):
            wanted = hashes[number * WIDTH * HASH_BYTES : (number + 1) * WIDTH * HASH_BYTES]
            if stored.pop((level, number), b"") != wanted:
                found.breaks.append(Break("tile_edited", f"tile {level}/{number}", "it is not what the tiles below give"))
    found.breaks += [Break("tile_edited", f"tile {level}/{number}", "there is no such tile") for level, number in sorted(stored)]


def _root(hashes: bytes) -> bytes:
    frontier = Frontier()
    frontier.add(hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES))
    return frontier.root()


def _waiting(found: Audit) -> None:
    """Events that are not sealed yet say what their bytes say, too."""
    rows = _events().filter(position=None).order_by("id")
    for row, targets in _with_targets(rows.iterator(CHUNK)):
        found.pending += 1
        _check(found, row, targets)


def _stories(found: Audit) -> None:
    """Each story counts 1, 2, 3 … as far as its own row says."""
    told = {
        row["stream"]: (row["n"], row["first"], row["last"])
        for row in Event.objects.values("stream").annotate(n=Count("id"), first=Min("stream_seq"), last=Max("stream_seq")).iterator(CHUNK)
    }
    for stream, seq in Stream.objects.values_list("stream", "seq").iterator(CHUNK):
        n, first, last = told.pop(stream, (0, 1, 0))
        if (n, first, last) != (seq, 1, seq):
            found.breaks.append(Break("story_incomplete", stream, f"{seq} events were told, {n} are there, {_gap(stream, n, first, last)}"))
    found.breaks += [Break("story_incomplete", stream, "the story's own row is gone") for stream in sorted(told)]


def _gap(stream: str, count: int, first: int, last: int) -> str:
    if count == 0:
        return "none is left"
    if first == 1 and last == count:
        return f"the last is {last}"
    seqs = set(Event.objects.filter(stream=stream).values_list("stream_seq", flat=True))
    gone = [str(number) for number in range(1, last + 1) if number not in seqs]
    return f"missing {', '.join(gone[:5])}"


def _name(row: dict[str, Any]) -> str:
    return f"{row['stream']} {row['stream_seq']} {row['kind']}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
