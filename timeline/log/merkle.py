"""RFC 6962 / RFC 9162 trees, as arithmetic: grow one, prove from one. What checks the proofs is `timeline.verifier`.

A tree is read through a function `read(level, index)`: the hash of the perfect subtree over the leaves
`index · 2^level` up to (not with) `(index + 1) · 2^level`. Who stores what is not this module's business.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from timeline.verifier import EMPTY_ROOT, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Read = Callable[[int, int], bytes]


class Frontier:
    """A tree that only grows, remembered by the roots of its perfect subtrees: one a bit of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def add(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes."""
        roots = self._roots
        size = self.size
        for leaf in leaves:
            node, bits = leaf, size
            while bits & 1:
                node = node_hash(roots.pop(), node)
                bits >>= 1
            roots.append(node)
            size += 1
        self.size = size

    def add_tree(self, width: int, root: bytes) -> None:
        """Append a perfect tree of `width` leaves by its root. Raises ValueError where none can stand."""
        if width & (width - 1) or self.size % width:
            message = f"no perfect tree of {width} leaves begins at {self.size}"
            raise ValueError(message)
        node, bits = root, self.size // width
        while bits & 1:
            node = node_hash(self._roots.pop(), node)
            bits >>= 1
        self._roots.append(node)
        self.size += width

    def root(self) -> bytes:
        """The root of the tree as it is."""
        if not self._roots:
            return EMPTY_ROOT
        found = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            found = node_hash(left, found)
        return found


def perfect_root(leaves: Sequence[bytes]) -> bytes:
    """The root of so many leaves as a power of two says, level by level: half the time of growing the tree leaf by leaf."""
    row = leaves
    while len(row) > 1:
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def root_of(size: int, read: Read) -> bytes:
    """The root of the first `size` leaves."""
    return _root(0, size, read) if size else EMPTY_ROOT


def inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """PATH(index, D[size]) of RFC 9162 2.1.3.1. Raises IndexError for a leaf that is not there."""
    if not 0 <= index < size:
        raise IndexError(index)
    path: list[bytes] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path.append(_root(middle, end, read))
            end = middle
        else:
            path.append(_root(first, middle, read))
            first = middle
    return path[::-1]


def consistency(old: int, new: int, read: Read) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 9162 2.1.4.1. Raises IndexError unless 0 < old ≤ new."""
    if not 0 < old <= new:
        raise IndexError(old)
    path: list[bytes] = []
    first, end, whole = 0, new, True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            path.append(_root(middle, end, read))
            end = middle
        else:
            path.append(_root(first, middle, read))
            first, whole = middle, False
    return [*([] if whole else [_root(first, end, read)]), *path[::-1]]


def _root(first: int, end: int, read: Read) -> bytes:
    width = end - first
    level = width.bit_length() - 1
    if width == 1 << level and first % width == 0:
        return read(level, first >> level)
    middle = first + _split(width)
    return node_hash(_root(first, middle, read), _root(middle, end, read))


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)
