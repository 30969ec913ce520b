"""The tree's arithmetic against itself, against RFC 6962's definition, and against another implementation."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline.log import merkle
from timeline.verifier import EMPTY_ROOT, is_consistent, is_included, leaf_hash, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES = st.integers(1, 300)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


def defined(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 2.1, to the letter."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    middle = 1
    while middle * 2 < len(hashes):
        middle *= 2
    return node_hash(defined(hashes[:middle]), defined(hashes[middle:]))


def reader(hashes: Sequence[bytes]) -> Callable[[int, int], bytes]:
    return lambda level, index: defined(hashes[index << level : (index + 1) << level])


def test_hashes_are_those_of_the_rfc() -> None:
    assert hashlib.sha256(b"").digest() == EMPTY_ROOT
    assert leaf_hash(b"x") == hashlib.sha256(b"\x00x").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == hashlib.sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()


@pytest.mark.parametrize("size", [*range(18), 255, 256, 257])
def test_a_growing_tree_has_the_root_of_the_definition(size: int) -> None:
    frontier = merkle.Frontier()
    frontier.add(leaves(size))
    assert frontier.root() == defined(leaves(size))
    assert merkle.root_of(size, reader(leaves(size))) == frontier.root()


@pytest.mark.parametrize(("size", "width"), [(0, 1), (0, 8), (8, 8), (24, 8), (256, 256), (512, 16), (6, 2)])
def test_a_perfect_tree_is_appended_by_its_root(size: int, width: int) -> None:
    frontier, whole = merkle.Frontier(), leaves(size + width + 3)
    frontier.add(whole[:size])
    frontier.add_tree(width, merkle.perfect_root(whole[size : size + width]))
    frontier.add(whole[size + width :])
    assert (frontier.size, frontier.root()) == (len(whole), defined(whole))


@pytest.mark.parametrize(("size", "width"), [(1, 2), (0, 3), (8, 16)])
def test_a_tree_that_is_not_perfect_or_not_in_its_place_is_refused(size: int, width: int) -> None:
    frontier = merkle.Frontier()
    frontier.add(leaves(size))
    with pytest.raises(ValueError, match="no perfect tree"):
        frontier.add_tree(width, leaves(1)[0])
    with pytest.raises(ValueError, match="shorter|longer"):
        merkle.perfect_root(leaves(3))


def test_another_implementation_agrees() -> None:
    """pymerkle knows nothing of us: same roots, same paths."""
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(40):
        other.append_entry(number.to_bytes(4, "big"))
        size = number + 1
        assert merkle.root_of(size, reader(leaves(size))) == other.get_root(size)
    for index in range(40):
        theirs = other.prove_inclusion(index + 1, 40).serialize()["path"]
        mine = merkle.inclusion(index, 40, reader(leaves(40)))
        assert [step.hex() for step in mine] == theirs[1:]


@given(SIZES, st.data())
def test_every_leaf_is_proved_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    root, path = defined(hashes), merkle.inclusion(index, size, reader(hashes))
    assert is_included(index=index, size=size, leaf=hashes[index], path=path, root=root)
    assert not is_included(index=index, size=size, leaf=leaf_hash(b"forged"), path=path, root=root)
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not is_included(index=other, size=size, leaf=hashes[index], path=path, root=root)
    assert not is_included(index=index, size=size, leaf=hashes[index], path=[*path, root], root=root)
    if path:
        assert not is_included(index=index, size=size, leaf=hashes[index], path=path[:-1], root=root)
        swapped = [*path[1:], path[0]]
        assert swapped == path or not is_included(index=index, size=size, leaf=hashes[index], path=swapped, root=root)


@given(SIZES, st.data())
def test_growth_is_proved_and_a_changed_past_is_not(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    hashes = leaves(size)
    path = merkle.consistency(old, size, reader(hashes))
    was, now = defined(hashes[:old]), defined(hashes)
    assert is_consistent(old_size=old, old_root=was, new_size=size, new_root=now, path=path)
    forged = defined([leaf_hash(b"forged"), *hashes[1:old]])
    assert not is_consistent(old_size=old, old_root=forged, new_size=size, new_root=now, path=path)
    assert not is_consistent(old_size=old, old_root=was, new_size=size, new_root=now, path=[*path, now])


def test_the_empty_tree_proves_nothing() -> None:
    """RFC 9162's algorithm would let it pass."""
    root = defined(leaves(3))
    assert not is_consistent(old_size=0, old_root=EMPTY_ROOT, new_size=3, new_root=root, path=[])
    assert not is_consistent(old_size=0, old_root=EMPTY_ROOT, new_size=0, new_root=EMPTY_ROOT, path=[])


def test_a_doubled_last_leaf_is_another_tree() -> None:
    """Trees that double the odd leaf give [a, b, c] and [a, b, c, c] one root (CVE-2012-2459); this one does not."""
    three = leaves(3)
    assert defined(three) != defined([*three, three[-1]])


def test_hashes_of_another_length_are_refused() -> None:
    hashes = leaves(4)
    path = merkle.inclusion(1, 4, reader(hashes))
    assert not is_included(index=1, size=4, leaf=hashes[1], path=[path[0][:31], *path[1:]], root=defined(hashes))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_that_is_not_there_has_no_path(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion(index, size, reader(leaves(size)))
