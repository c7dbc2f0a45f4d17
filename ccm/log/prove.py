"""Proofs to hand out: entries with their place in a signed tree, in files that `ccm-verify` checks offline.

The formats are C2SP's: an entry's proof is a ``tlog-proof`` file (https://c2sp.org/tlog-proof) that brings the entry's
bytes in its ``extra`` line; a consistency proof is the request body ``add-checkpoint`` of a witness
(https://c2sp.org/tlog-witness).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, false, func, or_, select

from ccm.errors import InputError, IntegrityError, NotFound
from ccm.log.merkle import leaf_hash, verify_inclusion
from ccm.log.note import Checkpoint, parse_checkpoint
from ccm.log.proofs import consistency_proof, inclusion_proof
from ccm.log.walk import ROWS
from ccm.store.tables import log_checkpoints, log_keys, log_leaves

HEADER = "c2sp.org/tlog-proof@v1"
FEW = 20
"""Values that the database looks for itself; for more, every entry is read."""


@dataclass(frozen=True, slots=True)
class EntryProof:
    """An entry, its position, and the whole text of its proof file."""

    position: int
    entry: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Proofs:
    """What a person needs to check entries with one of the log's public keys: all under the same checkpoint.

    `rotations` are the proofs of every change of the log's key, so that any of its keys is enough.
    """

    checkpoint: str
    entries: tuple[EntryProof, ...]
    rotations: tuple[EntryProof, ...]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Names and contents for an archive, in order; `ccm-verify` checks every ``.tlog-proof`` in it."""
        yield "checkpoint.txt", self.checkpoint.encode()
        for folder, proofs in (("proofs", self.entries), ("rotations", self.rotations)):
            for proof in proofs:
                yield f"{folder}/{proof.position:012}.tlog-proof", proof.text.encode()


def find_leaves(
    connection: Connection, field: str, values: Collection[str], kinds: Collection[str] = ()
) -> dict[str, list[int]]:
    """Each value of an entries' field, such as ``message``, to the positions of its leaves, ascending.

    `kinds` narrows the search to kinds of entries. One pass over the log; waiting leaves are left out. A value that
    the log does not know has an empty list.
    """
    found: dict[str, list[int]] = {value: [] for value in values}
    query = select(log_leaves.c.position, log_leaves.c.entry)
    if len(found) <= FEW:
        # Canonical JSON writes a field in one way, and escapes quotes inside values: an entry that has the field with
        # the value has these bytes.
        place = func.instr if connection.dialect.name == "sqlite" else func.pg_catalog.position
        needles = [orjson.dumps(field) + b":" + orjson.dumps(value) for value in found]
        query = query.where(or_(false(), *(place(log_leaves.c.entry, needle) > 0 for needle in needles)))
    rows = connection.execute(query.order_by(log_leaves.c.position).execution_options(yield_per=ROWS))
    for position, entry in rows:
        fields = orjson.loads(entry)
        if fields.get(field) in found and (not kinds or fields["kind"] in kinds):
            found[fields[field]].append(position)
    return found


def newest_checkpoint(connection: Connection, size: int | None = None) -> str:
    """The note of the newest checkpoint, or the one of exactly `size` leaves. Raises `NotFound`."""
    query = select(log_checkpoints.c.note).order_by(log_checkpoints.c.size.desc()).limit(1)
    note = connection.execute(query if size is None else query.where(log_checkpoints.c.size == size)).scalar()
    if note is None:
        told = "the log has no checkpoint" if size is None else f"the log has no checkpoint of {size} leaves"
        raise NotFound(f"{told}; make one with: ccm log checkpoint")
    return str(note)


def stored_checkpoint(connection: Connection, note: str) -> int | None:
    """The size of the stored checkpoint with exactly this note; None where there is none."""
    query = select(log_checkpoints.c.size).where(log_checkpoints.c.note == note)
    return connection.execute(query.where(log_checkpoints.c.size == parse_checkpoint(note).size)).scalar()


def prove(connection: Connection, positions: Sequence[int], note: str | None = None) -> Proofs:
    """Proofs of the entries at these positions under `note`, a stored checkpoint; by default the newest.

    Raises `InputError` where the checkpoint does not cover a position, `IntegrityError` where the store is damaged:
    a proof that would not hold is never given out.
    """
    note = newest_checkpoint(connection) if note is None else note
    checkpoint = parse_checkpoint(note)
    rotated = connection.execute(select(log_keys.c.size).where(log_keys.c.size.between(1, checkpoint.size)))
    rotations = sorted(size - 1 for (size,) in rotated)
    return Proofs(
        note,
        tuple(_prove(connection, position, checkpoint, note) for position in positions),
        tuple(_prove(connection, position, checkpoint, note) for position in rotations),
    )


def _prove(connection: Connection, position: int, checkpoint: Checkpoint, note: str) -> EntryProof:
    hashes = inclusion_proof(connection, position, checkpoint.size)
    entry = connection.execute(select(log_leaves.c.entry).where(log_leaves.c.position == position)).scalar()
    if entry is None or not verify_inclusion(leaf_hash(entry), position, checkpoint.size, hashes, checkpoint.root):
        raise IntegrityError(f"audit log: position {position} does not fit the checkpoint: see ccm log verify")
    lines = [HEADER, f"extra {_base64(entry)}", f"index {position}", *map(_base64, hashes)]
    return EntryProof(position, bytes(entry), "\n".join(lines) + "\n\n" + note)


def prove_consistency(connection: Connection, old: int, new: int | None = None) -> str:
    """The proof that the log of the checkpoint of `new` leaves, by default the newest, begins with its first `old`.

    Raises `NotFound` where no such checkpoint is stored, `InputError` where it is smaller than `old`.
    """
    note = newest_checkpoint(connection, new)
    size = parse_checkpoint(note).size
    if old > size:
        raise InputError(f"the checkpoint has {size} leaves, and cannot begin with {old}")
    return "\n".join([f"old {old}", *map(_base64, consistency_proof(connection, old, size))]) + "\n\n" + note


def _base64(value: bytes) -> str:
    return b64encode(value).decode()
