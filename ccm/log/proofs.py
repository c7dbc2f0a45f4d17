"""Roots and proofs of the stored tree, read from its tiles: a few tiles a level, whatever the log's size."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select, tuple_

from ccm.errors import InputError, IntegrityError
from ccm.log.merkle import (
    Node,
    Range,
    Slice,
    consistency_path,
    cover,
    fold,
    hashes_of,
    inclusion_path,
    place,
    root,
)
from ccm.store.tables import log_tiles

TileKey = tuple[int, int]
"""Level and number of a tile."""


def read_tiles(connection: Connection, keys: Collection[TileKey]) -> dict[TileKey, list[bytes]]:
    """The hashes of these tiles; a tile that is not stored is not in the answer. One statement."""
    if not keys:
        return {}
    query = select(log_tiles).where(tuple_(log_tiles.c.level, log_tiles.c.number).in_(sorted(keys)))
    return {(level, number): hashes_of(hashes) for level, number, hashes in connection.execute(query)}


def root_at(connection: Connection, size: int) -> bytes:
    """The root of the tree of the first `size` leaves. Raises `IntegrityError` where a tile is missing or short."""
    return _roots(connection, [Range(0, size)])[0]


def inclusion_proof(connection: Connection, position: int, size: int) -> list[bytes]:
    """The hashes that lead from the leaf at `position` to the root of the tree of `size` leaves.

    In the order of RFC 6962 section 2.1.1. Raises `InputError` where the tree has no such position,
    `IntegrityError` where a tile is missing or short.
    """
    if not 0 <= position < size:
        raise InputError(f"position {position} is not in a tree of {size} leaves")
    return _roots(connection, inclusion_path(position, size))


def consistency_proof(connection: Connection, old: int, new: int) -> list[bytes]:
    """The hashes that show that the tree of `new` leaves begins with the tree of `old` leaves.

    In the order of RFC 6962 section 2.1.2; empty from 0 leaves. Raises as `inclusion_proof`.
    """
    if not 0 <= old <= new:
        raise InputError(f"a tree of {new} leaves cannot begin with a tree of {old} leaves")
    return _roots(connection, consistency_path(old, new)) if old else []


def _roots(connection: Connection, parts: Sequence[Range]) -> list[bytes]:
    covers = [cover(part) for part in parts]
    slices = {node: place(node) for nodes in covers for node in nodes}
    tiles = read_tiles(connection, {(part.level, part.number) for part in slices.values()})
    hashes = {node: _root_of(part, tiles) for node, part in slices.items()}
    return [_fold(nodes, hashes) for nodes in covers]


def _fold(nodes: Sequence[Node], hashes: dict[Node, bytes]) -> bytes:
    return fold([hashes[node] for node in nodes])


def _root_of(part: Slice, tiles: dict[TileKey, list[bytes]]) -> bytes:
    tile = tiles.get((part.level, part.number))
    if tile is None:
        raise IntegrityError(f"audit log: tile {part.level}/{part.number} is missing")
    end = part.start + part.width
    if len(tile) < end:
        raise IntegrityError(f"audit log: tile {part.level}/{part.number} has {len(tile)} hashes, not {end} or more")
    return root(tile[part.start : end])
