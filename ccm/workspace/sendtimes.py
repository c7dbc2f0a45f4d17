"""When messages may go out: quiet hours, send-time windows, and days that the organisation keeps free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from ccm.model.customer import Frozen
from ccm.model.requirements import DAY, Minutes
from ccm.workspace.settings import Jurisdiction, WrongPart

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _whole_minute(value: time) -> time:
    if value.second or value.microsecond or value.tzinfo is not None:
        raise ValueError(f"'{value.isoformat()}' must be hours and minutes without an offset, as in 21:00")
    return value


Clock = Annotated[time, AfterValidator(_whole_minute)]
"""What a clock on the wall shows, in whole minutes."""
EndOfDay = Annotated[Clock, BeforeValidator(lambda value: "00:00" if value == "24:00" else value)]
"""A time that a span ends at; ``24:00`` is the midnight after the day."""


def _span(start: time, end: time) -> tuple[int, int]:
    """[start, end) in minutes from midnight of the day it starts on; an end of 1440 or more is on the next day."""
    first, last = (at.hour * 60 + at.minute for at in (start, end))
    return first, last if last > first else last + DAY


class QuietHours(Frozen):
    """A window in the customer's zone in which nothing goes out.

    It may pass midnight, and then belongs wholly to the day it starts on.
    """

    start: Clock
    end: EndOfDay
    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    """Days of the week on which it starts."""

    @model_validator(mode="after")
    def _it_lasts(self) -> QuietHours:
        if self.start == self.end:
            message = f"start and end are both {self.start:%H:%M}; whole days without messages are for 'send: days'"
            raise WrongPart(message, "end")
        return self

    @property
    def week(self) -> tuple[Minutes, ...]:
        """The spans that start on each day of the week, Monday first, in minutes from its midnight."""
        span = _span(self.start, self.end)
        return tuple((span,) if day in self.days else () for day in WEEKDAYS)


class SendTimes(Frozen):
    """The only times, in the customer's zone, at which messages go out."""

    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    """Days of the week on which the window starts."""
    start: Clock = time(0)
    end: Clock | None = None
    """None: the end of the day. Before `start`: on the next day."""
    holidays: Literal["send", "skip"] = "send"
    """``skip``: nothing goes out on public holidays where the customer is served."""

    @model_validator(mode="after")
    def _it_lasts(self) -> SendTimes:
        if self.start == self.end:
            raise WrongPart(f"start and end are both {self.start:%H:%M}; leave 'end' out for the end of the day", "end")
        return self

    @field_validator("end", mode="before")
    @classmethod
    def _midnight_is_the_end(cls, value: object) -> object:
        return None if value == "24:00" else value

    @property
    def limits_hours(self) -> bool:
        """Whether there are hours of the week outside it."""
        return len(set(self.days)) < len(WEEKDAYS) or self.start != time(0) or self.end is not None

    @property
    def week(self) -> tuple[Minutes, ...]:
        """The spans that start on each day of the week, Monday first, in minutes from its midnight."""
        span = _span(self.start, self.end or time(0))
        return tuple((span,) if day in self.days else () for day in WEEKDAYS)


@lru_cache(maxsize=256)
def leave_time(quiet: QuietHours | None, sends: tuple[SendTimes, ...]) -> bool:
    """Whether there is a minute of the week in which all of these let a message go."""
    open_ = set(range(7 * DAY))
    for send in sends:
        open_ &= _minutes(send.week)
    return bool(open_ - _minutes(quiet.week) if quiet is not None else open_)


def _minutes(week: Sequence[Minutes]) -> set[int]:
    """Of the week, from Monday's midnight, that are within spans; one over midnight on Sunday ends on Monday."""
    return {
        (day * DAY + minute) % (7 * DAY)
        for day, spans in enumerate(week) for start, end in spans for minute in range(start, end)
    }  # fmt: skip


class HolidayCalendar(Frozen):
    """Which days count as public holidays in a jurisdiction."""

    categories: tuple[str, ...] = Field(default=("public",), min_length=1)
    """Of the `holidays` library, which knows others for some countries: ``bank`` for Japan."""
    also: tuple[date, ...] = ()
    """Days of the organisation's own."""


DEFAULT_CALENDAR = HolidayCalendar()


@lru_cache(maxsize=1)
def known_countries() -> frozenset[str]:
    """ISO 3166-1 codes of the jurisdictions whose holidays the `holidays` library knows."""
    import holidays  # here, since few workspaces ask for them, and it takes a while

    return frozenset(code for code in holidays.list_supported_countries() if len(code) == 2)


def _calendars_exist(value: dict[str, HolidayCalendar]) -> dict[str, HolidayCalendar]:
    if not value:
        return value
    import holidays  # as above

    for jurisdiction, calendar in value.items():
        if jurisdiction not in known_countries():
            raise WrongPart(f"no public holidays are known of '{jurisdiction}', see the holidays library", jurisdiction)
        known = holidays.country_holidays(jurisdiction).supported_categories
        for place, category in enumerate(calendar.categories):
            if category not in known:
                raise WrongPart(
                    f"'{category}' is none of the kinds of holidays of {jurisdiction}: {', '.join(known)}",
                    jurisdiction, "categories", place,
                )  # fmt: skip
    return value


Calendars = Annotated[dict[Jurisdiction, HolidayCalendar], AfterValidator(_calendars_exist)]
"""Jurisdiction to what counts as a holiday there; one without a line has its public holidays."""
