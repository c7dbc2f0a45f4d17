"""From when a message may go out: every kind of window, the customer's wish, holidays, and what is urgent."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from ccm.decide import Facts, plan_for, timing
from ccm.decide.case import Case
from ccm.model.customer import Customer, PostalAddress, Preference
from ccm.model.requirements import PolicyRequirements, QuietWeek
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy
from ccm.workspace.sendtimes import HolidayCalendar, QuietHours, SendTimes
from ccm.workspace.settings import ByLanguage

NIGHT = QuietHours(start=time(21), end=time(8))
OFFICE = SendTimes(days=("mon", "tue", "wed", "thu", "fri"), start=time(9), end=time(18))
NO_HOLIDAYS = SendTimes(holidays="skip")
POLICY = Policy(zones={"JP": ("Asia/Tokyo",), "US": ("America/New_York", "America/Los_Angeles")})
RULE = PolicyRequirements(rules=("JP-NIGHT",), quiet=(QuietWeek(("JP-NIGHT",), "", (((0, 480), (1200, 1440)),) * 7),))


def communication(**changes: Any) -> Communication:
    fields: dict[str, Any] = {
        "id": "offer", "name": ByLanguage(en="x", ja="x"), "purpose": "marketing", "category": "offers",
        "channels": ("sms", "email"), "languages": ("en", "ja"), "jurisdictions": ("JP", "GB", "US"),
    }  # fmt: skip
    return Communication(**(fields | changes))


def channels(**changes: Any) -> dict[str, Channel]:
    return {"sms": Channel(channel="sms", adapter="outbox", **changes)}


def customer(**changes: Any) -> Customer:
    fields: dict[str, Any] = {"id": "C1", "language": "ja", "jurisdiction": "JP", "timezone": "Asia/Tokyo"}
    return Customer(**(fields | changes))


def wish(hours: str, channel: str = "*", category: str = "*") -> Preference:
    return Preference(customer_id="C1", category=category, channel=channel, hours=hours)


def tokyo(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+09:00").astimezone(UTC)


def due(
    at: datetime, told: Communication | None = None, by: dict[str, Channel] | None = None, *,
    who: Customer | None = None, preferences: Sequence[Preference] = (), rules: PolicyRequirements | None = None,
    policy: Policy = POLICY, expires_at: datetime | None = None,
) -> timing.Due | None:  # fmt: skip
    facts = Facts(who or customer(), tuple(preferences), requirements={} if rules is None else {"sms": rules})
    return found(told or communication(), policy, by or channels(), facts, at, expires_at)


def found(
    told: Communication, policy: Policy, by: dict[str, Channel], facts: Facts, at: datetime,
    expires_at: datetime | None = None,
) -> timing.Due | None:  # fmt: skip
    case = Case(plan_for(told, policy, by), facts, at, expires_at)
    return case.due(case.regime.ways["sms"], at, case.ends)


def held(found: timing.Due | None) -> tuple[datetime, str]:
    assert found is not None
    return found.at, found.reason


EVENING = tokyo("2026-04-03T22:00")  # a Friday


def test_without_windows_it_goes_at_once_even_where_nobody_knows_the_zone() -> None:
    assert due(EVENING, who=customer(jurisdiction="FR", timezone=None)) == (EVENING, "", "")


@pytest.mark.parametrize(
    "by", [channels(quiet_hours=NIGHT), channels(send=OFFICE), channels(send=NO_HOLIDAYS)],
    ids=["quiet hours", "send window", "holidays"],
)  # fmt: skip
def test_an_unknown_zone_never_means_send_where_an_hour_matters(by: dict[str, Channel]) -> None:
    assert due(EVENING, by=by, who=customer(jurisdiction="FR", timezone=None)) is None


def test_an_unknown_zone_does_not_matter_to_a_rule_that_has_a_clock_of_its_own() -> None:
    week = QuietWeek(("R",), "Asia/Tokyo", (((0, 480), (1200, 1440)),) * 7)
    found = due(EVENING, who=customer(jurisdiction="FR", timezone=None), rules=PolicyRequirements(quiet=(week,)))
    assert held(found) == (tokyo("2026-04-04T08:00"), "rule")


def test_each_kind_of_window_holds_and_is_named() -> None:
    friday_night, saturday = channels(quiet_hours=NIGHT), communication(send=OFFICE)
    assert held(due(EVENING, by=friday_night)) == (tokyo("2026-04-04T08:00"), "quiet_hours")
    assert held(due(EVENING, saturday)) == (tokyo("2026-04-06T09:00"), "send_window")
    assert held(due(EVENING, by=channels(send=OFFICE))) == (tokyo("2026-04-06T09:00"), "send_window")
    assert held(due(EVENING, rules=RULE)) == (tokyo("2026-04-04T08:00"), "rule")
    holiday = tokyo("2026-05-05T10:00")  # Children's Day, and a day in lieu after it
    assert held(due(holiday, communication(send=NO_HOLIDAYS))) == (tokyo("2026-05-07T00:00"), "public_holiday")


def test_windows_of_channel_and_communication_hold_together() -> None:
    narrow = communication(send=SendTimes(start=time(16), end=time(20)))
    assert held(due(tokyo("2026-04-03T18:30"), narrow, channels(send=OFFICE)))[0] == tokyo("2026-04-06T16:00")


def test_the_trace_says_whose_clocks_and_how_they_were_found() -> None:
    known = due(EVENING, by=channels(quiet_hours=NIGHT))
    placed = PostalAddress(line1="1 Quay", country="US", region="AZ")
    arizona = due(EVENING, by=channels(quiet_hours=NIGHT), who=customer(timezone=None, address=placed))
    anywhere = PostalAddress(line1="1 Quay", country="CA", region="")
    canada = due(EVENING, by=channels(quiet_hours=NIGHT), who=customer(timezone=None, address=anywhere))
    assert known is not None
    assert arizona is not None
    assert canada is not None
    assert (known.detail, arizona.detail) == ("customer Asia/Tokyo", "address America/Phoenix+America/Denver")
    assert canada.detail == "country 23 zones"


def test_urgent_goes_in_the_organisations_own_hours_and_never_in_those_of_a_rule() -> None:
    urgent = communication(urgent=True)
    by = channels(quiet_hours=NIGHT, send=SendTimes(days=("mon",), holidays="skip"))
    later = [wish("12:00-13:00")]
    assert held(due(EVENING, urgent, by, preferences=later)) == (EVENING, "")
    assert held(due(EVENING, urgent, by, rules=RULE, preferences=later)) == (tokyo("2026-04-04T08:00"), "rule")


def test_whoever_receives_for_the_customer_is_asked_for_the_zone() -> None:
    guardian = customer(id="C2", timezone="Europe/London")
    known = Facts(customer(), proxy=guardian)
    soonest = found(communication(), POLICY, channels(quiet_hours=NIGHT), known, EVENING)
    assert soonest is not None
    assert (soonest.at, soonest.detail) == (EVENING, "customer Europe/London")


WISHES = [
    ("waits for the hours", ["18:00-20:00"], "2026-04-03T10:00", "2026-04-03T18:00", "preferred_hours"),
    ("goes at once inside them", ["18:00-20:00"], "2026-04-03T19:00", "2026-04-03T19:00", ""),
    ("waits for the next day after them", ["18:00-20:00"], "2026-04-03T20:00", "2026-04-04T18:00", "preferred_hours"),
    ("hours over midnight are open after it", ["22:00-02:00"], "2026-04-03T01:00", "2026-04-03T01:00", ""),
    ("hours until midnight", ["22:00-24:00"], "2026-04-03T21:00", "2026-04-03T22:00", "preferred_hours"),
    ("what cannot be read is no wish", ["in the evening"], "2026-04-03T10:00", "2026-04-03T10:00", ""),
    ("hours of no length are no wish", ["18:00-18:00"], "2026-04-03T10:00", "2026-04-03T10:00", ""),
]  # fmt: skip


@pytest.mark.parametrize(("why", "hours", "at", "then", "reason"), WISHES, ids=[case[0] for case in WISHES])
def test_preferred_hours_are_kept(why: str, hours: list[str], at: str, then: str, reason: str) -> None:
    assert held(due(tokyo(at), preferences=[wish(one) for one in hours])) == (tokyo(then), reason), why


@pytest.mark.parametrize(
    ("rows", "hour"),
    [
        ([wish("18:00-20:00"), wish("12:00-13:00", category="offers")], 12),
        ([wish("12:00-13:00", category="offers"), wish("14:00-15:00", channel="sms")], 14),
        ([wish("14:00-15:00", channel="sms"), wish("16:00-17:00", channel="sms", category="offers")], 16),
        ([wish("18:00-20:00"), wish("12:00-13:00", channel="email"), wish("13:00-14:00", category="loans")], 18),
    ],
    ids=["a category beats all", "a channel beats a category", "both beat a channel", "others do not apply"],
)  # fmt: skip
def test_the_most_specific_wish_counts(rows: list[Preference], hour: int) -> None:
    expected = (tokyo(f"2026-04-03T{hour}:00"), "preferred_hours")
    assert held(due(tokyo("2026-04-03T10:00"), preferences=rows)) == expected
    assert held(due(tokyo("2026-04-03T10:00"), preferences=rows[::-1])) == expected


def test_a_wish_that_would_make_it_stale_is_not_waited_for() -> None:
    at, evening = tokyo("2026-04-03T10:00"), [wish("18:00-20:00")]
    assert held(due(at, communication(expires_after_hours=9), preferences=evening))[0] == tokyo("2026-04-03T18:00")
    assert held(due(at, communication(expires_after_hours=8), preferences=evening)) == (at, "")


def test_a_wish_at_hand_off_never_outlasts_what_was_decided() -> None:
    late, evening = tokyo("2026-04-03T20:30"), [wish("18:00-20:00")]
    offer = communication(expires_after_hours=24)
    assert held(due(late, offer, preferences=evening, expires_at=tokyo("2026-04-04T10:00"))) == (late, "")
    assert held(due(late, offer, preferences=evening))[0] == tokyo("2026-04-04T18:00")


def test_a_wish_inside_quiet_hours_cannot_be_kept() -> None:
    found = due(EVENING, by=channels(quiet_hours=NIGHT), preferences=[wish("22:00-23:00")])
    assert held(found) == (tokyo("2026-04-04T08:00"), "quiet_hours")


def test_a_wish_where_nobody_knows_the_zone_is_not_kept() -> None:
    nowhere = customer(jurisdiction="FR", timezone=None)
    assert held(due(EVENING, who=nowhere, preferences=[wish("12:00-13:00")])) == (EVENING, "")


def test_a_window_over_midnight_does_not_start_on_a_holiday_nor_reach_into_one() -> None:
    late = communication(send=SendTimes(start=time(20), end=time(2), holidays="skip"))
    eve = tokyo("2026-07-20T00:30")  # Marine Day is the 20th, a Monday
    assert held(due(eve, late))[0] == tokyo("2026-07-21T20:00")
    assert held(due(tokyo("2026-07-21T01:00"), late))[0] == tokyo("2026-07-21T20:00")


def american(region: str) -> Customer:
    place = PostalAddress(line1="1 Quay", country="US", region=region)
    return customer(jurisdiction="US", timezone="America/New_York", address=place)


@pytest.mark.parametrize(
    ("region", "is_free"),
    [("MA", True), ("Massachusetts", True), ("NY", False), ("", True)],
    ids=["code", "name", "elsewhere", "unknown, so any part's counts"],
)
def test_a_holiday_of_a_part_of_the_country_counts_there(region: str, is_free: bool) -> None:
    noon = datetime(2026, 4, 20, 16, tzinfo=UTC)  # Patriots' Day
    found = due(noon, communication(send=NO_HOLIDAYS), who=american(region))
    assert held(found)[1] == ("public_holiday" if is_free else "")


def test_days_of_the_organisations_own_and_bank_holidays_are_settings() -> None:
    calendar = HolidayCalendar(categories=("public", "bank"), also=(date(2026, 6, 1),))
    policy = POLICY.model_copy(update={"holidays": {"JP": calendar}})
    told = communication(send=NO_HOLIDAYS)
    for day in ("2026-12-31", "2026-06-01"):
        assert held(due(tokyo(f"{day}T10:00"), told, policy=policy))[1] == "public_holiday"
        assert held(due(tokyo(f"{day}T10:00"), told))[1] == ""


def test_held_again_after_the_customer_moved() -> None:
    by = channels(quiet_hours=NIGHT)
    found = held(due(EVENING, by=by))[0]
    moved = customer(timezone="Pacific/Honolulu")
    morning_there = datetime(2026, 4, 4, 18, tzinfo=UTC)
    assert held(due(found, by=by)) == (found, "")
    assert held(due(found + timedelta(hours=9), by=by, who=moved)) == (morning_there, "quiet_hours")


def test_a_thousand_customers_of_one_zone_cost_one_computation() -> None:
    timing.first.cache_clear()
    told, by = communication(), channels(quiet_hours=NIGHT)
    for _ in range(1000):
        due(EVENING, told, by)
    info = timing.first.cache_info()
    assert (info.misses, info.hits) == (1, 999)


def test_settings_that_changed_are_not_served_from_memory() -> None:
    told = communication()
    for hour in (8, 9, 10):
        by = channels(quiet_hours=QuietHours(start=time(21), end=time(hour)))
        assert held(due(EVENING, told, by))[0] == tokyo(f"2026-04-04T{hour:02}:00")
