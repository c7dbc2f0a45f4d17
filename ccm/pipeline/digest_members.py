"""What a digest tells of, and what it leaves out: each message that it collected is looked at once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, Select, select

from ccm.compliance import approvals, stops
from ccm.compliance.resolve import InForceNow
from ccm.decide import NOT_NOW, Facts, decide, recheck
from ccm.errors import Erased, IntegrityError
from ccm.pipeline import contents
from ccm.pipeline.data import DataValues, check_data, given_data
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Compiled, Project, filed_as
from ccm.store.tables import messages
from ccm.workspace.communication import LONGEST_NAME, Communication

Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a digest. `reason`: why it is left out; empty where it is told."""

    id: str
    digest: str
    item: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""
    detail: str = ""


def part_of(digest_ids: Sequence[str]) -> Select[Any]:
    """The rows of messages that are parts of these digests and were not withdrawn, oldest first."""
    m = messages.c
    mine = select(messages).where(m.digest.in_(digest_ids), m.state == "digested")
    return mine.order_by(m.decided_at, m.id)


@dataclass
class Members:
    """The parts of some digests of one window, judged."""

    compiled: Compiled | None
    parts: dict[str, list[Part]]
    """By digest, oldest first."""
    channels: Mapping[str, str | None]
    """The channel that each digest is to go on; None: on none."""

    @classmethod
    def of(cls, project: Project, compiled: Compiled | None, digest_ids: Sequence[str], at: datetime) -> Members:
        """Reads the parts of digests and judges them for `at`."""
        with project.store.read() as connection:
            rows = connection.execute(part_of(digest_ids)).mappings().all()
            channels = _channels(project, connection, compiled, rows, at)
            judged = _Judge(project, connection, channels, at).all(rows)
        parts: dict[str, list[Part]] = {digest: [] for digest in digest_ids}
        for row in rows:
            parts[row["digest"]].append(_with_item(project, row, *judged[row["id"]]))
        most = compiled.communication.collects if compiled else None
        if most is not None:
            parts = {digest: _newest(found, most.at_most) for digest, found in parts.items()}
        return cls(compiled, parts, channels)

    def told(self, digest: str) -> list[Part]:
        """The parts that it tells of."""
        return [part for part in self.parts[digest] if not part.reason]

    def channel(self, digest: str) -> str | None:
        return self.channels.get(digest)

    def of_digests(self, digest_ids: Iterable[str]) -> set[str]:
        """The ids of all parts, those that are left out too."""
        return {part.id for digest in digest_ids for part in self.parts[digest]}

    def data(self, digest: str) -> DataValues:
        """The data of the digest's own message."""
        assert self.compiled is not None
        items = [part.item for part in self.told(digest)]
        return given_data(check_data(self.compiled.communication, {"items": items}))


def told_no_more(
    project: Project, connection: Connection, rows: Sequence[Row], at: datetime
) -> dict[str, tuple[str, str]]:  # fmt: skip
    """Of messages that are digests and wait to go: id to why a part may not be told any more at `at`, and a detail.

    Digests that may go as they are, are left out. A part that has become stale since its digest was made keeps none
    back: from then on the digest's own expiry counts.
    """
    channels = {row["digest"]: row["channel"] for row in rows}
    if not channels:
        return {}
    parts = [{**row, "expires_at": None} for row in connection.execute(part_of(list(channels))).mappings()]
    judged = _Judge(project, connection, channels, at).all(parts)
    found: dict[str, tuple[str, str]] = {}
    for part in parts:
        if judged[part["id"]][0]:
            found.setdefault(part["digest"], judged[part["id"]])
    return {row["id"]: found[row["digest"]] for row in rows if row["digest"] in found}


def _channels(
    project: Project, connection: Connection, compiled: Compiled | None, rows: Sequence[Row], at: datetime
) -> dict[str, str | None]:
    """The channel that each digest goes on, as `compose` will decide."""
    customers = {row["digest"]: row["customer_id"] for row in rows}
    if compiled is None:
        return dict.fromkeys(customers)
    facts = gather(connection, project, compiled.communication, sorted(set(customers.values())), at)
    policy, channels = project.workspace.policy, project.workspace.channels
    return {
        digest: decide(compiled.communication, policy, channels, facts[customer], at).channel
        if customer in facts else None
        for digest, customer in customers.items()
    }  # fmt: skip


