"""Closing digests: when a window has ended, one message is made of what it collected.

Whoever is killed on the way leaves the digest open. It is closed in the transaction that records its message, whose
key is the digest's, so that there is never a second one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.exc import IntegrityError as Duplicate

from ccm.compliance import approvals
from ccm.errors import TryAgain
from ccm.log import leaves, sequencer
from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.pipeline.digest_members import Members, Part, part_of
from ccm.pipeline.project import Compiled, Project
from ccm.pipeline.record import record
from ccm.pipeline.reserve import lock_guards
from ccm.store.tables import digests, messages

BATCH = 100
"""Digests of one window that are closed in one transaction."""
TRIES = 10
"""Passes over one window's digests that others keep changing."""
Row = Mapping[Any, Any]


class _Moved(Exception):
    """Rolls the transaction back: the digests are not what they were when their messages were composed."""


def close_digests(project: Project, at: datetime) -> Counter[tuple[str, str]]:
    """Closes every digest whose window has ended at `at`; what is due afterwards will be dispatched.

    Returns how many digests of which communication were ``due``, ``withheld``, ``set_aside``, ``empty`` (nothing was
    left to tell) or ``held``: the collecting communication is not approved, and they stay open until it is.
    """
    counts: Counter[tuple[str, str]] = Counter()
    with project.store.read() as connection:
        names = connection.scalars(_ended(at).with_only_columns(digests.c.communication).distinct()).all()
    for name in sorted(names):
        compiled = _compiled(project, name)
        if compiled is not None and _refused(project, compiled, at):
            with project.store.read() as connection:
                counts[name, "held"] = len(connection.execute(_ended(at).where(digests.c.communication == name)).all())
            continue
        tries = 0
        while batch := _batch(project, name, at):
            try:
                for outcome in _Closing(project, compiled, batch, at).close():
                    counts[name, outcome] += 1
                tries = 0
            except (_Moved, Duplicate) as error:  # another process closed some, or something joined meanwhile
                tries += 1
                if tries == TRIES:
                    raise TryAgain(f"digests of '{name}' kept changing while they were closed") from error
    return counts


def _compiled(project: Project, name: str) -> Compiled | None:
    """None where the communication is not there any more, or does not collect."""
    communication = project.workspace.communications.get(name)
    return project.compiled(name) if communication is not None and communication.collects else None


def _refused(project: Project, compiled: Compiled, at: datetime) -> bool:
    with project.store.read() as connection:
        return bool(approvals.refusal(connection, compiled.release.digest, max(at, project.clock())))


def _ended(at: datetime) -> Select[Any]:
    return select(digests).where(digests.c.state == "open", digests.c.window_end <= at)


def _batch(project: Project, name: str, at: datetime) -> list[Row]:
    """Open digests of the earliest window that has ended; everybody has one at most."""
    d = digests.c
    query = _ended(at).where(d.communication == name).order_by(d.window_start, d.customer_id).limit(BATCH)
    with project.store.read() as connection:
        rows = connection.execute(query).mappings().all()
    return list(next((group for _, group in groupby(rows, key=lambda row: row["window_start"])), ()))


@dataclass
class _Closing:
    """The digests of one window on their way to messages."""

    project: Project
    compiled: Compiled | None
    digests: Sequence[Row]
    at: datetime

    def close(self) -> Iterator[str]:
        """What became of each; one transaction for those that have something to tell, one for the others."""
        self.members = Members.of(self.project, self.compiled, [row["id"] for row in self.digests], self.at)
        by_customer = {row["customer_id"]: row for row in self.digests}
        telling = [customer for customer, row in by_customer.items() if self.members.told(row["id"])]
        if telling and self.compiled is not None:
            window = f"{self.digests[0]['window_start']:%Y%m%dT%H%M%SZ}"
            keys = {customer: f"digest/{by_customer[customer]['id']}" for customer in telling}
            occasion = Occasion(f"{self.compiled.communication.id}/digest/{window}", None, self.at, {}, keys)
            given = {customer: self.members.data(by_customer[customer]["id"]) for customer in telling}
            composed, _ = compose(self.project, self.compiled, occasion, telling, given=given, isolate=True)
            recorded = record(
                self.project, self.compiled, occasion, composed, given=given, isolate=True,
                also=lambda connection, outcomes: self.closed(connection, by_customer, outcomes),
            )  # fmt: skip
            yield from (outcome.state for outcome in recorded if not outcome.part)
        silent = [row for row in self.digests if self.compiled is None or row["customer_id"] not in telling]
        if silent:
            with self.project.store.write() as connection:
                lock_guards(self.project, connection, [row["customer_id"] for row in silent])
                self.settle(connection, {row["id"]: None for row in silent})
            yield from ("empty" for _ in silent)

    def closed(self, connection: Connection, by_customer: Mapping[str, Row], outcomes: Sequence[Composed]) -> None:
        """In the transaction that records the digests' messages."""
        found = {by_customer[one.decision.customer_id]["id"]: one for one in outcomes if not one.part}
        for digest, outcome in found.items():
            # What may be told was judged for the channel that it was to go on.
            if outcome.state == "due" and outcome.decision.channel != self.members.channel(digest):
                raise _Moved
        for one in outcomes:
            own = messages.c.id == one.message_id
            connection.execute(update(messages).where(own).values(digest=by_customer[one.decision.customer_id]["id"]))
        self.settle(connection, found)

    def settle(self, connection: Connection, outcomes: Mapping[str, Composed | None]) -> None:
        """Closes digests, and says of each part what became of it."""
        now = self.project.clock()
        parts = connection.execute(part_of(list(outcomes)).with_only_columns(messages.c.id)).scalars().all()
        if set(parts) != self.members.of_digests(outcomes):
            raise _Moved  # something joined, or was withdrawn
        entries = []
        for digest, outcome in sorted(outcomes.items()):
            done = connection.execute(
                update(digests)
                .where(digests.c.id == digest, digests.c.state == "open")
                .values(state="closed", message_id=outcome.message_id if outcome else None)
            )
            if done.rowcount != 1:
                raise _Moved
            for part in self.members.parts[digest]:
                reason, detail = _became(part, outcome)
                if reason:
                    _left_out(connection, part, reason, detail, now)
                    entries.append(leaves.event_leaf(message_id=part.id, state="withheld", detail=reason, at=now))
                elif outcome is not None:
                    told_in = outcome.message_id
                    entries.append(leaves.event_leaf(message_id=part.id, state="digested", detail=told_in, at=now))
        sequencer.append(connection, entries)


def _became(part: Part, outcome: Composed | None) -> tuple[str, str]:
    """Why a part is not told, and a detail; empty where it is."""
    if part.reason:
        return part.reason, part.detail
    if outcome is None:
        return "digest_withheld", "communication_removed"
    return ("", "") if outcome.state == "due" else ("digest_withheld", outcome.reason)


def _left_out(connection: Connection, part: Part, reason: str, detail: str, now: datetime) -> None:
    connection.execute(
        update(messages)
        .where(messages.c.id == part.id)
        .values(state="withheld", reason=reason, detail=detail, updated_at=now)
    )
