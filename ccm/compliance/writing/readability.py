"""How hard a text is to read, in numbers. Sources stand at each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec

from ccm.compliance.writing.phrases import GONE
from ccm.compliance.writing.sentences import Sentence, sentences

_LETTERS = re.compile(r"[a-z]+(?:'[a-z]+)?")
_KANJI = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々]")
_VOWELS = re.compile("[aeiouy]+")
_SILENT = re.compile(r"(?<![aeiouy])(?<!.[^aeiouy]l)(?<!^[^aeiouy]l)e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouyscxzgh])es$")
_KEPT = re.compile("[^aeiouyl]le[sd]$")
_APART = re.compile(
    "i(?:a|o(?!u|n)|um|et|en)|(?<![tcxgs])iou|[^q]ua|[^tq]uo|eo(?!u|p)|creat|(?<=[eo])ing|ying|^co(?=op)|ea$|uition"
)
_TOGETHER = re.compile(
    "(?<=[tcs])ia(?=[ln])|(?<=[scnt])(?<!^sc)ien(?=[ct])|ely$|eful|eless|(?<!e)ement|ewhere|ething|fety|ques?$"
    "|every|business"
)


@dataclass(frozen=True, slots=True)
class Readability:
    """The measures of one text; a score is None where it does not apply or the text is too short."""

    language: str
    sentences: tuple[Sentence, ...]
    words: int
    """Words of languages with spaces; 0 in Japanese."""
    characters: int
    """Without spaces."""
    flesch: float | None = None
    kanji_percent: float | None = None
    jreadability: float | None = None

    @property
    def mean_length(self) -> float:
        """Words a sentence; in Japanese characters a sentence."""
        total = self.characters if self.language == "ja" else self.words
        return total / len(self.sentences) if self.sentences else 0.0


def measure(text: str, language: str) -> Readability:
    """Every measure there is for a text in a language (``en``, ``ja`` or another)."""
    found = sentences(text, language)
    characters = sum(sentence.characters for sentence in found)
    if language == "ja":
        scorer = jreadability_scorer()
        # Samples of one template differ by their values only, which are not looked at.
        score = scorer("".join(sentence.text.replace(GONE, "") for sentence in found)) if scorer and found else None
        return Readability("ja", found, 0, characters, None, kanji_percent(found), score)
    words = sum(len(sentence.words) for sentence in found)
    return Readability(language, found, words, characters, flesch(found) if language == "en" else None)


def flesch(found: Sequence[Sentence]) -> float | None:
    """Reading ease: 206.835 - 1.015 x words a sentence - 84.6 x syllables a word; None without a sentence.

    Source: R. Flesch, "A new readability yardstick", Journal of Applied Psychology 32 (1948), 221-233.
    100 is very easy, 60 to 70 plain English, under 30 very hard. A number, an amount or a date counts as one
    word of one syllable, so that a statement's figures do not make its words hard.
    """
    words = [word for sentence in found for word in sentence.words]
    if not words:
        return None
    return 206.835 - 1.015 * len(words) / len(found) - 84.6 * sum(map(syllables, words)) / len(words)


@lru_cache(maxsize=16_384)
def syllables(word: str) -> int:
    """Syllables of an English word as spoken, estimated from its vowels.

    Hyphenation patterns (pyphen) know where a line may break, not what is spoken: they miss a tenth of all
    syllables ("a-way", "i-dea"), which this estimate does not (see the tests).
    """
    return max(1, sum(_spoken(part) for part in _LETTERS.findall(word.lower().replace("\u2019", "'"))))


def _spoken(part: str) -> int:
    stem = part.split("'")[0]
    count = len(_VOWELS.findall(stem)) + len(_APART.findall(stem)) - len(_TOGETHER.findall(stem))
    if _SILENT.search(stem) and not _KEPT.search(stem):
        count -= 1
    if part.endswith(("dn't", "sn't")):
        count += 1
    return max(1, count)


def kanji_percent(found: Sequence[Sentence]) -> float | None:
    """Kanji among all characters of Japanese sentences, in percent; None without a sentence."""
    total = sum(sentence.characters for sentence in found)
    if not total:
        return None
    return 100 * sum(len(_KANJI.findall(sentence.text)) for sentence in found) / total


def has_jreadability() -> bool:
    """Whether jReadability is installed, without loading it."""
    return find_spec("jreadability") is not None and find_spec("fugashi") is not None


@lru_cache(maxsize=1)
def jreadability_scorer() -> Callable[[str], float] | None:
    """The jReadability score of a text, or None where the package is not installed.

    From 0.5 to 1.5 is upper advanced, 5.5 to 6.5 lower elementary; it was made for learners of Japanese.
    Source: Y. Hasebe and J.-H. Lee, "Introducing a readability evaluation system for Japanese language
    education", CASTEL/J 2015; the levels as in the package's description.
    """
    if not has_jreadability():
        return None
    # Loaded when the first Japanese text comes along: the dictionary takes memory.
    from fugashi import Tagger  # type: ignore[import-untyped]
    from jreadability import compute_readability  # type: ignore[import-untyped]

    tagger = Tagger()
    return lru_cache(maxsize=256)(lambda text: float(compute_readability(text, tagger)))
