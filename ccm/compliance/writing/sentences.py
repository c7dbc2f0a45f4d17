"""Sentences of a rendered text.

A rendered text has one paragraph, heading or row of a table a line. Headings and rows are no sentences and
would make every score look better than it is, so only lines that read like sentences count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ccm.compliance.folding import CJK
from ccm.compliance.writing.phrases import GONE

_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Mx|Prof|St|No|Nos|vs|etc|approx|e\.g|i\.e|a\.m|p\.m|Inc|Ltd|Co|Corp|Jr|Sr|U\.S|U\.K)"
    r"|\b[A-Z])\.$"
)
_END = re.compile(r"[.!?][\"')\]\u2019\u201d]*(?=\s|$)")
_JAPANESE_END = re.compile(r"[。！？!?．][」』）)\"]*")
_WRAPPED = re.compile(r"(?<=[^\W\d_]|,)\n(?=[a-z])")
"""A line's end inside a sentence, as in a text file."""
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_TOKEN = re.compile(r"\S*\w\S*")
_HAS_CJK = re.compile(f"[{CJK}]")
_HIRAGANA = re.compile("[\u3041-\u309f]")
MIN_OPEN_WORDS = 8
"""Words from which on a line without a full stop may be a sentence."""
MIN_OPEN_CHARACTERS = 50
"""The same for Japanese."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it stands in its text."""

    text: str
    start: int
    end: int

    @property
    def words(self) -> list[str]:
        """Its words; an amount, a date or a number is one."""
        return [token for token in _TOKEN.findall(self.text) if GONE not in token]

    @property
    def characters(self) -> int:
        """Its length without spaces and without what is not looked at."""
        return len("".join(self.text.split()).replace(GONE, ""))


def sentences(text: str, language: str) -> tuple[Sentence, ...]:
    """The sentences of a text, in order; headings, rows of tables and addresses are left out."""
    split = _japanese if language == "ja" else _spaced
    if language != "ja":
        text = _WRAPPED.sub(" ", text)
    found = []
    for line in re.finditer(r"[^\n]+", text):
        for start, end, closed in split(line[0]):
            piece = line[0][start:end]
            lead = len(piece) - len(piece.lstrip(" \u3000" + GONE))
            sentence = Sentence(piece[lead:].rstrip(" \u3000" + GONE), line.start() + start + lead, line.start() + end)
            if _reads_like_one(sentence, closed, language):
                found.append(sentence)
    return tuple(found)


def _spaced(line: str) -> Iterator[tuple[int, int, bool]]:
    start = 0
    for stop in _END.finditer(line):
        if line[stop.start()] == "." and _ABBREVIATION.search(line[start : stop.start() + 1]):
            continue
        yield start, stop.end(), True
        start = stop.end()
    if line[start:].strip():
        yield start, len(line), False


def _japanese(line: str) -> Iterator[tuple[int, int, bool]]:
    start = 0
    for stop in _JAPANESE_END.finditer(line):
        yield start, stop.end(), True
        start = stop.end()
    if line[start:].strip():
        yield start, len(line), False


def _reads_like_one(sentence: Sentence, closed: bool, language: str) -> bool:
    if language == "ja":
        hiragana = len(_HIRAGANA.findall(sentence.text))
        if closed:
            return hiragana > 0
        return sentence.characters >= MIN_OPEN_CHARACTERS and hiragana > 0.25 * sentence.characters
    words, tokens = _WORD.findall(sentence.text), sentence.words
    if closed:
        return bool(words)
    return len(words) >= MIN_OPEN_WORDS and len(words) > 0.75 * len(tokens) and not _HAS_CJK.search(sentence.text)
