"""Naive counts over the rows of a store: windows of caps, and refusals against the ledger as it was then.

Plain loops over every contact and every log leaf; nothing of the engine's own counting is used.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ccm.store.tables import contacts, customers, log_leaves, messages

NOT_COUNTED = ("released", "failed")
Cap = Mapping[str, Any]


@dataclass
class Recount:
    """What the counts found. `exceeded` and `wrongly_refused` name customer and cap, or message."""

    windows: int = 0
    refusals: int = 0
    not_replayed: Counter[str] = field(default_factory=Counter)
    """By why: ``handed over twice``: between the two hand-offs of a message whose first sender died, the log does not
    say when it was dated. ``deferring``: nor when one that was deferred, and deferred again at its hand-off, was."""
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
    said = {row.id: row for row in connection.execute(select(contacts))}
    rows = {row.id: row for row in connection.execute(select(messages))}
    found = Recount()
    _windows(caps, people, said.values(), found)
    _refusals(connection, caps, communications, people, said, rows, found)
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


def _refusals(
    connection: Connection, caps: Sequence[Cap], communications: Mapping[str, Mapping[str, Any]],
    people: Mapping[str, Any], said: Mapping[str, Any], rows: Mapping[str, Any], found: Recount,
) -> None:  # fmt: skip
    """Goes through the log in the order of its leaves, keeping the ledger, and looks at each refusal."""
    leaves = [
        json.loads(row[0]) for row in connection.execute(select(log_leaves.c.entry).order_by(log_leaves.c.position))
    ]
    leaves = [leaf for leaf in leaves if leaf.get("message") in rows]
    sends = Counter(leaf["message"] for leaf in leaves if leaf["kind"] == "send")
    unsure: defaultdict[str, set[str]] = defaultdict(set)
    ledger: defaultdict[str, dict[str, Said]] = defaultdict(dict)
    for leaf in leaves:
        row = rows[leaf["message"]]
        mine = ledger[row.customer_id]
        match leaf["kind"], leaf.get("state"):
            case "decision", "due":
                mine[row.id] = Said(row.due_at, row.category, row.channel)
            case "decision", "withheld" if leaf["reason"] == "cap":
                found.refusals += 1
                if communications[row.communication]["on_cap"] == "defer":
                    found.not_replayed["deferring"] += 1
                elif unsure[row.customer_id]:
                    found.not_replayed["handed over twice"] += 1
                elif not _rightly(caps, communications[row.communication], mine.values(), row, people):
                    found.wrongly_refused.append(f"{row.id}: {row.communication}, {row.detail}")
            case "send", _ if row.id in mine:
                mine[row.id] = Said(said[row.id].at, row.category, row.channel)
                sends[row.id] -= 1
                (unsure[row.customer_id].add if sends[row.id] else unsure[row.customer_id].discard)(row.id)
            case "receipt" | "event", "failed" | "withheld":
                mine.pop(row.id, None)


def _rightly(
    caps: Sequence[Cap], communication: Mapping[str, Any], said: Any, row: Any, people: Mapping[str, Any]
) -> bool:
    person, held = people[row.customer_id], list(said)
    channels = [name for name in communication["channels"] if person["contact_points"].get(name)]
    if communication["on_cap"] == "drop":
        channels = channels[:1]
    return all(
        any(_full(cap, held, Said(row.decided_at, row.category, channel), person) for cap in caps)
        for channel in channels
    )
