"""When a communication that collects others tells what it has: ``collects`` in ``communication.yaml``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ccm.model.customer import Frozen
from ccm.workspace.sendtimes import WEEKDAYS, Clock, Weekday
from ccm.workspace.settings import WrongPart

MOST_COLLECTED = 20
"""Messages that one digest tells of, where `at_most` says nothing."""


class Collects(Frozen):
    """Windows that follow each other without a gap, each closed at a time of the organisation's zone."""

    every: Literal["day", "week"]
    at: Clock
    """When a window closes, and the next one begins."""
    day: Weekday | None = None
    """Of the week, where `every` is ``week``."""
    at_most: int = Field(default=MOST_COLLECTED, ge=1, le=100, strict=True)
    """Messages that one digest tells of: the newest. Those before them are left out."""

    @model_validator(mode="after")
    def _a_week_has_its_day(self) -> Collects:
        if self.every == "week" and self.day is None:
            raise WrongPart(f"every: week needs 'day', one of {', '.join(WEEKDAYS)}", "every")
        if self.every == "day" and self.day is not None:
            raise WrongPart("every: day takes no 'day'; write every: week, or leave 'day' out", "day")
        return self
