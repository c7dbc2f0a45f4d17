"""``compliance/wording/<id>/*.yaml``: approved regulatory wording, one version a file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints, field_validator, model_validator

from ccm.model.customer import Frozen
from ccm.workspace.communication import ScalarType
from ccm.workspace.languages import Language
from ccm.workspace.settings import Jurisdiction, Slug, WrongPart


class Wording(Frozen):
    """One version of one wording, for one language and jurisdiction.

    Placeholders are written ``{name}`` and must be declared; wording holds no template code.
    """

    id: Slug
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    language: Language
    jurisdiction: Jurisdiction
    effective_from: datetime
    effective_to: datetime | None = None
    """Exclusive; None: until replaced."""
    owner: str
    source: str
    """The law or guidance that asks for it."""
    text: str
    short_text: str = ""
    """For SMS; empty: `text` is used."""
    placeholders: dict[str, ScalarType] = {}
    """Dotted paths of the customer, organisation or data, with their types: ``organisation.name: text``."""
    path: str = ""
    digest: str = ""

    @field_validator("effective_from", "effective_to")
    @classmethod
    def _with_zone(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs an offset, as in 2026-01-01T00:00:00+09:00")
        return value

    @model_validator(mode="after")
    def _no_code(self) -> Wording:
        for name in ("text", "short_text"):
            value = str(getattr(self, name))
            if "{{" in value or "{%" in value or "{#" in value:
                message = f"{name} holds template code; only declared {{placeholders}} are possible"
                raise WrongPart(message, name)
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise WrongPart("effective_to is not after effective_from", "effective_to")
        return self

    def in_force(self, at: datetime) -> bool:
        """Whether this version is effective at an instant."""
        return self.effective_from <= at and (self.effective_to is None or at < self.effective_to)


def resolve(
    wordings: tuple[Wording, ...], wording_id: str, language: str, jurisdiction: str, at: datetime
) -> Wording | None:
    """The version of a wording in force at an instant, or None."""
    for wording in wordings:
        place = (wording.id, wording.language, wording.jurisdiction)
        if place == (wording_id, language, jurisdiction) and wording.in_force(at):
            return wording
    return None
