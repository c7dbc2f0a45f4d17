"""What the customer asked for: order of channels, and what they do not want.

A row applies where its category is the communication's or ``*``, and its channel the one looked at or ``*``. What
forbids adds up: every row that applies must allow, and each pause that is not over holds, so that the narrow row never
lifts the wide one. What only orders does not add up, and there the narrow row is taken alone: ranks of the category
before ranks of ``*``; hours by the channel first, then by the category. No row at all forbids nothing, and permits
nothing either: what marketing needs is consent, see `ccm.decide.consent`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ccm.model.customer import Preference
from ccm.model.hours import read_hours


class Wishes:
    """What one customer's rows say of one category, read in one pass for all channels."""

    __slots__ = ("_hours", "_pauses", "_refused", "are_paused", "are_timed", "forbid", "ranked")

    def __init__(self, preferences: Iterable[Preference], category: str) -> None:
        own: list[tuple[int, str]] = []
        general: list[tuple[int, str]] = []
        self._refused: list[str] = []
        self._pauses: list[tuple[str, datetime]] = []
        self._hours: list[tuple[str, str, str]] = []
        for row in preferences:
            if row.category not in ("*", category):
                continue
            if row.hours:
                self._hours.append((row.channel, row.category, row.hours))
            if not row.allowed:
                self._refused.append(row.channel)
                continue
            if row.paused_until is not None:
                self._pauses.append((row.channel, row.paused_until))
            if row.rank is not None and row.channel != "*":
                (general if row.category == "*" else own).append((row.rank, row.channel))
        self.ranked = tuple(channel for _, channel in sorted(own or general))
        """Channels in the order to try: ranks given for the category beat those for all categories.

        A customer who ranked channels gets only those; one who ranked none gets the communication's order.
        """
        self.are_paused = bool(self._pauses)
        self.forbid = bool(self._refused or self._pauses)
        """Whether there can be any refusal."""
        self.are_timed = bool(self._hours)
        """Whether hours are wished for on any channel."""

    def refusal(self, channel: str, at: datetime) -> tuple[str, str] | None:
        """Why the customer wants nothing of the category on a channel, as (reason, detail), or None.

        Every row that applies must allow; the detail of a pause is when the last one ends.
        """
        if "*" in self._refused or channel in self._refused:
            return "opted_out", ""
        ends = (until for paused, until in self._pauses if paused in ("*", channel) and at < until)
        latest = max(ends, default=None)
        return None if latest is None else ("paused", latest.isoformat())

    def hours(self, channel: str) -> tuple[int, int] | None:
        """When the customer likes to hear on a channel, as `ccm.model.hours.read_hours` gives it."""
        stated = self.stated_hours(channel)
        return None if stated is None else read_hours(stated[2])

    def stated_hours(self, channel: str) -> tuple[str, str, str] | None:
        """The row whose hours count on a channel, as (channel, category, hours).

        The most specific one: a channel's own first, then the category's; of two such rows the first.
        """
        stated = (row for row in self._hours if row[0] in ("*", channel))
        return max(stated, key=lambda row: (row[0] != "*", row[1] != "*"), default=None)
