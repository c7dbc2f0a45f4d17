"""Quiet hours in the customer's zone, over midnight and through changes of daylight saving time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ccm.workspace.channels import QuietHours

HORIZON = timedelta(days=3)
"""Zones whose windows leave no common hour for this long have none at all."""


def zones_of(timezone: str | None, jurisdiction: str, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The zones that must all allow a message: the customer's, or where unknown all of the jurisdiction's.

    An unknown zone in a jurisdiction without a list gives no zone: the caller must not send.
    """
    return (timezone,) if timezone else known.get(jurisdiction, ())


def next_allowed(at: datetime, quiet: QuietHours, zones: Iterable[str]) -> datetime | None:
    """The first instant (UTC) from `at` on that is quiet in none of `zones`; None where there is none."""
    places = [ZoneInfo(zone) for zone in zones]
    moment, latest = at, at + HORIZON
    while moment < latest:
        later = max((_end_of_quiet(moment, quiet, place) for place in places), default=moment)
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
