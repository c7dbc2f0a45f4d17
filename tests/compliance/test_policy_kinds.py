"""Parameters of rules about hours and frequency that would mean nothing, or something else, are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ccm.compliance.kinds import contact_frequency, quiet_hours


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"allowed": "20:00-08:00"}, "'20:00-08:00' ends before it begins"),
        ({"allowed": "08:00-20:00", "dates": ["01-01", "02-30"]}, "'02-30' is a day that no year has"),
        ({"allowed": "08:00-20:00", "dates": ["04-31"]}, "'04-31' is a day that no year has"),
        ({"allowed": "08:00-20:00", "zone": "EDT"}, "'EDT' is no IANA time zone, such as Asia/Tokyo"),
        ({"allowed": "08:00-20:00", "days": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "closed")},
         "all seven days are closed, so that nothing could ever go out"),
    ],
)  # fmt: skip
def test_hours_that_cannot_be_kept_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        quiet_hours.Params.model_validate(params)


def test_a_leap_day_is_a_day() -> None:
    assert quiet_hours.Params.model_validate({"allowed": "08:00-20:00", "dates": ["02-29"]}).dates == ("02-29",)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"limit": 3}, "give the window once: hours, or days"),
        ({"limit": 3, "hours": 24, "days": 1}, "give the window once: hours, or days"),
        ({"limit": True, "hours": 24}, "valid integer"),
        ({"limit": 3, "days": True}, "valid integer"),
    ],
)
def test_a_limit_without_one_window_or_number_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        contact_frequency.Params.model_validate(params)
