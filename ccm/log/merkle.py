"""The Merkle tree of RFC 6962 section 2.1 (the same as RFC 9162 section 2.1), as pure functions.

Where a node of the tree is kept, in tiles of 256 hashes, is C2SP tlog-tiles (https://c2sp.org/tlog-tiles).
Hashes are 32 bytes (SHA-256). Positions count from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH_SIZE = 32
TILE_HEIGHT = 8
TILE_WIDTH = 256
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""


class Node(NamedTuple):
    """A complete subtree: the 2**height leaves from number * 2**height on."""

    height: int
    number: int


class Range(NamedTuple):
    """Leaves from `start` up to, not including, `end`, which stand under one node of the tree."""

    start: int
    end: int


class Slice(NamedTuple):
    """Where a node is kept: its hash is the root of `width` hashes of a tile, from `start` on."""

    level: int
    number: int
    start: int
    width: int


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf with these bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over consecutive hashes, `hashes[0]` leftmost."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        # A last one without a partner moves up unchanged: it is a whole right subtree.
        odd = row[-1:] if len(row) % 2 else []
        pairs = iter(row)
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)] + odd
    return row[0]


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root of a tree from the roots of the complete subtrees it falls into, leftmost and largest first."""
    if not hashes:
        return EMPTY_ROOT
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def split(size: int) -> int:
    """The largest power of two smaller than `size`: the leaves of the left child. `size` is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def cover(part: Range) -> list[Node]:
    """The complete subtrees a range falls into, leftmost and largest first; `fold` of their hashes is its root.

    The range must be one that `inclusion_path`, `consistency_path` or a whole tree gives: it starts where a subtree
    at least as large as itself could start.
    """
    nodes = []
    start, end = part
    while start < end:
        height = (end - start).bit_length() - 1
        nodes.append(Node(height, start >> height))
        start += 1 << height
    return nodes


def inclusion_path(position: int, size: int) -> list[Range]:
    """The subtrees whose roots prove that the leaf at `position` is in the tree of `size` leaves.

    In the order of the proof: the leaf's sibling first, the root's child last.
    """
    if not 0 <= position < size:
        raise ValueError(f"a tree of {size} leaves has no position {position}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if position < middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(start, middle))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int) -> list[Range]:
    """The subtrees whose roots prove that the tree of `new` leaves begins with the tree of `old` leaves.

    In the order of RFC 6962 section 2.1.2; empty where both are the same. `old` is at least 1.
    """
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof leads from {old} to {new} leaves")
    path = []
    start, end = 0, new
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(start, middle))
            start = middle
    if start:  # from 0 on it would be the old root itself, which the verifier has
        path.append(Range(start, end))
    return path[::-1]


def verify_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes], tree_root: bytes) -> bool:
    """Whether `proof` shows that the leaf with hash `leaf` stands at `position` in the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    place, last, result = position, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            result = node_hash(sibling, result)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and result == tree_root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the new tree begins with the whole old one (RFC 9162, 2.1.4.2).

    Every tree begins with the empty one, so from 0 leaves the proof is empty.
    """
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    hashes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not hashes:
        return False
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def place(node: Node) -> Slice:
    """The part of a tile that holds a node."""
    level, height = divmod(node.height, TILE_HEIGHT)
    first = node.number << height
    return Slice(level, first // TILE_WIDTH, first % TILE_WIDTH, 1 << height)


def tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """For each level of a tree of `size` leaves: (level, number of full tiles, width of the partial tile or 0)."""
    level = 0
    while size:
        yield level, size // TILE_WIDTH, size % TILE_WIDTH
        size //= TILE_WIDTH
        level += 1


def hashes_of(tile: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [tile[start : start + HASH_SIZE] for start in range(0, len(tile), HASH_SIZE)]
