"""``channels/calendar.yaml`` and ``channels/prices.yaml``: what operations plan to say, and what saying it costs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator

from ccm.errors import Problem, WorkspaceError
from ccm.model.customer import Frozen
from ccm.workspace.communication import ChannelId, Communication
from ccm.workspace.sendtimes import WEEKDAYS, Clock, Weekday
from ccm.workspace.settings import Jurisdiction, Slug, WrongPart
from ccm.workspace.yamlfile import read_model

CALENDAR = "channels/calendar.yaml"
PRICES = "channels/prices.yaml"
MAX_DAYS = 92
"""The longest time that one simulation looks at."""
Price = Annotated[Decimal, Field(ge=0, le=10_000, max_digits=12, decimal_places=6)]
Place = Jurisdiction | Literal["*"]
M = TypeVar("M", bound=Frozen)


class PlannedRun(Frozen):
    """A run on one date, or on every date of a kind; `time` is that of the organisation's zone."""

    communication: Slug
    on: tuple[date, ...] = ()
    every: Literal["", "day", "week", "month", "quarter"] = ""
    day: int | Weekday | None = None
    """Of the month, or of a quarter's first month (1 to 28); of the week its name."""
    time: Clock

    @model_validator(mode="after")
    def _has_dates(self) -> PlannedRun:
        if bool(self.on) == bool(self.every):
            raise ValueError("a run has 'on', a list of dates, or 'every', one of them")
        named = isinstance(self.day, str)
        if self.every == "week" and not named:
            raise WrongPart(f"a weekly run needs 'day', one of {', '.join(WEEKDAYS)}", "day")
        if self.every in ("month", "quarter") and (self.day is None or named or not 1 <= int(self.day) <= 28):
            raise WrongPart("needs 'day', from 1 to 28, so that every month has it", "day")
        if self.every in ("", "day") and self.day is not None:
            raise WrongPart("takes no 'day'", "day")
        return self

    def dates(self, first: date, last: date) -> Iterator[date]:
        """The dates from `first` to `last`, both inclusive."""
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if self._falls_on(day):
                yield day

    def _falls_on(self, day: date) -> bool:
        if self.every == "week":
            return WEEKDAYS[day.weekday()] == self.day
        if self.every == "month":
            return day.day == self.day
        if self.every == "quarter":
            return day.day == self.day and day.month % 3 == 1
        return self.every == "day" or day in self.on

    def instants(self, first: date, last: date, zone: str) -> Iterator[datetime]:
        """When it takes its decisions, in UTC; a time that clocks skip is the one as long after the change."""
        for day in self.dates(first, last):
            yield datetime.combine(day, self.time, ZoneInfo(zone)).astimezone(UTC)


class ExpectedTrigger(Frozen):
    """What core systems are expected to ask for, spread evenly over the days and hours."""

    communication: Slug
    per_customer: Annotated[Decimal, Field(gt=0, le=1000)]
    """Messages of one customer in 30 days, on average."""
    start: Clock = time(0)
    end: Clock = time(0)
    """Hours of the organisation's zone in which they come; equal times mean the whole day."""


class Calendar(Frozen):
    """What is planned, and what is expected."""

    runs: tuple[PlannedRun, ...] = ()
    triggers: tuple[ExpectedTrigger, ...] = ()


class ChannelPrice(Frozen):
    """What one message costs; amounts by jurisdiction, ``*`` for all others."""

    message: dict[Place, Price] = {}
    """For each message: a fee of the supplier, or postage and envelope of a letter."""
    segment: dict[Place, Price] = {}
    """For each part of a text message."""
    page: dict[Place, Price] = {}
    """For each printed page."""

    def of(self, jurisdiction: str, messages: int, segments: Decimal, pages: Decimal) -> Decimal:
        """The cost of so many messages with so many parts and pages in all; see `lacks` for what has no price."""
        counted = ((self.message, Decimal(messages)), (self.segment, segments), (self.page, pages))
        return sum(
            (price.get(jurisdiction, price.get("*", Decimal(0))) * count for price, count in counted), Decimal(0)
        )

    def lacks(self, jurisdiction: str) -> bool:
        """Whether nothing has a price, or something that has one elsewhere has none there: a cost is then too low."""
        kinds = [kind for kind in (self.message, self.segment, self.page) if kind]
        return not kinds or any(jurisdiction not in kind and "*" not in kind for kind in kinds)


class Prices(Frozen):
    """The price table of the organisation's contracts."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    source: str = Field(min_length=3)
    """Where the prices come from: a contract and its date."""
    channels: dict[ChannelId, ChannelPrice]


def load_calendar(file: Path, root: Path, communications: Mapping[str, Communication]) -> Calendar:
    """The calendar in `file`; raises `WorkspaceError` with every problem, unknown communications among them."""
    calendar, document = read_model(Calendar, file, root)
    problems = []
    named = [("runs", number, run.communication) for number, run in enumerate(calendar.runs)]
    named += [("triggers", number, trigger.communication) for number, trigger in enumerate(calendar.triggers)]
    for part, number, name in named:
        found = communications.get(name)
        message = ""
        if found is None:
            known = ", ".join(sorted(communications)) or "none yet"
            message = f"communication '{name}' does not exist; there are: {known}"
        elif found.collects is not None:
            message = f"'{name}' tells what others leave to it, when its windows end: plan those others"
        elif part == "runs" and found.data.fields and not found.data.sql:
            message = f"'{name}' takes its data from a trigger: put it under 'triggers'"
        if message:
            problems.append(Problem(document.path, document.line((part, number, "communication")), message))
    if problems:
        raise WorkspaceError(problems)
    return calendar


def load_prices(file: Path, root: Path) -> Prices:
    """The price table in `file`; raises `WorkspaceError`."""
    return read_model(Prices, file, root)[0]


def planned_runs(
    root: Path, communications: Mapping[str, Communication], names: Collection[str], first: date, zone: str
) -> dict[str, tuple[datetime, ...]]:
    """When runs of some communications are planned in the `MAX_DAYS` days from `first` on; none without a calendar.

    `zone` is the organisation's; instants in UTC, in order. Raises `WorkspaceError` for a calendar with mistakes.
    """
    if not (root / CALENDAR).exists():
        return {}
    calendar, last = load_calendar(root / CALENDAR, root, communications), first + timedelta(days=MAX_DAYS - 1)
    found: dict[str, set[datetime]] = {}
    for run in calendar.runs:
        if run.communication in names:
            found.setdefault(run.communication, set()).update(run.instants(first, last, zone))
    return {name: tuple(sorted(found[name])) for name in sorted(found) if found[name]}


def planning_problems(root: Path, communications: Mapping[str, Communication]) -> tuple[Problem, ...]:
    """What is wrong with the workspace's calendar and prices; nothing where they are not there."""
    problems: list[Problem] = []
    readers: dict[str, Callable[[Path, Path], object]] = {
        CALENDAR: partial(load_calendar, communications=communications),
        PRICES: load_prices,
    }
    for name, read in readers.items():
        try:
            if (root / name).exists():
                read(root / name, root)
        except WorkspaceError as error:
            problems += error.problems
    return tuple(problems)
