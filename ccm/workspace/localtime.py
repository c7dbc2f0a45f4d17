"""Instants as people write them: a wall time in a named zone, or a time with its offset."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def read_instant(value: object, zone: str | None) -> datetime:
    """The instant, in UTC, that an ISO 8601 text means; a time without offset is the wall time of `zone`.

    UTC, since Python compares two times of one zone by their wall clocks, and some of those come twice (PEP 495).

    Raises ValueError for what is no time between 1900 and 2200, for a time without offset where there is no zone,
    for an offset that the zone does not have then, and for a wall time that the zone's clocks skip or show twice.
    """
    if isinstance(value, datetime):
        time = value
    else:
        try:
            time = datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"'{value}' is no time, as in 2026-01-01T00:00:00") from None
    if not FIRST.year <= time.year < LAST.year:
        raise ValueError(f"'{value}' is not between the years {FIRST.year} and {LAST.year}")
    if zone is None:
        if time.tzinfo is None:
            raise ValueError("needs 'zone', as in zone: Asia/Tokyo, or an offset, as in 2026-01-01T00:00:00+09:00")
        return time.astimezone(UTC)
    local = _with_wall_time(time, zone) if time.tzinfo is None else _with_offset(time, zone)
    return local.astimezone(UTC)


def _with_offset(time: datetime, zone: str) -> datetime:
    local = time.astimezone(ZoneInfo(zone))
    if local.utcoffset() != time.utcoffset():
        there = local.isoformat()
        raise ValueError(f"'{time.isoformat()}' has an offset that {zone} does not have then; it is {there} there")
    return local


def _with_wall_time(time: datetime, zone: str) -> datetime:
    # PEP 495: where clocks change, the two folds of a wall time have different offsets.
    first, second = (time.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    told = time.isoformat()
    after, before = (found.astimezone(UTC).astimezone(found.tzinfo).replace(tzinfo=None) for found in (first, second))
    if after != time:
        exist = f"{before.isoformat()} and {after.isoformat()} exist"
        raise ValueError(f"'{told}' does not exist in {zone}, whose clocks go forward then; {exist}")
    both = " or ".join(found.isoformat() for found in (first, second))
    raise ValueError(f"'{told}' comes twice in {zone}, whose clocks go back then; write {both}")
