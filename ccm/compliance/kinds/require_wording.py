"""Approved wording must have been used, and must stand in what the customer reads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ccm.compliance.kinds import NamesWording
from ccm.compliance.text import CheckedText, count_standing
from ccm.workspace.settings import Slug


class Params(NamesWording):
    """`minimum`: how many of the named wordings are enough; without it, all of them are needed."""

    wording: tuple[Slug, ...] = Field(min_length=1)
    occurs: Literal["at_least_once", "exactly_once"] = "at_least_once"
    minimum: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _enough_are_named(self) -> Params:
        if len(set(self.wording)) != len(self.wording):
            raise ValueError("wording names an id twice")
        if self.minimum is not None and self.minimum > len(self.wording):
            raise ValueError(f"minimum {self.minimum} is more than the {len(self.wording)} wordings named")
        return self

    def required_wording(self) -> tuple[frozenset[str], int]:
        return frozenset(self.wording), self.needed

    @property
    def needed(self) -> int:
        """How many of the wordings must stand in the message."""
        return self.minimum or len(self.wording)


def check(params: Params, message: CheckedText) -> list[str]:
    """One sentence for each wording that is missing, or stands more than once where once is the rule."""
    missing, repeated, standing = [], [], 0
    for wording_id in params.wording:
        # A set: one wording may be used twice with the same text, in the body and in what is attached.
        texts = {use.text for use in message.wording if use.id == wording_id}
        count = sum(count_standing(text, message) for text in texts)
        if not texts:
            missing.append(f"wording '{wording_id}' is not used")
        elif not count:
            missing.append(f"wording '{wording_id}' was used, but its text is not in what the customer reads")
        else:
            standing += 1
            if count > 1 and params.occurs == "exactly_once":
                repeated.append(f"wording '{wording_id}' stands {count} times, not exactly once")
    return (missing if standing < params.needed else []) + repeated
