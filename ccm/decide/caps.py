"""Frequency caps: no rolling window ever holds more contacts than its limit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ccm.model.customer import Contact
from ccm.workspace.channels import Cap

NOT_COUNTED = frozenset({"released", "failed"})
"""Contact states in which certainly nothing went out; every other takes a slot, an unknown outcome too."""


def look_back(caps: Iterable[Cap], at: datetime) -> datetime:
    """How far back contacts are needed to count every cap at `at`."""
    return at - timedelta(days=max((cap.days for cap in caps), default=0))


def full_cap(caps: Iterable[Cap], category: str, contacts: Iterable[Contact], at: datetime) -> Cap | None:
    """The first cap that one more contact of `category` at `at` would break, or None.

    A window of N days is half-open: two contacts exactly N days apart are not in the same one. Contacts
    after `at` (held for quiet hours, say) count as those before it: every window that would hold `at` is looked at.
    """
    contacts = [contact for contact in contacts if contact.status not in NOT_COUNTED]
    for cap in caps:
        if category not in cap.categories:
            continue
        times = sorted(contact.at for contact in contacts if contact.category in cap.categories)
        if most_in_window(times, at, timedelta(days=cap.days)) + 1 > cap.limit:
            return cap
    return None


def most_in_window(times: list[datetime], at: datetime, length: timedelta) -> int:
    """The largest number of `times` (sorted) in any half-open window of `length` that also holds `at`."""
    near = [time for time in times if at - length < time < at + length]
    best = 0
    for start in (*(time for time in near if time <= at), at):
        best = max(best, sum(1 for time in near if start <= time < start + length))
    return best
