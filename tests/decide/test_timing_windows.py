"""Windows of local time: over midnight, through changes of daylight saving time, in several zones at once."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ccm.decide.windows import Closed, Open, first_open, shown, weekly
from ccm.workspace.sendtimes import WEEKDAYS, QuietHours, SendTimes, Weekday

US = ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu")
EVERY = WEEKDAYS


def clock(text: str) -> time:
    return time.fromisoformat(text)


def quiet(start: str, end: str, days: tuple[Weekday, ...] = EVERY) -> Closed:
    return Closed("quiet_hours", weekly(QuietHours(start=clock(start), end=clock(end), days=days).week))


def sending(start: str, end: str, days: tuple[Weekday, ...] = EVERY) -> Open:
    return Open("send_window", weekly(SendTimes(start=clock(start), end=clock(end), days=days).week))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def opens(at: datetime, window: Closed | Open, *zones: str) -> datetime | None:
    found = first_open(at, [window], zones)
    return None if found is None else found[0]


NIGHT = quiet("21:00", "08:00")
WORKING: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
CASES = [
    # 2026-04-03 is a Friday. All `at` and `then` are wall times of the zone, with the offset where it matters.
    ("just before quiet hours", NIGHT, "Asia/Tokyo", "2026-04-01T20:59:59+09:00", "2026-04-01T20:59:59+09:00"),
    ("start is quiet", NIGHT, "Asia/Tokyo", "2026-04-01T21:00:00+09:00", "2026-04-02T08:00:00+09:00"),
    ("before midnight", NIGHT, "Asia/Tokyo", "2026-04-01T23:30:00+09:00", "2026-04-02T08:00:00+09:00"),
    ("at midnight", NIGHT, "Asia/Tokyo", "2026-04-02T00:00:00+09:00", "2026-04-02T08:00:00+09:00"),
    ("just before the end", NIGHT, "Asia/Tokyo", "2026-04-02T07:59:59+09:00", "2026-04-02T08:00:00+09:00"),
    ("end is open", NIGHT, "Asia/Tokyo", "2026-04-02T08:00:00+09:00", "2026-04-02T08:00:00+09:00"),
    ("within a day", quiet("12:00", "13:00"), "Europe/London", "2026-04-01T12:10+01:00", "2026-04-01T13:00+01:00"),
    ("until midnight", quiet("22:00", "00:00"), "Europe/London", "2026-04-01T23:10+01:00", "2026-04-02T00:00+01:00"),
    ("Friday's night covers Saturday morning", quiet("22:00", "06:00", ("fri",)), "Europe/London",
     "2026-04-04T03:00+01:00", "2026-04-04T06:00+01:00"),
    ("Friday's night is not Friday morning", quiet("22:00", "06:00", ("fri",)), "Europe/London",
     "2026-04-03T03:00+01:00", "2026-04-03T03:00+01:00"),
    ("Friday's night is not Saturday night", quiet("22:00", "06:00", ("fri",)), "Europe/London",
     "2026-04-04T23:00+01:00", "2026-04-04T23:00+01:00"),
    ("Sunday's night covers Monday morning", quiet("22:00", "06:00", ("sun",)), "Asia/Tokyo",
     "2026-04-06T05:00+09:00", "2026-04-06T06:00+09:00"),
    ("send window: before it opens", sending("09:00", "18:00", WORKING), "Asia/Tokyo",
     "2026-04-03T08:00+09:00", "2026-04-03T09:00+09:00"),
    ("send window: inside", sending("09:00", "18:00", WORKING), "Asia/Tokyo",
     "2026-04-03T17:59:59+09:00", "2026-04-03T17:59:59+09:00"),
    ("send window: its end is closed, and the weekend", sending("09:00", "18:00", WORKING), "Asia/Tokyo",
     "2026-04-03T18:00+09:00", "2026-04-06T09:00+09:00"),
    ("send window: Friday's goes on after midnight", sending("20:00", "02:00", ("fri",)), "Asia/Tokyo",
     "2026-04-04T01:59+09:00", "2026-04-04T01:59+09:00"),
    ("send window: Friday's is not open on Saturday night", sending("20:00", "02:00", ("fri",)), "Asia/Tokyo",
     "2026-04-04T20:00+09:00", "2026-04-10T20:00+09:00"),
    # London: on 29 March 2026 at 01:00 clocks go to 02:00; on 25 October at 02:00 back to 01:00.
    ("spring: the night is an hour shorter", NIGHT, "Europe/London", "2026-03-28T22:00+00:00", "2026-03-29T07:00Z"),
    ("spring: an end in the gap is the first instant after it", quiet("22:00", "01:30"), "Europe/London",
     "2026-03-28T23:00Z", "2026-03-29T01:00Z"),
    ("spring: a start in the gap is the first instant after it", quiet("01:30", "04:00"), "Europe/London",
     "2026-03-29T01:00Z", "2026-03-29T03:00Z"),
    ("spring: before the gap it is not quiet yet", quiet("01:30", "04:00"), "Europe/London",
     "2026-03-29T00:59:59Z", "2026-03-29T00:59:59Z"),
    ("spring: a window inside the gap never is", quiet("01:10", "01:50"), "Europe/London",
     "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
    ("spring: a send window inside the gap is left out that day", sending("01:10", "01:50"), "Europe/London",
     "2026-03-29T00:55Z", "2026-03-30T00:10Z"),
    ("autumn: the night is an hour longer", NIGHT, "Europe/London", "2026-10-24T22:00+01:00", "2026-10-25T08:00Z"),
    ("autumn: quiet ends at the later of two ends", quiet("22:00", "01:30"), "Europe/London",
     "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
    ("autumn: quiet starts at the earlier of two starts", quiet("01:30", "06:00"), "Europe/London",
     "2026-10-25T00:30Z", "2026-10-25T06:00Z"),
    ("autumn: between two starts it stays quiet", quiet("01:30", "06:00"), "Europe/London",
     "2026-10-25T01:10Z", "2026-10-25T06:00Z"),
    ("autumn: an end at the first repeated minute comes twice too", quiet("22:00", "01:00"), "Europe/London",
     "2026-10-25T00:00Z", "2026-10-25T01:00Z"),
    ("autumn: a send window opens at the later of two starts", sending("01:30", "06:00"), "Europe/London",
     "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
    ("autumn: a send window shuts at the earlier of two ends", sending("00:00", "01:30"), "Europe/London",
     "2026-10-25T01:10Z", "2026-10-26T00:00Z"),
    # New York: 8 March 2026, 02:00 to 03:00; 1 November, 02:00 to 01:00.
    ("spring in New York: an end in the gap", quiet("21:00", "02:30"), "America/New_York",
     "2026-03-08T01:00-05:00", "2026-03-08T03:00-04:00"),
    ("autumn in New York: the night is an hour longer", NIGHT, "America/New_York",
     "2026-10-31T22:00-04:00", "2026-11-01T08:00-05:00"),
    ("autumn in New York: the later of two ends", quiet("21:00", "01:15"), "America/New_York",
     "2026-11-01T01:20-04:00", "2026-11-01T01:15-05:00"),
    # Lord Howe: half an hour. 5 April 2026, 02:00 to 01:30; 4 October, 02:00 to 02:30.
    ("autumn in Lord Howe: the later end is half an hour on", quiet("21:00", "01:45"), "Australia/Lord_Howe",
     "2026-04-05T01:50+11:00", "2026-04-05T01:45+10:30"),
    ("spring in Lord Howe: an end in half an hour's gap", quiet("21:00", "02:15"), "Australia/Lord_Howe",
     "2026-10-04T01:00+10:30", "2026-10-04T02:30+11:00"),
    # Cairo: 24 April 2026 starts at 01:00. On 30 October 2026 clocks go back from 00:00 to 23:00 of the 29th.
    ("Cairo: midnight does not exist", quiet("20:00", "00:00"), "Africa/Cairo",
     "2026-04-23T23:00+02:00", "2026-04-24T01:00+03:00"),
    ("Cairo: a start at a midnight that does not exist", quiet("00:00", "06:00"), "Africa/Cairo",
     "2026-04-24T01:00+03:00", "2026-04-24T06:00+03:00"),
    ("Cairo: nor is it quiet before it", quiet("00:00", "06:00"), "Africa/Cairo",
     "2026-04-23T23:59+02:00", "2026-04-23T23:59+02:00"),
    ("Cairo: the last hour comes twice, and quiet ends in the second", quiet("20:00", "23:30"), "Africa/Cairo",
     "2026-10-29T23:45+03:00", "2026-10-29T23:30+02:00"),
    # Asuncion: 6 October 2019 starts at 01:00; on 22 March 2020 clocks go back from 00:00 to 23:00 of the 21st.
    ("Asuncion: midnight does not exist", quiet("22:00", "00:30"), "America/Asuncion",
     "2019-10-05T23:00-04:00", "2019-10-06T01:00-03:00"),
    ("Asuncion: a weekend's window starts on its day", quiet("23:30", "06:00", ("sat",)), "America/Asuncion",
     "2020-03-21T23:10-04:00", "2020-03-22T06:00-04:00"),
    # St John's changed at 00:01 until 2011: 2 November 2008 at 00:01 back to 23:01 of the 1st.
    ("St John's: a day begins, ends, and begins again", quiet("00:00", "06:00", ("sun",)), "America/St_Johns",
     "2008-11-01T23:30-03:30", "2008-11-02T06:00-03:30"),
    # Apia had no 30 December 2011.
    ("Apia: a day that does not exist has no window", quiet("09:00", "12:00", ("fri",)), "Pacific/Apia",
     "2011-12-29T23:59-10:00", "2011-12-29T23:59-10:00"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("window", "zone", "at", "then"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_window_holds_a_message(window: Closed | Open, zone: str, at: str, then: str) -> None:
    found = opens(datetime.fromisoformat(at), window, zone)
    assert found is not None
    assert found == datetime.fromisoformat(then), found.astimezone(ZoneInfo(zone))
    assert found.tzinfo is UTC


def test_several_zones_must_all_be_open() -> None:
    morning = local("2026-04-01T09:00", "America/New_York")
    assert opens(morning, NIGHT, *US) == local("2026-04-01T08:00", "Pacific/Honolulu")


def test_zones_that_share_no_waking_hour_allow_nothing() -> None:
    assert opens(utc("2026-04-01"), quiet("09:30", "09:00"), "Asia/Tokyo", "Europe/London") is None


def test_a_far_window_opens_at_its_start_though_clocks_go_forward_before_it() -> None:
    """Mondays only, the next of them a holiday, the one after it the morning after the change in New York."""
    mondays = Open("send_window", lambda day: ((0, 1440),) if day.weekday() == 0 and day != date(2026, 3, 2) else ())
    saturday = local("2026-02-28T23:30", "America/New_York")
    assert opens(saturday, mondays, "America/New_York") == local("2026-03-09", "America/New_York")


def test_a_rule_on_one_place_keeps_its_own_clock() -> None:
    rule = Closed("rule", weekly([((0, 480),)] * 7), "Asia/Tokyo")
    assert opens(utc("2026-04-01T20:00"), rule, "Europe/London") == utc("2026-04-01T23:00")


def test_a_rule_closes_days_of_every_year() -> None:
    rule = Closed("rule", weekly([()] * 7, frozenset({"01-01"})))
    assert opens(local("2026-01-01T10:00", "Asia/Tokyo"), rule, "Asia/Tokyo") == local("2026-01-02", "Asia/Tokyo")


def test_the_reason_is_what_was_waited_for_longest() -> None:
    friday_night = local("2026-04-03T23:00", "Asia/Tokyo")
    found = first_open(friday_night, [NIGHT, sending("09:00", "18:00", WORKING)], ["Asia/Tokyo"])
    assert found == (local("2026-04-06T09:00", "Asia/Tokyo"), "send_window", "")
    found = first_open(friday_night, [NIGHT, sending("07:00", "08:30")], ["Asia/Tokyo"])
    assert found == (local("2026-04-04T08:00", "Asia/Tokyo"), "quiet_hours", "")


def test_of_a_rule_with_a_clock_of_its_own_that_clock_is_told() -> None:
    rule = Closed("rule", weekly([((0, 480),)] * 7), "Asia/Tokyo")
    found = first_open(utc("2026-04-01T20:00"), [rule, NIGHT], ["Europe/London"])
    assert found == (utc("2026-04-02T07:00"), "quiet_hours", "")
    found = first_open(utc("2026-04-01T15:30"), [rule, NIGHT], ["Asia/Karachi"])
    assert found == (utc("2026-04-02T03:00"), "rule", "Asia/Tokyo")


# An independent model: no folds and no arithmetic, only what clocks read in each minute of real time.
def readings(zone: str, day: date) -> list[tuple[datetime, datetime]]:
    """Every minute (UTC) around a day, with what the clock reads."""
    place, start = ZoneInfo(zone), datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    minutes = (start + timedelta(minutes=number) for number in range(6 * 1440))
    return [(minute, minute.astimezone(place).replace(tzinfo=None)) for minute in minutes]


def first_and_last(read: list[tuple[datetime, datetime]], wall: datetime) -> tuple[datetime, datetime]:
    showing = [minute for minute, reads in read if reads == wall]
    if showing:
        return showing[0], showing[-1]
    after = next(minute for minute, reads in read if reads > wall)
    return after, after


CHANGES = [
    ("Europe/London", date(2026, 3, 29)), ("Europe/London", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)), ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Asuncion", date(2019, 10, 6)), ("America/Asuncion", date(2020, 3, 22)),
    ("Africa/Cairo", date(2026, 4, 24)), ("Africa/Cairo", date(2026, 10, 30)), ("Asia/Tokyo", date(2026, 5, 1)),
    ("America/St_Johns", date(2008, 11, 2)), ("America/St_Johns", date(2008, 3, 9)),
    ("Pacific/Apia", date(2011, 12, 30)),
]  # fmt: skip
READ = {case: readings(*case) for case in CHANGES}


def test_every_zone_of_the_model_changes_its_clocks_there_but_one() -> None:
    steps = {
        case: {after - before for (_, before), (_, after) in pairwise(read)} - {timedelta(minutes=1)}
        for case, read in READ.items()
    }
    assert [zone for (zone, _), found in steps.items() if not found] == ["Asia/Tokyo"]


minutes_of_day = st.integers(0, 95).map(lambda quarter: quarter * 15)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(CHANGES), st.integers(-1, 2), minutes_of_day)
def test_a_time_is_shown_first_and_last_when_a_walk_through_the_minutes_reads_it(
    case: tuple[str, date], days: int, minutes: int
) -> None:
    zone, around = case
    day = around + timedelta(days=days)
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001
    assert shown(zone, day, minutes) == first_and_last(READ[case], wall)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(CHANGES), minutes_of_day, minutes_of_day, st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    st.integers(0, 2 * 1440), st.booleans(),
)  # fmt: skip
def test_the_first_permitted_minute_is_the_one_that_a_naive_walk_finds(
    case: tuple[str, date], start: int, end: int, days: set[Weekday], offset: int, is_quiet: bool
) -> None:
    assume(start != end)
    zone, around = case
    read = READ[case]
    last = end if end > start else end + 1440
    spans = []
    for number in range(-3, 5):
        day = around + timedelta(days=number)
        if WEEKDAYS[day.weekday()] not in days:
            continue
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
        walls = midnight + timedelta(minutes=start), midnight + timedelta(minutes=last)
        if walls[0] < read[0][1] or walls[1] > read[-1][1]:
            continue
        (begin_first, begin_last), (end_first, end_last) = (first_and_last(read, wall) for wall in walls)
        spans.append((begin_first, end_last) if is_quiet else (begin_last, end_first))
    at = read[1440 + offset][0]
    allowed = [
        minute for minute, _ in read
        if minute >= at and any(begin <= minute < end for begin, end in spans) != is_quiet
    ]  # fmt: skip
    assume(allowed and allowed[0] < read[-1440][0])
    args = [f"{at // 60:02}:{at % 60:02}" for at in (start, end)]
    window = (quiet if is_quiet else sending)(*args, tuple(day for day in WEEKDAYS if day in days))
    assert opens(at, window, zone) == allowed[0]


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, 365 * 24 * 60), st.lists(st.sampled_from(
        [*US, "Europe/London", "Asia/Tokyo", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo"]),
        min_size=1, max_size=3),
    minutes_of_day, minutes_of_day,
)  # fmt: skip
def test_what_is_allowed_is_quiet_in_no_possible_zone(minute: int, zones: list[str], start: int, end: int) -> None:
    assume(start != end)
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    begins, ends = (time(at // 60, at % 60) for at in (start, end))
    found = opens(now, Closed("quiet_hours", weekly(QuietHours(start=begins, end=ends).week)), *zones)
    if found is None:
        return
    assert found >= now
    for zone in zones:
        reads = found.astimezone(ZoneInfo(zone)).time()
        assert not (begins <= reads < ends if begins < ends else reads >= begins or reads < ends), zone
