"""Is the book what it was? Every event against its bytes, the bytes against the tree, the tree against what was signed.

Note [Who is believed]
    The signed checkpoints are, those of `SEAL_FILE` above those of the database, because the database's owner cannot make
    them. Where an event and its tile say different things, the signed root tells which of them was changed: the tree is
    computed twice then, once from the events' bytes and once from the tiles.

One pass over the events in the order of the log, in bounded memory; the hashes of full tiles are kept (32 bytes for 256
events). Tile by tile the quick look comes first (`timeline.log.columns`), and the long one where it is not satisfied.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, Subquery

from timeline.log import columns, seal
from timeline.log.checkpoint import known_keys, signer
from timeline.log.merkle import Frontier, perfect_root, root_of
from timeline.log.tiles import WIDTH, Tiles
from timeline.models import Checkpoint, Event, Stream, Tile
from timeline.verifier import HASH_BYTES, Broken, Unreadable, leaf_hash, open_note
from timeline.verifier import Checkpoint as State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from timeline.verifier import Key

CHUNK = 2000
PLACES = 16 * WIDTH  # looked at together
BETWEEN_EVENTS_MAX = 5000


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
    # First how far places are given, then what was signed: what is sealed meanwhile is not looked at, and is no break.
    reach = Event.objects.aggregate(last=Max("position"))["last"]
    signed = _signed(found)
    found.size = max(signed, default=0)
    walk = _Walk(found, signed)
    walk.run()
    _unsigned(found, reach)
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
    rows = columns.events().order_by("id")
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
    for row, targets in columns.with_targets(chosen[:limit]):
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
        self.sizes = sorted(signed)
        self.full = bytearray()  # the hashes that the tiles above the leaves should have, from the events
        self.of_events = Frontier()
        self.of_tiles: Frontier | None = None
        self.apart: list[tuple[int, str]] = []
        self.stored = b""

    def run(self) -> None:
        """Walk to the end of what was signed."""
        for first in range(0, self.found.size, PLACES):
            end = min(first + PLACES, self.found.size)
            leaves = columns.sound(first, end)
            kept = dict(Tile.objects.filter(level=0, number__gte=first // WIDTH, number__lt=-(-end // WIDTH)).values_list("number", "hashes"))
            for start in range(first, end, WIDTH):
                self.stored = bytes(kept.get(start // WIDTH, b""))
                mine = leaves[start - first : start - first + WIDTH]
                if not mine or not self._take(start, mine):
                    self._look(start, min(start + WIDTH, end))

    def _take(self, start: int, leaves: list[bytes]) -> bool:
        """Grow the tree by a tile of sound events; False, and nothing is done, where the tile or a signed root is another."""
        if self.of_tiles is not None or self.stored[: len(leaves) * HASH_BYTES] != b"".join(leaves):
            return False
        sizes = self.sizes[bisect_right(self.sizes, start) : bisect_right(self.sizes, start + len(leaves))]
        grown = copy.deepcopy(self.of_events) if sizes else self.of_events
        for size in sizes:
            grown.add(leaves[grown.size - start : size - start])
            if grown.root() != self.signed[size]:
                return False
        if len(leaves) == WIDTH:
            root = perfect_root(leaves)
            self.of_events.add_tree(WIDTH, root)
            self.full += root
        else:
            self.of_events.add(leaves)
        self.found.events += len(leaves)
        return True

    def _look(self, start: int, end: int) -> None:
        """A tile of places, one by one."""
        expected, mine = start, []
        rows = columns.events().filter(position__gte=start, position__lt=end).order_by("position")
        for row, targets in columns.with_targets(rows):
            while expected < row["position"]:
                mine.append(self._step(expected, None, ""))
                expected += 1
            self.found.events += 1
            leaf = _check(self.found, row, targets)
            if row["position"] < expected:
                self.found.breaks.append(Break("not_signed", _name(row), f"place {row['position']} is taken by another event"))
                continue
            mine.append(self._step(expected, leaf, _name(row)))
            expected += 1
        while expected < end:
            mine.append(self._step(expected, None, ""))
            expected += 1
        if len(mine) == WIDTH:
            self.full += perfect_root(mine)

    def _step(self, position: int, leaf: bytes | None, name: str) -> bytes:
        at = position % WIDTH * HASH_BYTES
        tile = self.stored[at : at + HASH_BYTES]
        if leaf is None:
            self.found.breaks.append(Break("missing", f"place {position}", "an event that was sealed is not there"))
        if leaf != tile and self.of_tiles is None:
            self.of_tiles = copy.deepcopy(self.of_events)
        if leaf is not None and leaf != tile:
            self.apart.append((position, name))
        mine = leaf or tile or bytes(HASH_BYTES)
        self.of_events.add([mine])
        if self.of_tiles is not None:
            self.of_tiles.add([tile or mine])
        if position + 1 in self.signed:
            self._compare(position + 1)
        return mine

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
    wrong = columns.differs(row, targets)
    if wrong:
        found.breaks.append(Break("edited", _name(row), f"{', '.join(wrong)}: the row and its bytes say different things"))
    if leaf != bytes(row["leaf_hash"]):
        found.breaks.append(Break("leaf_edited", _name(row), "its leaf hash is not that of its bytes"))
    return leaf


def _unsigned(found: Audit, reach: int | None) -> None:
    """Events that have a place, and one that was never signed."""
    rows = columns.events().filter(Q(position__lt=0) | Q(position__gte=found.size, position__lte=reach or 0)).order_by("position")
    for row, targets in columns.with_targets(rows.iterator(CHUNK)):
        found.events += 1
        _check(found, row, targets)
        found.breaks.append(Break("not_signed", _name(row), f"place {row['position']} is behind all that was signed"))


def _tiles(found: Audit, walk: _Walk) -> None:
    """The tiles above the leaves, and that none is missing."""
    levels = [bytes(walk.full)]
    while len(levels[-1]) >= WIDTH * HASH_BYTES:
        below = levels[-1]
        full = len(below) // (WIDTH * HASH_BYTES)
        levels.append(b"".join(_root(below[at * WIDTH * HASH_BYTES : (at + 1) * WIDTH * HASH_BYTES]) for at in range(full)))
    stored = {(tile.level, tile.number): bytes(tile.hashes) for tile in Tile.objects.filter(level__gte=1).iterator(CHUNK)}
    for level, hashes in enumerate(levels, start=1):
        for number in range(-(-len(hashes) // (WIDTH * HASH_BYTES))):
            wanted = hashes[number * WIDTH * HASH_BYTES : (number + 1) * WIDTH * HASH_BYTES]
            if stored.pop((level, number), b"") != wanted:
                found.breaks.append(Break("tile_edited", f"tile {level}/{number}", "it is not what the tiles below give"))
    found.breaks += [Break("tile_edited", f"tile {level}/{number}", "there is no such tile") for level, number in sorted(stored)]


def _root(hashes: bytes) -> bytes:
    return perfect_root([hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)])


def _waiting(found: Audit) -> None:
    """Events that are not sealed yet say what their bytes say, too."""
    last = 0
    while waiting := list(Event.objects.filter(position=None, id__gt=last).order_by("id").values_list("id", flat=True)[:CHUNK]):
        if not columns.is_waiting_sound(waiting[0], waiting[-1]):
            for row, targets in columns.with_targets(columns.events().filter(pk__in=waiting)):
                _check(found, row, targets)
        found.pending += len(waiting)
        last = waiting[-1]


def _stories(found: Audit) -> None:
    """Each story counts 1, 2, 3 … as far as its own row says. One look at some thousand of them, and another at what seems wrong."""
    last, is_more = "", True
    while is_more:
        rows = dict(Stream.objects.filter(stream__gt=last).order_by("stream").values_list("stream", "seq")[:CHUNK])
        is_more = len(rows) == CHUNK
        events = Event.objects.filter(stream__gt=last)
        if is_more:
            last = list(rows)[-1]
            events = events.filter(stream__lte=last)
        told = {stream: (count, first, end) for stream, count, first, end in _counted(events)}
        for stream in [stream for stream, seq in rows.items() if told.pop(stream, (0, 1, 0)) != (seq, 1, seq)]:
            _story(found, stream)
        gone = Event.objects.filter(~Exists(Stream.objects.filter(stream=OuterRef("stream"))), stream__in=sorted(told))
        found.breaks += [
            Break("story_incomplete", stream, "the story's own row is gone") for stream in sorted(set(gone.values_list("stream", flat=True)))
        ]


def _counted(events: Any) -> Any:
    return events.order_by().values_list("stream").annotate(n=Count("*"), first=Min("stream_seq"), last=Max("stream_seq"))


def _story(found: Audit, stream: str) -> None:
    """One story again, by one statement: it may have gone on between the two of before."""
    mine = Event.objects.filter(stream=OuterRef("stream"))
    told = {name: Subquery(_counted(mine).values(name)) for name in ("n", "first", "last")}
    seq, *counted = Stream.objects.annotate(**told).values_list("seq", *told).get(stream=stream)
    count, first, last = counted[0] or 0, counted[1] or 1, counted[2] or 0
    if (count, first, last) != (seq, 1, seq):
        found.breaks.append(Break("story_incomplete", stream, f"{seq} events were told, {count} are there, {_gap(stream, count, first, last)}"))


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
