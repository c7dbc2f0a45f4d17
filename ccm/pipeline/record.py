"""reserve + record: ONE transaction with cap slots, message rows, archive references and log entries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, and_, exists, select, update

from ccm.decide.caps import Limit, full_cap, limits, look_back
from ccm.errors import Conflict
from ccm.log import leaves, sequencer
from ccm.pipeline import contents, traces
from ccm.pipeline.compose import Composed, Occasion
from ccm.pipeline.contents import Kept
from ccm.pipeline.dictionary import dictionary
from ccm.pipeline.project import Compiled, Project
from ccm.store import feeds
from ccm.store.engine import BATCH
from ccm.store.tables import chunks, contacts, customer_guards, messages, runs

NEVER_WENT = ("withheld", "set_aside", "failed", "cancelled")
"""Message states in which the customer certainly got nothing."""


@dataclass(frozen=True, slots=True)
class ChunkClaim:
    """The right to record one chunk: void once another coordinator took the run over (its fence moved on)."""

    run_id: str
    number: int
    fence: int
    input_digest: str


def record(
    project: Project, compiled: Compiled, occasion: Occasion, composed: Sequence[Composed],
    claim: ChunkClaim | None = None,
) -> list[Composed]:  # fmt: skip
    """Records the outcomes, all or none; what is due afterwards will be dispatched.

    Returns the outcomes as recorded: caps are counted again under lock, so one that was due may have become
    withheld. Raises `Conflict` where the chunk was recorded before, or the run is not this coordinator's any
    more, and `TryAgain` where the archive is full; nothing was recorded then.
    """
    due = [outcome for outcome in composed if outcome.message is not None]
    # Archive first: a reference to a body that is not on disk must never be committed.
    messages_due = [outcome.message for outcome in due if outcome.message]
    refs = contents.keep(project, messages_due, dictionary(project, compiled, messages_due, occasion.at))
    now = project.clock()
    with project.store.write() as connection:
        if claim is not None:
            _finish_chunk(connection, claim, now)
        lock_guards(project, connection, [outcome.decision.customer_id for outcome in due])
        final = _reserve(project, connection, compiled, occasion, composed)
        decided = [(outcome.decision, outcome.facts) for outcome in final]
        rows = [
            _row(compiled, project, occasion, outcome, refs.get(outcome.message_id), trace, now)
            for outcome, trace in zip(
                final, traces.keep(project, connection, compiled.communication, decided), strict=True
            )
        ]
        connection.execute(messages.insert(), rows)
        if reservations := [_reservation(compiled, row) for row in rows if row["state"] == "due"]:
            connection.execute(contacts.insert(), reservations)
        subjects = leaves.subjects(connection, [row["customer_id"] for row in rows], project.random_bytes)
        sequencer.append(connection, [_leaf(row, subjects) for row in rows])
    return final


def _finish_chunk(connection: Connection, claim: ChunkClaim, now: datetime) -> None:
    held = exists().where(and_(runs.c.id == claim.run_id, runs.c.fence == claim.fence, runs.c.state == "running"))
    done = connection.execute(
        update(chunks)
        .where(chunks.c.run_id == claim.run_id, chunks.c.number == claim.number, chunks.c.state == "todo", held)
        .values(state="done", input_digest=claim.input_digest, done_at=now)
    )
    if done.rowcount != 1:
        raise Conflict(f"chunk {claim.number} of run {claim.run_id} is not this coordinator's to record")


def lock_guards(project: Project, connection: Connection, customer_ids: Iterable[str]) -> None:
    """One row a customer, locked in customer order: two transactions count one customer's caps in turn.

    SQLite needs none of it: its write transaction is the only one.
    """
    if project.store.dialect == "sqlite":
        return
    ids = sorted(set(customer_ids))
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        connection.execute(
            project.store.insert(customer_guards).on_conflict_do_nothing(),
            [{"customer_id": customer_id} for customer_id in part],
        )
        connection.execute(
            select(customer_guards.c.customer_id)
            .where(customer_guards.c.customer_id.in_(part))
            .order_by(customer_guards.c.customer_id)
            .with_for_update(key_share=True)
        ).all()


def _reserve(
    project: Project, connection: Connection, compiled: Compiled, occasion: Occasion, composed: Sequence[Composed]
) -> list[Composed]:
    """What may still go, now that nobody else can change it."""
    communication = compiled.communication
    ids = [outcome.decision.customer_id for outcome in composed if outcome.message is not None]
    already = _already_sent(connection, communication.id, occasion.id, ids)
    kept = {outcome.message_id: _limits(project, compiled, occasion, outcome) for outcome in composed}
    history: Mapping[str, Sequence[Any]] = {}
    if ids and (counted := [limit for group in {*kept.values()} for limit in group]):
        history = feeds.contacts(connection, ids, look_back(counted, occasion.at))
    final = []
    for outcome in composed:
        customer_id, due_at = outcome.decision.customer_id, outcome.decision.due_at
        if outcome.message is not None and customer_id in already:
            outcome = _withhold(outcome, "already_sent", "")
        elif outcome.message is not None and due_at is not None and kept[outcome.message_id]:
            fresh = tuple(history.get(customer_id, ()))
            cap = full_cap(kept[outcome.message_id], communication.category, fresh, due_at)
            if outcome.facts is not None:
                outcome = replace(outcome, facts=replace(outcome.facts, contacts=fresh))
            if cap is not None:
                outcome = _withhold(outcome, "cap", cap.id)
        final.append(outcome)
    return final


def _limits(project: Project, compiled: Compiled, occasion: Occasion, outcome: Composed) -> tuple[Limit, ...]:
    """What a message that is due must keep: the organisation's caps and the limits of rules."""
    if outcome.message is None:
        return ()
    asked = project.rules.requirements(compiled.communication, outcome.jurisdiction, outcome.region, occasion.at)
    return limits(compiled.communication, project.workspace.policy, asked, outcome.decision.channel)


def _already_sent(connection: Connection, communication: str, occasion: str, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), BATCH):
        found.update(
            connection.scalars(
                select(messages.c.customer_id).where(
                    messages.c.customer_id.in_(ids[start : start + BATCH]),
                    messages.c.communication == communication,
                    messages.c.occasion == occasion,
                    messages.c.state.not_in(NEVER_WENT),
                )
            )
        )
    return found


def _withhold(outcome: Composed, reason: str, detail: str) -> Composed:
    decision = replace(outcome.decision, send=False, reason=reason, detail=detail, channel=None, due_at=None)
    return replace(
        outcome, decision=decision, state="withheld", reason=reason, detail=detail, message=None, rendered=None
    )


def _row(
    compiled: Compiled,
    project: Project,
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
        "trigger_key": occasion.trigger_key(decision.customer_id),
        "occasion": occasion.id,
        "customer_id": decision.customer_id,
        "communication": communication.id,
        "category": communication.category,
        "purpose": communication.purpose,
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
        "adapter": project.workspace.channels[message.channel].adapter if message else "",
        "updated_at": now,
    }


def _wording(outcome: Composed) -> str:
    uses = outcome.rendered.wording if outcome.rendered else ()
    return orjson.dumps([[use.id, use.version, use.digest] for use in uses]).decode()


def _reservation(compiled: Compiled, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "customer_id": row["customer_id"],
        "communication": row["communication"],
        "category": row["category"],
        "channel": row["channel"],
        "at": row["due_at"],
        "status": "reserved",
        "counts": compiled.communication.counts_toward_caps,
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
