"""reserve + record: ONE transaction with cap slots, message rows, archive references and log entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, exists, update

from ccm.decide import Facts
from ccm.errors import Conflict, TryAgain
from ccm.log import leaves, sequencer
from ccm.model.message import Decision
from ccm.pipeline.compose import Composed, Occasion, compose_anew
from ccm.pipeline.data import DataResult
from ccm.pipeline.digests import join_digest, windows_of
from ccm.pipeline.erasure import erase_again
from ccm.pipeline.message_rows import reservation
from ccm.pipeline.prepared import Prepared
from ccm.pipeline.project import Compiled, Project
from ccm.pipeline.reserve import reserve
from ccm.store import bulk
from ccm.store.tables import chunks, contacts, messages, runs

ROUNDS = 10
"""Tries of one transaction. Each one that fails composed for slots that were taken or given back since."""


Also = Callable[[Connection, Sequence[Composed]], None]
"""What else belongs into the transaction; what it raises undoes it."""


@dataclass(frozen=True, slots=True)
class ChunkClaim:
    """The right to record one chunk: void once another coordinator took the run over (its fence moved on)."""

    run_id: str
    number: int
    fence: int
    material: str
    """The digest that `compose` gives."""


def record(
    project: Project, compiled: Compiled, occasion: Occasion, composed: Sequence[Composed],
    claim: ChunkClaim | None = None, *, given: Mapping[str, DataResult] | None = None, isolate: bool = False,
    also: Also | None = None,
) -> list[Composed]:  # fmt: skip
    """Records the outcomes, all or none; what is due afterwards will be dispatched.

    Returns the outcomes as recorded: everything is decided again under lock where the ledger changed meanwhile. Who
    may then get a message that was not composed yet (a slot became free, or another channel has room) is composed
    anew, with `given` and `isolate` as in `compose`, and the transaction tried again. Raises `Conflict` where the chunk
    was recorded before, or the run is not this coordinator's any more, and `TryAgain` where the archive is full or
    where others keep changing the ledger; nothing was recorded then. `also` is called with what was recorded, in the
    same transaction.
    """
    prepared = Prepared(project, compiled, occasion)
    for _ in range(ROUNDS):
        # Archive first: a reference to a body that is not on disk must never be committed.
        prepared.add(composed)
        try:
            return _recorded(project, compiled, occasion, composed, prepared, claim, also)
        except _LedgerMoved as moved:
            anew = compose_anew(project, compiled, occasion, moved.changed, given=given, isolate=isolate)
            prepared.forget(one.message_id for outcomes in anew.values() for one in outcomes)
            composed = _replaced(composed, anew)
    raise TryAgain("the same customers' caps kept changing while their messages were composed")


class _LedgerMoved(Exception):
    """Rolls the transaction back: some customers have to be composed anew."""

    def __init__(self, changed: Mapping[str, tuple[Facts, Decision]]) -> None:
        super().__init__(f"{len(changed)} customers")
        self.changed = changed


def _recorded(
    project: Project, compiled: Compiled, occasion: Occasion, composed: Sequence[Composed], prepared: Prepared,
    claim: ChunkClaim | None, also: Also | None,
) -> list[Composed]:  # fmt: skip
    input_digest = "" if claim is None else prepared.input_digest(claim.material, composed)
    with project.store.write() as connection:
        if claim is not None:
            _finish_chunk(connection, claim, input_digest, project.clock())
        reserved = reserve(project, connection, compiled, occasion, composed, prepared.contact_points)
        if reserved.changed:
            raise _LedgerMoved(reserved.changed)
        now = project.clock()  # after the lock: waiting for it may have taken a while
        rows = _rows(project, connection, occasion, reserved.final, prepared)
        prepared.store_policies(connection)
        bulk.insert(connection, messages, rows, prepared.rows.shared(now))
        points = prepared.contact_points
        reservations = [reservation(row, points[row["id"]]) for row in rows if row["state"] == "due"]
        bulk.insert(connection, contacts, reservations, prepared.rows.shared_reservation())
        salts = leaves.salts(connection, [row["customer_id"] for row in rows], project.random_bytes)
        sequencer.append(connection, [prepared.leaf(row, salts[row["customer_id"]]) for row in rows])
        if also is not None:
            also(connection, reserved.final)
        # A joint holder whom nobody knows was not erased meanwhile.
        known = [row for row in rows if not (row["part"] and row["reason"] == "unknown_customer")]
        erase_again(project, connection, known, now)
    return reserved.final


def _rows(
    project: Project, connection: Connection, occasion: Occasion, outcomes: Sequence[Composed], prepared: Prepared
) -> list[dict[str, Any]]:
    joined = _digests(connection, project, occasion.at, outcomes)
    rows = [prepared.row(outcome) for outcome in outcomes]
    return [{**row, "digest": joined[row["id"]]} if row["id"] in joined else row for row in rows]


def _replaced(composed: Sequence[Composed], anew: Mapping[str, Sequence[Composed]]) -> list[Composed]:
    """The outcomes in their order, those of some customers by new ones."""
    found: list[Composed] = []
    for key, outcomes in groupby(composed, key=lambda outcome: outcome.key):
        found.extend(anew.get(key) or outcomes)
    return found


def _finish_chunk(connection: Connection, claim: ChunkClaim, input_digest: str, now: datetime) -> None:
    held = exists().where(and_(runs.c.id == claim.run_id, runs.c.fence == claim.fence, runs.c.state == "running"))
    done = connection.execute(
        update(chunks)
        .where(chunks.c.run_id == claim.run_id, chunks.c.number == claim.number, chunks.c.state == "todo", held)
        .values(state="done", input_digest=input_digest, done_at=now)
    )
    if done.rowcount != 1:
        raise Conflict(f"chunk {claim.number} of run {claim.run_id} is not this coordinator's to record")


def _digests(connection: Connection, project: Project, at: datetime, outcomes: Sequence[Composed]) -> dict[str, str]:
    """The id of the digest that a message became a part of, by message id."""
    found: dict[str, str] = {}
    parts = [outcome for outcome in outcomes if outcome.state == "digested"]
    for name in sorted({outcome.decision.digest for outcome in parts}):
        mine = [outcome for outcome in parts if outcome.decision.digest == name]
        ids = [outcome.decision.customer_id for outcome in mine]
        joined = join_digest(connection, name, ids, at, windows_of(project, name))
        found |= {outcome.message_id: joined[outcome.decision.customer_id] for outcome in mine}
    return found
