"""Adding to the log: transactions append leaves, one sequencer at a time gives them their places in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy import exc as sqlalchemy_errors

from ccm.errors import IntegrityError
from ccm.log.keys import Signer
from ccm.log.merkle import TILE_HEIGHT, TILE_WIDTH, leaf_hash, root
from ccm.log.note import parse_checkpoint, sign_checkpoint
from ccm.log.proofs import TileKey, read_tiles, root_at
from ccm.log.rotation import check_in_force, periods, rotation_leaf
from ccm.log.waiting import PACK, packed, waiting_leaves
from ccm.store import Store
from ccm.store.engine import BATCH
from ccm.store.tables import log_checkpoints, log_keys, log_leaves, log_state, log_tiles, log_waiting

INTEGRATION_BATCH = 10_000
"""Leaves after which a transaction ends: a few megabytes, and no writer waits long for SQLite's one lock."""
# Driver SQL: SQLAlchemy's INSERT of as many rows takes twice the time on SQLite, and four times on PostgreSQL, which
# takes one array instead of rows of parameters.
_PLACE_SQLITE = "INSERT INTO log_leaves (position, entry) VALUES (?, ?)"
_PLACE_POSTGRESQL = (
    "INSERT INTO log_leaves (position, entry)"
    " SELECT %s::bigint + number, entry FROM unnest(%b::bytea[]) WITH ORDINALITY AS given (entry, number)"
)
_ADD_STATE = text("INSERT INTO log_state (id, size) VALUES (1, 0) ON CONFLICT (id) DO NOTHING")


def append(connection: Connection, entries: Sequence[bytes]) -> None:
    """Adds leaves within the caller's transaction: they stand in the log if, and only if, it commits.

    `entries` are canonical JSON, from `ccm.log.leaves`. Takes no lock that another appender waits for on PostgreSQL.
    Raises `InputError` for an entry with a line break, which canonical JSON has none of.
    """
    for start in range(0, len(entries), PACK):
        connection.execute(insert(log_waiting), {"leaves": packed(entries[start : start + PACK])})


def integrate(store: Store) -> int:
    """Gives waiting leaves the next positions of the tree, in the order of their packs, and extends the tiles.

    In transactions of about `INTEGRATION_BATCH`. A leaf that commits while this runs may wait for the next call.
    Returns how many were integrated. Raises `IntegrityError`, and leaves the tree as it is, where the tables do not
    fit together.
    """
    done = 0
    while True:
        try:
            with store.write() as connection:
                taken = _integrate(connection)
        except sqlalchemy_errors.IntegrityError as error:
            raise IntegrityError(f"audit log: a position or a tile is taken already: {error.orig}") from error
        done += taken
        if taken < INTEGRATION_BATCH:
            return done


def checkpoint(store: Store, signer: Signer, now: datetime) -> str:
    """Integrates what waits and signs the tree: the note, which is stored too.

    Where nothing came since the last checkpoint, that one is given again. Raises `IntegrityError` where the tree is
    smaller than at the last checkpoint, or does not begin with the tree signed then: such a tree is never signed.
    Raises `NotAllowed` where another key signs this log.
    """
    integrate(store)
    with store.write() as connection:
        size = _locked_size(connection)
        check_in_force(connection, signer)
        return _sign(connection, size, signer, now)


def rotate(store: Store, old: Signer, new: Signer, now: datetime, person: str) -> str:
    """Puts a new key into force: the old one signs the tree for the last time, the new one the tree with the rotation.

    Both sign the leaf between, which names `person`, the id of who asked for it. Returns the new key's checkpoint.
    Nothing happens where the new key is in force already, so an interrupted change is finished by doing it again.
    Raises as `checkpoint`.
    """
    integrate(store)
    with store.write() as connection:
        size = _locked_size(connection)
        known = periods(connection)
        if not known or known[-1].verifier != new.verifier:
            check_in_force(connection, old)
            _sign(connection, size, old, now)
            entry = rotation_leaf(old, new, now, person)
            connection.execute(insert(log_leaves).values(position=size, entry=entry))
            _extend(connection, size, [leaf_hash(entry)])
            size += 1
            connection.execute(update(log_state).values(size=size))
            connection.execute(insert(log_keys).values(size=size, verifier=new.verifier.text, at=now))
        return _sign(connection, size, new, now)


