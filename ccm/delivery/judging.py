"""Whether claimed messages may go: release, wording, consent, complaints, addresses, quiet hours and caps, as now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, select

from ccm.compliance import approvals, stops
from ccm.compliance.resolve import InForceNow
from ccm.compliance.stops import Stop, Stops
from ccm.decide import Facts
from ccm.decide.handover import at_handoff, beside, readdressed, without
from ccm.decide.relations import instead
from ccm.delivery.claims import Row
from ccm.delivery.rooms import Rooms
from ccm.model.message import Decision
from ccm.pipeline import traces
from ccm.pipeline.compose import message_id, part_key
from ccm.pipeline.copies import PART, holders_no_more
from ccm.pipeline.digest_members import told_no_more
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Project, filed_as
from ccm.store.queries import Query, one_of
from ccm.store.tables import runs
from ccm.workspace.communication import Communication

_CANCELLED = Query(select(runs.c.id).where(one_of(runs.c.id, "ids"), runs.c.state == "cancelled"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` empty: it may go, from `due` on."""

    reason: str
    detail: str
    due: datetime
    decided: tuple[Communication, Decision, Facts] | None = None
    """The decision that led to it, with what it was about and taken from; None where none did: stopped, expired, …"""


def judge(
    project: Project, connection: Connection, rows: Sequence[Row], recipients: Mapping[str, str], moment: datetime
) -> dict[str, Verdict]:
    """A verdict for each row, by id; in the order of `rows`, each seeing the room that those before it took.

    `recipients` is to whom each message is addressed; one whose content cannot be read has none.
    """
    return _Judge(project, connection, rows, recipients, moment).all()


class _Judge:
    def __init__(
        self, project: Project, connection: Connection, rows: Sequence[Row], recipients: Mapping[str, str],
        moment: datetime,
    ) -> None:  # fmt: skip
        self.project, self.connection, self.rows, self.moment = project, connection, rows, moment
        self.recipients = recipients
        self.stops = stops.active(connection)
        self.refused = {
            digest: approvals.refusal(connection, digest, moment) for digest in {row["release"] for row in rows}
        }
        self.cancelled = _cancelled(connection, rows)
        self.wording = InForceNow(project.workspace, moment)
        self.no_holders = holders_no_more(connection, [row for row in rows if row["part"].startswith(PART)])
        self.untold = told_no_more(project, connection, [row for row in rows if row["digest"]], moment)
        self.rooms = Rooms(project, connection, rows, moment)
        self.facts = self._facts()

    def _facts(self) -> dict[tuple[str, str, str], Mapping[str, Facts]]:
        """By communication, category and purpose, then customer."""
        ids: dict[tuple[str, str, str], set[str]] = {}
        for row in self.rows:
            ids.setdefault(filed_as(row), set()).add(row["customer_id"])
        return {
            filed: gather(self.connection, self.project, communication, sorted(mine), self.moment)
            for filed, mine in sorted(ids.items())
            if (communication := self.project.as_decided(*filed)) is not None
        }  # fmt: skip

    def all(self) -> dict[str, Verdict]:
        verdicts = {}
        for row in self.rows:
            verdict = verdicts[row["id"]] = self.one(row)
            self.rooms.take(row, None if verdict.reason else max(verdict.due, self.moment))
        return verdicts

    def one(self, row: Row) -> Verdict:
        communication = self.project.as_decided(*filed_as(row))
        if communication is None:
            return self.withheld("communication_removed", row["communication"])
        if (stop := stop_of(self.stops, row)) is not None:
            return self.withheld(stop.reason, stop.name)
        if row["run_id"] in self.cancelled:
            return self.withheld("run_cancelled")
        if why := self.refused[row["release"]]:
            return self.withheld(why, str(row["release"])[:12])
        if row["expires_at"] is not None and self.moment >= row["expires_at"]:
            return self.withheld("expired")
        wording = orjson.loads(row["wording"])
        if changed := self.wording.changed(communication, wording, row["language"] or "", row["jurisdiction"]):
            return self.withheld("wording_changed", changed)
        if row["id"] in self.no_holders:
            return self.withheld("no_longer_joint")
        known = self.facts[filed_as(row)].get(row["customer_id"])
        return self.withheld("unknown_customer") if known is None else self.decided(communication, known, row)

    def decided(self, communication: Communication, known: Facts, row: Row) -> Verdict:
        """By the customer's facts of now."""
        policy, channels = self.project.workspace.policy, self.project.workspace.channels
        facts = beside(without(self.rooms.seen(communication, known), row["id"]), _sent_together(communication, row))
        decision = at_handoff(
            communication, policy, channels, facts, row["channel"], self.moment, expires_at=row["expires_at"]
        )
        taken = communication, decision, facts
        if not decision.send:
            return Verdict(decision.reason, decision.detail, self.moment, taken)
        if why := self.readdressed(communication, facts, row):
            return self.withheld(why)
        due = decision.due_at or self.moment
        if due > self.moment:
            return Verdict("", decision.detail, due, taken)
        if row["id"] in self.untold:
            return self.withheld(*self.untold[row["id"]])
        if new := self.new_rules(communication, row):
            return self.withheld("rules_changed", ", ".join(new))
        return Verdict("", "", due)

    def readdressed(self, communication: Communication, facts: Facts, row: Row) -> str:
        """Why it must not go where it was addressed to, if it must not."""
        recipient = self.recipients.get(row["id"])
        if recipient is None or not readdressed(communication, facts, row["channel"], recipient, ""):
            return ""
        # Only now: a trace is opened for the few whose address is another one.
        trace, _ = traces.opened(row, traces.load(self.connection, [row]))
        received = instead(trace.facts.relations, row["purpose"]) if trace.facts is not None else None
        return readdressed(communication, facts, row["channel"], recipient, received.kind if received else "")

    def new_rules(self, communication: Communication, row: Row) -> list[str]:
        """Rules on the text that hold now, and did not when the message was checked: nobody looked at it for them."""
        place = (communication, row["channel"], row["jurisdiction"], row["language"])
        now, then = (self.project.rules.stopping(*place, at) for at in (self.moment, row["decided_at"]))
        return [] if now is then else [rule.id for rule in now if rule not in then]

    def withheld(self, reason: str, detail: str = "") -> Verdict:
        return Verdict(reason, detail, self.moment)


def _cancelled(connection: Connection, rows: Sequence[Row]) -> set[str]:
    """The runs that were cancelled while messages of theirs were on the way to a supplier, or waited to go again."""
    ids = {row["run_id"] for row in rows} - {None}
    return {row[0] for row in _CANCELLED(connection, ids=ids)} if ids else set()


def stop_of(stopped: Stops, row: Row) -> Stop | None:
    """The stop that a recorded message falls under, if any."""
    if not stopped.active:
        return None
    wording = [(use[0], use[1]) for use in orjson.loads(row["wording"])]
    return stopped.of(
        release=row["release"], communication=row["communication"], channel=row["channel"], wording=wording
    )  # fmt: skip


def _sent_together(communication: Communication, row: Row) -> set[str]:
    """The ids of what its customer gets on several channels at once, by the same decision, the message itself too."""
    key = str(row["trigger_key"]).partition("\n")[0]
    parts = ("", *communication.channels)
    return {message_id(part_key(key, part), row["communication"], row["customer_id"]) for part in parts}
