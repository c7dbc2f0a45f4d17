"""The blocks of a template one by one: whether each reads by itself, and whether they pair up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jinja2 import Environment, TemplateSyntaxError

from ccm.errors import Problem
from ccm.render.language import BLOCKS, Piece, Source, squeezed
from ccm.render.syntax_words import block_words, meant_block, plain_words


def trouble_of(piece: Piece, environment: Environment) -> str:
    """What is wrong with one piece of code by itself."""
    if piece.kind == "data":
        return ""
    if piece.kind == "block" and piece.word not in BLOCKS:
        return block_words(piece.word, piece.inner)
    closings = {"if": "{% endif %}", "for": "{% endfor %}"}
    text = piece.text + closings.get(piece.word, "")
    if piece.word == "elif":
        text = "{% if a %}" + text + "{% endif %}"
    elif piece.word in ("else", "endif", "endfor"):
        return "" if piece.inner == piece.word else block_words(piece.word, piece.inner)
    try:
        environment.parse(text)
    except TemplateSyntaxError as error:
        return plain_words(error.message or "", piece.inner)
    return ""


def meant(piece: Piece) -> Piece:
    """The piece, or the block of the language that its author meant by it."""
    if piece.kind != "block" or piece.word in BLOCKS:
        return piece
    word = meant_block(piece.word, piece.inner).split(" ")[0]
    return replace(piece, text=f"{{% {word} {piece.inner.removeprefix(piece.word)} %}}", word=word) if word else piece


def unpaired(source: Source, pieces: list[Piece]) -> Iterator[Problem]:
    """A problem for each block without its other half."""
    opened: list[Piece] = []
    for piece in pieces:
        if piece.word in ("if", "for"):
            opened.append(piece)
        elif piece.word in ("elif", "else", "endif", "endfor"):
            wanted = {"elif": ("if",), "endif": ("if",), "endfor": ("for",)}.get(piece.word, ("if", "for"))
            if opened and opened[-1].word in wanted:
                if piece.word.startswith("end"):
                    opened.pop()
                continue
            inside = f"; '{opened[-1].word}' of line {_line(source, opened[-1])} is still open" if opened else ""
            message = f"'{piece.word}' stands here without its '{' or '.join(wanted)}'{inside}"
            yield source.problem(piece.line, f"{message} (in {squeezed(piece.text)})", piece.column)
            if inside and piece.word.startswith("end") and any(block.word == wanted[0] for block in opened):
                while opened.pop().word != wanted[0]:
                    pass
    for piece in opened:
        message = f"'{piece.word}' is never closed with {{% end{piece.word} %}} (in {squeezed(piece.text)})"
        yield source.problem(piece.line, message, piece.column)


def _line(source: Source, piece: Piece) -> int:
    return source.first_line + piece.line - 1
