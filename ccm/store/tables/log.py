"""The audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table

from ccm.store.tables.base import Instant, Serial, metadata, text

log_waiting = Table(
    "log_waiting",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("leaves", LargeBinary, nullable=False),  # a pack of entries, see ccm.log.waiting
)
log_leaves = Table(
    "log_leaves",
    metadata,
    Column("position", Serial, primary_key=True, autoincrement=False),  # place in the tree
    Column("entry", LargeBinary, nullable=False),  # canonical JSON
)
log_tiles = Table(
    "log_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),  # up to 256 hashes of 32 bytes
)
log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    text("note"),  # C2SP signed note
    Column("at", Instant, nullable=False),
    Column("timestamp", LargeBinary),  # RFC 3161 response about the note's bytes; NULL where there is none
)
log_keys = Table(
    "log_keys",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),  # of the smallest tree that the key may sign
    text("verifier"),  # C2SP verifier key
    Column("at", Instant, nullable=False),
)
log_state = Table(  # one row: locking it makes a process the only sequencer
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
)
