"""A customer's contacts counted in every cap at once.

One whole number has a counter of eight bits for each bound of each cap, so that one addition counts a contact in all of
them. The sums up to each contact, oldest first, tell what any stretch of time holds by one subtraction; and as each
counter is set ahead by what it lacks to 128 at its bound, one more addition tells which bounds are reached.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from math import inf
from operator import itemgetter
from typing import Any

from ccm.decide import calendar
from ccm.decide.caps import Room, microseconds
from ccm.model.customer import NOTHING_WENT, Contact, together

_MOST_KEPT, _MOST_STRETCHES = 4096, 256
_SCOPE = together(Contact, "category", "counts")
"""All that says which caps a contact takes room in, and what stands between."""
_AT = itemgetter(Contact._fields.index("at"))
_BITS = 8
_MICRO = timedelta(microseconds=1)
_REACHED = 1 << _BITS - 1
"""A counter's highest bit; who has as many contacts has every cap looked at word by word."""
Stretch = tuple[int, datetime, datetime, bool, Room]
"""The time in which contacts stand in the way of one more by one cap: the bits that say which bounds are reached, its
start and its end (exclusive), whether it is a calendar's period and so one window, and not all the rolling windows that
the one more would be in, and the cap."""


class Caps:
    """All that a message on one channel must keep, in the order of the policy, rules' limits last."""

    def __init__(self, rooms: Sequence[tuple[int, Room]]) -> None:
        self._rooms = tuple(rooms)
        self.reached = 0
        for reached, _ in rooms:
            self.reached |= reached
        self.fewest: float = min((room.fewest for _, room in rooms), default=inf)
        """With fewer contacts every cap has room; infinite where there is none."""
        self.by_calendar = any(room.per for _, room in rooms)
        self._stretches: dict[tuple[int, datetime, Sequence[str]], tuple[Stretch, ...]] = {}

    def near(self, reached: int) -> list[Room]:
        """Those of which some bit is among `reached`."""
        return [room for bits, room in self._rooms if bits & reached]

    def named(self, id_: str) -> Room | None:
        """The cap of that id."""
        return next((room for _, room in self._rooms if room.id == id_), None)

    def stretches(self, reached: int, at: datetime, zones: tuple[str, ...]) -> tuple[Stretch, ...]:
        """Those of the same, around `at`: the same for all customers of a chunk who live in one place."""
        known = self._stretches.get((reached, at, zones))
        if known is None:
            if len(self._stretches) >= _MOST_STRETCHES:
                self._stretches.clear()
            known = tuple(_stretches([one for one in self._rooms if one[0] & reached], at, zones))
            self._stretches[reached, at, zones] = known
        return known


def _stretches(rooms: Iterable[tuple[int, Room]], at: datetime, zones: Iterable[str]) -> Iterator[Stretch]:
    for reached, room in rooms:
        if room.per is not None and zones:
            for zone in zones:
                yield reached, *calendar.around(at, zone, room.per), True, room
        else:
            # Two contacts exactly as far apart as a window is long are not in the same one.
            yield reached, at - room.span + _MICRO, at + room.span, False, room


class Rooms:
    """The caps that messages on each channel must keep; one that several channels have is counted once."""

    def __init__(self, by_channel: Mapping[str, Sequence[Room]]) -> None:
        counters: list[tuple[int, Room]] = []
        self._ones: list[tuple[int, int, Room]] = []
        self.ahead = 0
        for room in (room for rooms in by_channel.values() for room in rooms):
            if not any(one == room for _, one in counters):
                counters.append((self._reserve(room), room))
        self.on = {
            channel: Caps([one for room in rooms for one in counters if one[1] == room])
            for channel, rooms in by_channel.items()
        }
        self.scopes = _Scopes(self._ones)

    def _reserve(self, room: Room) -> int:
        """Sets counters aside for a cap, one for each bound; returns the bits that say which are reached."""
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
        if len(self) >= _MOST_KEPT:
            self.clear()
        category, channel, status, purpose, priority, counts = scope
        found = 0
        if status not in NOTHING_WENT:
            for one, rank, room in self._ones:
                is_counted = (counts or room.is_rules) and room.rank(priority) >= rank
                if is_counted and room.holds(category, channel, purpose):
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

    def full(self, caps: Caps, at: datetime, zones: tuple[str, ...]) -> str:
        """The id of the first cap that one more contact at `at` would break; empty: there is room in all.

        The same as whether `Room.next` gives `at` itself, without turning every time into a number.
        """
        near = self._near & caps.reached
        if not near:
            return ""
        times, sums, ahead = self._times, self._sums, self._ahead
        # What is planned for later is in some of the rolling windows and not in others: that takes a closer look.
        is_plain = not times or times[-1] <= at
        for reached, start, end, is_period, room in caps.stretches(near, at, zones):
            if len(times) >= _REACHED:
                if self._breaks(room, at, zones):
                    return room.id
            elif (sums[bisect_left(times, end)] - sums[bisect_left(times, start)] + ahead) & reached and (
                is_period or is_plain or self._breaks(room, at, zones)
            ):
                return room.id
        return ""

    def _breaks(self, room: Room, at: datetime, zones: Sequence[str]) -> bool:
        return room.next(self.held(room), microseconds(at), zones) != microseconds(at)

    def near(self, caps: Caps) -> list[tuple[Room, list[tuple[int, int]]]]:
        """Those caps that enough contacts take room in for one of them to be full somewhere, with `held`."""
        return [(room, self.held(room)) for room in caps.near(self._near & caps.reached)]

    def held(self, room: Room) -> list[tuple[int, int]]:
        """The contacts that take room in a cap as `Room.next` takes them."""
        return [(microseconds(one.at), room.rank(one.priority)) for one in self._contacts if room.is_taken_by(one)]
