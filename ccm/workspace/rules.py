"""Rules as they are written: ``compliance/rules/*.yaml``, and those of regulation packs.

What a kind means, and its `params`, stands in `ccm.compliance.kinds`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from ccm.model.customer import Frozen, Purpose
from ccm.workspace.communication import ChannelId
from ccm.workspace.countries import check_country
from ccm.workspace.languages import Language
from ccm.workspace.settings import ByLanguage, Slug, WrongPart, known_zones

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}([0-9]{2,3}|(-[A-Z0-9]{1,12}){1,4})$")]
"""``CW01`` for the organisation's own, ``US-SMS-CONSENT`` in a pack. Stable: it stands in traces and in the log."""


def _is_a_place(value: str) -> str:
    if value != "EU":
        check_country(value.partition("-")[0])
    return value


Place = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"), AfterValidator(_is_a_place)]
"""Where a rule holds: a country (ISO 3166-1), a part of one (ISO 3166-2, ``US-FL``), or ``EU``."""
SourceType = Literal["primary", "secondary", "general_knowledge", "design", "experiment"]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
FIRST, LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""Stand for "always": no instant lies before or behind them."""


def _day_or_instant(value: object) -> object:
    if isinstance(value, str):
        return date.fromisoformat(value) if _DAY.fullmatch(value) else datetime.fromisoformat(value)
    return value


Moment = Annotated[datetime | date, BeforeValidator(_day_or_instant)]
"""A day, which begins at midnight in the rule's `timezone`, or an instant with an offset."""


class Scope(Frozen):
    """To which messages a rule applies; an empty list means all."""

    purposes: tuple[Purpose, ...] = ()
    channels: tuple[ChannelId, ...] = ()
    jurisdictions: tuple[Place, ...] = ()
    languages: tuple[Language, ...] = ()
    """``en`` is for ``en-GB`` too."""
    communications: tuple[Slug, ...] = ()
    categories: tuple[Slug, ...] = ()


class RuleExamples(Frozen):
    """Texts that must pass and must fail; `ccm check` runs them."""

    passes: tuple[str, ...] = Field(min_length=1)
    fails: tuple[str, ...] = Field(min_length=1)


class RuleFile(Frozen):
    """One rule."""

    id: RuleId
    name: ByLanguage
    kind: str
    applies: Scope = Scope()
    sector: Slug | None = None
    """A business that the rule is for (``lending``); ``packs.yaml`` says which categories belong to it."""
    effective_from: Moment | None = None
    effective_to: Moment | None = None
    """Exclusive: the first day, or instant, on which it does not apply any more."""
    timezone: str = ""
    """IANA zone in which its days begin."""
    severity: Literal["error", "warning"] = "error"
    enabled: bool = True
    off_because: str = ""
    """Why it is switched off; needed where `enabled` is false."""
    reason: str
    source: Annotated[str, StringConstraints(min_length=3)]
    source_type: SourceType | None = None
    confidence: Literal["high", "medium", "low"] | None = None
    note: str = ""
    params: dict[str, Any] = {}
    examples: RuleExamples | None = None
    """Needed for every kind that looks at messages; rules of policy have no text to try."""
    path: str = ""
    place: tuple[str | int, ...] = ()
    """Where in its file the rule stands; empty for a file of its own."""
    pack: str = ""
    params_line: int = 0
    kind_line: int = 0
    digest: str = ""
    written: str = ""
    """Of a pack's rule, the JSON that `digest` is over."""

    @model_validator(mode="after")
    def _dates_agree(self) -> RuleFile:
        if self.timezone and self.timezone not in known_zones():
            raise WrongPart(f"'{self.timezone}' is no IANA time zone, such as Asia/Tokyo", "timezone")
        for name in ("effective_from", "effective_to"):
            value = getattr(self, name)
            if isinstance(value, datetime):
                if value.tzinfo is None:
                    raise WrongPart(f"{name} needs an offset, as in 2026-01-01T00:00:00+09:00, or is a day", name)
            elif value is not None and not self.timezone:
                raise WrongPart(f"{name} is a day, so 'timezone' must say where it begins", name)
        if self.starts >= self.ends:
            raise WrongPart("effective_to is not after effective_from", "effective_to")
        return self

    @model_validator(mode="after")
    def _says_why_it_is_off(self) -> RuleFile:
        if self.enabled == bool(self.off_because.strip()):
            wrong = "is switched off: say why in 'off_because'" if not self.enabled else "is on, but has 'off_because'"
            raise WrongPart(f"rule {self.id} {wrong}", "enabled")
        return self

    @cached_property
    def starts(self) -> datetime:
        """The first instant on which it applies."""
        return self._instant(self.effective_from, FIRST)

    @cached_property
    def ends(self) -> datetime:
        """The first instant on which it does not apply any more."""
        return self._instant(self.effective_to, LAST)

    def in_force(self, at: datetime) -> bool:
        """Whether it is switched on and within its dates."""
        return self.enabled and self.starts <= at < self.ends

    @property
    def part(self) -> str:
        """Its name in a release's manifest."""
        return f"{self.path}#{self.id}" if self.pack else self.path

    def _instant(self, value: date | datetime | None, otherwise: datetime) -> datetime:
        if value is None:
            return otherwise
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.combine(value, time(), ZoneInfo(self.timezone)).astimezone(UTC)
