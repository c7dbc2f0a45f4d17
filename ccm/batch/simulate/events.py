"""What happens to one customer in the simulated time: planned runs, and triggers as often as they are expected."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ccm.workspace.calendar import Calendar, ExpectedTrigger

_DAYS_OF_RATE = 30
_PARTS = 2**32


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One decision to take."""

    at: datetime
    communication: str


@dataclass(frozen=True, slots=True)
class _Source:
    """One expected trigger, worked out for the period."""

    communication: str
    seed: str
    """What its draws are made from; two triggers of one communication differ in it."""
    whole: int
    """Messages that every customer gets for certain."""
    fraction: int
    """Of `_PARTS`: the chance of one more."""
    starts: tuple[datetime, ...]
    """When the hours of each day begin, in UTC."""
    seconds: int


class Events:
    """The events of every customer between two days of the organisation's zone, both inclusive."""

    def __init__(self, calendar: Calendar, first: date, last: date, zone: str) -> None:
        self.end = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
        # Each once, though two lines of the calendar may name it: a run is named after its instant.
        self.runs: tuple[Event, ...] = tuple(sorted({
            Event(at, run.communication) for run in calendar.runs for at in run.instants(first, last, zone)
        }))  # fmt: skip
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        seen: Counter[str] = Counter()
        self._sources = []
        for trigger in calendar.triggers:
            seed = "\n".join([trigger.communication] * (seen[trigger.communication] + 1))
            seen[trigger.communication] += 1
            self._sources.append(_source(trigger, seed, days, ZoneInfo(zone)))

    @property
    def communications(self) -> frozenset[str]:
        """All that anything happens of."""
        return frozenset([run.communication for run in self.runs] + [source.communication for source in self._sources])

    def of(self, customer_id: str) -> Sequence[Event]:
        """The customer's events in order of time.

        Which triggers come and when follows from a hash of customer and communication: the same on every machine and
        in every scenario, so that two scenarios differ by their policies and not by chance.
        """
        if not self._sources:
            return self.runs
        found = list(self.runs)
        for source in self._sources:
            found.extend(_drawn(source, customer_id))
        found.sort()
        return found


def _source(trigger: ExpectedTrigger, seed: str, days: Sequence[date], zone: ZoneInfo) -> _Source:
    expected = trigger.per_customer * len(days) / _DAYS_OF_RATE
    whole = int(expected)
    starts = tuple(datetime.combine(day, trigger.start, zone).astimezone(UTC) for day in days)
    return _Source(
        trigger.communication, seed, whole, int((expected - whole) * Decimal(_PARTS)), starts,
        _span(trigger.start, trigger.end),
    )  # fmt: skip


def _span(start: time, end: time) -> int:
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    return (minutes % (24 * 60) or 24 * 60) * 60


def _drawn(source: _Source, customer_id: str) -> list[Event]:
    draws = _Draws(f"{source.seed}\n{customer_id}")
    count = source.whole + (draws.next() < source.fraction)
    found = []
    for _ in range(count):
        start = source.starts[draws.next() * len(source.starts) // _PARTS]
        found.append(Event(start + timedelta(seconds=draws.next() * source.seconds // _PARTS), source.communication))
    return found


class _Draws:
    """Evenly spread numbers below 2**32, the same for the same seed: pieces of SHA-256 over seed and counter."""

    def __init__(self, seed: str) -> None:
        self._seed, self._block, self._left = seed, 0, b""

    def next(self) -> int:
        if not self._left:
            self._left = hashlib.sha256(f"{self._seed}\n{self._block}".encode()).digest()
            self._block += 1
        number, self._left = int.from_bytes(self._left[:4], "big"), self._left[4:]
        return number
