"""A customer's contacts counted in every cap at once.

One whole number has a counter of eight bits for each bound of each cap, so that one addition counts a contact in all of
them. The sums up to each contact, oldest first, tell what any stretch of time holds by one subtraction; and as each
counter is set ahead by what it lacks to 128 at its bound, one more addition tells which bounds are reached.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple

from ccm.decide import calendar
from ccm.decide.caps import Room, microseconds
from ccm.model.customer import Contact, together

NOT_COUNTED = frozenset({"released", "failed"})
"""Contact states in which certainly nothing went out; every other takes a slot, an unknown outcome too."""
_MOST_SCOPES = 4096
_SCOPE = together(Contact, "category", "counts")
"""All that says which caps a contact takes room in, and what stands between."""
_AT = itemgetter(Contact._fields.index("at"))
_BITS = 8
_REACHED = 1 << _BITS - 1
"""A counter's highest bit; who has as many contacts has every cap looked at word by word."""


class Counter(NamedTuple):
    """A cap, and which bits say that one of its bounds is reached."""

    room: Room
    reached: int


class Rooms:
    """The caps that messages on each channel must keep; one that several channels have is counted once."""

    def __init__(self, by_channel: Mapping[str, Sequence[Room]]) -> None:
        self._counters: list[Counter] = []
        self._ones: list[tuple[int, int, Room]] = []
        self.ahead = 0
        for room in (room for rooms in by_channel.values() for room in rooms):
            if not any(one.room == room for one in self._counters):
                self._counters.append(Counter(room, self._reserve(room)))
        self.on = {
            channel: tuple(one for room in rooms for one in self._counters if one.room == room)
            for channel, rooms in by_channel.items()
        }
        self.scopes = _Scopes(self._ones)

    def _reserve(self, room: Room) -> int:
        reached = 0
        for rank, most in room.bounds:
            shift = len(self._ones) * _BITS
            self._ones.append((1 << shift, rank, room))
            self.ahead += (_REACHED - min(most, _REACHED)) << shift
            reached |= _REACHED << shift
        return reached


class _Scopes(dict[tuple[Any, ...], int]):
    """Scope of a contact to one in each counter that it counts in; found when it is first met."""

    def __init__(self, ones: Sequence[tuple[int, int, Room]]) -> None:
        self._ones = ones

    def __missing__(self, scope: tuple[Any, ...]) -> int:
        if len(self) >= _MOST_SCOPES:
            self.clear()
        category, channel, status, purpose, priority, counts = scope
        found = 0
        if counts and status not in NOT_COUNTED:
            for one, rank, room in self._ones:
                if room.rank(priority) >= rank and room.holds(category, channel, purpose):
                    found += one
        self[scope] = found
        return found


class Counted:
    """One customer's contacts, counted."""

    __slots__ = ("_ahead", "_contacts", "_near", "_sums", "_times")

    def __init__(self, rooms: Rooms, contacts: Sequence[Contact]) -> None:
        self._ahead = rooms.ahead
        self._contacts = contacts = sorted(contacts, key=_AT)
        self._times = [*map(_AT, contacts)]
        self._sums = [0, *accumulate(map(rooms.scopes.__getitem__, map(_SCOPE, contacts)))]
        # All bits where there may be more than a counter holds.
        self._near = self._sums[-1] + rooms.ahead if len(contacts) < _REACHED else -1

    def near(self, counters: Iterable[Counter]) -> list[Room]:
        """Those caps that enough contacts take room in for one of them to be full somewhere."""
        return [room for room, reached in counters if self._near & reached]

    def full(self, counters: Iterable[Counter], at: datetime, zones: Sequence[str]) -> str:
        """The id of the first cap that one more contact at `at` would break; empty: there is room in all."""
        near = self._near
        for room, reached in counters:
            if near & reached and not self._has_room(room, reached, at, zones):
                return room.id
        return ""

    def _has_room(self, room: Room, reached: int, at: datetime, zones: Sequence[str]) -> bool:
        """The same as that `Room.next` gives `at` itself, without turning every time into a number."""
        times, sums, ahead = self._times, self._sums, self._ahead
        if len(times) < _REACHED:
            if room.per is not None and zones:
                for zone in zones:
                    start, end = calendar.around(at, zone, room.per)
                    if (sums[bisect_left(times, end)] - sums[bisect_left(times, start)] + ahead) & reached:
                        return False
                return True
            before, after = at - room.span, at + room.span
            if not (sums[bisect_left(times, after)] - sums[bisect_right(times, before)] + ahead) & reached:
                return True
            if not times or times[-1] <= at:  # the window that ends at `at` holds all of them
                return False
        # What is planned for later is in some of the windows and not in others.
        return room.next(self.held(room), microseconds(at), zones) == microseconds(at)

    def held(self, room: Room) -> list[tuple[int, int]]:
        """The contacts that take room in a cap as `Room.next` takes them."""
        return [
            (microseconds(one.at), room.rank(one.priority)) for one in self._contacts
            if one.counts and one.status not in NOT_COUNTED and room.holds(one.category, one.channel, one.purpose)
        ]  # fmt: skip
