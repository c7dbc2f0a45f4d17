"""A phrase that promises needs its risk notice beside it.

Whoever reads "4.10 % guaranteed" must not have to look for what it depends on: the named wording must stand in the same
block (between blank lines) or within some characters of the promise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from ccm.compliance.folding import REPLACED, loosen
from ccm.compliance.kinds import NamesWording
from ccm.compliance.kinds.forbid_words import Words, are_words, finders
from ccm.compliance.text import CheckedText
from ccm.workspace.settings import Slug

Phrase = Annotated[str, StringConstraints(min_length=2, max_length=200)]
_BLOCK = "\ue000"
"""Stands for a blank line while text is compared; a private character that `loosen` leaves as it is."""


class Params(NamesWording):
    """`promises`: phrases as in forbid_words. `wording`: ids of which one must stand near.

    `within`: characters between promise and notice that are still near; with 0 both must stand in one block.
    """

    promises: Words = Field(min_length=1)
    allow: Words = {}
    wording: tuple[Slug, ...] = Field(min_length=1)
    within: Annotated[int, Field(ge=0, le=2000)] = 0
    place: Literal["block", "near"] = "block"

    @model_validator(mode="after")
    def _words_are_words(self) -> Params:
        are_words(self.promises, self.allow)
        if (self.place == "near") != bool(self.within):
            raise ValueError("'within' says how near: it belongs to 'place: near', and is needed there")
        return self


def check(params: Params, message: CheckedText) -> list[str]:
    """One sentence for each promise that stands without its notice, in the order of the list.

    A promise in the subject has no room for a notice beside it: it never passes.
    """
    promises = [entry for words in params.promises.values() for entry in finders(words)]
    if not any(literal in message.loose for _, literal, _ in promises):
        return []
    subject, text = (_allowed_out(params, part) for part in (loosen(message.subject), _blocks(message.text)))
    notices = [
        (start, start + len(passage))
        for use in message.wording if use.id in params.wording
        if (passage := loosen(use.text))
        for start in _places(passage, text)
    ]  # fmt: skip
    asked = " or ".join(f"'{wording_id}'" for wording_id in params.wording)
    where = f"within {params.within} characters" if params.place == "near" else "in the same block"
    found = []
    for phrase, literal, pattern in promises:
        if literal in subject and pattern.search(subject):
            found.append(f"'{phrase}' stands in the subject, where wording {asked} cannot stand beside it")
        elif literal in text and any(
            not any(_is_near(params, text, promise.span(), notice) for notice in notices)
            for promise in pattern.finditer(text)
        ):
            found.append(f"'{phrase}' needs wording {asked} {where}")
    return found


def _blocks(text: str) -> str:
    """The text loosened, with a mark where a blank line parts two blocks."""
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            parts[-1].append(line)
        elif parts[-1]:
            parts.append([])
    return _BLOCK.join(loosen("\n".join(lines)) for lines in parts)


def _allowed_out(params: Params, text: str) -> str:
    for phrases in params.allow.values():
        for _, literal, pattern in finders(phrases):
            if literal in text:
                text = pattern.sub(REPLACED, text)
    return text


def _places(passage: str, text: str) -> Iterator[int]:
    start = text.find(passage)
    while start >= 0:
        yield start
        start = text.find(passage, start + len(passage))


def _is_near(params: Params, text: str, promise: tuple[int, int], notice: tuple[int, int]) -> bool:
    first, second = sorted((promise, notice))
    between = text[first[1] : second[0]]
    return len(between) <= params.within if params.place == "near" else _BLOCK not in between
