"""From checked sources to templates that can be filled: the joining of layout and body, and the final compile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ccm.errors import Problem
from ccm.render.checker import Checker
from ccm.render.dialects import CONTENT, Dialect
from ccm.render.environment import LanguageEnvironment
from ccm.render.language import Piece, Source
from ccm.render.linebreaks import break_headings
from ccm.render.markup import NOTHING, check_markup
from ccm.render.markup_tokens import Tokens
from ccm.render.schema import Type
from ccm.render.syntax import parse

HTML = LanguageEnvironment(html=True)
PLAIN = LanguageEnvironment(html=False)
MAX_PROBLEMS = 200
"""Of one file in one run: nobody reads more, and a hostile file has no end of them."""
_MARKER = re.compile(rf"<{CONTENT}\s*/?>(?:\s*</{CONTENT}>)?")


@dataclass(slots=True)
class Checked:
    """A source that passed, or None pieces where it did not; `uses` are the names it reads."""

    pieces: list[Piece] | None
    uses: set[str] = field(default_factory=set)
    read: list[Piece] | None = None
    """The pieces as far as they could be read, for what else there is to find; never to compile."""


def check_source(
    source: Source, names: Mapping[str, Type], problems: list[Problem], dialect: Dialect | None = None, *,
    layout: bool = False, assets: Mapping[str, bytes] = NOTHING, figures: bool = False,
) -> Checked:  # fmt: skip
    """Checks one file's syntax, types and markup; everything wrong is appended to `problems`, up to `MAX_PROBLEMS`.

    `figures`: charts and codes are possible although `dialect` is still to come, as for Markdown.
    """
    before = len(problems)
    parsed = parse(source, PLAIN, problems)
    if parsed is None:
        return Checked(None)
    tree, pieces = parsed
    checker = Checker(names, source, pieces, problems)
    checker.check(tree)
    if not figures and not (dialect and dialect.figures):
        problems += [source.problem(node.lineno, f"'{node.name}' is for letters only") for node in checker.figures]
    made = checker.code
    checked = [replace(piece, code=made[id(piece)]) if id(piece) in made else piece for piece in pieces.pieces]
    if dialect is not None:
        checked = check_markup(source, checked, dialect, problems, layout=layout, assets=assets)
        checked = break_headings(checked, source.language, dialect)
    if (more := len(problems) - before - MAX_PROBLEMS) > 0:
        del problems[before + MAX_PROBLEMS :]
        problems.append(source.problem(1, f"has {more:,} problems more; they are told once these are mended"))
    if len(problems) > before:
        return Checked(None, checker.uses, checked)
    return Checked(checked, checker.uses, checked)


def join(layout: Sequence[Piece], body: Sequence[Piece]) -> list[Piece]:
    """The layout's pieces with the body's in place of the marker."""
    joined: list[Piece] = []
    for piece in layout:
        parts = _MARKER.split(piece.text, maxsplit=1) if piece.kind == "data" else [piece.text]
        if len(parts) == 1:
            joined.append(piece)
            continue
        joined += [data(parts[0]), *body, data(parts[1])]
    return joined


def data(text: str) -> Piece:
    """A piece of markup made by the compiler."""
    return Piece("data", text, 0, 0)


def hidden(pieces: Sequence[Piece], tokens: Tokens) -> str:
    """The markup with a token for every piece of code, wrapped where only ``mj-raw`` passes MJML."""
    out: list[str] = []
    index = 0
    for piece in pieces:
        if piece.kind == "data":
            out.append(piece.text)
            continue
        word = tokens.word(index)
        out.append(f"<mj-raw>{word}</mj-raw>" if piece.between_tags else word)
        index += 1
    return "".join(out)
