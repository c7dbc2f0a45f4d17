"""Quiet hours in the customer's zone, over midnight and through changes of daylight saving time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from ccm.model.requirements import DAY, QuietWeek
from ccm.workspace.channels import QuietHours

End = Callable[[datetime], datetime]
"""Gives the instant at which it is not quiet any more: the same one where it is not quiet at all."""
HORIZON = timedelta(days=14)
"""Zones whose windows leave no common hour for this long, closed days of a new year included, have none at all."""


def zones_of(timezone: str | None, jurisdiction: str, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The zones that must all allow a message: the customer's, or where unknown all of the jurisdiction's.

    An unknown zone in a jurisdiction without a list gives no zone: the caller must not send.
    """
    return (timezone,) if timezone else known.get(jurisdiction, ())


def next_allowed(at: datetime, quiet: QuietHours, zones: Iterable[str]) -> datetime | None:
    """The first instant (UTC) from `at` on that is quiet in none of `zones`; None where there is none."""
    return next_open(at, ends_of_hours(quiet, zones))


def ends_of_hours(hours: QuietHours | None, zones: Iterable[str]) -> list[End]:
    """For `next_open`: a channel's own quiet hours in all the zones where the customer may be."""
    return [] if hours is None else [partial(_end_of_quiet, quiet=hours, place=ZoneInfo(zone)) for zone in zones]


def ends_of_weeks(weeks: Iterable[QuietWeek], zones: Iterable[str]) -> list[End]:
    """For `next_open`: the weeks of rules, each on its own clock or in all the zones where the customer may be."""
    return [
        partial(_end_of_week, week=week, place=ZoneInfo(zone))
        for week in weeks for zone in ((week.zone,) if week.zone else zones)
    ]  # fmt: skip


def next_open(at: datetime, ends: Sequence[End]) -> datetime | None:
    """The first instant (UTC) from `at` on at which nothing is quiet; None where there is none."""
    moment, latest = at, at + HORIZON
    while moment < latest:
        later = max((end(moment) for end in ends), default=moment)
        if later == moment:
            return moment.astimezone(UTC)
        moment = later
    return None


def _end_of_quiet(moment: datetime, quiet: QuietHours, place: ZoneInfo) -> datetime:
    local = moment.astimezone(place)
    clock = local.time()
    over_midnight = quiet.start > quiet.end
    after_start, before_end = clock >= quiet.start, clock < quiet.end
    is_quiet = (after_start or before_end) if over_midnight else (after_start and before_end)
    if not is_quiet:
        return moment
    day = local.date() + timedelta(days=1 if over_midnight and clock >= quiet.start else 0)
    end = datetime.combine(day, quiet.end, tzinfo=place).astimezone(UTC)
    # When clocks go back, the end's wall time comes twice; the first may lie behind us already.
    return end if end > moment else moment + timedelta(hours=1)


def _end_of_week(moment: datetime, week: QuietWeek, place: ZoneInfo) -> datetime:
    local = moment.astimezone(place)
    day, minute = local.date(), local.hour * 60 + local.minute
    spans = ((0, DAY),) if f"{day:%m-%d}" in week.dates else week.days[day.weekday()]
    end = next((end for start, end in spans if start <= minute < end), None)
    if end is None:
        return moment
    after = datetime.combine(day + timedelta(days=end // DAY), time(end % DAY // 60, end % 60), tzinfo=place)
    # When clocks go back, the end's wall time comes twice; the first may lie behind us already.
    return max(after.astimezone(UTC), moment + timedelta(minutes=1))
