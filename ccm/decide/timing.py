"""From when a message may go out: quiet hours, send times, holidays and the customer's wish, where the customer is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from ccm.decide.daysoff import IsFree
from ccm.decide.windows import Closed, Open, Window, first_open, weekly
from ccm.decide.zones import Whereabouts
from ccm.model.requirements import DAY, Minutes, PolicyRequirements
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.sendtimes import SendTimes


class Due(NamedTuple):
    """From when a message may go out, and why not sooner."""

    at: datetime
    """UTC, unless it is the instant that was asked for."""
    reason: str = ""
    """What it waited for longest: ``rule``, ``public_holiday``, ``quiet_hours``, ``send_window``,
    ``preferred_hours``; empty where it need not wait."""
    detail: str = ""
    """For the trace: how the zones were found, and which: ``address America/Phoenix+America/Denver``; ``rule`` where
    a rule has a clock of its own."""


@dataclass(frozen=True, eq=False, slots=True)
class Hours:
    """What holds for a communication on a channel under the same rules; equal only to itself, so cheap as a key."""

    windows: tuple[Closed, ...]
    sends: tuple[SendTimes, ...]
    skips_holidays: bool
    asks_where: bool
    """Whether a window is on the customer's clock."""
    holds: bool
    """Whether there is any window."""


def hours_of(communication: Communication, channel: Channel, asked: PolicyRequirements) -> Hours:
    """What is urgent goes out at any hour of the organisation's own, and never in the quiet hours of a rule."""
    windows = [Closed("rule", weekly(week.days, week.dates), week.zone) for week in asked.quiet]
    sends: list[SendTimes] = []
    if not communication.urgent:
        if channel.quiet_hours is not None:
            windows.append(Closed("quiet_hours", weekly(channel.quiet_hours.week)))
        sends = [send for send in (channel.send, communication.send) if send is not None]
    skips = any(send.holidays == "skip" for send in sends)
    limits = tuple(send for send in sends if send.limits_hours)
    asks = skips or bool(limits) or any(not window.zone for window in windows)
    return Hours(tuple(windows), limits, skips, asks, asks or bool(windows))


@lru_cache(maxsize=16_384)
def first(
    hours: Hours, free: IsFree | None, wish: tuple[int, int] | None, where: Whereabouts, at: datetime
) -> Due | None:
    """From when on, not before `at`, a message may go out to somebody in `where`; None: never.

    `free`: the public holidays there, where `hours` skip them. `wish`: the hours that the customer prefers, to keep
    besides. A thousand customers of one zone cost one computation: the keys are equal, or the same objects.
    """
    windows: list[Window] = list(hours.windows)
    if free is not None:
        whole: Minutes = ((0, DAY),)
        is_free = free
        windows.append(Closed("public_holiday", lambda day: whole if is_free(day) else ()))
    windows += [Open("send_window", _starting(send.week, free)) for send in hours.sends]
    if wish is not None:
        windows.append(Open("preferred_hours", weekly([(wish,)] * 7)))
    found = first_open(at, windows, where.zones)
    if found is None:
        return None
    if found.zone:
        where = Whereabouts((found.zone,), "rule")
    return Due(found.at if found.reason else at, found.reason, _told(where))


def _told(where: Whereabouts) -> str:
    zones, source = where
    if not zones:
        return ""
    return f"{source} {'+'.join(zones) if len(zones) <= 2 else f'{len(zones)} zones'}"


def _starting(week: Sequence[Minutes], free: IsFree | None) -> Callable[[date], Minutes]:
    """The spans that start on a day: none on a holiday, so that a window over midnight does not start on one."""
    if free is None:
        return weekly(week)
    return lambda day: () if free(day) else week[day.weekday()]
