"""Hours in which nothing may go out, in the customer's zone or on the clock of one place."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints, field_validator, model_validator

from ccm.compliance.kinds import RuleParams
from ccm.model.requirements import DAY, Minutes, PolicyRequirements, QuietWeek
from ccm.workspace import Workspace
from ccm.workspace.rules import RuleFile
from ccm.workspace.sendtimes import WEEKDAYS, Weekday
from ccm.workspace.settings import WrongPart, known_zones

_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
Span = Annotated[str, StringConstraints(pattern=f"^{_CLOCK}-({_CLOCK}|24:00)$")]
YearDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
_TIMES = re.compile(r"[-:]")


class Params(RuleParams):
    """`allowed`: the hours in which messages may go, as ``08:00-21:00``; all others are quiet.

    `days` gives single weekdays other hours, or none (``sun: closed``). `dates` are days of every year without any
    hour. `zone` empty: the clock of the customer.
    """

    allowed: Span
    days: dict[Weekday, Span | Literal["closed"]] = {}
    dates: tuple[YearDay, ...] = ()
    zone: str = ""

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value and value not in known_zones():
            raise ValueError(f"'{value}' is no IANA time zone, such as Asia/Tokyo; empty: the customer's own")
        return value

    @field_validator("dates")
    @classmethod
    def _dates_exist(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for place, day in enumerate(value):
            try:
                date.fromisoformat(f"2024-{day}")  # a leap year
            except ValueError:
                raise WrongPart(f"'{day}' is a day that no year has", place) from None
        return value

    @model_validator(mode="after")
    def _spans_go_forward(self) -> Params:
        spans = [("allowed", self.allowed), *self.days.items()]
        for name, span in spans:
            if span != "closed" and _minutes(span)[0] >= _minutes(span)[1]:
                loc = ("allowed",) if name == "allowed" else ("days", name)
                raise WrongPart(f"'{span}' ends before it begins: write the allowed hours of one day", *loc)
        if not any(self.days.get(day) != "closed" for day in WEEKDAYS):
            raise WrongPart("all seven days are closed, so that nothing could ever go out", "days")
        return self


def requires(params: Params, file: RuleFile, workspace: Workspace) -> PolicyRequirements:
    """The week with what is not allowed."""
    days = tuple(_quiet(params.days.get(day, params.allowed)) for day in WEEKDAYS)
    week = QuietWeek((file.id,), params.zone, days, frozenset(params.dates))
    return PolicyRequirements(rules=(file.id,), quiet=(week,))


def _quiet(allowed: str) -> Minutes:
    if allowed == "closed":
        return ((0, DAY),)
    start, end = _minutes(allowed)
    return tuple(span for span in ((0, start), (end, DAY)) if span[0] < span[1])


def _minutes(span: str) -> tuple[int, int]:
    hours, minutes, later_hours, later_minutes = (int(part) for part in _TIMES.split(span))
    return hours * 60 + minutes, later_hours * 60 + later_minutes
