"""What differs between two texts, in words: Latin words, and phrases (文節) of Japanese, as people read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from ccm.render.linebreaks import phrases

MOST_TOKENS = 6000
"""Beyond that many differing words a side, texts are compared by lines: the time grows with the square."""
CONTEXT = 2
"""Lines shown before and after a change."""
_JAPANESE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f"
_TOKEN = re.compile(rf"[{_JAPANESE}]+|\s+|[^\W_]+(?:['’.,][^\W_]+)*|.", re.DOTALL)
_ONLY_JAPANESE = re.compile(rf"[{_JAPANESE}]")
_LATIN = re.compile(rf"(?<=[{_JAPANESE}])(?=[^{_JAPANESE}])|(?<=[^{_JAPANESE}])(?=[{_JAPANESE}])")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is in both, or in one only."""

    kind: Literal["same", "removed", "added"]
    text: str


def tokens(text: str) -> list[str]:
    """The words, phrases, marks and spaces of a text, in order; together they are `text` again."""
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        for part in _LATIN.split(match[0]):
            found += phrases(part) if _ONLY_JAPANESE.match(part) else [part]
    return found


def word_diff(old: str, new: str) -> tuple[Piece, ...]:
    """The two texts as one, in pieces; equal texts give one piece, or none where they are empty."""
    if old == new:
        return (Piece("same", old),) if old else ()
    before, after = tokens(old), tokens(new)
    if min(len(before), len(after)) > MOST_TOKENS:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return tuple(_joined(_grouped(list(_pieces(before, after)))))


def changed_places(old: Sequence[str], new: Sequence[str]) -> tuple[set[int], set[int]]:
    """The places of the words that are in the old sequence only, and in the new one only."""
    removed: set[int] = set()
    added: set[int] = set()
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            removed.update(range(i1, i2))
            added.update(range(j1, j2))
    return removed, added


def passages(old: str, new: str) -> tuple[tuple[Piece, ...], ...]:
    """The passages in which two versions of a text differ, with some lines around each."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found = []
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT):
        pieces: list[Piece] = []
        for _, i1, i2, j1, j2 in group:
            pieces += word_diff("".join(before[i1:i2]), "".join(after[j1:j2]))
        found.append(tuple(_joined(pieces)))
    return tuple(found)


def _pieces(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(before[i1:i2]))
            continue
        if i1 < i2:
            yield Piece("removed", "".join(before[i1:i2]))
        if j1 < j2:
            yield Piece("added", "".join(after[j1:j2]))


def _grouped(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Changes with only a space between them as one: "call us" beside "ring him", not word against word."""
    removed = added = ""
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        if piece.kind == "removed":
            removed += piece.text
        elif piece.kind == "added":
            added += piece.text
        elif removed and added and not last and piece.text.isspace() and "\n" not in piece.text:
            removed, added = removed + piece.text, added + piece.text
        else:
            yield from (Piece("removed", removed), Piece("added", added), piece)
            removed = added = ""
    yield from (Piece("removed", removed), Piece("added", added))


def _joined(pieces: Iterator[Piece] | Sequence[Piece]) -> Iterator[Piece]:
    """Pieces in a row of one kind as one."""
    last: Piece | None = None
    for piece in pieces:
        if not piece.text:
            continue
        if last is not None and last.kind == piece.kind:
            last = Piece(last.kind, last.text + piece.text)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