def _sign(connection: Connection, size: int, signer: Signer, now: datetime) -> str:
    tree_root = root_at(connection, size)
    last = connection.execute(select(log_checkpoints.c.note).order_by(log_checkpoints.c.size.desc()).limit(1)).scalar()
    if last is not None:
        signed = parse_checkpoint(last)
        if signed.size > size:
            raise IntegrityError(f"audit log: it has {size} leaves, but {signed.size} at its last checkpoint")
        if root_at(connection, signed.size) != signed.root:
            raise IntegrityError(f"audit log: its first {signed.size} leaves are not those of its last checkpoint")
        if signed.size == size:
            return str(last)
    note = sign_checkpoint(size, tree_root, signer)
    connection.execute(insert(log_checkpoints).values(size=size, note=note, at=now))
    if not periods(connection):
        connection.execute(insert(log_keys).values(size=0, verifier=signer.verifier.text, at=now))
    return note


def _locked_size(connection: Connection) -> int:
    """The size of the tree; from here to the end of the transaction nobody else integrates."""
    connection.execute(_ADD_STATE)
    # FOR UPDATE is PostgreSQL's; SQLite has the one write lock already, and SQLAlchemy leaves the words out.
    size = connection.execute(select(log_state.c.size).where(log_state.c.id == 1).with_for_update()).scalar_one()
    last = connection.execute(select(func.max(log_leaves.c.position))).scalar()
    if (-1 if last is None else last) != size - 1:
        raise IntegrityError(f"audit log: its size is {size}, but its last leaf has position {last}")
    return int(size)


def _integrate(connection: Connection) -> int:
    """Places one batch of leaves. Returns how many.

    Always from the oldest pack on: whoever adds a leaf about something has seen the leaves before it commit, so the
    order of positions is the order of what happened to it, also where a transaction commits late.
    """
    size = _locked_size(connection)
    packs: list[int] = []
    entries: list[bytes] = []
    for pack, entry in waiting_leaves(connection):
        if packs[-1:] != [pack]:  # whole packs only: they are deleted below
            if len(entries) >= INTEGRATION_BATCH:
                break
            packs.append(pack)
        entries.append(entry)
    if entries:
        _extend(connection, size, [leaf_hash(entry) for entry in entries])
        _place(connection, size, entries)
        for start in range(0, len(packs), BATCH):  # by their ids: a pack between them may have come since
            connection.execute(delete(log_waiting).where(log_waiting.c.id.in_(packs[start : start + BATCH])))
        connection.execute(update(log_state).values(size=size + len(entries)))
    return len(entries)


def _place(connection: Connection, size: int, entries: Sequence[bytes]) -> None:
    """Stores entries under their positions, from `size` on."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_PLACE_SQLITE, list(enumerate(entries, start=size)))
    else:
        connection.exec_driver_sql(_PLACE_POSTGRESQL, (size - 1, list(entries)))


def _extend(connection: Connection, size: int, hashes: list[bytes]) -> None:
    """Adds leaf hashes to the tiles of a tree of `size` leaves, and every full tile's root to the level above."""
    level, have, coming = 0, size, len(hashes)
    partial: list[TileKey] = []
    while coming:
        if have % TILE_WIDTH:
            partial.append((level, have // TILE_WIDTH))
        have, coming = have // TILE_WIDTH, (have + coming) // TILE_WIDTH - have // TILE_WIDTH
        level += 1
    stored = read_tiles(connection, partial)
    new = []
    level = 0
    while hashes:
        number, width = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        begun = stored.get((level, number), []) if width else []
        if len(begun) != width:
            raise IntegrityError(f"audit log: tile {level}/{number} has {len(begun)} hashes, not {width}")
        hashes = begun + hashes
        tiles = [hashes[start : start + TILE_WIDTH] for start in range(0, len(hashes), TILE_WIDTH)]
        rows = [{"level": level, "number": number + n, "hashes": b"".join(tile)} for n, tile in enumerate(tiles)]
        if width:
            connection.execute(
                update(log_tiles).where(log_tiles.c.level == level, log_tiles.c.number == number),
                {"hashes": rows.pop(0)["hashes"]},
            )
        new += rows
        hashes = [root(tile) for tile in tiles if len(tile) == TILE_WIDTH]
        level += 1
    if new:
        connection.execute(insert(log_tiles), new)
