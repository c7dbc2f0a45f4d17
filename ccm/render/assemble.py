"""A template's tree, put together from what the checker made of each piece of its code.

Every file is parsed and checked once. What becomes of its markup afterwards (MJML compiled, text taken from a page,
a body put into a layout) moves the pieces of code, and changes none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import nodes

from ccm.render.checker_base import filtered
from ccm.render.folding import Constants, folded
from ccm.render.language import Piece
from ccm.render.markup_tokens import Tokens

_LINE_END = re.compile(r"\r\n?")
_NOTHING: Constants = {}


def tree_of(pieces: Iterable[Piece], constants: Constants = _NOTHING) -> nodes.Template:
    """The tree to compile of checked pieces, with `constants` written in."""
    return _assembled((piece.text if piece.kind == "data" else piece for piece in pieces), constants)


def tree_of_text(text: str, tokens: Tokens, constants: Constants = _NOTHING) -> nodes.Template:
    """The tree to compile of markup whose code is hidden behind `tokens`, with `constants` written in.

    What fails here is a defect of the compiler, not of the author's text: code that lost an ``if`` around it.
    """
    numbers = [int(number) for number in tokens.pattern.findall(text)]
    around = _around(range(len(tokens.pieces)), tokens.pieces)
    if any(around[number] != found for number, found in _around(numbers, tokens.pieces).items()):
        raise AssertionError("code stands in another branch than in its template")
    return _assembled(_parts(text, tokens), constants)


def _parts(text: str, tokens: Tokens) -> Iterator[str | Piece]:
    at = 0
    for found in tokens.pattern.finditer(text):
        yield text[at : found.start()]
        yield tokens.pieces[int(found[1])]
        at = found.end()
    yield text[at:]


def _around(numbers: Iterable[int], pieces: Sequence[Piece]) -> Mapping[int, tuple[int, ...]]:
    """The number of each piece to those of the branches it stands in, the one that it ends or goes on included."""
    opened: list[int] = []
    found: dict[int, tuple[int, ...]] = {}
    for number in numbers:
        found[number] = tuple(opened)
        word = pieces[number].word
        if opened and word not in ("", "if", "for"):
            opened.pop()
        if word in ("if", "for", "elif", "else"):
            opened.append(number)
    return found


def _assembled(parts: Iterable[str | Piece], constants: Constants) -> nodes.Template:
    body = _Body()
    text: list[str] = []
    trimmed = False
    for part in parts:
        if isinstance(part, str):
            text.append(part)
            continue
        before = "".join(text)
        # Percent-encoded code stands in a link, where there is no space to take away.
        dashes = part.text if not part.in_url else ""
        body.text(before, before=trimmed, behind=dashes.startswith(("{{-", "{%-")))
        body.code(part, constants, telephone=before.endswith("tel:"))
        text, trimmed = [], dashes.rstrip().endswith(("-}}", "-%}"))
    body.text("".join(text), before=trimmed, behind=False)
    if body.blocks:
        raise AssertionError("a block lost its end")
    return nodes.Template(body.whole, lineno=1)


@dataclass(slots=True)
class _Body:
    """The statements so far, and the places where more can be added."""

    whole: list[nodes.Node] = field(default_factory=list)
    bodies: list[list[nodes.Node]] = field(default_factory=list)
    """Of the branches that are open, the innermost last."""
    blocks: list[nodes.If | nodes.For] = field(default_factory=list)
    """Whose branches they are."""

    def __post_init__(self) -> None:
        self.bodies.append(self.whole)

    def text(self, text: str, *, before: bool, behind: bool) -> None:
        """Adds words, without the space that a ``-`` of the code before or behind them takes away."""
        text = text.lstrip() if before else text
        text = text.rstrip() if behind else text
        if text:
            self._put(nodes.TemplateData(_LINE_END.sub("\n", text), lineno=1))

    def code(self, piece: Piece, constants: Constants, *, telephone: bool) -> None:
        """Adds what a piece prints, or opens, goes on with or ends its block."""
        code = piece.code
        if code is not None and any(name in piece.text for name in constants):
            code = folded(code, constants)
        match piece.word, code:
            case "", nodes.Expr():
                encoded = "_tel" if telephone else "_url"
                self._put(filtered(encoded, code, code.lineno, formats=False) if piece.in_url else code)
            case "if", nodes.Expr():
                self._open(nodes.If(code, [], [], [], lineno=1))
            case "for", nodes.For():
                self._open(nodes.For(code.target, code.iter, [], [], None, False, lineno=1))
            case "elif", nodes.Expr():
                block, branch = self.blocks[-1], nodes.If(code, [], [], [], lineno=1)
                assert isinstance(block, nodes.If)
                block.elif_.append(branch)
                self.bodies[-1] = branch.body
            case "else", _:
                self.bodies[-1] = self.blocks[-1].else_
            case "endif" | "endfor", _:
                self.blocks.pop()
                self.bodies.pop()
            case _:
                raise AssertionError("a piece of code was not checked")

    def _open(self, block: nodes.If | nodes.For) -> None:
        self.bodies[-1].append(block)
        self.blocks.append(block)
        self.bodies.append(block.body)

    def _put(self, node: nodes.Expr) -> None:
        body = self.bodies[-1]
        if body and isinstance(body[-1], nodes.Output):
            body[-1].nodes.append(node)
        else:
            body.append(nodes.Output([node], lineno=1))
