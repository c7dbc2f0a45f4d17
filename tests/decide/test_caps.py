"""Caps: no window ever holds more than its limit, and lower classes leave room to higher ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_caps import exceeded, has_room

from ccm.decide import calendar, caps
from ccm.decide.counting import Caps, Counted, Rooms
from ccm.model.customer import Contact
from ccm.model.requirements import NOTHING, FrequencyLimit, PolicyRequirements
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Cap, Policy

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=400)
WEEK = {"id": "week", "categories": ["offers"], "limit": 2, "days": 7}


def contact(at: datetime, **changes: Any) -> Contact:
    fields = {
        "customer_id": "C1", "communication": "x", "category": "offers", "channel": "sms", "at": at,
        "status": "delivered", "purpose": "marketing", "priority": "low",
    }  # fmt: skip
    return Contact(**(fields | changes))


def days(*numbers: float, **changes: Any) -> list[Contact]:
    return [contact(START + timedelta(days=number), **changes) for number in numbers]


def offer(**changes: Any) -> Communication:
    return Communication.model_validate({
        "id": "offer", "name": {"en": "x", "ja": "x"}, "purpose": "marketing", "category": "offers",
        "channels": ["sms", "email"], "languages": ["en"], "jurisdictions": ["GB"], **changes,
    })  # fmt: skip


def full(
    policy_caps: list[dict[str, Any]], contacts: list[Contact], day: float, *, zones: tuple[str, ...] = ("UTC",),
    communication: Communication | None = None, asked: PolicyRequirements = NOTHING, channel: str = "sms",
) -> str:  # fmt: skip
    """The id of the first cap that is full for an offer on a day."""
    policy = Policy.model_validate({"caps": policy_caps})
    counted, on = count(communication or offer(), policy, contacts, channel, asked)
    return counted.full(on, START + timedelta(days=day), zones)


def count(
    communication: Communication, policy: Policy, contacts: list[Contact], channel: str,
    asked: PolicyRequirements = NOTHING,
) -> tuple[Counted, Caps]:  # fmt: skip
    """The contacts, counted, and the caps of the channel."""
    rooms = Rooms({channel: caps.rooms_for(communication, policy, asked, channel)})
    return Counted(rooms, contacts), rooms.on[channel]


def test_what_starts_a_window_and_what_ends_it_is_half_open() -> None:
    assert full([WEEK], days(0, 3), 6.999) == "week"
    assert full([WEEK], days(0, 3), 7) == ""


def test_the_sixth_offer_in_thirty_days_is_too_many_although_each_week_has_room() -> None:
    month = {"id": "month", "limit": 5, "days": 30}
    assert full([WEEK, month], days(0, 4, 8, 12, 16), 25) == "month"


def test_a_message_held_for_later_counts_for_one_that_goes_before_it() -> None:
    assert full([WEEK], days(2, 3), 0) == "week"


def test_between_two_that_are_no_window_apart_there_is_room_for_one_more() -> None:
    two = [{"id": "two", "limit": 2, "days": 2}]
    assert full(two, days(0, 3), 1.5) == ""
    assert full(two, days(0, 1.9), 1.5) == "two"


@pytest.mark.parametrize(
    ("history", "id_"),
    [
        (days(1, category="statements"), ""), (days(1, status="released"), ""), (days(1, status="failed"), ""),
        (days(1, counts=False), ""), (days(1, status="unknown"), "one"), (days(1, status="reserved"), "one"),
    ],
)  # fmt: skip
def test_only_what_takes_room_within_the_scope_counts(history: list[Contact], id_: str) -> None:
    assert full([{"id": "one", "categories": ["offers"], "limit": 1, "days": 7}], history, 2) == id_


def test_hundreds_of_contacts_are_all_counted() -> None:
    many = [contact(START + timedelta(seconds=number)) for number in range(256)]
    month = {"id": "month", "limit": 256, "days": 30}
    assert full([month, WEEK], many, 25) == "month"
    assert full([month, WEEK], many[1:], 25) == ""


def test_a_rules_limit_holds_for_communications_that_obey_no_caps() -> None:
    asked = PolicyRequirements(frequency=(FrequencyLimit("R1", 1, 24, ("arrears",)),))
    reminder = offer(purpose="servicing", category="arrears")
    history = days(0, category="arrears")
    assert full([{"id": "none", "limit": 0, "days": 1}], history, 0.5, communication=reminder, asked=asked) == "R1"
    assert full([{"id": "none", "limit": 0, "days": 1}], history, 1, communication=reminder, asked=asked) == ""


def at(text: str) -> int:
    return caps.microseconds(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("moment", "zone", "per", "start", "end"),
    [
        # Clocks go forward at 01:00 UTC: a day of 23 hours; and back: one of 25.
        ("2026-03-29T12:00Z", "Europe/London", "day", "2026-03-29T00:00Z", "2026-03-29T23:00Z"),
        ("2026-10-25T12:00Z", "Europe/London", "day", "2026-10-24T23:00Z", "2026-10-26T00:00Z"),
        # In Beirut the day began at 01:00, since clocks went forward at midnight.
        ("2024-03-31T12:00Z", "Asia/Beirut", "day", "2024-03-30T22:00Z", "2024-03-31T21:00Z"),
        # In Havana clocks go back from 01:00 to 00:00: the first of the two midnights begins the day.
        ("2025-11-02T04:30Z", "America/Havana", "day", "2025-11-02T04:00Z", "2025-11-03T05:00Z"),
        ("2025-11-02T05:30Z", "America/Havana", "day", "2025-11-02T04:00Z", "2025-11-03T05:00Z"),
        # Samoa had no 30 December 2011.
        ("2011-12-30T12:00Z", "Pacific/Apia", "day", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
        ("2026-01-01T00:00Z", "Asia/Tokyo", "week", "2025-12-28T15:00Z", "2026-01-04T15:00Z"),
        ("2026-02-28T15:00Z", "Asia/Tokyo", "month", "2026-02-28T15:00Z", "2026-03-31T15:00Z"),
    ],
)  # fmt: skip
def test_periods_are_those_of_the_customers_calendar(moment: str, zone: str, per: Any, start: str, end: str) -> None:
    assert calendar.period(at(moment), zone, per) == (at(start), at(end))


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 2**31), st.sampled_from(["Europe/London", "America/Havana", "Pacific/Apia", "Asia/Tokyo", "UTC"]),
    st.sampled_from(["day", "week", "month"]),
)  # fmt: skip
def test_periods_lie_end_to_end_and_none_is_longer_than_said(second: int, zone: str, per: Any) -> None:
    moment = second * 1_000_000
    start, end = calendar.period(moment, zone, per)
    assert start <= moment < end
    assert calendar.period(start, zone, per) == calendar.period(end - 1, zone, per) == (start, end)
    assert calendar.period(end, zone, per)[0] == end
    assert end - start <= calendar.LONGEST[per]


CLASSES = ("critical", "high", "normal", "low")
ZONES = ("America/New_York", "Asia/Tokyo")


@st.composite
def any_cap(draw: st.DrawFn, id_: str = "a") -> Cap:
    limit = draw(st.integers(0, 4))
    fields: dict[str, Any] = {"id": id_, "limit": limit}
    window = draw(st.sampled_from(["hours", "days", "per"]))
    fields[window] = draw(st.sampled_from(["day", "week", "month"]) if window == "per" else st.integers(1, 20))
    left = limit
    for priority in draw(st.sets(st.sampled_from(CLASSES[:3]))):
        if left:
            fields.setdefault("reserved", {})[priority] = kept = draw(st.integers(1, left))
            left -= kept
    for scope, names in (("channels", ["sms", "email"]), ("categories", ["offers", "news"])):
        if draw(st.booleans()):
            fields[scope] = [draw(st.sampled_from(names))]
    return Cap.model_validate(fields)


MOMENTS = st.integers(0, 30 * 24).map(lambda hours: START + timedelta(hours=hours))
CONTACTS = st.builds(
    contact, MOMENTS, priority=st.sampled_from([*CLASSES, ""]), channel=st.sampled_from(["sms", "email"]),
    category=st.sampled_from(["offers", "news"]), purpose=st.sampled_from(["marketing", ""]),
)  # fmt: skip
POLICIES = st.tuples(any_cap("a"), any_cap("b")).map(lambda both: Policy(caps=both))


def free(policy: Policy, taken: list[Contact], new: Contact, zones: tuple[str, ...]) -> bool:
    communication = offer(category=new.category, purpose="marketing", priority=new.priority or "low")
    counted, on = count(communication, policy, taken, new.channel)
    return not counted.full(on, new.at, zones)


@settings(deadline=None, max_examples=150)
@given(POLICIES, st.lists(CONTACTS, max_size=25), st.sampled_from([ZONES[:1], ZONES]))
def test_whatever_the_order_no_window_is_exceeded_and_nothing_is_refused_that_had_room(
    policy: Policy, wanted: list[Contact], zones: tuple[str, ...]
) -> None:
    taken: list[Contact] = []
    for new in wanted:
        assert free(policy, taken, new, zones) == has_room(policy, taken, new, zones)
        if free(policy, taken, new, zones):
            taken.append(new)
    assert not any(exceeded(cap, policy, taken, zones) for cap in policy.caps)


@settings(deadline=None, max_examples=100)
@given(POLICIES, st.lists(CONTACTS, max_size=12), MOMENTS)
def test_waiting_gives_the_first_hour_that_has_room(policy: Policy, taken: list[Contact], due: datetime) -> None:
    counted, on = count(offer(), policy, taken, "sms")
    slot = caps.next_slot(counted.near(on), due, due + timedelta(days=60), ZONES, lambda moment: moment)
    # Everything here happens on whole hours.
    hours = (due + timedelta(hours=hour) for hour in range(60 * 24 + 1))
    assert slot == next((hour for hour in hours if has_room(policy, taken, contact(hour), ZONES)), None)


@settings(deadline=None, max_examples=60)
@given(st.lists(CONTACTS, max_size=10), MOMENTS)
def test_where_nobody_knows_the_zone_every_stretch_of_a_periods_length_keeps_the_limit(
    taken: list[Contact], moment: datetime
) -> None:
    policy = Policy(caps=(Cap(id="a", limit=1, per="day"),))
    if free(policy, taken, contact(moment), ()):
        for zone in ("Etc/GMT+12", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"):
            assert has_room(policy, taken, contact(moment), (zone,))


def test_a_lower_class_never_takes_what_is_kept_for_a_higher_one() -> None:
    kept = {"id": "kept", "limit": 3, "days": 7, "reserved": {"critical": 1, "high": 1}}
    low, normal = offer(), offer(priority="normal")
    assert full([kept], days(0), 1, communication=low) == "kept"
    assert full([kept], days(0, priority="normal"), 1, communication=normal) == "kept"
    assert full([kept], days(0), 1, communication=offer(priority="high")) == ""
    both = [*days(0), *days(0.5, priority="high")]
    assert full([kept], both, 1, communication=offer(priority="high")) == "kept"
    assert full([kept], both, 1, communication=offer(priority="critical")) == ""
    assert full([kept], [*both, *days(0.7, priority="critical")], 1, communication=offer(priority="critical")) == "kept"
