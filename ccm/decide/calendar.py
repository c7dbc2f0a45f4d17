"""Days, weeks and months as the customer's calendar has them, whatever clocks do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ccm.workspace.policy import Period

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
LONGEST: dict[Period, int] = {"day": 27 * _HOUR, "week": (7 * 24 + 3) * _HOUR, "month": (31 * 24 + 3) * _HOUR}
"""The longest that a period can be, in microseconds. By the time zone database clocks were set back by more than three
hours (Casey, 2010) once since 1970, at a station with a dozen people (Vostok, 1994)."""
_MOST_KEPT = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_kept: dict[tuple[str, Period, int], list[tuple[int, int]]] = {}
"""Periods by zone, kind and the day of 1970 UTC that was asked about: a chunk of customers asks for a few of them."""


def after_full(times: Sequence[int], moment: int, most: int, zone: str, per: Period) -> int:
    """The first instant from `moment` on whose period of the zone's calendar holds fewer than `most` of `times`.

    All in microseconds since 1970 UTC; `times` are sorted.
    """
    while True:
        start, end = period(moment, zone, per)
        if bisect_left(times, end) - bisect_left(times, start) < most:
            return moment
        moment = end


@lru_cache(maxsize=_MOST_KEPT)
def around(at: datetime, zone: str, per: Period) -> tuple[datetime, datetime]:
    """As `period`, for an instant and in instants (UTC): a chunk of customers asks about a few."""
    start, end = period((at - _EPOCH) // timedelta(microseconds=1), zone, per)
    return _EPOCH + timedelta(microseconds=start), _EPOCH + timedelta(microseconds=end)


def period(moment: int, zone: str, per: Period) -> tuple[int, int]:
    """Start and end (exclusive) of the day, ISO week or month that an instant belongs to.

    A period starts at the first midnight that its first day has, or where clocks skip that, when they go on.
    """
    key = (zone, per, moment // (24 * _HOUR))
    known = _kept.get(key)
    if known is not None:
        for found in known:
            if found[0] <= moment < found[1]:
                return found
    found = _period(moment, zone, per)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept.setdefault(key, []).append(found)
    return found


def _period(moment: int, zone: str, per: Period) -> tuple[int, int]:
    place = ZoneInfo(zone)
    day = datetime.fromtimestamp(moment // _SECOND, place).date()
    first = _first(day, per)
    start, end = _midnight(first, place), _midnight(_following(first, per), place)
    while moment >= end:
        first = _following(first, per)
        start, end = end, _midnight(_following(first, per), place)
    while moment < start:  # clocks went back over midnight: the day's first hour came before it, too
        first = _first(first - timedelta(days=1), per)
        start, end = _midnight(first, place), start
    return start, end


def _first(day: date, per: Period) -> date:
    if per == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if per == "week" else day


def _following(first: date, per: Period) -> date:
    if per == "month":
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=7 if per == "week" else 1)


def _midnight(day: date, place: ZoneInfo) -> int:
    # fold=0: the first of two midnights; of one that clocks skip, the instant at which they do (PEP 495).
    return int(datetime(day.year, day.month, day.day, tzinfo=place).astimezone(UTC).timestamp()) * _SECOND
