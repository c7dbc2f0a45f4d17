"""Where in the files the words of a rendered message stand.

A template's words are cut into runs, the stretches between its tags and its code. A place of the rendered text
belongs to the longest run that stands over it; where none does, the words came with the data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from ccm.compliance.writing.phrases import plain
from ccm.compliance.writing.written import Hit, SourceText, Written

_CODE = r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
_MARKUP = {
    "tags": re.compile(rf"{_CODE}|<!--.*?-->|<style\b.*?</style>|<mj-style\b.*?</mj-style>|<[^>]*>", re.DOTALL),
    "markdown": re.compile(
        rf"{_CODE}|<[^>]*>|\]\([^)]*\)|[*_`#|\[\]]+|^\s*(?:[-+>]|\d+\.)\s", re.DOTALL | re.MULTILINE
    ),
    "quoted": re.compile(rf'{_CODE}|^[ \t]*(?:- +)?[\w-]+:[ \t]|^[ \t]*- |(?<!\\)"|\\n', re.DOTALL | re.MULTILINE),
    "plain": re.compile(_CODE, re.DOTALL),
}
_FORMS = {
    ".mjml": "tags", ".html": "tags", ".svg": "tags", ".md": "markdown", ".json": "quoted", ".po": "quoted",
    ".yaml": "quoted",
}  # fmt: skip
_FRONT_MATTER = re.compile(r"---\n.*?\n---(?:\n|$)", re.DOTALL)
_SHARED_WORD = re.compile(r"\{\{-?\s*(['\"])(.*?)\1\s*\|\s*t\b.*?\}\}", re.DOTALL)
_PIECE = re.compile(r"[^\n]+")
NEAR = 3
"""Characters between a value and the words beside it: a space, a mark."""
LONG_ENOUGH = 12
"""Characters of a run that say enough about where a long passage stands."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of words as it stands in a file."""

    text: str
    path: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Found:
    """Where words of a message stand in the workspace, or the value they came with."""

    path: str
    line: int = 0
    column: int = 0
    value: str = ""
    """Dotted name of a customer's field or of the data; empty for a writer's own words."""


@lru_cache(maxsize=512)
def runs(source: SourceText) -> tuple[Run, ...]:
    """The runs of a file, in its order; each is on one line, with its spaces evened out."""
    form = _FORMS.get(source.path[source.path.rfind(".") :], "plain")
    head = _FRONT_MATTER.match(source.text)
    end = head.end() if head else 0
    stretches = [*_cut(source.text, 0, end, "quoted"), *_cut(source.text, end, len(source.text), form)]
    found = []
    for start, stop in stretches:
        for piece in _PIECE.finditer(source.text, start, stop):
            words = " ".join(plain(unescape(piece[0])).split())
            if words:
                at = piece.start() + len(piece[0]) - len(piece[0].lstrip())
                line = source.text.count("\n", 0, at)
                column = at - (source.text.rfind("\n", 0, at) + 1) + 1
                found.append(Run(words, source.path, source.first_line + line, column))
    return tuple(found)


def _cut(text: str, start: int, end: int, form: str) -> list[tuple[int, int]]:
    stretches = []
    for mark in _MARKUP[form].finditer(text, start, end):
        stretches.append((start, mark.start()))
        if word := _SHARED_WORD.fullmatch(mark[0]):
            stretches.append((mark.start() + word.start(2), mark.start() + word.end(2)))
        start = mark.end()
    return [*stretches, (start, end)]


def locate(hit: Hit, written: Written) -> Found:
    """Where the words of a hit stand: in the template, else in a shared file, else the value they came with.

    A value stands where the words around it do. `Found.line` is 0 where nothing says a line.
    """
    text = next((part.text for part in written.parts if part.place == hit.place), "")
    evened, places = _evened(text)
    start, end = places[hit.start], places[max(hit.start, min(hit.end, len(text)))]
    best: tuple[int, int, Found] | None = None
    for first, stop, own, run in _standing(evened, (written.source, *written.shared)):
        covered = min(end, stop) - max(start, first)
        if covered > 0 and (best is None or (covered, own) > best[:2]):
            found = Found(run.path, run.line, run.column + max(0, start - first))
            best = covered, own, found
    if best and (2 * best[0] >= end - start or best[0] >= LONG_ENOUGH):
        return best[2]
    value = _value(written, text[hit.start : hit.end])
    if best and not value:
        return best[2]
    near = _near(evened, (written.source, *written.shared), start, end)
    return Found(near.path, near.line, near.column, value) if near else Found(written.source.path, value=value)


def _near(evened: str, sources: tuple[SourceText, ...], start: int, end: int) -> Found | None:
    """The end of the words right before a stretch, or the beginning of those right after it."""
    best: tuple[int, int, Found] | None = None
    for first, stop, own, run in _standing(evened, sources):
        away = start - stop if stop <= start else first - end
        if 0 <= away <= NEAR and len(run.text) > 1 and (best is None or (-away, own) > best[:2]):
            best = -away, own, Found(run.path, run.line, run.column + (len(run.text) if stop <= start else 0))
    return best[2] if best else None


@lru_cache(maxsize=64)
def _standing(evened: str, sources: tuple[SourceText, ...]) -> tuple[tuple[int, int, int, Run], ...]:
    """Every stretch of a text over which a run stands: start, end, how near the source is, and the run."""
    found = []
    for rank, source in enumerate(sources):
        for run in runs(source):
            first = evened.find(run.text)
            while first >= 0:
                found.append((first, first + len(run.text), -rank, run))
                first = evened.find(run.text, first + len(run.text))
    return tuple(found)


@lru_cache(maxsize=64)
def _evened(text: str) -> tuple[str, tuple[int, ...]]:
    """The text with single spaces, and for each place of the given text (its end too) the place in that one."""
    out: list[str] = []
    places = []
    for letter in plain(text):
        places.append(len(out))
        if not letter.isspace():
            out.append(letter)
        elif out and out[-1] != " ":
            out.append(" ")
    places.append(len(out))
    return "".join(out), tuple(places)


def _value(written: Written, words: str) -> str:
    """The name of the value that words came with, or an empty text."""
    small = words.strip().lower()
    for name, value in written.values if small else ():
        other = value.lower()
        if small in other or (2 * len(other) >= len(small) and other in small):
            return name
    return ""
