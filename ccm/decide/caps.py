"""Frequency caps: no window ever holds more contacts than its limit, and lower classes leave room to higher ones.

Times within are whole microseconds since 1970 UTC: a window is compared a thousand times for each time it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ccm.decide import calendar
from ccm.model.customer import Contact, together
from ccm.model.requirements import FrequencyLimit, PolicyRequirements
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Cap, Period, Policy

NOT_COUNTED = frozenset({"released", "failed"})
"""Contact states in which certainly nothing went out; every other takes a slot, an unknown outcome too."""
SECOND = 1_000_000
HORIZON = timedelta(days=366)
"""How far ahead room is looked for: the longest window of a cap."""
_MOST_SCOPES = 4096
_SCOPE = together(Contact, "category", "counts")
"""All that says which caps a contact takes room in, and what stands between."""
_BITS = 8
"""Of a counter; who has more contacts than it can count has every cap looked at closely."""
_MOST_COUNTED = (1 << _BITS) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Room:
    """One cap, or one limit of a rule, as it meets one communication.

    `bounds`: pairs (rank, most): contacts of that class and all below it, this one included, may be `most` at most
    in any window. The first is the limit itself; the others leave what is reserved for classes above this one.
    """

    id: str
    categories: Set[str]
    channels: Set[str]
    purposes: Set[str]
    """Each empty for all."""
    length: int
    """Of a rolling window, in microseconds; of a calendar's period the longest that one can be."""
    per: Period | None
    bounds: tuple[tuple[int, int], ...]
    fewest: int
    """The smallest of the bounds: with fewer contacts in scope there is room at any time."""
    ranks: Mapping[str, int]
    """Priority to its rank, 0 the highest."""
    lowest: int
    """The rank of a contact whose class nobody knows."""
    span: timedelta
    """`length` once more."""

    def holds(self, category: str, channel: str | None, purpose: str) -> bool:
        """Whether a contact is within the scope, on some channel where it is None; an empty purpose is in any."""
        return (
            (not self.categories or category in self.categories)
            and (not self.channels or channel is None or channel in self.channels)
            and (not self.purposes or not purpose or purpose in self.purposes)
        )

    def times(self, contacts: Iterable[Contact]) -> list[tuple[int, int]]:
        """Contacts in scope as `next` takes them."""
        return sorted((microseconds(one.at), self.ranks.get(one.priority, self.lowest)) for one in contacts)

    def has_room(self, contacts: Sequence[Contact], at: datetime, zones: Sequence[str]) -> bool:
        """Whether one more contact at `at` keeps the limit beside `contacts`, which are those in scope.

        The same as that `next` gives `at` itself, without turning every time into a number.
        """
        if self.per is not None and zones:
            for zone in zones:
                start, end = calendar.around(at, zone, self.per)
                if self._are_full([one for one in contacts if start <= one.at < end]):
                    return False
            return True
        before, after = at - self.span, at + self.span
        close = [one for one in contacts if before < one.at < after]
        if len(close) < self.fewest:
            return True
        for one in close:
            if one.at > at:  # planned for later: there are windows with it and windows without
                return self.next(self.times(close), microseconds(at), ()) == microseconds(at)
        return not self._are_full(close)  # the window that ends at `at` holds all of them

    def _are_full(self, contacts: Sequence[Contact]) -> bool:
        """Whether contacts of one window leave no room for one more."""
        if len(contacts) < self.fewest:
            return False
        ranks, lowest = self.ranks, self.lowest
        for rank, most in self.bounds:
            held = len([one for one in contacts if ranks.get(one.priority, lowest) >= rank]) if rank else len(contacts)
            if held >= most:
                return True
        return False

    def next(self, times: Sequence[tuple[int, int]], at: int, zones: Sequence[str]) -> int | None:
        """The first instant from `at` on that has room for one more beside `times`; None: never.

        `times`: sorted (instant, rank) of the contacts in scope. `zones`: where the customer may be; empty where
        nobody knows, and then any stretch as long as the longest period must keep the limit.
        """
        moment = at
        while True:
            before = moment
            for rank, most in self.bounds:
                if most <= 0:
                    return None
                if len(times) < most:
                    continue
                held = [time for time, whose in times if whose >= rank] if rank else [time for time, _ in times]
                if self.per is None or not zones:
                    moment = after_full(held, moment, most, self.length)
                else:
                    for zone in zones:
                        moment = calendar.after_full(held, moment, most, zone, self.per)
            if moment == before:
                return moment


def after_full(times: Sequence[int], moment: int, most: int, length: int) -> int:
    """The first instant from `moment` on at which no half-open window of `length` would hold more than `most`.

    `times` (sorted) may lie before and after it. Each run of `most` contacts within one window shuts out the
    instants that lie in a window with all of them: those after its last less `length` and before its first plus
    `length`. Both ends grow from run to run, so that one pass finds the first instant outside all of them.
    """
    for place in range(len(times) - most + 1):
        first, last = times[place], times[place + most - 1]
        if last - first < length and last - length < moment < first + length:
            moment = first + length
    return moment


