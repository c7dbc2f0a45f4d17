"""Who sends must stand in the message: name, postal address, and where to turn to.

Each part must stand in the text that the customer reads, and where there is a page, visibly in that too: not in a
comment, not undisplayed, not white on white.
"""

from __future__ import annotations

from itertools import chain
from typing import Literal, Self

from pydantic import Field, model_validator

from ccm.compliance.kinds import RuleParams
from ccm.compliance.text import CheckedText, stands
from ccm.compliance.visible import stands_in
from ccm.workspace import Workspace

Part = Literal["name", "address", "contact"]


class Params(RuleParams):
    """`parts`: what must stand. A contact is the telephone number, the website or the preference page of ccm.toml."""

    parts: tuple[Part, ...] = Field(default=("name", "address", "contact"), min_length=1)
    texts: dict[Part, tuple[tuple[str, ...], ...]] = Field(default_factory=dict, exclude=True)
    """Part to the alternatives of which one is enough, each with all its lines; comes from ccm.toml."""

    @model_validator(mode="after")
    def _texts_are_not_written(self) -> Params:
        if self.texts:
            raise ValueError("'texts' come from ccm.toml; a rule names 'parts' only")
        return self

    def bound(self, workspace: Workspace) -> Self:
        found = workspace.settings.organisation
        texts = {
            "name": ((found.name.en,), (found.name.ja,)),
            # Messages put commas or nothing between the lines of an address.
            "address": (tuple(found.address.en.splitlines()), tuple(found.address.ja.splitlines())),
            "contact": ((found.phone,), (found.website,), (found.preference_url,)),
        }
        return self.model_copy(update={"texts": texts})


def check(params: Params, message: CheckedText) -> list[str]:
    """One sentence for each part that is missing, or cannot be seen."""
    found = []
    for part in params.parts:
        texts = params.texts.get(part, ())
        told = (lines for lines in texts if all(stands(line, message) for line in lines))
        first = next(told, None)
        if first is None:
            found.append(f"the sender's {part} is not in what the customer reads")
        elif message.html and not any(
            all(stands_in(line, message.page_words) for line in lines) for lines in chain((first,), told)
        ):
            found.append(f"the sender's {part} is in the page, but the customer cannot see it")
    return found
