"""The tree on disk: tiles of 256 hashes (C2SP tlog-tiles), each level of tiles eight levels of the tree.

Entry `i` of tile `n` on level 0 is the leaf hash of the event at position `256 n + i`; on a level above it is the root of
the full tile `256 n + i` below. A tile grows at its right end until it is full and never changes otherwise: the database
refuses the rest. What a tile holds can be computed from the events, so `manage.py verify` compares.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from timeline.log import merkle
from timeline.models import Tile
from timeline.verifier import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEIGHT = 8
WIDTH = 1 << HEIGHT
_PATH = re.compile(r"([0-9]|[1-5][0-9]|6[0-3])/((?!x000/)(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class Tiles:
    """The stored tree: read any perfect subtree, append leaves. One statement a tile, each tile and each node once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bytes] = {}
        self._grown: set[tuple[int, int]] = set()
        self._nodes: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, index: int) -> bytes:
        """The hash of a perfect subtree, as `merkle` asks for it. Raises LookupError for one that is not whole yet."""
        if (level, index) not in self._nodes:
            tier, inner = divmod(level, HEIGHT)
            number, place = divmod(index << inner, WIDTH)
            self._nodes[level, index] = self._within(tier, number, place, 1 << inner)
        return self._nodes[level, index]

    def append(self, size: int, leaves: Sequence[bytes]) -> None:
        """Put leaves behind the first `size`; `save` writes what has grown."""
        tier, first, fresh = 0, size, list(leaves)
        while fresh:
            above: list[bytes] = []
            for number, row in _rows(first, fresh):
                hashes = self._hashes(tier, number) + b"".join(row)
                self._known[tier, number] = hashes
                self._grown.add((tier, number))
                if len(hashes) == WIDTH * HASH_BYTES:
                    above.append(self._within(tier, number, 0, WIDTH))
            tier, first, fresh = tier + 1, first >> HEIGHT, above

    def save(self) -> None:
        """Write the tiles that have grown: one statement."""
        Tile.objects.bulk_create(
            [Tile(level=tier, number=number, hashes=self._known[tier, number]) for tier, number in sorted(self._grown)],
            update_conflicts=True, unique_fields=["level", "number"], update_fields=["hashes"],
        )
        self._grown.clear()

    def _within(self, tier: int, number: int, place: int, count: int) -> bytes:
        hashes = self._hashes(tier, number)[place * HASH_BYTES : (place + count) * HASH_BYTES]
        if len(hashes) != count * HASH_BYTES:
            message = f"tile {tier}/{number} has no {count} hashes from {place} on"
            raise LookupError(message)
        return merkle.perfect_root([hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)])

    def _hashes(self, tier: int, number: int) -> bytes:
        if (tier, number) not in self._known:
            found = Tile.objects.filter(level=tier, number=number).values_list("hashes", flat=True).first()
            self._known[tier, number] = bytes(found) if found is not None else b""
        return self._known[tier, number]


def served(path: str) -> bytes | None:
    """The tile behind `<level>/<number>[.p/<width>]` of the tlog-tiles layout; None for one that is not there."""
    fits = _PATH.fullmatch(path)
    if fits is None:
        return None
    number = int(fits[2].replace("x", "").replace("/", ""))
    width = int(fits[3]) if fits[3] else WIDTH
    found = Tile.objects.filter(level=int(fits[1]), number=number).values_list("hashes", flat=True).first()
    if found is None or width > WIDTH or (fits[3] and width == WIDTH) or len(found) < width * HASH_BYTES:
        return None
    return bytes(found)[: width * HASH_BYTES]


def _rows(first: int, leaves: Sequence[bytes]) -> Iterator[tuple[int, Sequence[bytes]]]:
    """The leaves, tile by tile."""
    done = 0
    while done < len(leaves):
        number, place = divmod(first + done, WIDTH)
        row = leaves[done : done + WIDTH - place]
        yield number, row
        done += len(row)