Near = Sequence[tuple[Room, Sequence[Contact]]]
"""Caps that may have no room somewhere, each with the contacts in its scope."""


class Rooms:
    """All the caps that a message on one channel must keep, in the order of the policy, rules' limits last."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self.all = tuple(rooms)
        self.by_calendar = any(room.per for room in rooms)
        self.fewest = min((room.fewest for room in rooms), default=0)
        self._scopes: dict[tuple[Any, ...], int] = {}
        self._counters = [(1 << place * _BITS, place * _BITS, room) for place, room in enumerate(rooms)]

    def near(self, contacts: Sequence[Contact]) -> Near:
        """Those caps that enough contacts take room in for one of them to be full somewhere."""
        if len(contacts) < self.fewest:
            return ()
        scopes, live, total = self._scopes, [], 0
        for contact in contacts:
            counters = scopes.get(_SCOPE(contact))
            if counters is None:
                counters = self._scope(contact)
            if counters:
                total += counters
                live.append((counters, contact))
        near = []
        for one, shift, room in self._counters:
            if total >> shift & _MOST_COUNTED >= room.fewest or len(live) > _MOST_COUNTED:
                near.append((room, [contact for counters, contact in live if counters & one]))
        return near

    def _scope(self, contact: Contact) -> int:
        """One in the counter of each cap that a contact takes room in: one addition counts for all caps."""
        if len(self._scopes) >= _MOST_SCOPES:
            self._scopes.clear()
        found = 0
        if contact.counts and contact.status not in NOT_COUNTED:
            where = contact.category, contact.channel, contact.purpose
            found = sum(one for one, _, room in self._counters if room.holds(*where))
        self._scopes[_SCOPE(contact)] = found
        return found


def rooms_for(
    communication: Communication, policy: Policy, requirements: PolicyRequirements, channel: str | None
) -> Rooms:
    """What a message on a channel must keep; on any channel where it is None.

    The organisation's own caps are for communications that obey them, a rule's limits for all that it speaks of.
    """
    terms = policy.terms(communication)
    own = [_of_cap(cap, policy.priorities, terms.priority) for cap in policy.caps] if terms.obeys_caps else []
    asked = [_of_rule(limit) for limit in requirements.frequency]
    category, purpose = communication.category, communication.purpose
    return Rooms([room for room in (*own, *asked) if room is not None and room.holds(category, channel, purpose)])


def full(near: Near, at: datetime, zones: Sequence[str]) -> str:
    """The id of the first cap that one more contact at `at` would break; empty: there is room."""
    for room, contacts in near:
        if not room.has_room(contacts, at, zones):
            return room.id
    return ""


def next_slot(
    near: Near, due: datetime, latest: datetime, zones: Sequence[str], open_at: Callable[[datetime], datetime | None]
) -> datetime | None:
    """The first instant from `due` on, before `latest`, with room in every cap and at which `open_at` gives itself.

    `open_at` gives the first instant from another on at which the channel may be used, None where there is none.
    """
    moment, end = microseconds(due), microseconds(latest)
    held = [(room, room.times(contacts)) for room, contacts in near]
    while moment < end:
        before = moment
        for room, times in held:
            then = room.next(times, moment, zones)
            if then is None:
                return None
            moment = then
        if moment == before:
            opened = open_at(instant(moment))
            if opened is None:
                return None
            moment = microseconds(opened)
            if moment == before:
                return opened
    return None


def microseconds(at: datetime) -> int:
    """Since 1970 UTC, exactly."""
    return (at - _EPOCH) // _MICRO


def instant(microseconds: int) -> datetime:
    """The other way round, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _of_cap(cap: Cap, priorities: Sequence[str], priority: str) -> Room | None:
    if cap.limit == "unlimited":
        return None
    rank, left, bounds = priorities.index(priority), cap.limit, [(0, cap.limit)]
    # Nested: what is kept for a class is kept from all below it, or the lowest could fill what the next may use.
    for place, above in enumerate(priorities[:rank]):
        if above in cap.reserved:
            left -= cap.reserved[above]
            bounds.append((place + 1, left))
    seconds = cap.seconds
    length = calendar.LONGEST[cap.per] if cap.per else (seconds or 0) * SECOND
    categories, channels, purposes = frozenset(cap.categories), frozenset(cap.channels), frozenset(cap.purposes)
    return _room(cap.id, (categories, channels, purposes), length, cap.per, bounds, priorities)


def _of_rule(limit: FrequencyLimit) -> Room:
    categories, channels, length = frozenset(limit.categories), frozenset(limit.channels), limit.hours * 3600 * SECOND
    return _room(limit.id, (categories, channels, frozenset()), length, None, [(0, limit.limit)], ())


def _room(
    id_: str, scope: tuple[Set[str], Set[str], Set[str]], length: int, per: Period | None,
    bounds: Sequence[tuple[int, int]], priorities: Sequence[str],
) -> Room:  # fmt: skip
    ranks = {name: rank for rank, name in enumerate(priorities)}
    span = timedelta(microseconds=length)
    return Room(id_, *scope, length, per, tuple(bounds), bounds[-1][1], ranks, len(ranks) - 1, span)
