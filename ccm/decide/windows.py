"""Windows of local time as instants: over midnight, and through changes of daylight saving time.

Two sentences define every case. A window is closed from the first instant at which the clocks show its start to the
last at which they show its end; it is open from the last instant that shows its start to the first that shows its
end. A time that the clocks skip is the first instant after the gap. So in doubt nothing goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ccm.model.requirements import DAY, Minutes

HORIZON = timedelta(days=35)
"""Windows that leave no common instant for this long leave none: five times the same weekday may be a holiday."""
_SECOND = timedelta(seconds=1)
_DAYS = tuple(timedelta(days=number) for number in range(-1, 9))
_AFTER = timedelta(days=9)
"""The first day after them."""
_NEAR = _DAYS[:3]
"""One of the day before may last until now; one of the next has begun where clocks go back over midnight."""


@lru_cache(maxsize=65_536)
def shown(zone: str, day: date, minutes: int) -> tuple[datetime, datetime]:
    """The first and the last instant (UTC) at which clocks of a zone show a time.

    `minutes` count from midnight of `day` by the clock; 1440 and more are on later days. The two differ where clocks
    go back. A time that is skipped is the first instant after the gap (PEP 495 gives the two sides of it).
    """
    place = ZoneInfo(zone)
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    first, last = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= last:
        return first, last
    after = _first_after(last, first, place, wall)
    return after, after


def _first_after(early: datetime, late: datetime, place: ZoneInfo, wall: datetime) -> datetime:
    """The first second after `early` whose wall time is not before `wall`; there is one change until `late`."""
    low, high = 0, int((late - early) / _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if (early + middle * _SECOND).astimezone(place).replace(tzinfo=None) < wall:
            low = middle
        else:
            high = middle
    return early + high * _SECOND


@dataclass(frozen=True, eq=False, slots=True)
class Closed:
    """Times at which nothing goes out."""

    reason: str
    on: Callable[[date], Minutes]
    """The spans that start on a day, in minutes from its midnight; they may end on the next day."""
    zone: str = ""
    """Whose clock; empty: the customer's."""

    def opens(self, moment: datetime, zone: str) -> datetime:
        """When it ends where it holds at `moment`, else `moment`."""
        latest, today = moment, moment.astimezone(ZoneInfo(zone)).date()
        for days in _NEAR:
            day = today + days
            for start, end in self.on(day):
                if shown(zone, day, start)[0] <= moment < (ends := shown(zone, day, end)[1]):
                    latest = max(latest, ends)
        return latest


@dataclass(frozen=True, eq=False, slots=True)
class Open:
    """The only times at which something goes out."""

    reason: str
    on: Callable[[date], Minutes]
    zone: str = ""

    def opens(self, moment: datetime, zone: str) -> datetime:
        """`moment` where it is in the window, else the start of the next; where that is far, a later time at least."""
        today = moment.astimezone(ZoneInfo(zone)).date()
        for days in _DAYS:
            day = today + days
            for start, end in self.on(day):
                begins, ends = shown(zone, day, start)[1], shown(zone, day, end)[0]
                if moment < ends and begins < ends:
                    return max(moment, begins)
        return shown(zone, today + _AFTER, 0)[0]  # by the clock: a day that was looked at may have 23 hours


Window = Closed | Open


def weekly(week: Sequence[Minutes], closed: frozenset[str] = frozenset()) -> Callable[[date], Minutes]:
    """For `on`: spans by weekday, Monday first; a day of `closed` (``12-31``) is one whole span."""
    whole: Minutes = ((0, DAY),)
    if not closed:
        return lambda day: week[day.weekday()]
    return lambda day: whole if f"{day:%m-%d}" in closed else week[day.weekday()]


class Opening(NamedTuple):
    """When all windows are open, and what was waited for longest."""

    at: datetime
    """UTC."""
    reason: str = ""
    """Empty where nothing was waited for."""
    zone: str = ""
    """Of a window that has a clock of its own; empty for the customer's."""


def first_open(at: datetime, windows: Iterable[Window], zones: Iterable[str]) -> Opening | None:
    """The first instant from `at` on that every window allows in every zone; None: there is none within `HORIZON`."""
    places = [(window, zone) for window in windows for zone in ((window.zone,) if window.zone else tuple(zones))]
    start = moment = at.astimezone(UTC)
    waits: dict[tuple[str, str], timedelta] = {}
    while moment < start + HORIZON:
        later, found = moment, ("", "")
        for window, zone in places:
            opens = window.opens(moment, zone)
            if opens > later:
                later, found = opens, (window.reason, window.zone)
        if later == moment:
            return Opening(moment, *max(waits, key=waits.__getitem__, default=found))
        waits[found] = waits.get(found, timedelta()) + (later - moment)
        moment = later
    return None
