"""From checked sources to templates that can be filled: the joining of layout and body, and the final compile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Template, nodes

from ccm.errors import Problem
from ccm.render.checker import Checker
from ccm.render.dialects import CONTENT, Dialect
from ccm.render.environment import LanguageEnvironment
from ccm.render.folding import Constants, fold
from ccm.render.language import Piece, Pieces, Source
from ccm.render.linebreaks import break_headings
from ccm.render.markup import NOTHING, check_markup
from ccm.render.markup_tokens import Tokens
from ccm.render.schema import TEXT, Type
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
    tree: nodes.Template | None = None
    """What to compile where the pieces stay as they are; to be compiled once."""


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
    tree = checker.check(tree)
    if not figures and not (dialect and dialect.figures):
        problems += [source.problem(node.lineno, f"'{node.name}' is for letters only") for node in checker.figures]
    checked = list(pieces.pieces)
    if dialect is not None:
        checked = check_markup(source, checked, dialect, problems, layout=layout, assets=assets)
        checked = break_headings(checked, source.language, dialect)
    if (more := len(problems) - before - MAX_PROBLEMS) > 0:
        del problems[before + MAX_PROBLEMS :]
        problems.append(source.problem(1, f"has {more:,} problems more; they are told once these are mended"))
    if len(problems) > before:
        return Checked(None, checker.uses, checked)
    return Checked(checked, checker.uses, checked, tree)


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


def restored(text: str, tokens: Tokens) -> str:
    """Template source: `text` with the code back in place of its tokens.

    Braces that only now stand together (an entity became a character) stay text.
    """

    def code(found: re.Match[str]) -> str:
        piece = tokens.pieces[int(found[1])]
        if not piece.in_url:
            return piece.text
        filter_name = "_tel" if found.string.endswith("tel:", 0, found.start()) else "_url"
        return f"{{{{ ({piece.inner})|{filter_name} }}}}"

    brace = re.compile(r"\{(?=[{%#]|" + tokens.pattern.pattern + ")")
    return tokens.pattern.sub(code, brace.sub("{{ '{' }}", text))


def compile_source(
    text: str,
    names: Mapping[str, Type],
    environment: LanguageEnvironment,
    path: str,
    constants: Constants | None = None,
) -> Template:
    """A template from source whose parts were all checked before, with `constants` written in."""
    tree = checked_tree(text, names, environment, path)
    if constants is not None:
        fold(tree, constants)
    return environment.make(tree)


def checked_tree(text: str, names: Mapping[str, Type], environment: LanguageEnvironment, path: str) -> nodes.Template:
    """The tree to compile of source whose parts were all checked before.

    What fails here is a defect of the compiler, not of the author's text.
    """
    problems: list[Problem] = []
    source = Source(path, text)
    tree = environment.parse(text)
    hidden_names = {**names, "_subject": TEXT, "_preheader": TEXT}
    # Without pieces, which only tell at which column a problem stands.
    checked = Checker(hidden_names, source, Pieces(text), problems, internal=True).check(tree)
    if problems:
        raise AssertionError(f"a checked template does not compile: {problems[0]}")
    return checked


def plain_source(pieces: Sequence[Piece]) -> str:
    """The source of pieces that need no MJML: code as it was, link parts percent-encoded."""
    tokens = Tokens(pieces)
    return restored(hidden(pieces, tokens), tokens)
