"""A decision read word for word from docs/reference/decisions.md: every quarter of an hour is looked at in turn.

Nothing here is taken from the engine but its values. Windows start and end, and zones change, at quarters of an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from naive_caps import first_full

from ccm.decide import Facts
from ccm.model.customer import Consent, Contact, Preference
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

QUARTER = timedelta(minutes=15)
BEFORE, AFTER = timedelta(days=4), timedelta(days=24)
"""How far around a day clocks are read; windows that do not open for two weeks never do."""
LOOKED_AT = 16 * 96
"""Quarters of an hour in which an opening is looked for."""
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BASES = ("soft_opt_in", "opt_in", "double_opt_in", "opt_in_written")
Spans = tuple[tuple[int, int] | None, ...]
"""By weekday, Monday first: start and end in minutes from midnight."""
Outcome = tuple[str, object]
"""A channel and when, or why not and the full cap."""


@lru_cache(maxsize=64)
def readings(zone: str, day: date) -> list[datetime]:
    """What the clocks show at each quarter of an hour around a day."""
    start, place = datetime.combine(day, time(), UTC) - BEFORE, ZoneInfo(zone)
    count = (BEFORE + AFTER) // QUARTER
    return [(start + number * QUARTER).astimezone(place).replace(tzinfo=None) for number in range(count)]


@lru_cache(maxsize=64)
def places(zone: str, day: date) -> dict[datetime, list[int]]:
    """A time to each quarter that shows it."""
    found: dict[datetime, list[int]] = {}
    for place, shown in enumerate(readings(zone, day)):
        found.setdefault(shown, []).append(place)
    return found


def showing(zone: str, day: date, wall: datetime) -> tuple[int, int]:
    """The places of the first and the last quarter that shows a time; of one that is skipped the first after it."""
    found = places(zone, day).get(wall)
    if found is None:
        read = readings(zone, day)
        found = [next((place for place, shown in enumerate(read) if shown > wall), len(read))]
    return found[0], found[-1]


@lru_cache(maxsize=256)
def open_quarters(zone: str, day: date, spans: Spans, *, is_quiet: bool) -> list[bool]:
    """Of each quarter whether a window lets a message go: outside quiet hours, or inside send times."""
    read = readings(zone, day)
    allowed = [is_quiet] * len(read)
    for number in range(1, (BEFORE + AFTER).days - 2):
        on = read[0].date() + timedelta(days=number)
        if (span := spans[on.weekday()]) is None:
            continue
        midnight = datetime.combine(on, time())
        start, end = (showing(zone, day, midnight + timedelta(minutes=minutes)) for minutes in span)
        # In doubt nothing goes out: the longest quiet hours, the shortest send window.
        for place in range(start[0], end[1]) if is_quiet else range(start[1], end[0]):
            allowed[place] = not is_quiet
    return allowed


def span(start: time, end: time | None) -> tuple[int, int]:
    first, last = (at.hour * 60 + at.minute for at in (start, end or time()))
    return first, last if last > first else last + 1440


class Naive:
    """One customer in a zone that is known, before one communication without urgency, digest or experiment."""

    def __init__(
        self, communication: Communication, policy: Policy, channels: Mapping[str, Channel], facts: Facts, at: datetime
    ) -> None:
        self.communication, self.policy, self.channels, self.facts = communication, policy, channels, facts
        self.at, self.day, self.zone = at, at.date(), facts.customer.timezone or ""
        self.start = datetime.combine(self.day, time(), UTC) - BEFORE
        self.ends = at + timedelta(hours=communication.expires_after_hours or 0)
        self.stated = [row for row in facts.preferences if row.category in ("*", communication.category)]

    def outcome(self) -> Outcome:
        asked = {channel: self.refusal(channel) for channel in self.order()}
        failed: list[Outcome] = []
        for channel in (channel for channel, why in asked.items() if not why):
            found = self.tried(channel)
            if found[0] == channel:
                return found
            failed.append(found)
            if found[0] == "cap" and self.communication.on_cap != "fallback":
                break
        if failed:
            return next((one for one in failed if one[0] == "cap"), failed[0])
        named = ("opted_out", "consent_withdrawn", "no_consent", "no_address")
        return next((why for why in named if why in asked.values()), "no_channel"), ""

    def order(self) -> list[str]:
        ranked = [row for row in self.stated if row.rank is not None and row.channel != "*" and row.allowed]
        own = [row for row in ranked if row.category != "*"]
        found = sorted(own or ranked, key=lambda row: (row.rank or 0, row.channel))
        return [row.channel for row in found] or list(self.communication.channels)

    def refusal(self, channel: str) -> str:
        if channel not in self.communication.channels:
            return "not_offered"
        if not self.facts.customer.contact_points.get(channel):
            return "no_address"
        rows = self.about(channel)
        if any(not row.allowed for row in rows):
            return "opted_out"
        if any(row.paused_until and self.at < row.paused_until for row in rows):
            return "paused"
        return self.consent(channel)

    def about(self, channel: str) -> list[Preference]:
        return [row for row in self.stated if row.channel in ("*", channel)]

    def consent(self, channel: str) -> str:
        def order(row: Consent) -> tuple[datetime, bool]:
            return row.at, not row.granted

        given = [row for row in self.facts.consents if row.channel == channel and row.at <= self.at]
        newest = max(given, key=order, default=None)
        if newest is None:
            return "no_consent"
        if not newest.granted:
            return "consent_withdrawn"
        return "" if newest.basis in BASES else "no_consent"

    def tried(self, channel: str) -> Outcome:
        due = self.due(channel, (self.at - self.start) // QUARTER)
        if due is None:
            return "quiet_hours", channel
        if self.instant(due) >= self.ends:
            return "expires_in_quiet_hours", channel
        cap = self.full(channel, due)
        if cap is None:
            return channel, self.instant(due)
        if self.communication.on_cap == "defer":
            while self.instant(due) < self.ends:
                if self.full(channel, due) is None and self.due(channel, due) == due:
                    return channel, self.instant(due)
                due += 1
        return "cap", cap

    def due(self, channel: str, place: int) -> int | None:
        """The first quarter from `place` on that is open, and in the hours that the customer prefers if that is soon
        enough."""
        windows = self.windows(channel)
        soonest = _first(windows, place)
        wish = self.wish(channel)
        if wish is None or soonest is None:
            return soonest
        wished = _first([*windows, open_quarters(self.zone, self.day, (wish,) * 7, is_quiet=False)], place)
        return soonest if wished is None or self.instant(wished) >= self.ends else wished

    def windows(self, channel: str) -> list[list[bool]]:
        found, settings = [], self.channels[channel]
        if quiet := settings.quiet_hours:
            spans = tuple(span(quiet.start, quiet.end) if day in quiet.days else None for day in WEEK)
            found.append(open_quarters(self.zone, self.day, spans, is_quiet=True))
        for send in (settings.send, self.communication.send):
            if send is not None:
                spans = tuple(span(send.start, send.end) if day in send.days else None for day in WEEK)
                found.append(open_quarters(self.zone, self.day, spans, is_quiet=False))
        return found

    def wish(self, channel: str) -> tuple[int, int] | None:
        rows = [row for row in self.about(channel) if row.hours]
        best = max(rows, key=lambda row: (row.channel != "*", row.category != "*"), default=None)
        if best is None:
            return None
        start, end = (time.fromisoformat(part) for part in best.hours.split("-"))
        return span(start, end)

    def full(self, channel: str, place: int) -> str | None:
        new = Contact(
            "C1", self.instant(place), "offer", self.communication.category, channel, "reserved", "marketing",
            self.communication.priority or "",
        )  # fmt: skip
        cap = first_full(self.policy, self.facts.contacts, new, (self.zone,))
        return cap.id if cap else None

    def instant(self, place: int) -> datetime:
        return self.start + place * QUARTER


def _first(windows: Sequence[Sequence[bool]], place: int) -> int | None:
    looked_at = range(place, place + LOOKED_AT)
    return next((one for one in looked_at if all(window[one] for window in windows)), None)
