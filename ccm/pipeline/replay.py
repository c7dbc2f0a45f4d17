"""Decides again from what a message's trace recorded, and compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, select

from ccm.decide import Facts, decide
from ccm.decide.grounds import Grounds
from ccm.decide.handover import at_handoff
from ccm.decide.unpacking import Trace, outcome_bytes
from ccm.errors import IntegrityError
from ccm.log.leaves import ERASED
from ccm.log.waiting import every_leaf
from ccm.model.message import Decision
from ccm.pipeline.traces import load, opened_all
from ccm.store.tables import messages

Verdict = Literal["agrees", "differs", "tampered", "damaged", "cannot"]
AFTERWARDS = frozenset({"already_sent", "duplicate_contact_point", "household_served"})
"""Reasons found under lock after the decision, from what no decision looks at: who else has the same already."""
FEW = 16
BATCH = 500
"""Messages that are read and decided again at a time."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What deciding again gave for one message."""

    message: str
    verdict: Verdict
    """``agrees``; ``differs``: the engine now decides otherwise; ``tampered``: the log holds another trace;
    ``damaged``: trace or policy cannot be read; ``cannot``: there is nothing to decide again from."""
    why: str = ""
    """Code of why it cannot, or the fault in words."""
    differences: tuple[tuple[str, Any, Any], ...] = ()
    """Field, as recorded, as decided again; those of decisions at hand-off as ``handoff 1: due_at``."""
    handoffs: int = 0
    """Decisions at hand-off by which it was held or withheld; each was taken again."""
    logged: bool = False
    """Whether the log holds the digest of this very trace."""
    policy: str = ""
    engine: str = ""


def replay_run(connection: Connection, run: str) -> Iterator[Replay]:
    """Every message of a run, in order of their ids; of each some hundred bytes are held."""
    said = _said(connection, "run", [run])
    last = ""
    while True:
        query = select(messages).where(messages.c.run_id == run, messages.c.id > last).order_by(messages.c.id)
        rows = connection.execute(query.limit(BATCH)).mappings().all()
        if not rows:
            return
        grounds = load(connection, rows)
        yield from (_one(row, said.get(row["id"]), grounds) for row in rows)
        last = rows[-1]["id"]


def replay(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> list[Replay]:
    """Rows of `messages`, each decided again from its trace; two decisions agree where `outcome_bytes` are equal.

    The log is asked first: its newest decision leaf about a message holds the digest of the trace.
    """
    said = _said(connection, "message", [row["id"] for row in rows])
    grounds = load(connection, rows)
    return [_one(row, said.get(row["id"]), grounds) for row in rows]


def counts(replays: Sequence[Replay]) -> dict[str, int]:
    """Verdict to how many messages had it."""
    return dict(sorted(Counter(one.verdict for one in replays).items()))


def _one(row: Mapping[Any, Any], said: str | None, found: Mapping[str, Grounds | IntegrityError]) -> Replay:
    digest = sha256(row["trace"]).hexdigest()
    if said != digest:
        told = f"the log holds trace {said}" if said else "the log has no decision about it"
        return Replay(row["id"], "tampered", f"{told}, its row has {digest}")
    try:
        (trace, grounds), *later = opened_all(row, found)
    except IntegrityError as error:
        return Replay(row["id"], "damaged", str(error), logged=True)
    if grounds is None or trace.facts is None:
        return Replay(row["id"], "cannot", "trace_of_before" if grounds is None else "nothing_known", logged=True)
    if is_of_nobody(row["customer_id"], grounds):
        return Replay(row["id"], "cannot", "erased", logged=True)
    changed = [*differences(trace, grounds)]
    expires_at = expiry(trace, grounds)
    for number, (again, by) in enumerate(later, 1):
        if by is None or again.facts is None:
            return Replay(row["id"], "damaged", f"decision {number} at hand-off holds no facts", logged=True)
        found_now = handed_over(again, by, expires_at, again.facts)
        changed += [(f"handoff {number}: {name}", *values) for name, *values in _fields(again.outcome, found_now)]
    verdict: Verdict = "differs" if changed else "agrees"
    return Replay(row["id"], verdict, "", tuple(changed), len(later), True, grounds.digest, grounds.engine)


def is_of_nobody(customer_id: str, grounds: Grounds) -> bool:
    """Whether the customer was erased and the decision needs their id: a variant is a hash over it."""
    return customer_id.startswith(ERASED) and grounds.communication.experiment is not None


def expiry(trace: Trace, grounds: Grounds | None) -> datetime | None:
    """When a message expires, by its first decision; None: never, or nobody kept it."""
    hours = grounds.communication.expires_after_hours if grounds is not None else None
    return trace.outcome.at + timedelta(hours=hours) if hours else None


def handed_over(trace: Trace, grounds: Grounds, expires_at: datetime | None, facts: Facts) -> Decision:
    """A decision at hand-off taken again, from `facts`."""
    known, outcome = (grounds.communication, grounds.policy, grounds.channels), trace.outcome
    return at_handoff(*known, facts, outcome.channel or "", outcome.at, expires_at=expires_at)


def differences(trace: Trace, grounds: Grounds) -> tuple[tuple[str, Any, Any], ...]:
    """Fields in which the recorded decision is not the one that is taken now; none where they are the same."""
    again = decided_again(trace, grounds)
    recorded = trace.outcome
    if recorded.reason in AFTERWARDS and (again.send or again.digest):
        again = again._replace(
            send=False, reason=recorded.reason, detail=recorded.detail, channel=None, due_at=None, also=(), digest=""
        )
    elif recorded.channel in again.also:
        # A message that goes out beside the first one, by the same decision.
        again = again._replace(channel=recorded.channel, rules=recorded.rules)
    # After the decision's own rules stand those that the rendered message was checked by; nothing is rendered here.
    if recorded.rules[: len(again.rules)] == again.rules:
        recorded = recorded._replace(rules=again.rules)
    return _fields(recorded, again)


def _fields(recorded: Decision, again: Decision) -> tuple[tuple[str, Any, Any], ...]:
    if outcome_bytes(recorded) == outcome_bytes(again):
        return ()
    one, other = (orjson.loads(outcome_bytes(decision)) for decision in (recorded, again))
    return tuple((name, one[name], other[name]) for name in one if one[name] != other[name])


def decided_again(trace: Trace, grounds: Grounds) -> Decision:
    """The decision from the facts of a trace; it must have some."""
    if trace.facts is None:
        raise IntegrityError("a trace without facts cannot be decided again")
    return decide(grounds.communication, grounds.policy, grounds.channels, trace.facts, trace.outcome.at)


def document(replays: Sequence[Replay]) -> dict[str, Any]:
    """For --json."""
    return {"counts": counts(replays), "messages": [asdict(one) for one in replays]}


def _said(connection: Connection, field: str, values: Sequence[str]) -> dict[str, str]:
    """Message to the digest of its trace, by the newest decision leaf whose `field` is one of `values`.

    The log has no index by message: every leaf is looked at once, those that wait for their place too.
    """
    needles = [orjson.dumps(field) + b":" + orjson.dumps(value) for value in values]
    wanted, few = set(values), len(values) <= FEW
    found: dict[str, str] = {}
    for _, entry in every_leaf(connection):
        # Canonical JSON writes a field in one way: most leaves need not be read.
        if few and not any(needle in entry for needle in needles):
            continue
        leaf = orjson.loads(entry)
        if leaf.get("kind") == "decision" and leaf.get(field) in wanted:
            found[leaf["message"]] = leaf["trace"]
    return found
