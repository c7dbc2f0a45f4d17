"""The phrase language of the writers' lists, turned into patterns that can't run away.

| in a phrase | stands for |
|---|---|
| a space | spaces or hyphens, a line's end too; in Japanese also nothing |
| ``*`` at a word's beginning or end | any letters (``utilis*``) |
| ``(is|are|was)`` | one of these; ``(also|)`` one or nothing |
| ``...`` | up to three words; in Japanese up to twelve characters of the same sentence |
| ``{digits}`` ``{capitals}`` ``{word}`` | digits; capital letters; small letters and digits |

Case does not count, but for the words in braces. Latin words are found only whole, Japanese ones anywhere.
Every repetition is bounded, so a hostile phrase or text costs little time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ccm.compliance.folding import CJK, LATIN
from ccm.workspace.writing import Entry

GONE = "\ufffc"
"""Stands in a text for each character that is not looked at."""
MAX_GAPS = 2
# Up to U+00FF only, and both cases written out: other classes take a millisecond to compile, each time.
_LETTER = "(?-i:[0-9A-Za-z\u00c0-\u00ff])"
_IN_WORD = "(?-i:[0-9A-Za-z\u00c0-\u00ff_])"
_MARKERS = {"{digits}": "[0-9]{1,40}", "{capitals}": "(?-i:[A-Z]{2,40})", "{word}": "(?-i:[a-z0-9]{1,40})"}
_PART = re.compile(r"(\{[a-z]*\}|\.\.\.|[(|)]|\*|\s+)")
_WORD_EDGE = re.compile(rf"[{LATIN}]|\{{", re.IGNORECASE)
_HAS_CJK = re.compile(f"[{CJK}]")
# The same number of characters, so that places in a text stay what they are.
_PLAIN = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u00a0": " ", "\u202f": " ", "\u2010": "-"})


class PhraseError(ValueError):
    """A phrase that is none; the message says why."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A phrase, ready to look for."""

    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    """Small-letter pieces of which one must stand in the text, else the pattern can't match."""

    def find(self, text: str, small: str) -> Iterator[re.Match[str]]:
        """Every place in a text that `plain` was applied to; `small` is the same in small letters."""
        if not self.needs or any(piece in small for piece in self.needs):
            yield from self.pattern.finditer(text)


@lru_cache(maxsize=256)
def plain(text: str) -> str:
    """The text with one kind of apostrophe, hyphen and space; as long as before."""
    return text if text.isascii() else text.translate(_PLAIN)


_small = lru_cache(maxsize=256)(str.lower)


def search(entries: Sequence[Entry], text: str, channel: str = "") -> Iterator[tuple[Entry, int, int]]:
    """Where the entries stand in a text: the entry, start and end. What stands in `but` is not found."""
    text = plain(text)
    small = _small(text)
    for entry in entries:
        # The pieces first: they are a hundred times as quick as the pattern, and mostly not there.
        needs = finder(entry.find).needs
        for piece in needs:
            if piece in small:
                break
        else:
            if needs:
                continue
        if entry.channels and channel and channel not in entry.channels:
            continue
        right: list[tuple[int, int]] | None = None
        for hit in finder(entry.find).find(text, small):
            if right is None:
                right = [found.span() for phrase in entry.but for found in finder(phrase).find(text, small)]
            if not any(start < hit.end() and hit.start() < end for start, end in right):
                yield entry, hit.start(), hit.end()


def is_nothing_but(entry: Entry, text: str) -> bool:
    """Whether a text is the entry's phrase, marks at its ends aside, and nothing else."""
    return bool(finder(entry.find).pattern.fullmatch(plain(text).strip(" .:!>»→▶。：！")))


