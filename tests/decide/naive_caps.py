"""Caps read word for word from docs/reference/decisions.md: every window is looked at, nothing is clever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ccm.model.customer import Contact
from ccm.workspace.policy import Cap, Policy


def scope_holds(cap: Cap, contact: Contact) -> bool:
    """A contact is in the scope where it is in all that the cap names; an unknown purpose is in any."""
    return (
        (not cap.categories or contact.category in cap.categories)
        and (not cap.channels or contact.channel in cap.channels)
        and (not cap.purposes or contact.purpose in ("", *cap.purposes))
    )


def takes_room(contact: Contact) -> bool:
    return contact.counts and contact.status not in ("released", "failed")


def day_of(moment: datetime, zone: str, per: str) -> date:
    """What names the period: its first day."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    if per == "week":
        return day - timedelta(days=day.isocalendar().weekday - 1)
    return day.replace(day=1) if per == "month" else day


def windows(cap: Cap, moments: Sequence[datetime], zones: Iterable[str]) -> Iterable[list[int]]:
    """The places of the moments that each window holds."""
    for first in moments:
        if cap.per is None:
            length = timedelta(hours=cap.hours or 0, days=cap.days or 0)
            yield [place for place, other in enumerate(moments) if first <= other < first + length]
        else:
            for zone in zones:
                period = day_of(first, zone, cap.per)
                yield [place for place, other in enumerate(moments) if day_of(other, zone, cap.per) == period]


def exceeded(cap: Cap, policy: Policy, contacts: Sequence[Contact], zones: Sequence[str]) -> bool:
    """Whether some window holds more than the limit, or classes below another more than what that leaves them."""
    counted = [contact for contact in contacts if takes_room(contact) and scope_holds(cap, contact)]
    if cap.limit == "unlimited":
        return False
    for window in windows(cap, [contact.at for contact in counted], zones):
        classes = [rank(policy, counted[place].priority) for place in window]
        kept = 0
        if len(classes) > cap.limit:
            return True
        for place, priority in enumerate(policy.priorities):
            kept += cap.reserved.get(priority, 0)
            if priority in cap.reserved and sum(one > place for one in classes) > cap.limit - kept:
                return True
    return False


def rank(policy: Policy, priority: str) -> int:
    return policy.priorities.index(priority) if priority in policy.priorities else len(policy.priorities) - 1


def has_room(policy: Policy, contacts: Sequence[Contact], new: Contact, zones: Sequence[str]) -> bool:
    """Whether one more contact breaks no cap that it is in the scope of, and that held before."""
    return first_full(policy, contacts, new, zones) is None


def first_full(policy: Policy, contacts: Sequence[Contact], new: Contact, zones: Sequence[str]) -> Cap | None:
    """The first cap that one more contact would break."""
    for cap in policy.caps:
        if scope_holds(cap, new) and exceeded_by(cap, policy, contacts, new, zones):
            return cap
    return None


def exceeded_by(cap: Cap, policy: Policy, contacts: Sequence[Contact], new: Contact, zones: Sequence[str]) -> bool:
    """Whether a window that holds the new contact is exceeded for its class."""
    if cap.limit == "unlimited":
        return False
    counted = [contact for contact in contacts if takes_room(contact) and scope_holds(cap, contact)] + [new]
    mine = rank(policy, new.priority)
    for window in windows(cap, [contact.at for contact in counted], zones):
        if len(counted) - 1 not in window:
            continue
        classes = [rank(policy, counted[place].priority) for place in window]
        kept = 0
        if len(classes) > cap.limit:
            return True
        for place, priority in enumerate(policy.priorities[:mine]):
            kept += cap.reserved.get(priority, 0)
            if priority in cap.reserved and sum(one > place for one in classes) > cap.limit - kept:
                return True
    return False
