"""``compliance/wording/<id>/*.yaml``: approved regulatory wording, one version a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from ccm.model.customer import Frozen
from ccm.workspace.communication import ChannelId, Communication, ScalarType
from ccm.workspace.languages import Language
from ccm.workspace.localtime import FIRST, read_instant
from ccm.workspace.settings import Jurisdiction, Slug, WrongPart, Zone
from ccm.workspace.wording_text import hidden_in, text_problems

Version = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}(\.[1-9][0-9]{0,5}){0,3}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]
Occurs = Literal["at_least_once", "exactly_once"]
Position = Literal["anywhere", "start", "end", "beside"]


class Wording(Frozen):
    """One version of one wording, for one language and jurisdiction.

    Placeholders are written ``{name}`` and must be declared; wording holds no template code. A version that was
    part of an approved release is never edited again (`ccm.compliance.wording_approved`).
    """

    id: Slug
    version: Version
    replaces: Version | None = None
    """An earlier version whose stated end this one does not wait for."""
    language: Language
    jurisdiction: Jurisdiction
    product: Slug | None = None
    """Only for communications about this product, before the wording that names none."""
    zone: Zone | None = None
    """IANA zone of the two times below, which need no offset then."""
    effective_from: datetime
    effective_to: datetime | None = None
    """Exclusive; None: until the next version starts."""
    owner: Line
    source: Line
    """The law or guidance that asks for it."""
    placeholders: dict[str, ScalarType] = {}
    """Dotted paths of the customer, organisation or data, with their types: ``organisation.name: text``."""
    text: str
    texts: dict[ChannelId, str] = {}
    """Channels that say it in other words than `text`: ``sms: a short text``."""
    occurs: Occurs = "at_least_once"
    """How often it stands in a message that uses it."""
    position: Position = "anywhere"
    """Where in the message it stands: see `ccm.compliance.wording_placed`."""
    beside: tuple[Line, ...] = ()
    """The words beside which it stands, where `position` is ``beside``."""
    minimum_points: float | None = Field(default=None, ge=4, le=72)
    """Size of its type on a letter, in points of 1/72 inch."""
    path: str = ""
    digest: str = ""
    lines: dict[str, int] = {}
    """Where the parts of the file stand, for findings that only show later."""

    @field_validator("effective_from", "effective_to", mode="before")
    @classmethod
    def _instant(cls, value: object, info: ValidationInfo) -> object:
        if "zone" not in info.data:
            return FIRST  # the zone was refused, and is told of already
        return None if value is None else read_instant(value, info.data["zone"])

    @field_validator("owner", "source")
    @classmethod
    def _shown(cls, value: str) -> str:
        if hidden_in(value):
            raise ValueError("holds characters that nobody sees; take them out")
        return value

    @field_validator("text")
    @classmethod
    def _plain_text(cls, value: str, info: ValidationInfo) -> str:
        if wrong := "; ".join(text_problems(value, info.data.get("placeholders"))):
            raise ValueError(wrong)
        return value

    @field_validator("texts")
    @classmethod
    def _plain_texts(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for channel, text in value.items():
            if wrong := "; ".join(text_problems(text, info.data.get("placeholders"))):
                raise WrongPart(f"{channel}: {wrong}", channel)
        return value

    @model_validator(mode="after")
    def _parts_fit(self) -> Wording:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise WrongPart("effective_to is not after effective_from", "effective_to")
        if bool(self.beside) != (self.position == "beside"):
            loc = "beside" if self.beside else "position"
            raise WrongPart("position 'beside' and the words in 'beside' need each other", loc)
        return self

    def said_on(self, channel: str) -> str:
        """The channel's own text, or the common one."""
        return next((text for name, text in self.texts.items() if name == channel), self.text)

    @property
    def file_name(self) -> str:
        """What its file is called: so the manifests of releases, which hold paths, tell the version."""
        parts = [
            self.jurisdiction.lower(),
            self.language.lower(),
            self.version,
            *([self.product] if self.product else []),
        ]
        return f"{'-'.join(parts)}.yaml"

    def local(self, at: datetime) -> str:
        """An instant for people, as the wording's zone has it; in UTC where it names none."""
        return at.astimezone(ZoneInfo(self.zone or "UTC")).isoformat(timespec="seconds")

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Whose versions follow each other: id, language, jurisdiction and product (empty for any)."""
        return self.id, self.language, self.jurisdiction, self.product or ""

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, so that 10 comes after 9."""
        return tuple(int(part) for part in self.version.split("."))

    def in_force(self, at: datetime) -> bool:
        """Whether this version is effective at an instant, unless another one replaced it."""
        return self.effective_from <= at and (self.effective_to is None or at < self.effective_to)


def resolve(
    wordings: Iterable[Wording], wording_id: str, language: str, jurisdiction: str, at: datetime, product: str = ""
) -> Wording | None:
    """The version of a wording in force at an instant, or None.

    The version that started last replaces all before it, also where it has ended by now. Wording for the product
    comes before wording for any; with an empty `product` only the latter counts.
    """
    newest: dict[str, Wording] = {}
    for wording in wordings:
        if wording.id == wording_id and wording.place[1:3] == (language, jurisdiction) and wording.effective_from <= at:
            known = newest.get(wording.place[3])
            if known is None or known.effective_from < wording.effective_from:
                newest[wording.place[3]] = wording
    for name in (product, "") if product else ("",):
        found = newest.get(name)
        if found is not None and found.in_force(at):
            return found
    return None


def resolve_for(
    wordings: Iterable[Wording], communication: Communication, wording_id: str, language: str, jurisdiction: str,
    at: datetime,
) -> Wording | None:  # fmt: skip
    """The version in force for a communication, in the language or else in the first that stands in for it."""
    product = communication.product or ""
    tried = (
        resolve(wordings, wording_id, own, jurisdiction, at, product)
        for own in communication.languages_behind(language)
    )
    return next((wording for wording in tried if wording is not None), None)


def ends_at(wordings: Iterable[Wording], wording: Wording) -> datetime | None:
    """When a version stops being in force: at its own end or at the start of the next one; None: not foreseen."""
    starts = [other.effective_from for other in wordings
              if other.place == wording.place and other.effective_from > wording.effective_from]  # fmt: skip
    ends = [*starts, *([wording.effective_to] if wording.effective_to else [])]
    return min(ends) if ends else None
