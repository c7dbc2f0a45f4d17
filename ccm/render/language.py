"""The template language as text: its limits, what is not possible in it at all, and what a file is split into."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from jinja2 import nodes

from ccm.errors import Problem

MAX_CHARACTERS = 200_000
MAX_NESTING = 32
"""Of brackets in one expression, and of `if` and `for` in each other."""
MAX_TOKENS = 128
"""In one expression: keeps the parser's and the compiler's recursion far from Python's limit."""
MAX_DIGITS = 18
"""Of a number in an expression, as in data."""
BLOCKS = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
WHAT_THERE_IS = "it has {{ }}, if and for, names, fields, filters, comparisons, and, or, not, in and ~"

_QUOTED = 60
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Characters that hide or reorder text (Trojan Source, CVE-2021-42574). Variation selectors stay: names need them."""


@dataclass(frozen=True, slots=True)
class Source:
    """A template's text and where it stands in the workspace."""

    path: str
    text: str
    first_line: int = 1
    first_column: int = 1
    """Of the first line only: front matter starts behind its key."""
    language: str = ""
    """Of a communication's own template; empty for a layout, which serves every language."""

    def problem(self, line: int, message: str, column: int = 0) -> Problem:
        """A problem at a line and column that count from 1 within `text`."""
        if line == 1 and column:
            column += self.first_column - 1
        return Problem(self.path, self.first_line + line - 1, message, column)


class Lines:
    """Finds lines and columns, both from 1, by the offset in a text."""

    def __init__(self, text: str) -> None:
        self._ends = [found.start() for found in re.finditer("\n", text)]

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset`."""
        line = bisect_left(self._ends, offset)
        return line + 1, offset - (self._ends[line - 1] if line else -1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a template: markup (`data`), ``{{ … }}`` (`expression`) or ``{% … %}`` (`block`)."""

    kind: Literal["data", "expression", "block"]
    text: str
    line: int
    column: int
    inner: str = ""
    """What stands between the delimiters."""
    word: str = ""
    """A block's name: ``if``, ``elif``, ``for``, …"""
    start: int = 0
    """Offset in the source's text."""
    in_url: bool = False
    """Stands inside a link behind the host, so that its value is percent-encoded."""
    between_tags: bool = False
    """Stands between MJML elements, where only ``mj-raw`` carries it through."""
    code: nodes.Expr | nodes.For | None = field(default=None, compare=False, repr=False)
    """What the checker made of it: what is printed or asked, or a loop without its body."""


@dataclass(slots=True)
class Pieces:
    """A template split up, and the place of every name in its code."""

    text: str
    """What was split: the source's own text, or the text without what could not be read."""
    pieces: list[Piece] = field(default_factory=list)
    places: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Name to the lines and columns at which it stands, in order."""
    assigned: set[str] = field(default_factory=set)
    """Names that refused or unreadable code would have defined: they are not reported a second time."""
    doubtful: bool = False
    """A condition could not be read, so that nothing can be said about guards."""


def unseen(text: str) -> Iterator[tuple[int, str]]:
    """Offset and name of each character that a reader could not see."""
    for found in _UNSEEN.finditer(text):
        name = unicodedata.name(found[0], "control character")
        yield found.start(), f"U+{ord(found[0]):04X} ({name})"


def without_unseen(text: str) -> str:
    """`text` as a reader sees it."""
    return _UNSEEN.sub("", text)


def unseen_problems(source: Source) -> Iterator[Problem]:
    """A problem for each character that a reviewer could not see."""
    lines = Lines(source.text)
    for offset, name in unseen(source.text):
        line, column = lines.at(offset)
        yield source.problem(line, f"{name} is not possible here: it cannot be seen", column)


def squeezed(code: str) -> str:
    """Code on one line, short enough to quote in a message."""
    words = " ".join(code.split())
    return words if len(words) <= _QUOTED else f"{words[: _QUOTED - 1]}…"
