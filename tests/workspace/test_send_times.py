"""Settings of when messages may go out: what is wrong is told at its file and line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from ccm.model.hours import read_hours
from ccm.workspace import load_workspace
from ccm.workspace.sendtimes import QuietHours, SendTimes

SMS, POLICY = "channels/sms.yaml", "channels/policy.yaml"
COMMUNICATION = "templates/payment-received/communication.yaml"
QUIET = '  start: "21:00"\n  end: "08:00"\n'
MISTAKES = [
    (SMS, QUIET, '  start: "21:00"\n  end: "21:00"\n', 1, "start and end are both 21:00"),
    (SMS, QUIET, '  start: "00:00"\n  end: "24:00"\n', 1, "start and end are both 00:00; whole days"),
    (SMS, QUIET, '  start: "21:00:30"\n  end: "08:00"\n', 0, "'21:00:30' must be hours and minutes"),
    (SMS, QUIET, '  start: "21:00"\n  end: "24:30"\n', 1, "quiet_hours.end: '24:30'"),
    (SMS, QUIET, QUIET + "  days: []\n", 2, "quiet_hours.days"),
    (SMS, QUIET, QUIET + "  days: [mon, tues]\n", 2, "'tues' is none of mon, tue, wed, thu, fri, sat, sun"),
    (SMS, QUIET, QUIET + "send:\n  holidays: skipp\n", 3, "'skipp' is none of send, skip"),
    (SMS, QUIET, QUIET + "send:\n  holyday: skip\n", 3, "'send.holyday' is no known setting"),
    (COMMUNICATION, "languages:", 'send: {start: "09:00", end: "09:00"}\nlanguages:', 0, "both 09:00; leave 'end' out"),
    (SMS, QUIET, QUIET + 'send: {start: "22:00", end: "07:00"}\n', 2,
     "nothing could ever go out: no hour of 'send' is outside 'quiet_hours'"),
    (COMMUNICATION, "languages:", 'send: {start: "21:00", end: "08:00"}\nlanguages:', 0,
     "nothing could ever go by sms: no hour of 'send' is open in channels/sms.yaml"),
    (COMMUNICATION, "jurisdictions: [US, GB, JP]", "jurisdictions: [US, UK, JP]", 0,
     "'UK' is no ISO 3166-1 country code, such as GB or JP; did you mean GB?"),
    (POLICY, "  GB:\n", "  XX:\n", 0, "zones.XX: 'XX' is no ISO 3166-1 country code, such as GB or JP"),
    (COMMUNICATION, "languages:", "urgent: true\nsend: {days: [mon]}\nlanguages:", 1,
     "goes out at any hour, so 'send'"),
    (COMMUNICATION, "jurisdictions: [US, GB, JP]", "jurisdictions: [US, AC]\nsend: {holidays: skip}", 1,
     "holidays: skip cannot hold for 'AC'"),
    (POLICY, "zones:", "holidays:\n  AC: {}\nzones:", 1, "no public holidays are known of 'AC'"),
    (POLICY, "zones:", "holidays:\n  JP:\n    categories: [public, banks]\nzones:", 2,
     "'banks' is none of the kinds of holidays of JP: bank, public"),
    (POLICY, "zones:", "holidays:\n  JP:\n    also: [12-31]\nzones:", 2, "holidays.JP.also.0"),
]  # fmt: skip


def change(root: Path, file: str, before: str, after: str) -> int:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return text[: text.index(before)].count("\n") + 1


@pytest.mark.parametrize(("file", "before", "after", "further", "message"), MISTAKES, ids=[row[4] for row in MISTAKES])
def test_a_mistake_is_told_at_its_line(
    small: Path, problems: Callable[[], list[str]], file: str, before: str, after: str, further: int, message: str
) -> None:
    line = change(small, file, before, after) + further
    told = [problem for problem in problems() if message in problem]
    assert told, problems()
    assert told[0].startswith(f"{file}:{line}: ")


def test_a_channel_that_skips_holidays_is_told_of_a_jurisdiction_without_any(
    small: Path, problems: Callable[[], list[str]]
) -> None:
    change(small, COMMUNICATION, "jurisdictions: [US, GB, JP]", "jurisdictions: [US, AC]")
    line = change(small, SMS, "quiet_hours:", "send:\n  holidays: skip\nquiet_hours:") + 1
    assert any(problem.startswith(f"{SMS}:{line}: holidays: skip cannot hold for 'AC'") for problem in problems())


@pytest.mark.parametrize("send", ['{start: "20:59"}', "{days: [sat]}", '{start: "07:00", end: "08:01"}'])
def test_a_window_with_a_minute_outside_quiet_hours_is_none_that_shuts_everything_out(
    small: Path, problems: Callable[[], list[str]], send: str
) -> None:
    change(small, SMS, QUIET, f"{QUIET}send: {send}\n")
    assert problems() == []


def test_settings_are_read_as_written(small: Path) -> None:
    change(small, COMMUNICATION, "languages:", "send: {days: [mon, fri], start: 09:00, end: 24:00}\nlanguages:")
    change(small, SMS, QUIET, '  start: "22:00"\n  end: "24:00"\n  days: [fri]\n')
    change(small, POLICY, "zones:", "holidays:\n  JP: {categories: [public, bank], also: [2026-12-30]}\nzones:")
    workspace = load_workspace(small)
    send = workspace.communications["payment-received"].send
    quiet = workspace.channels["sms"].quiet_hours
    assert send == SendTimes(days=("mon", "fri"), start=time(9))
    assert send.week == (((540, 1440),), (), (), (), ((540, 1440),), (), ())
    assert quiet is not None
    assert quiet.week == ((), (), (), (), ((1320, 1440),), (), ())
    assert workspace.policy.holidays["JP"].categories == ("public", "bank")


def test_a_time_with_a_zone_is_refused_for_the_customers_clock_counts() -> None:
    with pytest.raises(ValidationError, match="without an offset"):
        QuietHours.model_validate({"start": "21:00Z", "end": "08:00"})


@pytest.mark.parametrize(
    ("text", "span"),
    [("18:00-20:00", (1080, 1200)), ("9:00-9:30", (540, 570)), ("22:00-02:00", (1320, 1560)),
     ("22:00-24:00", (1320, 1440)), ("00:00-24:00", (0, 1440)), ("18:00-18:00", None), ("18-20", None),
     ("18:00-25:00", None), ("", None)],
)  # fmt: skip
def test_hours_that_a_customer_states(text: str, span: tuple[int, int] | None) -> None:
    assert read_hours(text) == span
