"""Naive counts over a store's log: windows of caps, and refusals against the ledger as it was then.

Plain loops over every log leaf; nothing of the engine's own counting is used. Its ledger is only compared with what the
log says of each message: a message that went and took no room would be missing in the one and counted by the other.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ccm.pipeline.traces import load, opened
from ccm.store.tables import contacts, customers, log_leaves, messages

NOT_COUNTED = ("released", "failed")
Cap = Mapping[str, Any]


@dataclass
class Recount:
    """What the counts found. `exceeded` and `wrongly_refused` name customer and cap, or message; of those that waited
    too, where they waited longer than they had to, or not long enough."""

    windows: int = 0
    refusals: int = 0
    """Messages withheld for a cap, when they were decided on or at their hand-off."""
    deferrals: int = 0
    """Times that a message was to wait for room in a cap."""
    held_again: int = 0
    """Of those, at hand-off."""
    exceeded: list[str] = field(default_factory=list)
    wrongly_refused: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    """Messages of which the store's ledger says otherwise than the log."""


@dataclass(frozen=True)
class Said:
    """One message that went or will, by the log."""

    at: datetime
    category: str
    channel: str

    def within(self, cap: Cap) -> bool:
        return self.category in cap.get("categories", [self.category]) and self.channel in cap.get(
            "channels", [self.channel]
        )


def recount(
    connection: Connection, caps: Sequence[Cap], communications: Mapping[str, Mapping[str, Any]]
) -> tuple[Counter[tuple[str, str]], Recount]:
    """Messages by state and reason, and the counts."""
    people = {row.id: json.loads(row.document) for row in connection.execute(select(customers))}
    rows = {row.id: row for row in connection.execute(select(messages))}
    found = Recount()
    ledger = _refusals(connection, caps, communications, people, rows, found)
    for customer, mine in ledger.items():
        _windows(caps, customer, [*mine.values()], people[customer], found)
    taken = select(contacts.c.id, contacts.c.at).where(contacts.c.status.not_in(NOT_COUNTED))
    stored = {row.id: row.at for row in connection.execute(taken)}
    logged = {message: one.at for mine in ledger.values() for message, one in mine.items()}
    found.unlike += sorted(message for message, _ in stored.items() ^ logged.items())
    return Counter((row.state, row.reason) for row in rows.values()), found


def _windows(
    caps: Sequence[Cap], customer: str, said: Sequence[Said], person: Mapping[str, Any], found: Recount
) -> None:
    for cap in caps:
        for held in _held(cap, said, person):
            found.windows += 1
            if held > cap["limit"]:
                found.exceeded.append(f"{customer}: {held} in a window of {cap['id']}")


def _held(cap: Cap, said: Sequence[Said], person: Mapping[str, Any]) -> Iterator[int]:
    """How many contacts each window of a cap holds: each day, or each that begins with a contact."""
    times = [one.at for one in said if one.within(cap)]
    if "per" in cap:
        yield from Counter(_day(time, person) for time in times).values()
    else:
        length = timedelta(hours=cap["hours"])
        for start in times:
            yield sum(start <= time < start + length for time in times)


def _day(at: datetime, person: Mapping[str, Any]) -> object:
    return at.astimezone(ZoneInfo(person["timezone"])).date()


def _full(cap: Cap, said: Sequence[Said], one: Said, person: Mapping[str, Any]) -> bool:
    """Whether one more contact would be more than a window may hold."""
    if not one.within(cap):
        return False
    times = [other.at for other in said if other.within(cap)]
    if "per" in cap:
        return sum(_day(time, person) == _day(one.at, person) for time in times) >= int(cap["limit"])
    length = timedelta(hours=cap["hours"])
    starts = [start for start in (*times, one.at) if start <= one.at < start + length]
    return any(sum(start <= time < start + length for time in times) >= int(cap["limit"]) for start in starts)


