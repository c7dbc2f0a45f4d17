"""Which customers' names and addresses no font of the letters can print, found before a run.

A letter is never printed with a box for a character: such a customer's letter is set aside (``missing_glyph``).
Whoever runs the batch should know beforehand, to have a glyph added or the letter written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from ccm.pipeline.project import Project
from ccm.store import feeds
from ccm.workspace.communication import Communication

CHUNK = 5_000
"""Customers looked at together."""


@dataclass(frozen=True, slots=True)
class Unprintable:
    """A customer with characters that no font of the letters has."""

    customer_id: str
    characters: tuple[str, ...]
    """As ``U+9AD9``; with a variation selector ``U+845B U+E0100``. No names."""


def needs_letters(communication: Communication) -> bool:
    """Whether any of its messages is printed, an attachment included."""
    return "letter" in communication.channels


def unprintable_customers(project: Project, *, limit: int | None = None) -> Iterator[Unprintable]:
    """The active customers of the store, or of its first `limit` by id, whose name or address cannot be printed.

    Reads the store in chunks, in order of id. A million customers take less than a minute.
    """
    with project.store.read() as connection:
        for page in _pages(connection, limit):
            yield from unprintable(page)


def unprintable(customers: Iterable[tuple[str, str]]) -> Iterator[Unprintable]:
    """Those of `customers`, (id, name and address) each, with characters that no font has."""
    # Loading the layout engine takes a second, which most commands can do without.
    from ccm.render.fonts import missing_glyphs

    texts = list(customers)
    # Each character once. A variation selector counts by itself as missing, so that its sequences are looked at below.
    doubtful = {char for char in set().union(*(text for _, text in texts)) if missing_glyphs(char)}
    for customer_id, text in texts:
        if not doubtful.isdisjoint(text) and (missing := missing_glyphs(text)):
            codes = (" ".join(f"U+{ord(char):04X}" for char in sequence) for sequence in missing)
            yield Unprintable(customer_id, tuple(codes))


def _pages(connection: Connection, limit: int | None) -> Iterator[list[tuple[str, str]]]:
    after, left = None, limit
    while left is None or left > 0:
        rows = feeds.printed_names(connection, after, CHUNK if left is None else min(CHUNK, left))
        if not rows:
            return
        after, left = rows[-1].customer_id, None if left is None else left - len(rows)
        yield [(row.customer_id, row.text) for row in rows if row.active]
