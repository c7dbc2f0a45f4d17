"""Everything that somebody who holds the database could do to the log, and what gives it away.

An attack is as good as it can be without the private key, unless its name says that the attacker has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from log_parts import NOW, add, entries, signer_of
from sqlalchemy import Connection, Table, delete, insert, select, update

from ccm.log import sequencer
from ccm.log.keys import Signer
from ccm.log.merkle import leaf_hash, root
from ccm.log.note import sign_checkpoint
from ccm.log.verify import verify_store
from ccm.store import Store
from ccm.store.tables import log_checkpoints, log_keys, log_leaves, log_state, log_tiles

FIRST, SECOND, STRANGER = (signer_of(number) for number in (1, 2, 9))
SIZE = 700
"""FIRST signed at 3, 256 and 400, where its rotation stands; SECOND at 401 and 700."""
TABLES = (log_leaves, log_tiles, log_checkpoints, log_keys, log_state)


@pytest.fixture
def log(store: Store) -> Store:
    before = 0
    for size in (3, 256):
        add(store, before, size)
        sequencer.checkpoint(store, FIRST, NOW)
        before = size
    add(store, 256, 400)
    sequencer.rotate(store, FIRST, SECOND, NOW, "noa")
    add(store, 401, SIZE)
    sequencer.checkpoint(store, SECOND, NOW)
    return store


def position(value: int) -> Any:
    return log_leaves.c.position == value


def stored_entry(connection: Connection, place: int) -> bytes:
    return bytes(connection.execute(select(log_leaves.c.entry).where(position(place))).scalar_one())


def set_leaf(connection: Connection, place: int, entry: bytes, *, tile: bool = False) -> None:
    """A changed entry; with `tile`, its hash where the tile records it too."""
    connection.execute(update(log_leaves).where(position(place)).values(entry=entry))
    if tile:
        at = (log_tiles.c.level == 0) & (log_tiles.c.number == place // 256)
        hashes = bytearray(connection.execute(select(log_tiles.c.hashes).where(at)).scalar_one())
        hashes[place % 256 * 32 : place % 256 * 32 + 32] = leaf_hash(entry)
        connection.execute(update(log_tiles).where(at).values(hashes=bytes(hashes)))


def back_to_waiting(connection: Connection) -> None:
    sequencer.append(connection, [stored_entry(connection, SIZE - 1)])
    connection.execute(delete(log_leaves).where(position(SIZE - 1)))


def swap_positions(connection: Connection) -> None:
    for old, new in ((10, -1), (500, 10), (-1, 500)):
        connection.execute(update(log_leaves).where(position(old)).values(position=new))


def swap_with_tiles(connection: Connection) -> None:
    one, other = stored_entry(connection, 10), stored_entry(connection, 500)
    set_leaf(connection, 10, other, tile=True)
    set_leaf(connection, 500, one, tile=True)


def anew(store: Store, first: Signer, second: Signer) -> None:
    """The whole log written again, consistent in itself, with one entry changed; signed at the rotation and the end."""
    with store.write() as connection:
        for table in TABLES:
            connection.execute(delete(table))
    with store.write() as connection:
        sequencer.append(connection, [*entries(0, 7), b"{}", *entries(8, 400)])
    sequencer.rotate(store, first, second, NOW, "noa")
    add(store, 401, SIZE)
    sequencer.checkpoint(store, second, NOW)


def cut(store: Store, size: int) -> None:
    """The log exactly as it was at `size` leaves: tiles and state too. Only what is signed beyond gives it away."""
    kept: dict[str, list[dict[str, Any]]] = {}
    with store.write() as connection:
        left = [stored_entry(connection, n) for n in range(size)]
        for table in (log_checkpoints, log_keys):
            rows = connection.execute(select(table)).mappings().all()
            kept[table.name] = [dict(row) for row in rows]
        for table in TABLES:
            connection.execute(delete(table))
        sequencer.append(connection, left)
    sequencer.integrate(store)
    with store.write() as connection:
        connection.execute(insert(log_checkpoints), kept["log_checkpoints"])
        connection.execute(insert(log_keys), kept["log_keys"])


def drop_after(connection: Connection, table: Table, size: int) -> None:
    connection.execute(delete(table).where(table.c.size > size))


def cut_with_checkpoints(store: Store) -> None:
    cut(store, 450)
    with store.write() as connection:
        drop_after(connection, log_checkpoints, 450)


def resigned(connection: Connection) -> None:
    """An entry changed with its tiles, and the checkpoints over it signed with a key of the attacker's own."""
    set_leaf(connection, 600, b"{}", tile=True)
    hashes = [leaf_hash(stored_entry(connection, n)) for n in range(SIZE)]
    note = sign_checkpoint(SIZE, root(hashes), STRANGER)
    connection.execute(update(log_checkpoints).where(log_checkpoints.c.size == SIZE).values(note=note))


def resigned_with_key_listed(connection: Connection) -> None:
    resigned(connection)
    connection.execute(insert(log_keys).values(size=SIZE, verifier=STRANGER.verifier.text, at=NOW))


def sql(statement: Any) -> Callable[[Connection], Any]:
    return lambda connection: connection.execute(statement)


@dataclass(frozen=True)
class Attack:
    """`does` gets the store, or with `inside` a connection; `found` stands in a fault that is told.

    `known`: only a checkpoint kept outside gives it away.
    """

    does: Callable[[Any], Any]
    found: str
    known: bool = False
    inside: bool = True


