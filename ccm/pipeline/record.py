"""reserve + record: ONE transaction with cap slots, message rows, archive references and log entries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection, and_, exists, update

from ccm.decide import Facts
from ccm.errors import Conflict, TryAgain
from ccm.log import leaves, sequencer
from ccm.model.message import Decision
from ccm.pipeline import contents, traces
from ccm.pipeline.compose import Composed, Occasion, compose_anew, trigger_key
from ccm.pipeline.contents import Kept
from ccm.pipeline.data import DataResult
from ccm.pipeline.dictionary import dictionary
from ccm.pipeline.digests import join_digest, windows_of
from ccm.pipeline.erasure import erase_again
from ccm.pipeline.project import Compiled, Project
from ccm.pipeline.reserve import reserve
from ccm.store import bulk
from ccm.store.tables import chunks, contacts, messages, runs
from ccm.workspace.policy import Terms

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
    input_digest: str


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
    refs: dict[str, Kept] = {}
    for _ in range(ROUNDS):
        # Archive first: a reference to a body that is not on disk must never be committed.
        new = [one.message for one in composed if one.message is not None and one.message_id not in refs]
        refs |= contents.keep(project, new, dictionary(project, compiled, new, occasion.at))
        try:
            return _recorded(project, compiled, occasion, composed, refs, claim, also)
        except _LedgerMoved as moved:
            anew = compose_anew(project, compiled, occasion, moved.changed, given=given, isolate=isolate)
            for message in (one.message_id for outcomes in anew.values() for one in outcomes):
                refs.pop(message, None)
            composed = _replaced(composed, anew)
    raise TryAgain("the same customers' caps kept changing while their messages were composed")


class _LedgerMoved(Exception):
    """Rolls the transaction back: some customers have to be composed anew."""

    def __init__(self, changed: Mapping[str, tuple[Facts, Decision]]) -> None:
        super().__init__(f"{len(changed)} customers")
        self.changed = changed


def _recorded(
    project: Project, compiled: Compiled, occasion: Occasion, composed: Sequence[Composed],
    refs: Mapping[str, Kept], claim: ChunkClaim | None, also: Also | None,
) -> list[Composed]:  # fmt: skip
    with project.store.write() as connection:
        if claim is not None:
            _finish_chunk(connection, claim, project.clock())
        reserved = reserve(project, connection, compiled, occasion, composed)
        if reserved.changed:
            raise _LedgerMoved(reserved.changed)
        now = project.clock()  # after the lock: waiting for it may have taken a while
        terms = project.workspace.policy.terms(compiled.communication)
        joined = _digests(connection, project, occasion.at, reserved.final)
        decided = [(outcome.decision, outcome.facts) for outcome in reserved.final]
        kept = traces.keep(project, connection, compiled.communication, decided)
        rows = [
            _row(compiled, project, terms, occasion, outcome, refs.get(outcome.message_id), trace, now)
            | {"digest": joined.get(outcome.message_id)}
            for outcome, trace in zip(reserved.final, kept, strict=True)
        ]
        bulk.insert(connection, messages, rows)
        points = {outcome.message_id: outcome.contact_point for outcome in reserved.final}
        counts = terms.counts_toward_caps
        reserved_rows = [_reservation(row, counts, points[row["id"]]) for row in rows if row["state"] == "due"]
        bulk.insert(connection, contacts, reserved_rows)
        subjects = leaves.subjects(connection, [row["customer_id"] for row in rows], project.random_bytes)
        sequencer.append(connection, [_leaf(row, subjects) for row in rows])
        if also is not None:
            also(connection, reserved.final)
        # A joint holder whom nobody knows was not erased meanwhile.
        erase_again(
            project, connection, [row for row in rows if not (row["part"] and row["reason"] == "unknown_customer")], now
        )
    return reserved.final


def _replaced(composed: Sequence[Composed], anew: Mapping[str, Sequence[Composed]]) -> list[Composed]:
    """The outcomes in their order, those of some customers by new ones."""
    found: list[Composed] = []
    for key, outcomes in groupby(composed, key=lambda outcome: outcome.key):
        found.extend(anew.get(key) or outcomes)
    return found


def _finish_chunk(connection: Connection, claim: ChunkClaim, now: datetime) -> None:
    held = exists().where(and_(runs.c.id == claim.run_id, runs.c.fence == claim.fence, runs.c.state == "running"))
    done = connection.execute(
        update(chunks)
        .where(chunks.c.run_id == claim.run_id, chunks.c.number == claim.number, chunks.c.state == "todo", held)
        .values(state="done", input_digest=claim.input_digest, done_at=now)
    )
    if done.rowcount != 1:
        raise Conflict(f"chunk {claim.number} of run {claim.run_id} is not this coordinator's to record")


def _row(
    compiled: Compiled,
    project: Project,
    terms: Terms,
    occasion: Occasion,
    outcome: Composed,
    kept: Kept | None,
    trace: traces.Kept,
    now: datetime,
) -> dict[str, Any]:
    communication, decision, message = compiled.communication, outcome.decision, outcome.message
    rendered = outcome.rendered
    ref = kept.ref if kept and message is not None else None
    expires = communication.expires_after_hours
    return {
        "id": outcome.message_id,
        "run_id": occasion.run_id,
        "trigger_key": trigger_key(occasion, communication.id, decision.customer_id, outcome.part, outcome.about),
        "occasion": occasion.id,
        "customer_id": decision.customer_id,
        "communication": communication.id,
        "part": outcome.part,
        "category": communication.category,
        "purpose": communication.purpose,
        "priority": terms.priority,
        "channel": decision.channel,
        "language": outcome.language,
        "variant": decision.variant,
        "jurisdiction": outcome.jurisdiction,
        "state": outcome.state,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "recipient": None,
        "subject": "",
        "media_type": message.media_type if message else "",
        "body_digest": ref.digest if ref else None,
        "archive_pack": ref.pack if ref else None,
        "archive_offset": ref.offset if ref else None,
        "archive_length": ref.length if ref else None,
        "content_salt": kept.salt if kept and ref else None,
        "segments": rendered.segments if rendered else 0,
        "pages": rendered.pages if rendered else 0,
        "release": compiled.release.digest,
        "wording": _wording(outcome),
        "trace": trace.trace,
        "policy": trace.policy,
        "decided_at": occasion.at,
        "due_at": decision.due_at if message else None,
        "expires_at": occasion.at + timedelta(hours=expires) if expires and message else None,
        "fence": 0,
        "attempts": 0,
        "adapter": project.workspace.channels[message.channel].adapter if message and decision.send else "",
        "updated_at": now,
    }


def _wording(outcome: Composed) -> str:
    uses = outcome.rendered.wording if outcome.rendered else ()
    return orjson.dumps([[use.id, use.version, use.digest] for use in uses]).decode()


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


def _reservation(row: Mapping[str, Any], counts: bool, contact_point: str) -> dict[str, Any]:
    """The ledger's row of a message that is due. Each of those that go out at once takes room: it is a contact too."""
    return {
        "id": row["id"],
        "customer_id": row["customer_id"],
        "communication": row["communication"],
        "category": row["category"],
        "channel": row["channel"],
        "at": row["due_at"],
        "status": "reserved",
        "counts": counts,
        "purpose": row["purpose"],
        "priority": row["priority"],
        "contact_point": contact_point,
        "row_digest": "",
    }


def _leaf(row: Mapping[str, Any], subjects: Mapping[str, str]) -> bytes:
    return leaves.decision_leaf(
        message_id=row["id"],
        subject=subjects[row["customer_id"]],
        communication=row["communication"],
        at=row["decided_at"],
        state=row["state"],
        reason=row["reason"],
        channel=row["channel"],
        release=row["release"],
        body_digest=row["body_digest"],
        trace_digest=hashlib.sha256(row["trace"]).hexdigest(),
        run=row["run_id"],
    )
