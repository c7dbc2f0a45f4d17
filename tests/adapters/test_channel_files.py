"""The channel files of the demonstration workspace."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccm.adapters import check_channels, suppliers
from ccm.adapters.registry import load_suppliers
from ccm.workspace.channels import Channel
from ccm.workspace.policy import Policy
from ccm.workspace.yamlfile import read_yaml, validate

ROOT = Path(__file__).parents[2]
MONTHS = [datetime(2026, month, 15, 12, tzinfo=UTC) for month in range(1, 13)]


def read(name: str, model: type) -> object:
    problems: list[object] = []
    value = validate(model, read_yaml(ROOT / "channels" / f"{name}.yaml", ROOT), problems)
    assert problems == []
    return value


def channel(name: str) -> Channel:
    value = read(name, Channel)
    assert isinstance(value, Channel)
    return value


@pytest.fixture(scope="module")
def policy() -> Policy:
    value = read("policy", Policy)
    assert isinstance(value, Policy)
    return value


def test_nothing_of_the_demonstration_leaves_the_machine() -> None:
    channels = [
        channel(path.stem)
        for path in (ROOT / "channels").glob("*.yaml")
        if path.stem not in ("policy", "prices", "calendar")
    ]
    assert {one.channel for one in channels} == {
        "email",
        "sms",
        "letter",
        "line",
        "push",
        "whatsapp",
        "social",
        "inbox",
    }
    assert check_channels(channels) == []
    assert all(load_suppliers(suppliers)[one.adapter].adapter.local for one in channels)


def test_texts_keep_the_night_quiet() -> None:
    quiet = channel("sms").quiet_hours
    assert quiet is not None
    assert (quiet.start, quiet.end) == (time(21), time(8))
    assert channel("email").quiet_hours is channel("letter").quiet_hours is None


def test_offers_are_capped_and_pause_for_complaints(policy: Policy) -> None:
    of_offers = {(cap.id, cap.limit, cap.days) for cap in policy.caps if cap.categories == ("offers",)}
    assert of_offers == {("offers-week", 2, 7), ("offers-month", 5, 30)}
    assert (policy.complaint.purposes, policy.complaint.days_after_close) == (("marketing",), 14)


def offsets(zone: str) -> list[timedelta | None]:
    return [month.astimezone(ZoneInfo(zone)).utcoffset() for month in MONTHS]


@pytest.mark.parametrize("jurisdiction", ["US", "GB", "JP"])
def test_every_zone_of_a_jurisdiction_is_one_of_those_listed_or_keeps_its_clock(
    policy: Policy, jurisdiction: str
) -> None:
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    theirs = {row[2] for row in rows if row[0] == jurisdiction}
    listed = [offsets(zone) for zone in policy.zones[jurisdiction]]
    assert theirs
    assert [zone for zone in theirs if offsets(zone) not in listed] == []
    assert set(policy.zones[jurisdiction]) <= theirs


@pytest.mark.parametrize("jurisdiction", ["US", "GB", "JP"])
def test_an_unknown_zone_can_be_texted_some_hours_of_every_day(policy: Policy, jurisdiction: str) -> None:
    quiet = channel("sms").quiet_hours
    assert quiet is not None
    zones = [ZoneInfo(zone) for zone in policy.zones[jurisdiction]]
    for month in MONTHS:
        hours = [month + timedelta(hours=hour) for hour in range(24)]
        allowed = [all(quiet.end <= hour.astimezone(zone).time() < quiet.start for zone in zones) for hour in hours]
        assert allowed.count(True) >= 7
