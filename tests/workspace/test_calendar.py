"""Calendar and prices: dates of planned runs, costs, and mistakes told at their line."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from support import copy_workspace

from ccm.errors import WorkspaceError
from ccm.workspace import load_workspace
from ccm.workspace.calendar import ChannelPrice, PlannedRun, load_calendar, load_prices, planning_problems

JULY = date(2026, 7, 1), date(2026, 7, 31)


def run(**fields: object) -> PlannedRun:
    return PlannedRun.model_validate({"communication": "savings-offer", "time": "02:00", **fields})


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({"on": ["2026-07-04", "2026-09-01"]}, [4]),
        ({"every": "week", "day": "tue"}, [7, 14, 21, 28]),
        ({"every": "month", "day": 28}, [28]),
        ({"every": "quarter", "day": 2}, [2]),
        ({"every": "day"}, list(range(1, 32))),
    ],
)
def test_a_run_falls_on_its_dates(fields: dict[str, object], days: list[int]) -> None:
    assert [day.day for day in run(**fields).dates(*JULY)] == days


def test_a_quarterly_run_falls_in_the_first_month_of_a_quarter_only() -> None:
    assert list(run(every="quarter", day=2).dates(date(2026, 8, 1), date(2026, 9, 30))) == []


def test_the_time_is_that_of_the_organisations_zone_also_where_clocks_change() -> None:
    planned = run(every="day")
    found = list(planned.instants(date(2026, 3, 28), date(2026, 3, 30), "Europe/London"))
    assert found == [
        datetime(2026, 3, 28, 2, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 30, 1, tzinfo=UTC)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("runs:\n  - communication: savings-ofer\n    every: day\n    time: '02:00'\n",
         "calendar.yaml:2: communication 'savings-ofer' does not exist; there are: address-changed"),
        ("runs:\n  - communication: card-blocked\n    every: day\n    time: '02:00'\n",
         "calendar.yaml:2: 'card-blocked' takes its data from a trigger: put it under 'triggers'"),
        ("runs:\n  - communication: savings-offer\n    time: '02:00'\n",
         "calendar.yaml:2: runs.0: a run has 'on', a list of dates, or 'every', one of them"),
        ("runs:\n  - communication: savings-offer\n    every: week\n    day: 2\n    time: '02:00'\n",
         "calendar.yaml:4: runs.0: a weekly run needs 'day', one of mon, tue"),
        ("runs:\n  - communication: savings-offer\n    every: month\n    day: 31\n    time: '02:00'\n",
         "calendar.yaml:4: runs.0: needs 'day', from 1 to 28"),
        ("triggers:\n  - communication: card-blocked\n    per_customer: 0\n",
         "calendar.yaml:3: triggers.0.per_customer"),
        ("runs:\n  - communication: savings-offer\n    every: day\n    time: '10:00Z'\n",
         "calendar.yaml:4: runs.0.time: '10:00:00+00:00' must be hours and minutes without"),
        ("triggers:\n  - communication: card-blocked\n    per_customer: 1\n    start: '09:00:30'\n",
         "calendar.yaml:4: triggers.0.start"),
        ("runs:\n  - communication: news-digest\n    every: day\n    time: '02:00'\n",
         "calendar.yaml:2: 'news-digest' tells what others leave to it, when its windows end: plan those others"),
        ("triggers:\n  - communication: news-digest\n    per_customer: 1\n",
         "calendar.yaml:2: 'news-digest' tells what others leave to it, when its windows end: plan those others"),
        ("run: []\n", "calendar.yaml:1: 'run' is no known setting; did you mean 'runs'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_calendar_is_told_at_its_line(text: str, told: str, tmp_path: Path) -> None:
    root = copy_workspace(tmp_path / "bank")
    (root / "channels/calendar.yaml").write_text(text)
    with pytest.raises(WorkspaceError) as refused:
        load_calendar(root / "channels/calendar.yaml", root, load_workspace(root).communications)
    assert told in str(refused.value)
    assert told in str(planning_problems(root, load_workspace(root).communications)[0])


def test_a_price_is_that_of_the_country_else_that_of_all_others() -> None:
    price = ChannelPrice.model_validate({"message": {"GB": "1.10", "*": "2"}, "page": {"*": "0.05"}})
    assert price.of("GB", 10, Decimal(0), Decimal(30)) == Decimal("12.50")
    assert price.of("JP", 10, Decimal(0), Decimal(30)) == Decimal("21.50")
    assert ChannelPrice().of("JP", 10, Decimal(5), Decimal(5)) == 0


def test_the_demonstration_has_a_calendar_and_prices_that_load(tmp_path: Path) -> None:
    root = copy_workspace(tmp_path / "bank")
    communications = load_workspace(root).communications
    assert load_calendar(root / "channels/calendar.yaml", root, communications).runs
    assert load_prices(root / "channels/prices.yaml", root).channels["sms"].segment["JP"] > 0
    assert time(2) == load_calendar(root / "channels/calendar.yaml", root, communications).runs[0].time
