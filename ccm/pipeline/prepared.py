"""Outcomes on their way into the store: what needs no lock is made before it is taken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ccm.log import leaves
from ccm.pipeline import contact_points, contents
from ccm.pipeline.compose import Composed, Occasion
from ccm.pipeline.contents import Kept
from ccm.pipeline.dictionary import dictionary
from ccm.pipeline.message_rows import MessageRows
from ccm.pipeline.project import Compiled, Project
from ccm.pipeline.traces import Traces


class _Made(NamedTuple):
    outcome: Composed
    row: dict[str, Any]
    salt: bytes | None
    """Of the customer's name in the log; None: there was none yet."""
    leaf: bytes


class Prepared:
    """Of one transaction, whatever it takes to record its outcomes: contents in the archive, rows, and leaves."""

    def __init__(self, project: Project, compiled: Compiled, occasion: Occasion) -> None:
        self._project, self._compiled, self._occasion = project, compiled, occasion
        self.rows = MessageRows(project, compiled, occasion)
        self._traces = Traces(project, compiled.communication)
        self._kept: dict[str, Kept] = {}
        self._made: dict[str, _Made] = {}
        """By message id."""
        self.contact_points: dict[str, str] = {}
        """Message id to the digest of the address of each that is due."""

    def add(self, composed: Sequence[Composed]) -> None:
        """Outcomes that are to be recorded; those that are there already stay as they are.

        Raises `TryAgain` where the archive is full.
        """
        new = [one for one in composed if one.message_id not in self._made]
        self._archive(new)
        with self._project.store.read() as connection:
            salts = leaves.known_salts(connection, [one.decision.customer_id for one in new])
            salt_of_points = contact_points.salt(connection)
        self._find_contact_points(new, salt_of_points)
        for one in new:
            row, customer_id = self._row(one), one.decision.customer_id
            salt = salts.get(customer_id)
            leaf = b"" if salt is None else self.rows.leaf(row, leaves.subject(salt, customer_id))
            self._made[one.message_id] = _Made(one, row, salt, leaf)

    def forget(self, message_ids: Iterable[str]) -> None:
        """These were composed anew."""
        for message in message_ids:
            self._kept.pop(message, None)
            self._made.pop(message, None)
            self.contact_points.pop(message, None)

    def input_digest(self, material: str, composed: Sequence[Composed]) -> str:
        """Of all that a chunk's outcomes came from: what messages are made of, and what was decided by."""
        digest = hashlib.sha256(material.encode())
        for one in composed:
            digest.update(self._made[one.message_id].row["trace"])
        return digest.hexdigest()

    def row(self, outcome: Composed) -> dict[str, Any]:
        """The row of an outcome of one of the messages, which may have been decided again since."""
        made = self._made[outcome.message_id]
        return made.row if made.outcome is outcome else self._row(outcome)

    def leaf(self, row: Mapping[str, Any], salt: bytes) -> bytes:
        """The log's entry about a row; `salt`: the customer's, as it is now."""
        made = self._made[row["id"]]
        if made.row is row and made.salt == salt:
            return made.leaf
        return self.rows.leaf(row, leaves.subject(salt, row["customer_id"]))

    def store_policies(self, connection: Connection) -> None:
        """Stores what the decisions were taken by, in the transaction that inserts their messages."""
        self._traces.store(connection)

    def _archive(self, new: Sequence[Composed]) -> None:
        messages = [one.message for one in new if one.message is not None]
        if messages:
            words = dictionary(self._project, self._compiled, messages, self._occasion.at)
            self._kept |= contents.keep(self._project, messages, words)

    def _find_contact_points(self, new: Sequence[Composed], salt: bytes | None) -> None:
        due = [(one, one.message.channel, one.facts.customer) for one in new
               if one.state == "due" and one.message is not None and one.facts is not None]  # fmt: skip
        if not due:
            return
        if salt is None:
            with self._project.store.write() as connection:
                salt = contact_points.made_salt(connection, self._project.random_bytes)
        for one, channel, customer in due:
            address = customer.reach(channel) or ""
            self.contact_points[one.message_id] = contact_points.contact_point(channel, address, salt)

    def _row(self, outcome: Composed) -> dict[str, Any]:
        trace = self._traces.pack(outcome.decision, outcome.facts)
        return self.rows.row(outcome, self._kept.get(outcome.message_id), trace)
