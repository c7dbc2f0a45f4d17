"""``channels/policy.yaml``: the organisation's own rules of contact over all channels."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from ccm.model.customer import Frozen
from ccm.workspace.communication import ChannelId
from ccm.workspace.sendtimes import Calendars
from ccm.workspace.settings import Jurisdiction, Slug, WrongPart, known_zones


class Cap(Frozen):
    """At most `limit` messages of the categories in any window of `days` days, over all channels."""

    id: Slug
    categories: tuple[Slug, ...] = Field(min_length=1)
    limit: int = Field(ge=0)
    days: int = Field(ge=1, le=366)

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.days)

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """Empty: all together."""
        return ()


class ComplaintPause(Frozen):
    """No marketing while a complaint is open, nor for some days after it closed."""

    purposes: tuple[Literal["marketing", "servicing"], ...] = ("marketing",)
    days_after_close: int = Field(default=14, ge=0, le=365)


class Policy(Frozen):
    """``channels/policy.yaml``: rules of contact over all channels."""

    caps: tuple[Cap, ...] = ()
    complaint: ComplaintPause = ComplaintPause()
    zones: dict[Jurisdiction, tuple[str, ...]] = {}
    """Jurisdiction to all its zones: an unknown zone means quiet where any of them is quiet."""
    holidays: Calendars = {}

    @field_validator("zones")
    @classmethod
    def _zones_exist(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        known = known_zones()
        for jurisdiction, zones in value.items():
            for place, zone in enumerate(zones):
                if zone not in known:
                    raise WrongPart(f"'{zone}' is no IANA time zone", jurisdiction, place)
        return value
