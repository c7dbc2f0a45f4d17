"""``compliance/retention.yaml``: how long contents are kept, by purpose and jurisdiction."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from ccm.model.customer import Frozen, Purpose
from ccm.workspace.settings import Jurisdiction, Slug
from ccm.workspace.yamlfile import read_model

FILE = "compliance/retention.yaml"


class Period(Frozen):
    """One period and where it comes from."""

    id: Slug
    purposes: tuple[Purpose, ...] = ()
    """Empty: all."""
    jurisdictions: tuple[Jurisdiction, ...] = ()
    """Empty: all."""
    years: int = Field(default=0, ge=0, le=150)
    days: int = Field(default=0, ge=0, le=50_000)
    starts: Literal["decided", "settled"] = "settled"
    """From the instant the message was decided for, or from the last thing that happened to it."""
    source: str = Field(min_length=3)
    """The law, rule or policy that sets it."""
    enabled: bool = True

    @model_validator(mode="after")
    def _has_a_length(self) -> Period:
        if bool(self.years) == bool(self.days):
            raise ValueError("a period has years or days, one of them")
        return self

    def applies(self, purpose: str, jurisdiction: str) -> bool:
        """Whether it is about such messages; one whose jurisdiction is not known is about every jurisdiction."""
        place = not self.jurisdictions or not jurisdiction or jurisdiction in self.jurisdictions
        return self.enabled and place and (not self.purposes or purpose in self.purposes)

    def over_before(self, at: datetime) -> datetime:
        """What started at this instant or earlier has its period over at `at`. 29 February counts as the 28th."""
        if self.days:
            return at - timedelta(days=self.days)
        leap = at.month == 2 and at.day == 29
        return at.replace(year=at.year - self.years, day=28 if leap else at.day)


class Schedule(Frozen):
    """All periods. Of those that apply to a message, the one that ends last counts."""

    periods: tuple[Period, ...] = ()

    @model_validator(mode="after")
    def _ids_are_distinct(self) -> Schedule:
        ids = [period.id for period in self.periods]
        if twice := next((name for name in ids if ids.count(name) > 1), None):
            raise ValueError(f"the id '{twice}' stands twice")
        return self


def load_retention(root: Path) -> Schedule:
    """The schedule of a workspace; without the file it is empty, and everything is kept. Raises `WorkspaceError`."""
    if not (root / FILE).exists():
        return Schedule()
    return read_model(Schedule, root / FILE, root)[0]
