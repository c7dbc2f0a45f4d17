"""Words that must not be said.

Comparing ignores case, full and half width, invisible characters and line breaks. In a word, a space stands
for any spaces or hyphens, and a final ``*`` for any ending (``guarantee*`` is guarantees and guaranteed too).
Latin words count only whole; a word with Japanese characters counts wherever it stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from ccm.compliance.folding import CJK, LATIN, REPLACED, loosen
from ccm.compliance.kinds import RuleParams
from ccm.compliance.text import CheckedText

Word = Annotated[str, StringConstraints(min_length=2, max_length=200)]
Words = dict[Literal["en", "ja"], Annotated[tuple[Word, ...], Field(min_length=1)]]
_HAS_CJK = re.compile(f"[{CJK}]")


class Params(RuleParams):
    """All lists are looked for in every message, whatever its language: advertising mixes them.

    `allow` holds longer phrases in which a forbidden word is right (``not guaranteed``). `except_wording`: the
    text of approved wording is not looked at.
    """

    words: Words = Field(min_length=1)
    allow: Words = {}
    except_wording: bool = False

    @model_validator(mode="after")
    def _words_are_words(self) -> Params:
        are_words(self.words, self.allow)
        return self


def are_words(*lists: Words) -> None:
    """Raises ValueError for what could not be looked for."""
    for words in lists:
        for word in (word for group in words.values() for word in group):
            if not re.search(r"[^\s*-]", loosen(word)) or "*" in word[:-1]:
                raise ValueError(f"'{word}' is no word; a * may stand at the end only")


def check(params: Params, message: CheckedText) -> list[str]:
    """One sentence for each forbidden word found, in the order of the lists."""
    text = message.loose_without_wording if params.except_wording else message.loose
    for phrases in params.allow.values():
        for _, literal, pattern in finders(phrases):
            if literal in text:
                text = pattern.sub(REPLACED, text)
    return [
        f"'{word}' must not be said"
        for words in params.words.values()
        for word, literal, pattern in finders(words)
        # The literal first: it is a hundred times as quick as the pattern, and mostly not there.
        if literal in text and pattern.search(text)
    ]


@lru_cache(maxsize=1024)
def finders(words: tuple[str, ...]) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """For each word: the word as written, its longest literal part, and the pattern, both for loosened text."""
    return tuple((word, *_finder(word)) for word in words)


def _finder(word: str) -> tuple[str, re.Pattern[str]]:
    ending = word.endswith("*")
    parts = [part for part in re.split(r"[\s-]+", loosen(word.rstrip("*"))) if part]
    longest = max(parts, key=len)
    literals = [re.escape(part) for part in parts]
    if _HAS_CJK.search(word):
        # Loosened text has no space beside a Japanese character, but may have one between Latin words around it.
        return longest, re.compile(r"[\s-]*".join(literals))
    expression = r"[\s-]+".join(literals)
    # Not \b: it takes Japanese characters for letters, and so would miss a Latin word among them.
    if re.match(f"[{LATIN}]", parts[0]):
        # Behind its first letters: a pattern that begins with letters jumps to where they stand.
        expression = f"{literals[0]}(?<![{LATIN}]{literals[0]}){expression.removeprefix(literals[0])}"
    if ending:
        expression += f"[{LATIN}]*"
    if ending or re.search(f"[{LATIN}]$", parts[-1]):
        expression += f"(?![{LATIN}])"
    return longest, re.compile(expression)