@dataclass(frozen=True)
class Asked:
    """One message that a leaf is about, and the ledger without it as it was then."""

    caps: Sequence[Cap]
    communication: Mapping[str, Any]
    others: Sequence[Said]
    person: Mapping[str, Any]
    row: Any
    at: datetime

    def full(self, channel: str, at: datetime) -> bool:
        one = Said(at, self.row.category, channel)
        return any(_full(cap, self.others, one, self.person) for cap in self.caps)

    def first_room(self, channel: str) -> datetime | None:
        """The first instant before it expires at which no cap is full: room comes where a window or a day ends."""
        zone, instants = ZoneInfo(self.person["timezone"]), {self.at}
        latest = self.row.decided_at + timedelta(hours=self.communication["expires_after_hours"])
        for cap in self.caps:
            if "per" in cap:
                day = self.at.astimezone(zone).date()
                nights = (datetime.combine(day + timedelta(days=number), time(), zone) for number in (1, 2))
                instants.update(night.astimezone(UTC) for night in nights)
            else:
                instants.update(one.at + timedelta(hours=cap["hours"]) for one in self.others)
        found = (instant for instant in sorted(instants) if self.at <= instant < latest)
        return next((instant for instant in found if not self.full(channel, instant)), None)

    def rightly_refused(self, *, handed_over: bool) -> bool:
        """Whether there was no room for it: on no channel that it could take, at no instant that it could wait for."""
        channels = [name for name in self.communication["channels"] if self.person["contact_points"].get(name)]
        if handed_over:
            channels = [self.row.channel]
        elif self.communication["on_cap"] == "drop":
            channels = channels[:1]
        if self.communication["on_cap"] == "defer":
            return all(self.first_room(channel) is None for channel in channels)
        return all(self.full(channel, self.at) for channel in channels)


def _refusals(
    connection: Connection, caps: Sequence[Cap], communications: Mapping[str, Mapping[str, Any]],
    people: Mapping[str, Any], rows: Mapping[str, Any], found: Recount,
) -> Mapping[str, Mapping[str, Said]]:  # fmt: skip
    """Goes through the log in the order of its leaves, keeping the ledger, and looks at each refusal and deferral.

    Returns the ledger as it is in the end: by customer and message.
    """
    grounds = load(connection, [row._mapping for row in rows.values()])
    ledger: defaultdict[str, dict[str, Said]] = defaultdict(dict)
    for entry in connection.scalars(select(log_leaves.c.entry).order_by(log_leaves.c.position)):
        leaf = json.loads(entry)
        row = rows.get(leaf.get("message"))
        if row is None:
            continue
        mine, at = ledger[row.customer_id], datetime.fromisoformat(leaf["at"])
        others = [one for message, one in mine.items() if message != row.id]
        asked = Asked(caps, communications[row.communication], others, people[row.customer_id], row, at)
        match leaf["kind"], leaf.get("state"):
            case "decision", "due":
                first = opened(row._mapping, grounds)[0].outcome.due_at
                due = datetime.fromisoformat(leaf["due"]) if "due" in leaf else first or at
                mine[row.id] = Said(due, row.category, row.channel)
                found.deferrals += due > at
                found.held_again += "held" in leaf
                if due > at and asked.first_room(row.channel) != due:
                    found.wrongly_refused.append(f"{row.id}: {row.communication} at {at} was to wait until {due}")
            case "decision", "withheld" if leaf["reason"] == "cap":
                found.refusals += 1
                if not asked.rightly_refused(handed_over=row.id in mine):
                    found.wrongly_refused.append(f"{row.id}: {row.communication}, {row.detail}")
                mine.pop(row.id, None)
            case "send", _:
                # A hand-over dates the contact anew, at the instant of its leaf.
                mine[row.id] = Said(at, row.category, row.channel)
            case "receipt" | "event" | "decision", "failed" | "withheld":
                mine.pop(row.id, None)
    return ledger
