"""The last look before a supplier is called: what may go is marked as being sent, the rest is settled with its reason.

A decision by which a message is held or withheld stands in its trace and in the log, as its first one does. What goes
as it was decided leaves its hand-over in the log and no trace: it is the first decision that is carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from ccm.decide.chain import appended
from ccm.delivery import claims
from ccm.delivery.claims import Row
from ccm.delivery.judging import Verdict, judge
from ccm.log import leaves, sequencer
from ccm.pipeline.digest_parts import withhold_parts
from ccm.pipeline.project import Clock, Project, filed_as
from ccm.pipeline.reserve import lock_guards
from ccm.pipeline.traces import Traces


def hand_off(
    project: Project, rows: Sequence[Row], recipients: Mapping[str, str], owner: str, adapter: str, clock: Clock,
    lease: timedelta,
) -> tuple[list[Row], Counter[str]]:  # fmt: skip
    """In one transaction: judges claimed messages, settles those that may not go, marks the rest `sending`.

    `recipients` is to whom each is addressed, where that can be read; `clock` is that of deliveries. Returns the rows
    now `sending`, and how many were withheld (by reason) or ``held`` for later. Rows whose lease went to somebody else
    are in neither.
    """
    with project.store.write() as connection:
        lock_guards(project, connection, [row["customer_id"] for row in rows])
        now = project.clock()  # after the lock: waiting for it may have taken a while
        moment = now if clock is project.clock else clock()
        rows = claims.still_leased(project.store, connection, rows, owner, now)
        verdicts = judge(project, connection, rows, recipients, moment)
        kept = _traces(project, connection, rows, verdicts)
        withheld = [row for row in rows if verdicts[row["id"]].reason]
        held = [row for row in rows if not verdicts[row["id"]].reason and verdicts[row["id"]].due > moment]
        settled = {row["id"] for row in (*withheld, *held)}
        going = [row for row in rows if row["id"] not in settled]
        _settle(connection, withheld, held, verdicts, kept, owner, now)
        if going:
            claims.mark_sending(connection, going, owner, adapter, now, lease, moment)
        entries = _leaves(project, connection, rows, verdicts, kept, adapter, moment, now)
        gone = {row["id"]: verdicts[row["id"]].reason for row in withheld if row["digest"]}
        sequencer.append(connection, [*entries, *withhold_parts(connection, gone, now)])
    counts = Counter(verdicts[row["id"]].reason for row in withheld)
    return going, counts + Counter({"held": len(held)})


def _traces(
    project: Project, connection: Connection, rows: Sequence[Row], verdicts: Mapping[str, Verdict]
) -> dict[str, bytes]:
    """The trace of each message that was decided on anew, with the new decision at its end."""
    found: dict[str, bytes] = {}
    packers: dict[tuple[str, str, str], Traces] = {}
    for row in rows:
        decided = verdicts[row["id"]].decided
        if decided is not None:
            communication, decision, facts = decided
            filed = filed_as(row)
            if filed not in packers:
                packers[filed] = Traces(project, communication)
            found[row["id"]] = appended(row["trace"], packers[filed].pack(decision, facts).trace)
    for filed in sorted(packers):
        packers[filed].store(connection)
    return found


def _settle(
    connection: Connection, withheld: Sequence[Row], held: Sequence[Row], verdicts: Mapping[str, Verdict],
    kept: Mapping[str, bytes], owner: str, now: datetime,
) -> None:  # fmt: skip
    def values(rows: Sequence[Row], **columns: str) -> dict[str, dict[str, Any]]:
        return {
            row["id"]: {column: getattr(verdicts[row["id"]], name) for column, name in columns.items()}
            | {"trace": kept.get(row["id"], row["trace"])} for row in rows
        }  # fmt: skip

    if withheld:
        why = values(withheld, reason="reason", detail="detail")
        claims.settle(connection, withheld, owner, now, "withheld", why)
    if held:
        claims.settle(connection, held, owner, now, "due", values(held, due_at="due", detail="detail"))
        claims.date_anew(connection, {row["id"]: verdicts[row["id"]].due for row in held})


def _leaves(
    project: Project, connection: Connection, rows: Sequence[Row], verdicts: Mapping[str, Verdict],
    kept: Mapping[str, bytes], adapter: str, moment: datetime, now: datetime,
) -> Iterator[bytes]:  # fmt: skip
    """In the order in which the messages were judged: who reads the log sees the room that each met."""
    anew = [row["customer_id"] for row in rows if row["id"] in kept]
    subjects = leaves.subjects(connection, anew, project.random_bytes) if anew else {}
    for row in rows:
        verdict, message = verdicts[row["id"]], row["id"]
        if message in kept:
            yield leaves.decision_leaf(
                message_id=message, subject=subjects[row["customer_id"]], communication=row["communication"],
                at=moment, state="withheld" if verdict.reason else "due", reason=verdict.reason or row["reason"],
                channel=row["channel"], release=row["release"], body_digest=row["body_digest"],
                trace_digest=sha256(kept[message]).hexdigest(), run=row["run_id"],
                held=None if verdict.reason else (verdict.due, held_by(verdict.detail)),
            )  # fmt: skip
        elif verdict.reason:
            yield leaves.event_leaf(message_id=message, state="withheld", detail=verdict.reason, at=now)
        else:
            attempt = row["attempts"] + 1
            yield leaves.send_leaf(
                message_id=message, channel=row["channel"], adapter=adapter, attempt=attempt, at=now
            )  # fmt: skip


def held_by(detail: str) -> str:
    """What holds a message, for the log: a code, with the cap's id; not with the zone, which says where somebody is."""
    code, _, about = detail.partition(":")
    return f"{code}:{about}" if code == "deferred_by_cap" else code
