"""The template language as text: limits, forbidden characters, and the split into markup and code.

Jinja's own lexer does the splitting, so that what is checked here is what Jinja later sees.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from jinja2 import Environment, TemplateSyntaxError, nodes

from ccm.errors import Problem

MAX_CHARACTERS = 200_000
MAX_NESTING = 32
"""Of brackets in one expression, and of `if` and `for` in each other."""
MAX_TOKENS = 128
"""In one expression: keeps the parser's and the compiler's recursion far from Python's limit."""
BLOCKS = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
WHAT_THERE_IS = "it has {{ }}, if and for, names, fields, filters, comparisons, and, or, not, in and ~"

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
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

    def problem(self, line: int, message: str, column: int = 0) -> Problem:
        """A problem at a line and column that count from 1 within `text`."""
        if line == 1 and column:
            column += self.first_column - 1
        return Problem(self.path, self.first_line + line - 1, message, column)


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
    in_url: bool = False
    """Stands inside a link behind the host, so that its value is percent-encoded."""
    between_tags: bool = False
    """Stands between MJML elements, where only ``mj-raw`` carries it through."""


@dataclass(slots=True)
class Pieces:
    """A template split up, and the column of every name in its code."""

    pieces: list[Piece] = field(default_factory=list)
    columns: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    """(line, name) to its columns, in order."""


def unseen_problems(source: Source) -> Iterator[Problem]:
    """A problem for each character that a reviewer could not see."""
    for number, line in enumerate(source.text.split("\n"), 1):
        for found in _UNSEEN.finditer(line):
            code = ord(found[0])
            name = unicodedata.name(found[0], "control character")
            yield source.problem(
                number, f"U+{code:04X} ({name}) is not possible here: it cannot be seen", found.start() + 1
            )


def parse(source: Source, environment: Environment, problems: list[Problem]) -> tuple[nodes.Template, Pieces] | None:
    """The template's syntax tree and pieces, or None with every reason appended to `problems`."""
    if len(source.text) > MAX_CHARACTERS:
        problems.append(source.problem(1, f"is larger than {MAX_CHARACTERS:,} characters"))
        return None
    found = list(unseen_problems(source))
    try:
        pieces = split(source, environment, found)
        tree = None if found else environment.parse(source.text)
    except TemplateSyntaxError as error:
        found.append(source.problem(error.lineno, f"template syntax: {error.message}"))
    except RecursionError:
        found.append(source.problem(1, f"is nested more than {MAX_NESTING} deep"))
    problems.extend(found)
    return None if found or tree is None else (tree, pieces)


def split(source: Source, environment: Environment, problems: list[Problem]) -> Pieces:
    """The template's pieces; limits that are passed are appended to `problems`.

    Raises `TemplateSyntaxError` for what Jinja's lexer refuses.
    """
    result = Pieces()
    offset = 0
    depth = 0
    run: list[tuple[str, str]] = []
    start_line = 1
    for line, kind, value in environment.lexer.tokeniter(source.text, None):
        if kind == "data":
            result.pieces.append(Piece("data", value, line, 0))
        elif kind in ("raw_begin", "raw_end"):
            problems.append(source.problem(line, "'raw' is not part of the template language"))
        elif kind.startswith("comment"):
            continue
        elif kind.endswith("_begin"):
            run, start_line = [(kind, value)], line
        elif kind.endswith("_end"):
            run.append((kind, value))
            offset = source.text.index(run[0][1], offset)
            piece = _piece(source, result, run, offset, start_line, problems)
            offset += len(piece.text)
            if piece.kind == "block" and piece.word not in BLOCKS:
                message = f"'{piece.word}' is not part of the template language; {WHAT_THERE_IS}"
                problems.append(source.problem(piece.line, message, piece.column))
            depth += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(piece.word, 0)
            if depth == MAX_NESTING + 1:
                message = f"'if' and 'for' are nested more than {MAX_NESTING} deep"
                problems.append(source.problem(piece.line, message, piece.column))
            result.pieces.append(piece)
        else:
            run.append((kind, value))
    return result


def _piece(
    source: Source, result: Pieces, run: list[tuple[str, str]], offset: int, line: int, problems: list[Problem]
) -> Piece:
    column = offset - (source.text.rfind("\n", 0, offset) + 1) + 1
    names = [value for kind, value in run if kind == "name"]
    brackets = deepest = tokens = 0
    at_line, at = line, offset
    for kind, value in run:
        if kind == "name":
            start = source.text.rfind("\n", 0, at) + 1
            result.columns.setdefault((at_line, value), []).append(at - start + 1)
        if kind == "operator":
            brackets += (value in "([{") - (value in ")]}")
            deepest = max(deepest, brackets)
        tokens += kind != "whitespace"
        at_line += value.count("\n")
        at += len(value)
    if deepest > MAX_NESTING:
        problems.append(source.problem(line, f"brackets are nested more than {MAX_NESTING} deep", column))
    elif tokens > MAX_TOKENS:
        problems.append(source.problem(line, f"this expression has more than {MAX_TOKENS} parts", column))
    text = "".join(value for _, value in run)
    inner = "".join(value for _, value in run[1:-1]).strip()
    if run[0][0] == "block_begin":
        return Piece("block", text, line, column, inner, names[0] if names else "")
    return Piece("expression", text, line, column, inner)
