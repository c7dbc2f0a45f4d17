"""Frequency caps: no rolling window ever holds more contacts than its limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from ccm.model.customer import Contact
from ccm.model.requirements import NOTHING, PolicyRequirements
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

NOT_COUNTED = frozenset({"released", "failed"})
"""Contact states in which certainly nothing went out; every other takes a slot, an unknown outcome too."""


class Limit(Protocol):
    """At most `limit` contacts in any window of `length`: the organisation's own cap, or one that a rule sets."""

    @property
    def id(self) -> str: ...
    @property
    def categories(self) -> Sequence[str]: ...
    @property
    def limit(self) -> int: ...
    @property
    def length(self) -> timedelta: ...
    @property
    def channels(self) -> Sequence[str]: ...


def look_back(caps: Iterable[Limit], at: datetime) -> datetime:
    """How far back contacts are needed to count every cap at `at`."""
    return at - max((cap.length for cap in caps), default=timedelta())


def limits(
    communication: Communication, policy: Policy, requirements: Mapping[str, PolicyRequirements], channel: str | None
) -> tuple[Limit, ...]:
    """Every limit that a message on a channel must keep; on any channel where it is None.

    The organisation's own caps are for communications that obey them, a rule's limits for all that it speaks of.
    """
    asked = requirements.values() if channel is None else [requirements.get(channel, NOTHING)]
    own: Sequence[Limit] = policy.caps if communication.obeys_caps else ()
    return (*own, *(limit for one in asked for limit in one.frequency))


def full_cap(caps: Iterable[Limit], category: str, contacts: Iterable[Contact], at: datetime) -> Limit | None:
    """The first cap that one more contact of `category` at `at` would break, or None.

    A window of N days is half-open: two contacts exactly N days apart are not in the same one. Contacts
    after `at` (held for quiet hours, say) count as those before it: every window that would hold `at` is looked at.
    """
    contacts = [contact for contact in contacts if contact.status not in NOT_COUNTED]
    for cap in caps:
        if category not in cap.categories:
            continue
        times = sorted(
            contact.at for contact in contacts
            if contact.category in cap.categories and (not cap.channels or contact.channel in cap.channels)
        )  # fmt: skip
        if most_in_window(times, at, cap.length) + 1 > cap.limit:
            return cap
    return None


def most_in_window(times: list[datetime], at: datetime, length: timedelta) -> int:
    """The largest number of `times` (sorted) in any half-open window of `length` that also holds `at`."""
    near = [time for time in times if at - length < time < at + length]
    best = 0
    for start in (*(time for time in near if time <= at), at):
        best = max(best, sum(1 for time in near if start <= time < start + length))
    return best