ATTACKS = {
    "leaf: bytes changed": Attack(
        lambda c: set_leaf(c, 300, b"{}"), "positions 300: their entries are not those that tile 0/1 records"),
    "leaf: bytes changed, and its tile": Attack(
        lambda c: set_leaf(c, 600, b"{}", tile=True), "the first 700 leaves do not have the root it signs"),
    "leaf: two swapped": Attack(swap_positions, "positions 10: their entries are not those that tile 0/0 records"),
    "leaf: two swapped, and their tiles": Attack(swap_with_tiles, "the first 256 leaves do not have the root it signs"),
    "leaf: one deleted": Attack(sql(delete(log_leaves).where(position(500))), "positions 500: missing"),
    "leaf: one put in": Attack(
        sql(insert(log_leaves).values(entry=b"{}", position=SIZE)), "the log's size is 700, but its last leaf has"),
    "leaf: one taken back to waiting": Attack(
        back_to_waiting, "its last leaf has position 698"),
    "leaves: the tail deleted": Attack(
        sql(delete(log_leaves).where(log_leaves.c.position >= 450)), "positions 450 to 511: missing"),
    "tail cut, with tiles and state": Attack(
        lambda store: cut(store, 450), "it covers 700 leaves, but the log has 450 only", inside=False),
    "tail cut, with tiles, state and checkpoints": Attack(
        cut_with_checkpoints, "the checkpoint kept outside: it covers 700 leaves, but the log has 450 only",
        known=True, inside=False),
    "tile: edited": Attack(
        sql(update(log_tiles).where(log_tiles.c.level == 1).values(hashes=bytes(64))),
        "does not fit the tiles under it"),
    "tile: deleted": Attack(sql(delete(log_tiles).where(log_tiles.c.level == 1)), "tile 1/0: it is missing"),
    "tile: put in": Attack(
        sql(insert(log_tiles).values(level=2, number=0, hashes=bytes(32))), "not part of a tree of 700 leaves"),
    "state: changed": Attack(sql(update(log_state).values(size=650)), "the log's size is 650, but its last leaf has"),
    "state: deleted": Attack(sql(delete(log_state)), "the log's state has 0 rows instead of one"),
    "checkpoint: one removed": Attack(
        sql(delete(log_checkpoints).where(log_checkpoints.c.size == SIZE)), "the log has none of 700 leaves any more",
        known=True),
    "checkpoint: all removed": Attack(sql(delete(log_checkpoints)), "has none of 700 leaves any more", known=True),
    "checkpoint: moved": Attack(
        sql(update(log_checkpoints).where(log_checkpoints.c.size == 256).values(size=257)), "is about 256 leaves"),
    "checkpoint: signed with another key": Attack(resigned, "no signature of 'example.com/ccm' with key"),
    "checkpoint: signed with another key that is listed": Attack(
        resigned_with_key_listed, "the leaf at position 699 does not put it into force"),
    "keys: the first removed": Attack(
        sql(delete(log_keys).where(log_keys.c.size == 0)), "does not start with its first key"),
    "keys: the second removed": Attack(
        sql(delete(log_keys).where(log_keys.c.size > 0)), "does not hold the trusted key once"),
    "keys: moved": Attack(
        sql(update(log_keys).where(log_keys.c.size > 0).values(size=300)), "the leaf at position 299 does not put it"),
    "rebuilt without the keys": Attack(
        lambda store: anew(store, STRANGER, signer_of(8)), "does not hold the trusted key once", inside=False),
    "rebuilt by somebody who has both private keys": Attack(
        lambda store: anew(store, FIRST, SECOND), "do not have the root it signs", known=True, inside=False),
}  # fmt: skip
ON_BOTH = ("leaf: bytes changed", "tail cut, with tiles, state and checkpoints", "checkpoint: one removed")


@pytest.mark.parametrize(
    ("name", "dialect"),
    [(name, "sqlite") for name in ATTACKS] + [(name, "postgresql") for name in ON_BOTH],
)  # fmt: skip
def test_what_is_done_to_the_log_is_found(log: Store, name: str) -> None:
    attack = ATTACKS[name]
    with log.read() as connection:
        kept = connection.execute(select(log_checkpoints.c.note).where(log_checkpoints.c.size == SIZE)).scalar_one()
    assert verify_store(log, SECOND.verifier, known_checkpoint=kept).faults == ()
    if attack.inside:
        with log.write() as connection:
            attack.does(connection)
    else:
        attack.does(log)
    without = verify_store(log, SECOND.verifier).faults
    faults = verify_store(log, SECOND.verifier, known_checkpoint=kept).faults
    assert any(attack.found in fault for fault in faults), faults
    if attack.known:
        assert not any(attack.found in fault for fault in without)
    else:
        assert any(attack.found in fault for fault in without), without


def test_every_table_of_the_log_is_attacked() -> None:
    named = {name.partition(":")[0].partition(" ")[0] for name in ATTACKS}
    assert {"leaf", "tile", "state", "checkpoint", "keys"} <= named
    assert len(TABLES) == 5


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_clock_that_went_back_is_told_and_stops_nothing(log: Store) -> None:
    add(log, SIZE, SIZE + 1)
    sequencer.checkpoint(log, SECOND, NOW - timedelta(hours=1))
    add(log, SIZE + 1, SIZE + 2)
    sequencer.checkpoint(log, SECOND, datetime(2027, 1, 1, tzinfo=UTC))
    report = verify_store(log, SECOND.verifier)
    assert (report.faults, report.signed) == ((), SIZE + 2)
    assert report.remarks == (
        "the checkpoint of 701 leaves: the clock said 2026-03-31T23:00:00.000000Z, and before that"
        " 2026-04-01T00:00:00.000000Z",
    )