@lru_cache(maxsize=4096)
def finder(phrase: str) -> Finder:
    """The phrase compiled; raises `PhraseError`."""
    parts = [part for part in _PART.split(plain(phrase.strip())) if part]
    if not any(_WORD_EDGE.search(part) or _HAS_CJK.search(part) or not part.isspace() for part in parts):
        raise PhraseError("is empty")
    if parts.count("...") > MAX_GAPS:
        raise PhraseError(f"has more than {MAX_GAPS} gaps (...)")
    japanese = bool(_HAS_CJK.search(phrase))
    expression = "".join(_expression(parts, japanese))
    if re.fullmatch(expression, "", re.IGNORECASE):
        raise PhraseError("would be found everywhere")
    return Finder(re.compile(expression, re.IGNORECASE), _needs(parts))


def _expression(parts: list[str], japanese: bool) -> Iterator[str]:
    depth = 0
    for number, part in enumerate(parts):
        before = parts[number - 1] if number else ""
        after = parts[number + 1] if number + 1 < len(parts) else ""
        if part == "(":
            depth += 1
            yield "(?:"
        elif part == ")":
            depth -= 1
            yield ")"
        elif part == "|":
            if not depth:
                raise PhraseError("a | stands between ( and ) only")
            yield "|"
        elif part == "*":
            yield f"{_LETTER}{{0,30}}"
        elif part == "...":
            yield "[^。\\n]{0,12}?" if japanese else r"(?:[^\s.!?]{1,40}[\s-]{1,3}){0,3}?"
        elif part.isspace():
            yield _space(before, after, japanese)
        else:
            if part.startswith("{") and part.endswith("}") and part not in _MARKERS:
                raise PhraseError(f"'{part}' is none of {', '.join(_MARKERS)}")
            yield _whole(_MARKERS.get(part) or re.escape(part), part, parts, number)
        if depth not in (0, 1):
            raise PhraseError("brackets do not fit: ( ) can't stand in each other")
    if depth:
        raise PhraseError("a bracket is not closed")


def _space(before: str, after: str, japanese: bool) -> str:
    if before in ("", "...") or after == "":
        return ""
    if japanese:
        return r"[\s-]{0,3}"
    # Beside an alternative that may be nothing, the space may be missing too.
    return r"[\s-]{0,3}" if before == ")" or after == "(" else r"[\s-]{1,3}"


def _whole(expression: str, part: str, parts: list[str], number: int) -> str:
    """Whole words only: no letter may go on beyond a word's edge, unless the phrase itself goes on there."""
    if _WORD_EDGE.match(part) and not _goes_on(parts[:number][::-1], "(", ")"):
        expression = f"(?<!{_IN_WORD}){expression}"
    if _WORD_EDGE.match("{" if part in _MARKERS else part[-1]) and not _goes_on(parts[number + 1 :], ")", "("):
        expression = f"{expression}(?!{_IN_WORD})"
    return expression


def _goes_on(beyond: list[str], out: str, into: str) -> bool:
    """Whether a word goes on in the parts beyond it: in ``prod(uction|)`` both ways, in ``(is|are) not`` nowhere."""
    if beyond and beyond[0] == "|":
        # The other choices are skipped: what stands beyond the bracket counts.
        beyond = beyond[beyond.index(out) :] if out in beyond else []
    if beyond and beyond[0] == out:
        beyond = beyond[1:]
    return bool(beyond) and not beyond[0].isspace() and (beyond[0] == into or beyond[0] not in ("(", ")", "|", "..."))


def _needs(parts: list[str]) -> tuple[str, ...]:
    """The longest literal piece outside brackets; else the words of the first bracket."""
    literals: list[str] = []
    choices: list[list[str]] = []
    inside = False
    for part in parts:
        if part == "(":
            inside = True
            choices.append([""])
        elif part == ")":
            inside = False
        elif part == "|":
            choices[-1].append("")
        elif part in ("*", "...") or part.isspace() or part in _MARKERS:
            if inside and not choices[-1][-1]:
                choices[-1][-1] = part if part == "*" else choices[-1][-1]
        elif inside:
            choices[-1][-1] = max(choices[-1][-1].strip("*"), part, key=len)
        else:
            literals.append(part)
    if literals:
        return (max(literals, key=len).lower(),)
    for words in choices:
        if all(word and word != "*" for word in words):
            return tuple(word.lower() for word in words)
    return ()
