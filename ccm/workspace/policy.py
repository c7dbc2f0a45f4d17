"""``channels/policy.yaml``: the organisation's own rules of contact over all channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ccm.model.customer import Frozen, Purpose
from ccm.workspace.communication import ChannelId, Communication, OnCap
from ccm.workspace.sendtimes import Calendars
from ccm.workspace.settings import Jurisdiction, Slug, WrongPart, Zone
from ccm.workspace.suppression_policy import ComplaintPause, SuppressionPolicy

Period = Literal["day", "week", "month"]
"""Of the calendar where the customer is; weeks begin on Monday (ISO 8601)."""


class Cap(Frozen):
    """At most `limit` contacts within the scope in any window: rolling hours or days, or one period of the calendar."""

    id: Slug
    categories: tuple[Slug, ...] = ()
    """With `channels` and `purposes` the scope: a contact counts where it is within all that are given."""
    channels: tuple[ChannelId, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    limit: int | Literal["unlimited"]
    """0 lets nothing through."""
    hours: int | None = Field(default=None, ge=1, le=366 * 24, strict=True)
    days: int | None = Field(default=None, ge=1, le=366, strict=True)
    """A window of N days is half open: two contacts exactly N times 24 hours apart are not in the same one."""
    per: Period | None = None
    reserved: dict[Slug, Annotated[int, Field(ge=1, strict=True)]] = {}
    """Priority to the room that classes below it may not use, besides what is reserved for still higher classes."""

    @property
    def seconds(self) -> int | None:
        """The length of a rolling window; None for a period of the calendar."""
        return None if self.per else (self.hours or 24 * (self.days or 0)) * 3600

    @field_validator("limit", mode="before")
    @classmethod
    def _limit_is_a_number_or_a_word(cls, value: object) -> object:
        if value == "unlimited" or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        hint = "; a number stands without quotes" if isinstance(value, str) and value.isdecimal() else ""
        raise ValueError(f"'{value}' is neither a whole number from 0 up nor the word unlimited{hint}")

    @field_validator("categories", "channels", "purposes")
    @classmethod
    def _scope_names_something(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("an empty list would match nothing; leave it out to match everything")
        return value

    @model_validator(mode="after")
    def _parts_fit(self) -> Cap:
        windows = [name for name in ("hours", "days", "per") if getattr(self, name) is not None]
        if len(windows) != 1:
            given = " and ".join(windows) or "none of them"
            message = f"cap '{self.id}' has {given}; it needs exactly one of hours, days, per"
            raise WrongPart(message, *windows[1:2])
        if self.reserved and self.limit == "unlimited":
            raise WrongPart(f"cap '{self.id}': nothing can be reserved where the limit is unlimited", "reserved")
        if self.limit != "unlimited" and sum(self.reserved.values()) > self.limit:
            message = f"cap '{self.id}' reserves {sum(self.reserved.values())}, which is more than its limit"
            raise WrongPart(f"{message} {self.limit}", "reserved")
        return self


class PurposeTerms(Frozen):
    """What communications of a purpose take where they say nothing themselves; None: as the engine has it."""

    priority: Slug | None = None
    obeys_caps: bool | None = None
    counts_toward_caps: bool | None = None
    on_cap: OnCap | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How one communication stands to caps."""

    priority: str
    obeys_caps: bool
    counts_toward_caps: bool
    on_cap: OnCap


DEFAULT_TERMS: dict[Purpose, Terms] = {
    "marketing": Terms("low", True, True, "drop"),
    "servicing": Terms("normal", False, False, "drop"),
    "transactional": Terms("high", False, False, "drop"),
    "regulatory": Terms("critical", False, False, "drop"),
}
"""The engine's own: only marketing meets caps, so that no cap ever stops mail that the customer waits for."""


class Policy(Frozen):
    """``channels/policy.yaml``: rules of contact over all channels."""

    priorities: tuple[Slug, ...] = Field(default=("critical", "high", "normal", "low"), min_length=1)
    """Classes of importance, highest first."""
    purposes: dict[Purpose, PurposeTerms] = {}
    caps: tuple[Cap, ...] = ()
    complaint: ComplaintPause = ComplaintPause()
    suppression: SuppressionPolicy = SuppressionPolicy()
    zones: dict[Jurisdiction, tuple[Zone, ...]] = {}
    """Jurisdiction to all its zones: an unknown zone means quiet where any of them is quiet."""
    holidays: Calendars = {}

    def terms(self, communication: Communication) -> Terms:
        """What the communication says itself, else its purpose here, else `DEFAULT_TERMS`."""
        by_purpose = self.of_purpose(communication.purpose)
        return Terms(
            communication.priority or by_purpose.priority,
            _first(communication.obeys_caps, by_purpose.obeys_caps),
            _first(communication.counts_toward_caps, by_purpose.counts_toward_caps),
            communication.on_cap or by_purpose.on_cap,
        )

    def of_purpose(self, purpose: Purpose) -> Terms:
        """Those of communications of a purpose that say nothing themselves."""
        built_in, given = DEFAULT_TERMS[purpose], self.purposes.get(purpose, PurposeTerms())
        return Terms(
            given.priority or built_in.priority,
            _first(given.obeys_caps, built_in.obeys_caps),
            _first(given.counts_toward_caps, built_in.counts_toward_caps),
            given.on_cap or built_in.on_cap,
        )

    @model_validator(mode="after")
    def _priorities_are_known(self) -> Policy:
        known = ", ".join(self.priorities)
        if len(set(self.priorities)) < len(self.priorities):
            raise WrongPart(f"a priority stands twice: {known}", "priorities")
        for purpose in DEFAULT_TERMS:
            priority = self.of_purpose(purpose).priority
            if priority not in self.priorities:
                message = f"purpose {purpose} has the priority '{priority}', which is none of {known}"
                raise WrongPart(f"{message}; write purposes: {purpose}: priority", "purposes", purpose, "priority")
        for place, cap in enumerate(self.caps):
            for priority in cap.reserved:
                if priority not in self.priorities:
                    message = f"cap '{cap.id}': '{priority}' is none of the priorities {known}"
                    raise WrongPart(message, "caps", place, "reserved", priority)
                if priority == self.priorities[-1]:
                    message = f"cap '{cap.id}': no class is below '{priority}', so nothing is kept from any"
                    raise WrongPart(message, "caps", place, "reserved", priority)
        return self

    @model_validator(mode="after")
    def _caps_have_ids_of_their_own(self) -> Policy:
        for place, cap in enumerate(self.caps):
            if any(other.id == cap.id for other in self.caps[:place]):
                raise WrongPart(f"cap '{cap.id}' stands twice", "caps", place, "id")
        return self

    @model_validator(mode="after")
    def _regulatory_mail_obeys_no_caps(self) -> Policy:
        if self.of_purpose("regulatory").obeys_caps:
            message = "a regulatory communication must arrive: it cannot obey caps"
            raise WrongPart(message, "purposes", "regulatory", "obeys_caps")
        return self

    @field_validator("zones")
    @classmethod
    def _zones_are_named(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for jurisdiction, zones in value.items():
            if not zones:
                raise WrongPart(f"no zone stands for {jurisdiction}; leave it out where nobody knows", jurisdiction)
        return value


def _first(own: bool | None, default: bool) -> bool:
    return default if own is None else own
