"""Quiet hours: local, over midnight, through changes of daylight saving time, in unknown zones."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.decide.quiet import next_allowed, zones_of
from ccm.workspace.channels import QuietHours

NIGHT = QuietHours(start=time(21), end=time(8))
NOON = QuietHours(start=time(12), end=time(13))
US = ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu")


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-04-01T20:59:59", "2026-04-01T20:59:59"),
        ("2026-04-01T21:00:00", "2026-04-02T08:00:00"),
        ("2026-04-01T23:30:00", "2026-04-02T08:00:00"),
        ("2026-04-02T00:00:00", "2026-04-02T08:00:00"),
        ("2026-04-02T07:59:59", "2026-04-02T08:00:00"),
        ("2026-04-02T08:00:00", "2026-04-02T08:00:00"),
    ],
)
def test_the_night_ends_at_eight_local_time(now: str, then: str) -> None:
    assert next_allowed(local(now, "Asia/Tokyo"), NIGHT, ["Asia/Tokyo"]) == local(then, "Asia/Tokyo")


def test_a_window_within_the_day_ends_the_same_day() -> None:
    assert next_allowed(local("2026-04-01T12:10", "Europe/London"), NOON, ["Europe/London"]) == local(
        "2026-04-01T13:00", "Europe/London"
    )


def test_the_night_in_which_clocks_go_forward_is_an_hour_shorter() -> None:
    before = local("2026-03-28T22:00", "Europe/London")
    assert next_allowed(before, NIGHT, ["Europe/London"]) == datetime(2026, 3, 29, 7, tzinfo=UTC)


def test_the_night_in_which_clocks_go_back_is_an_hour_longer() -> None:
    before = local("2026-10-31T22:00", "America/New_York")
    assert next_allowed(before, NIGHT, ["America/New_York"]) == datetime(2026, 11, 1, 13, tzinfo=UTC)


def test_an_unknown_zone_waits_until_no_zone_of_the_jurisdiction_is_quiet() -> None:
    morning = local("2026-04-01T09:00", "America/New_York")
    allowed = next_allowed(morning, NIGHT, zones_of(None, "US", {"US": US}))
    assert allowed == local("2026-04-01T08:00", "Pacific/Honolulu")


def test_zones_that_share_no_waking_hour_allow_nothing() -> None:
    narrow = QuietHours(start=time(9, 30), end=time(9))
    assert next_allowed(datetime(2026, 4, 1, tzinfo=UTC), narrow, ["Asia/Tokyo", "Europe/London"]) is None


def test_an_unknown_zone_without_a_list_gives_no_zone() -> None:
    assert zones_of(None, "FR", {"US": US}) == ()


@settings(deadline=None, max_examples=300)
@given(
    st.integers(0, 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.sampled_from([*US, "Europe/London", "Asia/Tokyo", "Australia/Lord_Howe", "America/St_Johns"]),
    st.times(),
    st.times(),
)
def test_what_is_allowed_is_never_quiet(now: datetime, zone: str, start: time, end: time) -> None:
    allowed = next_allowed(now, QuietHours(start=start, end=end), [zone])
    if allowed is None:
        return
    clock = allowed.astimezone(ZoneInfo(zone)).time()
    quiet = start <= clock < end if start <= end else clock >= start or clock < end
    assert not quiet
    assert allowed >= now
