"""The last look before a supplier is called: release, wording, consent, complaints, quiet hours and caps, as now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection

from ccm.compliance import approvals, stops
from ccm.compliance.resolve import InForceNow
from ccm.compliance.stops import Stop, Stops
from ccm.decide import Facts, recheck
from ccm.delivery import claims
from ccm.delivery.claims import Row
from ccm.log import leaves, sequencer
from ccm.pipeline.compose import message_id, part_key
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Project
from ccm.pipeline.reserve import lock_guards
from ccm.workspace.communication import Communication


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` empty: it may go, from `due` on."""

    reason: str
    detail: str
    due: datetime


def hand_off(
    project: Project, rows: Sequence[Row], owner: str, adapter: str, moment: datetime, lease: timedelta
) -> tuple[list[Row], dict[str, int]]:
    """In one transaction: judges claimed messages, settles those that may not go, marks the rest `sending`.

    Returns the rows now `sending`, and how many were withheld (by reason) or ``held`` for later.
    """
    now = project.clock()
    counts: dict[str, int] = {}
    with project.store.write() as connection:
        lock_guards(project, connection, [row["customer_id"] for row in rows])
        verdicts = judge(project, connection, rows, moment)
        going, entries = [], []
        for row in rows:
            verdict = verdicts[row["id"]]
            if verdict.reason:
                why = {row["id"]: {"reason": verdict.reason, "detail": verdict.detail}}
                if claims.settle(connection, [row], owner, now, "withheld", why):
                    counts[verdict.reason] = counts.get(verdict.reason, 0) + 1
                    entries.append(
                        leaves.event_leaf(message_id=row["id"], state="withheld", detail=verdict.reason, at=now)
                    )
            elif verdict.due > moment:
                if claims.settle(connection, [row], owner, now, "due", {row["id"]: {"due_at": verdict.due}}):
                    claims.date_anew(connection, [row["id"]], verdict.due)
                counts["held"] = counts.get("held", 0) + 1
            else:
                going.append(row)
        sending = claims.mark_sending(connection, going, owner, adapter, now, lease, moment) if going else set()
        going = [row for row in going if row["id"] in sending]
        entries.extend(
            leaves.send_leaf(
                message_id=row["id"], channel=row["channel"], adapter=adapter, attempt=row["attempts"] + 1,
                at=now,
            )
            for row in going
        )  # fmt: skip
        sequencer.append(connection, entries)
    return going, counts


def judge(project: Project, connection: Connection, rows: Sequence[Row], moment: datetime) -> dict[str, Verdict]:
    """A verdict for each row, by id."""
    stopped = stops.active(connection)
    refused = {digest: approvals.refusal(connection, digest, moment) for digest in {row["release"] for row in rows}}
    wording = InForceNow(project.workspace, moment)
    verdicts: dict[str, Verdict] = {}
    for name in sorted({row["communication"] for row in rows}):
        mine = [row for row in rows if row["communication"] == name]
        communication = project.workspace.communications.get(name)
        if communication is None:
            verdicts.update({row["id"]: Verdict("communication_removed", name, moment) for row in mine})
            continue
        facts = gather(connection, project, communication, [row["customer_id"] for row in mine], moment)
        for row in mine:
            if (stop := stop_of(stopped, row)) is not None:
                verdicts[row["id"]] = Verdict(stop.reason, stop.name, moment)
            elif refused[row["release"]]:
                verdicts[row["id"]] = Verdict(refused[row["release"]], str(row["release"])[:12], moment)
            elif row["expires_at"] is not None and moment >= row["expires_at"]:
                verdicts[row["id"]] = Verdict("expired", "", moment)
            elif changed := wording.changed(
                communication, orjson.loads(row["wording"]), row["language"] or "", row["jurisdiction"]
            ):
                verdicts[row["id"]] = Verdict("wording_changed", changed, moment)
            else:
                verdicts[row["id"]] = _judge_one(project, communication, facts, row, moment)
    return verdicts


def stop_of(stopped: Stops, row: Row) -> Stop | None:
    """The stop that a recorded message falls under, if any."""
    if not stopped.active:
        return None
    wording = [(use[0], use[1]) for use in orjson.loads(row["wording"])]
    return stopped.of(
        release=row["release"], communication=row["communication"], channel=row["channel"], wording=wording
    )  # fmt: skip


def _judge_one(
    project: Project, communication: Communication, facts: Mapping[str, Facts], row: Row, moment: datetime
) -> Verdict:
    known = facts.get(row["customer_id"])
    if known is None:
        return Verdict("unknown_customer", "", moment)
    policy, channels = project.workspace.policy, project.workspace.channels
    # What goes out at once on several channels was decided together, each part counting those before it.
    own = _sent_together(communication, row)
    verdict = Verdict(*recheck(
        communication, policy, channels, known, row["channel"], moment, own=own, expires_at=row["expires_at"],
    ))  # fmt: skip
    if verdict.reason or verdict.due > moment:
        return verdict
    if new := _new_rules(project, communication, row, moment):
        return replace(verdict, reason="rules_changed", detail=", ".join(new))
    return verdict


def _sent_together(communication: Communication, row: Row) -> set[str]:
    """The ids of the message itself and of those that its customer got beside it, by the same decision."""
    key = str(row["trigger_key"]).partition("\n")[0]
    parts = ("", *communication.channels)
    return {row["id"], *(message_id(part_key(key, part), row["communication"], row["customer_id"]) for part in parts)}


def _new_rules(project: Project, communication: Communication, row: Row, moment: datetime) -> list[str]:
    """Rules on the text that hold now, and did not when the message was checked: nobody looked at it for them."""
    place = (communication, row["channel"], row["jurisdiction"], row["language"])
    now, then = (project.rules.stopping(*place, at) for at in (moment, row["decided_at"]))
    return [] if now is then else [rule.id for rule in now if rule not in then]
