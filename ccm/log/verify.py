"""Checking the whole log: every leaf against the tree, the tree against itself, and against every signed checkpoint.

Nothing is believed but one public key of the log, and a checkpoint kept elsewhere where one is given. Memory stays
the same however long the log is.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from sqlalchemy import Connection, func, select

from ccm.errors import InputError, IntegrityError
from ccm.log.crosscheck import verify_messages
from ccm.log.keys import Verifier
from ccm.log.leaves import instant
from ccm.log.note import Checkpoint, open_checkpoint, parse_checkpoint
from ccm.log.rotation import KeyPeriod, believed
from ccm.log.waiting import waiting_leaves
from ccm.log.walk import ROWS, Faults, Signed, Walk, snapshot, stored_tiles
from ccm.store import Store
from ccm.store.tables import log_checkpoints, log_leaves, log_state

__all__ = ["LogReport", "verify_messages", "verify_store"]


@dataclass(frozen=True, slots=True)
class LogReport:
    """What `verify_store` found.

    `root` is that of the tree of `leaves` leaves in base64, as in a checkpoint; empty where it cannot be computed.
    `waiting` leaves have no place in the tree yet. `signed` leaves, from the first on, are under a stored checkpoint
    that holds. `faults` is empty where all is well; `remarks` are worth knowing, and no faults.
    """

    leaves: int
    root: str
    waiting: int
    checkpoints: int
    signed: int
    deep: bool
    faults: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def verify_store(
    store: Store, trusted: Verifier, *, deep: bool = True, known_checkpoint: str | None = None
) -> LogReport:
    """Checks the log and says in words everything that is wrong with it.

    With `deep`, every leaf's hash is computed from its entry; without, leaves are only counted, which takes a
    fraction of the time. `known_checkpoint` is a note that was kept outside the store: with it even a log that was
    cut back, or written anew with the right key, is found out. Raises `InputError` where that note is none of this
    log, or not signed by `trusted` or a key that a chain of rotations links to it.
    """
    faults = Faults()
    with snapshot(store) as connection:
        keys = believed(connection, trusted, faults)
        known: list[Signed] = []
        if known_checkpoint is not None:
            try:
                checkpoint = _open(known_checkpoint, keys)
            except IntegrityError as error:
                raise InputError(f"the checkpoint to compare with: {error}") from error
            known.append(Signed(checkpoint.size, checkpoint.root, "the checkpoint kept outside", stored=False))
            there = select(log_checkpoints.c.size).where(log_checkpoints.c.size == checkpoint.size)
            if connection.execute(there).scalar() is None:
                faults.add(f"the checkpoint kept outside: the log has none of {checkpoint.size} leaves any more")
        size = _size(connection, faults)
        waiting = sum(1 for _ in waiting_leaves(connection))
        stored = _Stored(connection, keys, faults)
        walk = Walk(connection, size, merge(stored, known, key=lambda signed: signed.size), faults)
        for tile in stored_tiles(connection, deep=deep):
            walk.take(tile)
        tree_root = walk.finish()
    return LogReport(
        leaves=size,
        root=b64encode(tree_root).decode() if tree_root is not None else "",
        waiting=waiting,
        checkpoints=stored.count,
        signed=walk.signed_size,
        deep=deep,
        faults=faults.told(),
        remarks=stored.remarks.told(),
    )


class _Stored:
    """The stored checkpoints, smallest first; those that are none are told as faults and passed over."""

    def __init__(self, connection: Connection, keys: Sequence[KeyPeriod], faults: Faults) -> None:
        self.connection, self.keys, self.faults = connection, keys, faults
        self.remarks = Faults()
        self.count = 0

    def __iter__(self) -> Iterator[Signed]:
        columns = (log_checkpoints.c.size, log_checkpoints.c.note, log_checkpoints.c.at)
        query = select(*columns).order_by(log_checkpoints.c.size)
        before: datetime | None = None
        for size, note, at in self.connection.execute(query.execution_options(yield_per=ROWS)):
            self.count += 1
            name = f"the checkpoint of {size} leaves"
            if before is not None and at < before:
                self.remarks.add(f"{name}: the clock said {instant(at)}, and before that {instant(before)}")
            before = at
            try:
                checkpoint = _open(note, self.keys)
            except (InputError, IntegrityError) as error:
                self.faults.add(f"{name}: {error}")
                continue
            if checkpoint.size != size:
                self.faults.add(f"{name}: its note is about {checkpoint.size} leaves")
                continue
            yield Signed(size, checkpoint.root, name)


def _open(note: str, keys: Sequence[KeyPeriod]) -> Checkpoint:
    """The checkpoint in a note that the key signed whose turn it was. Raises as `open_checkpoint`."""
    size = parse_checkpoint(note).size
    key = next((key for key in keys if key.signs(size)), keys[-1])
    return open_checkpoint(note, key.verifier)


def _size(connection: Connection, faults: Faults) -> int:
    count, first, last = connection.execute(
        select(func.count(log_leaves.c.position), func.min(log_leaves.c.position), func.max(log_leaves.c.position))
    ).one()
    found = 0 if last is None else last + 1
    states = connection.execute(select(log_state.c.size)).scalars().all()
    if len(states) > 1 or (found and not states):
        faults.add(f"the log's state has {len(states)} rows instead of one")
    size = int(states[0]) if len(states) == 1 else found
    if found != size:
        faults.add(f"the log's size is {size}, but its last leaf has position {last}")
    if count != size or first not in (None, 0):
        faults.add(f"the log's size is {size}, but it has {count} leaves with a position")
    return size
