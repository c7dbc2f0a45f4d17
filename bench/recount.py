"""Naive counts over the rows of a store: windows of caps, and refusals against the ledger as it was then.

Plain loops over every contact and every log leaf; nothing of the engine's own counting is used.
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


@dataclass(frozen=True)
class Said:
    """One contact."""

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
    said = connection.execute(select(contacts)).all()
    rows = {row.id: row for row in connection.execute(select(messages))}
    found = Recount()
    _windows(caps, people, said, found)
    _refusals(connection, caps, communications, people, rows, found)
    return Counter((row.state, row.reason) for row in rows.values()), found


def _windows(caps: Sequence[Cap], people: Mapping[str, Any], said: Any, found: Recount) -> None:
    by_customer: defaultdict[str, list[Said]] = defaultdict(list)
    for row in said:
        if row.counts and row.status not in NOT_COUNTED:
            by_customer[row.customer_id].append(Said(row.at, row.category, row.channel))
    for customer, mine in by_customer.items():
        for cap in caps:
            for held in _held(cap, mine, people[customer]):
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
) -> None:  # fmt: skip
    """Goes through the log in the order of its leaves, keeping the ledger, and looks at each refusal and deferral."""
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
