"""``channels/<channel>.yaml``: what operations own of one channel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator, model_validator

from ccm.model.customer import Frozen, Purpose
from ccm.workspace.communication import ChannelId
from ccm.workspace.languages import Language
from ccm.workspace.sendtimes import QuietHours, SendTimes
from ccm.workspace.settings import Jurisdiction, Slug, WrongPart
from ccm.workspace.stationery import LetterSettings

_UTM_NAMES = ("communication", "category", "language")
UtmValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9._ -]|\{[^{}]*\})+$", max_length=100)]
"""Plain letters, so that an analyst finds again what was written, and names in braces."""

SMS_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|MG[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9 _+&-]{1,11}")
"""A name has at most 11 characters (3GPP TS 23.040, 9.1.2.5) and a letter among them."""
MESSAGING_SERVICE = re.compile(r"MG[0-9a-f]{32}")
"""Twilio's id of a service that chooses the number itself."""
SMS_SENDERS = (
    "an E.164 number, a short code, a messaging service (MG and 32 hexadecimal digits) or a name of at most 11 "
    "letters and digits"
)


class Retry(Frozen):
    """How often a refused-for-now message is tried, and the first wait; waits double."""

    attempts: int = Field(default=5, ge=1, le=20)
    first_wait_seconds: int = Field(default=60, ge=1)


class Utm(Frozen):
    """Campaign parameters on links to the organisation's own hosts, as web analytics read them (``utm_…``).

    A value may name ``{communication}``, ``{category}`` and ``{language}``. They say nothing of who the customer is.
    """

    source: UtmValue
    medium: UtmValue
    campaign: UtmValue
    term: UtmValue | None = None
    content: UtmValue | None = None
    purposes: tuple[Purpose, ...] = Field(default=("marketing",), min_length=1)
    """Communications of these purposes take them."""
    hosts: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")], ...] = ()
    """Own hosts besides those of ``organisation.website`` and ``preference_url``."""

    @field_validator("source", "medium", "campaign", "term", "content")
    @classmethod
    def _names_are_known(cls, value: str | None) -> str | None:
        for name in re.findall(r"\{([^}]*)\}", value or ""):
            if name not in _UTM_NAMES:
                raise ValueError(f"'{{{name}}}' is none of {', '.join(f'{{{known}}}' for known in _UTM_NAMES)}")
        return value

    def parameters(self, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Parameter names and their values, `names` filled in."""
        found: list[tuple[str, str]] = []
        for name in ("source", "medium", "campaign", "term", "content"):
            if value := getattr(self, name):
                found.append((f"utm_{name}", re.sub(r"\{(\w+)\}", lambda part: names[part[1]], value)))
        return tuple(found)


class Channel(Frozen):
    """One channel: which adapter carries it, and its limits."""

    channel: ChannelId
    adapter: Slug
    """An adapter's name: ``outbox``, ``smtp``, ``ses``, ``twilio-sms``, ``print-folder``."""
    settings: dict[str, Any] = {}
    """The adapter's own settings, validated by it. Secrets are named by environment variable, never written here."""
    sender: str | dict[Jurisdiction, str] = ""
    """From address (e-mail); sender id, number or messaging service (SMS), which may differ by jurisdiction."""
    sender_name: dict[Language, str] = {}
    utm: Utm | None = None
    quiet_hours: QuietHours | None = None
    send: SendTimes | None = None
    max_segments: int = Field(default=6, ge=1, le=10)
    warn_segments: int | None = Field(default=None, ge=1, le=10)
    """`ccm check` warns of a text message that may take more."""
    max_characters: int = Field(default=500, ge=1, le=25_000)
    """Of a social network's text; networks differ."""
    retry: Retry = Retry()
    lease_seconds: int = Field(default=120, ge=5)
    letter: LetterSettings = LetterSettings()
    """Paper, envelopes and codes; of ``channels/letter.yaml`` only."""
    path: str = ""
    settings_line: int = 0

    @model_validator(mode="after")
    def _utm_is_for_email(self) -> Channel:
        if self.utm is not None and self.channel != "email":
            raise WrongPart("utm: campaign parameters are added to links of e-mails only", "utm")
        return self

    @field_validator("sender", mode="before")
    @classmethod
    def _sender_is_one_or_by_jurisdiction(cls, value: object) -> object:
        if not isinstance(value, str | dict):
            raise ValueError("must be a text, or a text for each jurisdiction, as in {US: '+12025550199', GB: HINOKI}")  # noqa: TRY004
        return value

    @model_validator(mode="after")
    def _senders_by_jurisdiction_fit(self) -> Channel:
        if isinstance(self.sender, dict):
            if self.channel != "sms":
                raise WrongPart("only text messages have a sender for each jurisdiction", "sender")
            for jurisdiction, sender in self.sender.items():
                if not SMS_SENDER.fullmatch(sender):
                    raise WrongPart(f"'{sender}' must be {SMS_SENDERS}", "sender", jurisdiction)
        return self

    @model_validator(mode="after")
    def _only_letters_have_paper(self) -> Channel:
        if self.channel != "letter" and self.letter != LetterSettings():
            raise WrongPart("only channels/letter.yaml has a part 'letter'", "letter")
        return self

    def sender_for(self, jurisdiction: str) -> str:
        """The sender of a message to a jurisdiction; empty where none is given."""
        return self.sender if isinstance(self.sender, str) else self.sender.get(jurisdiction, "")
