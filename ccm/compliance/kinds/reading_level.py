"""A message must not be too hard to read.

Measured as writers' checks do it (`ccm.compliance.writing.readability`): Flesch reading ease and words a sentence for
English, characters a sentence and share of kanji for Japanese. Short messages are not measured: they say nothing.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from ccm.compliance.kinds import RuleParams
from ccm.compliance.text import CheckedText
from ccm.compliance.writing.readability import flesch, kanji_percent
from ccm.compliance.writing.sentences import sentences
from ccm.workspace.languages import base


class Params(RuleParams):
    """What is left out is not looked at."""

    flesch: float | None = Field(default=None, ge=0, le=121.22)
    """Least reading ease of English; 60 to 70 is plain."""
    sentence_words: float | None = Field(default=None, ge=5)
    """Most words a sentence on average, in languages with spaces."""
    sentence_characters: float | None = Field(default=None, ge=20)
    """Most characters a sentence on average, in Japanese."""
    kanji_percent: float | None = Field(default=None, ge=0, le=100)
    """Most kanji, of all characters of Japanese sentences."""
    least_words: int = Field(default=40, ge=10)
    """Words from which on something is measured; three Japanese characters count as one."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Params:
        if (self.flesch, self.sentence_words, self.sentence_characters, self.kanji_percent) == (None,) * 4:
            raise ValueError("asks for nothing: give flesch, sentence_words, sentence_characters or kanji_percent")
        return self


def check(params: Params, message: CheckedText) -> list[str]:
    """One sentence for each limit that is not kept."""
    language = base(message.language)
    if language == "ja":
        limits = (params.sentence_characters, params.kanji_percent)
    else:
        limits = (params.sentence_words, params.flesch if language == "en" else None)
    if limits == (None, None):
        return []
    found = sentences(message.text, language)
    characters = sum(sentence.characters for sentence in found)
    words = 0 if language == "ja" else sum(len(sentence.words) for sentence in found)
    if max(words, characters // 3) < params.least_words or not found:
        return []
    mean = (characters if language == "ja" else words) / len(found)
    said = []
    longest, unit = (limits[0], "characters" if language == "ja" else "words")
    if longest is not None and mean > longest:
        said.append(f"sentences have {mean:.0f} {unit} on average; at most {longest:g} are allowed")
    if language == "ja" and params.kanji_percent is not None:
        share = kanji_percent(found)
        if share is not None and share > params.kanji_percent:
            said.append(f"{share:.0f} % of the characters are kanji; at most {params.kanji_percent:g} %")
    if language == "en" and params.flesch is not None:
        ease = flesch(found)
        if ease is not None and ease < params.flesch:
            said.append(f"Flesch reading ease is {ease:.0f}; at least {params.flesch:g} is needed")
    return said
