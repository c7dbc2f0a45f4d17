"""One walk over the stored tree, left to right, that compares leaves, tiles and signed roots with each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Connection, select, text

from ccm.log.merkle import HASH_SIZE, TILE_WIDTH, fold, hashes_of, leaf_hash, node_hash, root, tiles
from ccm.log.proofs import read_tiles
from ccm.store import Store
from ccm.store.tables import log_leaves, log_tiles

MAX_FAULTS = 1000
"""Faults that are spelt out; the others are counted."""
ROWS = 1000
"""Rows held at a time."""


@dataclass(slots=True)
class Faults:
    """Faults in words: the first `MAX_FAULTS` of them, and how many more there are."""

    first: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, fault: str) -> None:
        """One more."""
        if len(self.first) < MAX_FAULTS:
            self.first.append(fault)
        else:
            self.more += 1

    def told(self) -> tuple[str, ...]:
        """All of them; the last one says how many are left out, if any."""
        return (*self.first, f"and {self.more} more") if self.more else tuple(self.first)


@contextmanager
def snapshot(store: Store) -> Iterator[Connection]:
    """A connection all of whose reads see the same state, also while others write."""
    with store.read() as connection:
        if store.dialect == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        yield connection


@dataclass(frozen=True, slots=True)
class Signed:
    """A size and root that a checkpoint vouches for, and what to call it."""

    size: int
    root: bytes
    name: str
    stored: bool = True


@dataclass(frozen=True, slots=True)
class Tile:
    """What is stored about 256 positions: the level 0 tile, and the hashes of the leaves by place in the tile.

    Either can be missing; `leaves` is None where leaves are not looked at.
    """

    number: int
    hashes: bytes | None
    leaves: dict[int, bytes] | None


def stored_tiles(connection: Connection, *, deep: bool) -> Iterator[Tile]:
    """Everything stored about level 0, in the order of positions; numbers of which nothing is stored are left out."""
    query = select(log_tiles.c.number, log_tiles.c.hashes).where(log_tiles.c.level == 0).order_by(log_tiles.c.number)
    rows = connection.execute(query.execution_options(yield_per=ROWS // 16))
    if not deep:
        for number, hashes in rows:
            yield Tile(number, bytes(hashes), None)
        return
    groups = _leaf_groups(connection)
    row, group = next(rows, None), next(groups, None)
    while row is not None or group is not None:
        number = min(entry[0] for entry in (row, group) if entry is not None)
        hashes, leaves = None, {}
        if row is not None and row[0] == number:
            hashes, row = bytes(row[1]), next(rows, None)
        if group is not None and group[0] == number:
            leaves, group = group[1], next(groups, None)
        yield Tile(number, hashes, leaves)


def _leaf_groups(connection: Connection) -> Iterator[tuple[int, dict[int, bytes]]]:
    query = select(log_leaves.c.position, log_leaves.c.entry).order_by(log_leaves.c.position)
    rows = connection.execute(query.execution_options(yield_per=ROWS))
    for number, group in groupby(rows, key=lambda row: int(row[0]) // TILE_WIDTH):
        yield number, {position % TILE_WIDTH: leaf_hash(entry) for position, entry in group}


class Walk:
    """Takes tiles in order, and compares each with its leaves, the tiles above it, and the roots that were signed.

    `signed` comes in the order of size. After `finish`, `signed_size` is the size of the last stored checkpoint whose
    root is that of the tree.
    """

    def __init__(self, connection: Connection, size: int, signed: Iterator[Signed], faults: Faults) -> None:
        self.connection, self.size, self.faults = connection, size, faults
        self.signed, self.next_signed = signed, next(signed, None)
        self.signed_size = 0
        self.next_tile = 0
        self.done = 0  # leaves under the tree so far
        self.intact = True  # False: from `done` on there is nothing to build the tree from
        self.subtrees: list[bytes] = []  # roots of the complete subtrees of full tiles, largest first
        self.last: list[bytes] = []  # hashes of the partial tile at the end
        self.above: list[tuple[int, list[bytes]]] = []  # a level from 1 on: full tiles so far, hashes of the next

    def take(self, tile: Tile) -> None:
        """Compares what is stored about one tile, and adds it to the tree."""
        start = tile.number * TILE_WIDTH
        width = min(TILE_WIDTH, self.size - start)
        outside = [start + n for n in tile.leaves or () if start < 0 or n >= width]
        if outside:
            self.faults.add(f"leaves at positions {_spans(outside)}: not part of a tree of {self.size} leaves")
        if not 0 <= start < self.size:
            if tile.hashes is not None:
                self.faults.add(f"tile 0/{tile.number}: not part of a tree of {self.size} leaves")
            return
        self._reach(tile.number)
        self.next_tile = tile.number + 1
        hashes = self._hashes(tile, width)
        if tile.leaves is not None:
            self._compare_leaves(tile, width)
        if hashes is None:
            self._break(start)
        elif self.intact:
            self._grow(hashes)

    def finish(self) -> bytes | None:
        """Compares what is left at the end. Returns the tree's root, or None where it could not be built."""
        self._reach(-(-self.size // TILE_WIDTH))
        if self.intact:
            for level, (full, hashes) in enumerate(self.above, start=1):
                if hashes:
                    self._compare_above(level, full, hashes)
        widths = {level: full + bool(partial) for level, full, partial in tiles(self.size)}
        query = select(log_tiles.c.level, log_tiles.c.number).where(log_tiles.c.level != 0)
        for level, number in self.connection.execute(query.execution_options(yield_per=ROWS)):
            if not 0 <= number < widths.get(level, 0):
                self.faults.add(f"tile {level}/{number}: not part of a tree of {self.size} leaves")
        tree_root = fold([*self.subtrees, root(self.last)] if self.last else self.subtrees) if self.intact else None
        while (signed := self.next_signed) is not None:
            if signed.size > self.size:
                self.faults.add(f"{signed.name}: it covers {signed.size} leaves, but the log has {self.size} only")
            elif tree_root is None:
                self.faults.add(f"{signed.name}: the tree cannot be built up to its size")
            else:
                self._compare_signed(signed, tree_root)  # both are empty
            self.next_signed = next(self.signed, None)
        return tree_root

    def _reach(self, number: int) -> None:
        """Tells that nothing is stored about the tiles from the last one up to `number`, if that is so."""
        if self.next_tile < number:
            first, last = self.next_tile * TILE_WIDTH, min(number * TILE_WIDTH, self.size) - 1
            self.faults.add(f"positions {first} to {last}: nothing is there, neither leaves nor tiles")
            self._break(first)

    def _break(self, position: int) -> None:
        if self.intact:
            self.intact = False
            self.faults.add(f"from position {position} on the tree cannot be built")

    def _hashes(self, tile: Tile, width: int) -> list[bytes] | None:
        """The hashes the tree was built from: the stored ones, else those of the leaves, else None."""
        if tile.hashes is None:
            self.faults.add(f"tile 0/{tile.number}: it is missing")
        elif len(tile.hashes) != width * HASH_SIZE:
            self.faults.add(f"tile 0/{tile.number}: it has {len(tile.hashes)} bytes, not {width} hashes of {HASH_SIZE}")
        else:
            return hashes_of(tile.hashes)
        if tile.leaves is None or any(n not in tile.leaves for n in range(width)):
            return None
        return [tile.leaves[n] for n in range(width)]

    def _compare_leaves(self, tile: Tile, width: int) -> None:
        leaves = tile.leaves or {}
        start = tile.number * TILE_WIDTH
        missing = [start + n for n in range(width) if n not in leaves]
        if missing:
            self.faults.add(f"leaves at positions {_spans(missing)}: missing")
        recorded = hashes_of(tile.hashes or b"")[:width]
        changed = [start + n for n, known in enumerate(recorded) if n in leaves and leaves[n] != known]
        if changed:
            self.faults.add(
                f"leaves at positions {_spans(changed)}: their entries are not those that tile 0/{tile.number} records"
            )

    def _grow(self, hashes: list[bytes]) -> None:
        """Adds the hashes of one tile to the tree, and looks at every root that was signed on the way."""
        end = self.done + len(hashes)
        while (signed := self.next_signed) is not None and signed.size <= end:
            part = hashes[: signed.size - self.done]
            self._compare_signed(signed, fold([*self.subtrees, root(part)] if part else self.subtrees))
            self.next_signed = next(self.signed, None)
        if len(hashes) == TILE_WIDTH:
            tile_root = carry = root(hashes)
            count = self.done // TILE_WIDTH
            while count % 2:  # as adding one carries in binary: two subtrees of a size become one
                carry, count = node_hash(self.subtrees.pop(), carry), count // 2
            self.subtrees.append(carry)
            self._push(1, tile_root)
        else:
            self.last = hashes
        self.done = end

    def _push(self, level: int, tile_root: bytes) -> None:
        """Adds the root of a full tile to the level above."""
        if len(self.above) < level:
            self.above.append((0, []))
        full, hashes = self.above[level - 1]
        hashes.append(tile_root)
        if len(hashes) == TILE_WIDTH:
            self._compare_above(level, full, hashes)
            self.above[level - 1] = (full + 1, [])
            self._push(level + 1, root(hashes))

    def _compare_above(self, level: int, number: int, hashes: list[bytes]) -> None:
        stored = read_tiles(self.connection, [(level, number)]).get((level, number))
        if stored is None:
            self.faults.add(f"tile {level}/{number}: it is missing")
        elif stored != hashes:
            self.faults.add(f"tile {level}/{number}: it does not fit the tiles under it")

    def _compare_signed(self, signed: Signed, tree_root: bytes) -> None:
        if signed.root != tree_root:
            self.faults.add(f"{signed.name}: the first {signed.size} leaves do not have the root it signs")
        elif signed.stored:
            self.signed_size = signed.size


def _spans(positions: Iterable[int]) -> str:
    """Ascending numbers in words: ``3 to 7, 9``."""
    spans: list[list[int]] = []
    for position in positions:
        if spans and position == spans[-1][1] + 1:
            spans[-1][1] = position
        else:
            spans.append([position, position])
    return ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in spans)
