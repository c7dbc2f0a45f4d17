"""Changing the log's key: the old key and the new one both sign a leaf that names the new one.

A key signs the trees up to and with the one that ends before that leaf, its successor those that hold the leaf. Who
believes one key of a log can so come to believe all of them; docs/reference/log-format.md has the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, zip_longest

import orjson
from sqlalchemy import Connection, select

from ccm.errors import InputError, IntegrityError, NotAllowed
from ccm.log.canonical import canonical
from ccm.log.keys import Signer, Verifier
from ccm.log.leaves import VERSION, instant
from ccm.log.note import open_checkpoint, open_note, sign_note
from ccm.log.walk import Faults
from ccm.store.tables import log_checkpoints, log_keys, log_leaves

HEADER = "ccm log key rotation v1"


@dataclass(frozen=True, slots=True)
class KeyPeriod:
    """A key of the log, and the tree sizes it signs: from `first` up to and with `last`; None: it is in force."""

    verifier: Verifier
    first: int
    last: int | None
    at: datetime | None

    def signs(self, size: int) -> bool:
        """Whether a tree of that size is this key's to sign."""
        return self.first <= size and (self.last is None or size <= self.last)

    def line(self) -> str:
        """A line of a key file, as ``ccm-verify --key`` reads it."""
        return f"{self.verifier.text} {self.first}-{'' if self.last is None else self.last}"


def periods(connection: Connection) -> tuple[KeyPeriod, ...]:
    """The log's keys as the store has them, oldest first, unchecked; empty before the first checkpoint."""
    rows = connection.execute(select(log_keys).order_by(log_keys.c.size)).all()
    return tuple(
        KeyPeriod(Verifier.parse(row.verifier), row.size, following.size - 1 if following else None, row.at)
        for row, following in zip_longest(rows, rows[1:])
    )


def check_in_force(connection: Connection, signer: Signer) -> None:
    """Raises `NotAllowed` where the log is signed by another key than `signer`'s."""
    known = periods(connection)
    if known:
        force = known[-1].verifier
        if force == signer.verifier:
            return
        told = f"key {force.key_id.hex()} signs it since {known[-1].first} leaves"
        if any(period.verifier == signer.verifier for period in known):
            told += "; this one was in force before"
    else:
        note = connection.execute(select(log_checkpoints.c.note).order_by(log_checkpoints.c.size.desc()).limit(1))
        last = note.scalar()
        if last is None:
            return
        try:
            open_checkpoint(last, signer.verifier)
            return
        except IntegrityError as error:
            told = f"its last checkpoint: {error}"
    raise NotAllowed(
        f"log key {signer.verifier.key_id.hex()} is not the key of log '{signer.name}': {told}. Put that key's file"
        " back; a new key is made with: ccm log rotate-key"
    )


def rotation_leaf(old: Signer, new: Signer, at: datetime, person: str) -> bytes:
    """The entry that names the log's next key, signed by both, and the id of who changed it."""
    if old.name != new.name or old.verifier == new.verifier:
        raise InputError("a rotation is from one key to another of the same log")
    text = f"{HEADER}\n{old.verifier.text}\n{new.verifier.text}\n"
    signature = sign_note(text, new).rpartition("\n\n")[2]
    note = sign_note(text, old) + signature
    return canonical({"v": VERSION, "kind": "rotation", "at": instant(at), "note": note, "person": person})


def parse_rotation(entry: bytes) -> tuple[Verifier, Verifier]:
    """The old and the new key of a rotation's entry. Raises `InputError`, or `IntegrityError` if one did not sign."""
    try:
        fields = orjson.loads(entry)
    except orjson.JSONDecodeError as error:
        raise InputError("the leaf is no rotation: it is no JSON") from error
    if not isinstance(fields, dict) or fields.get("kind") != "rotation":
        raise InputError("the leaf is no rotation")
    if not (isinstance(person := fields.get("person", "before persons were named"), str) and person):
        raise InputError("the leaf is no rotation: its person is no id")
    note = str(fields.get("note"))
    lines = note.split("\n")
    if len(lines) < 4 or lines[0] != HEADER:
        raise InputError("the leaf is no rotation: its note does not say so")
    old, new = Verifier.parse(lines[1]), Verifier.parse(lines[2])
    if any(open_note(note, key) != f"{HEADER}\n{old.text}\n{new.text}\n" for key in (old, new)):
        raise InputError("the leaf is no rotation: its note has further lines")
    return old, new


def believed(connection: Connection, trusted: Verifier, faults: Faults) -> Sequence[KeyPeriod]:
    """The log's keys, each of which is linked to the trusted one by rotations that both keys signed.

    What is wrong with the others is told as a fault, and they are left out. A log that was never signed, or only by
    a version of ccm that did not list keys, has the trusted key for all sizes.
    """
    try:
        known = periods(connection)
    except InputError as error:
        faults.add(f"the log's list of keys: {error}")
        known = ()
    places = [number for number, period in enumerate(known) if period.verifier == trusted]
    if known and (known[0].first != 0 or len(places) != 1):
        faults.add("the log's list of keys does not start with its first key, or does not hold the trusted key once")
    if len(places) != 1:
        return [KeyPeriod(trusted, 0, None, None)]
    linked = [_linked(connection, *pair, faults) for pair in pairwise(known)]
    first = last = places[0]
    while first > 0 and linked[first - 1]:
        first -= 1
    while last < len(linked) and linked[last]:
        last += 1
    return known[first : last + 1]


def _linked(connection: Connection, old: KeyPeriod, new: KeyPeriod, faults: Faults) -> bool:
    position = new.first - 1
    entry = connection.execute(select(log_leaves.c.entry).where(log_leaves.c.position == position)).scalar()
    try:
        if entry is None:
            raise InputError("there is no such leaf")
        if parse_rotation(entry) != (old.verifier, new.verifier):
            raise InputError("it is about other keys")
    except (InputError, IntegrityError) as error:
        key = new.verifier.key_id.hex()
        faults.add(f"log key {key}: the leaf at position {position} does not put it into force: {error}")
        return False
    return True