class _Judge:
    """Whether messages that were collected may still be told, on the channel of their digest."""

    def __init__(
        self, project: Project, connection: Connection, channels: Mapping[str, str | None], at: datetime
    ) -> None:
        self.project, self.connection, self.channels, self.at = project, connection, channels, at
        self.stops = stops.active(connection)
        self.wording = InForceNow(project.workspace, at)
        self.going_on: dict[tuple[int, str], Communication] = {}
        """By identity of what they were made of, which the project keeps alive, and channel."""

    def all(self, rows: Sequence[Row]) -> dict[str, tuple[str, str]]:
        """Message id to the reason why it is left out, empty where it is not, and a detail."""
        found: dict[str, tuple[str, str]] = {}
        releases = {row["release"] for row in rows}
        refused = {digest: approvals.refusal(self.connection, digest, self.at) for digest in releases}
        for filed in sorted({filed_as(row) for row in rows}):
            mine = [row for row in rows if filed_as(row) == filed]
            communication = self.project.as_decided(*filed)
            if communication is None:
                found |= {row["id"]: ("communication_removed", filed[0]) for row in mine}
                continue
            ids = sorted({row["customer_id"] for row in mine})
            facts = gather(self.connection, self.project, communication, ids, self.at)
            for row in mine:
                why = refused[row["release"]]
                found[row["id"]] = (why, row["release"][:12]) if why else self.one(communication, row, facts)
        return found

    def one(self, communication: Communication, row: Row, facts: Mapping[str, Facts]) -> tuple[str, str]:
        used = orjson.loads(row["wording"])
        channel, known = self.channels[row["digest"]], facts.get(row["customer_id"])
        stop = self.stops.of(
            release=row["release"], communication=communication.id, channel=channel or "",
            wording=[(use[0], use[1]) for use in used],
        )  # fmt: skip
        if stop is not None:
            return stop.reason, stop.name
        if row["expires_at"] is not None and self.at >= row["expires_at"]:
            return "expired", ""
        if changed := self.wording.changed(communication, used, row["language"] or "", row["jurisdiction"]):
            return "wording_changed", changed
        if known is None:
            return "unknown_customer", ""
        if channel is None:
            return "", ""  # the digest itself goes to nobody, and says why
        policy, settings = self.project.workspace.policy, self.project.workspace.channels
        on = self.by(communication, channel)
        reason, detail, _ = recheck(on, policy, settings, known, channel, self.at, expires_at=row["expires_at"])
        return ("", "") if reason in NOT_NOW else (reason, detail)  # that is what the digest answers for

    def by(self, communication: Communication, channel: str) -> Communication:
        """The communication as one that goes on the digest's channel, though it has no words of its own for it."""
        if channel in communication.channels:
            return communication
        key = (id(communication), channel)
        if key not in self.going_on:
            self.going_on[key] = communication.model_copy(update={"channels": (*communication.channels, channel)})
        return self.going_on[key]


def _with_item(project: Project, row: Row, reason: str, detail: str) -> Part:
    """The part with its words from the archive."""
    part = Part(row["id"], row["digest"], {}, reason, detail)
    if reason:
        return part
    try:
        words = orjson.loads(contents.load(project, [row])[row["id"]].body)
    except Erased:
        return replace(part, reason="content_erased")
    except IntegrityError as error:
        return replace(part, reason="archive_damaged", detail=str(error))
    zone = ZoneInfo(project.workspace.settings.organisation.timezone)
    day = row["decided_at"].astimezone(zone).date().isoformat()
    return replace(part, item={**words, "name": words["name"][:LONGEST_NAME], "date": day})


def _newest(parts: Sequence[Part], most: int) -> list[Part]:
    """The same parts, those before the newest ones left out."""
    told = [part for part in parts if not part.reason]
    over = {part.id for part in told[:-most]}
    return [replace(part, reason="digest_full", detail=str(most)) if part.id in over else part for part in parts]
