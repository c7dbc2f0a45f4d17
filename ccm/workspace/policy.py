"""``channels/policy.yaml``: the organisation's own rules of contact over all channels."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, field_validator

from ccm.model.customer import Frozen
from ccm.workspace.communication import ChannelId
from ccm.workspace.settings import Jurisdiction, Slug, WrongPart, known_zones
from ccm.workspace.suppression_policy import ComplaintPause, SuppressionPolicy


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


class Policy(Frozen):
    """``channels/policy.yaml``: rules of contact over all channels."""

    caps: tuple[Cap, ...] = ()
    complaint: ComplaintPause = ComplaintPause()
    suppression: SuppressionPolicy = SuppressionPolicy()
    zones: dict[Jurisdiction, tuple[str, ...]] = {}
    """Jurisdiction to all its zones: an unknown zone means quiet where any of them is quiet."""

    @field_validator("zones")
    @classmethod
    def _zones_exist(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        known = known_zones()
        for jurisdiction, zones in value.items():
            for place, zone in enumerate(zones):
                if zone not in known:
                    raise WrongPart(f"'{zone}' is no IANA time zone", jurisdiction, place)
        return value
