"""Frequency caps: no window ever holds more contacts than its limit, and lower classes leave room to higher ones.

Times within are whole microseconds since 1970 UTC: a window is compared a thousand times for each time it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ccm.decide import calendar
from ccm.model.customer import NOTHING_WENT, Contact
from ccm.model.requirements import FrequencyLimit, PolicyRequirements
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Cap, Period, Policy

SECOND = 1_000_000
HORIZON = timedelta(days=366)
"""How far ahead room is looked for: the longest window of a cap."""
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
    is_rules: bool
    """Whether a rule asks for it: then contacts count in it that take no room in the organisation's own caps."""

    def holds(self, category: str, channel: str | None, purpose: str) -> bool:
        """Whether a contact is within the scope, on some channel where it is None; an empty purpose is in any."""
        return (
            (not self.categories or category in self.categories)
            and (not self.channels or channel is None or channel in self.channels)
            and (not self.purposes or not purpose or purpose in self.purposes)
        )

    def is_taken_by(self, contact: Contact) -> bool:
        """Whether a contact takes a slot of it, at its own time."""
        if not (contact.counts or self.is_rules) or contact.status in NOTHING_WENT:
            return False
        return self.holds(contact.category, contact.channel, contact.purpose)

    def rank(self, priority: str) -> int:
        """Of a contact of that class; of one whose class nobody knows the lowest."""
        return self.ranks.get(priority, self.lowest)

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


def rooms_for(
    communication: Communication, policy: Policy, requirements: PolicyRequirements, channel: str | None
) -> tuple[Room, ...]:
    """What a message on a channel must keep, in the order of the policy, rules' limits last; None: on any channel.

    The organisation's own caps are for communications that obey them, a rule's limits for all that it speaks of.
    """
    terms = policy.terms(communication)
    own = [_of_cap(cap, policy.priorities, terms.priority) for cap in policy.caps] if terms.obeys_caps else []
    asked = [_of_rule(limit) for limit in requirements.frequency]
    category, purpose = communication.category, communication.purpose
    return tuple(room for room in (*own, *asked) if room is not None and room.holds(category, channel, purpose))


def next_slot(
    held: Sequence[tuple[Room, Sequence[tuple[int, int]]]], due: datetime, latest: datetime, zones: Sequence[str],
    open_at: Callable[[datetime], datetime | None],
) -> datetime | None:  # fmt: skip
    """The first instant from `due` on, before `latest`, with room in every cap and at which `open_at` gives itself.

    `held`: caps, each with the contacts that take room in it as `Room.next` takes them.
    `open_at` gives the first instant from another on at which the channel may be used, None where there is none.
    """
    moment, end = microseconds(due), microseconds(latest)
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
    return _room(cap.id, (categories, channels, purposes), length, cap.per, bounds, priorities, is_rules=False)


def _of_rule(limit: FrequencyLimit) -> Room:
    categories, channels, length = frozenset(limit.categories), frozenset(limit.channels), limit.hours * 3600 * SECOND
    return _room(limit.id, (categories, channels, frozenset()), length, None, [(0, limit.limit)], (), is_rules=True)


def _room(
    id_: str, scope: tuple[Set[str], Set[str], Set[str]], length: int, per: Period | None,
    bounds: Sequence[tuple[int, int]], priorities: Sequence[str], *, is_rules: bool,
) -> Room:  # fmt: skip
    ranks = {name: rank for rank, name in enumerate(priorities)}
    span = timedelta(microseconds=length)
    lowest = max(len(ranks) - 1, 0)
    return Room(id_, *scope, length, per, tuple(bounds), bounds[-1][1], ranks, lowest, span, is_rules)
