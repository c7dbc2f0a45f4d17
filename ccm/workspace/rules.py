"""``compliance/rules/*.yaml`` as files. What a kind means, and its `params`, stands in `ccm.compliance.kinds`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from ccm.model.customer import Frozen, Purpose
from ccm.workspace.communication import ChannelId
from ccm.workspace.languages import Language
from ccm.workspace.settings import ByLanguage, Jurisdiction, Slug


class Scope(Frozen):
    """To which messages a rule applies; an empty list means all."""

    purposes: tuple[Purpose, ...] = ()
    channels: tuple[ChannelId, ...] = ()
    jurisdictions: tuple[Jurisdiction, ...] = ()
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

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}[0-9]{2,3}$")]
    name: ByLanguage
    kind: str
    applies: Scope = Scope()
    severity: Literal["error", "warning"] = "error"
    reason: str
    source: str
    params: dict[str, Any] = {}
    examples: RuleExamples
    path: str = ""
    params_line: int = 0
    kind_line: int = 0
    digest: str = ""
