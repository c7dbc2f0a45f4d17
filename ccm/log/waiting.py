"""Leaves that wait for the sequencer: packs of them, as transactions added them.

A pack is its leaves one after the other with a line break between them. Canonical JSON has none, so a pack reads in one
way only. One row for a chunk's leaves costs a third of the time of a row each, and the sequencer stores a leaf once it
knows its place, so that no row of the log is ever written twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from ccm.errors import InputError
from ccm.store.tables import log_leaves, log_waiting

PACK = 1_000
"""Leaves of a pack, at most: about half a megabyte, as a leaf has some 550 bytes."""

_PACKS, _ROWS = 20, 1_000
"""Packs, and leaves of the tree, held at a time."""


def packed(entries: Sequence[bytes]) -> bytes:
    """Leaves, at least one, as a pack. Raises `InputError` where one has a line break."""
    pack = b"\n".join(entries)
    if pack.count(b"\n") != len(entries) - 1:
        raise InputError("a log entry has a line break, which canonical JSON has none of")
    return pack


def waiting_leaves(connection: Connection) -> Iterator[tuple[int, bytes]]:
    """Every leaf that waits, with the id of its pack, in the order in which the sequencer will take them."""
    query = select(log_waiting.c.id, log_waiting.c.leaves).order_by(log_waiting.c.id)
    with connection.execute(query.execution_options(yield_per=_PACKS)) as packs:
        for pack, leaves in packs:
            for entry in leaves.split(b"\n"):
                yield pack, entry


def every_leaf(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Every leaf with where it stands, in words: those of the tree by position, then those that wait."""
    query = select(log_leaves.c.position, log_leaves.c.entry).order_by(log_leaves.c.position)
    for position, entry in connection.execute(query.execution_options(yield_per=_ROWS)):
        yield f"at position {position}", entry
    for pack, entry in waiting_leaves(connection):
        yield f"in waiting pack {pack}", entry
