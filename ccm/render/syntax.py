"""From a template's text to its pieces and its syntax tree.

Jinja's own lexer does the splitting, so that what is checked here is what Jinja later sees. Code that
cannot be read is reported and blanked out, so that one run tells everything that is wrong with a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from jinja2 import Environment, TemplateSyntaxError, nodes

from ccm.errors import Problem
from ccm.render.language import (
    BLOCKS,
    MAX_CHARACTERS,
    MAX_DIGITS,
    MAX_NESTING,
    MAX_TOKENS,
    Lines,
    Piece,
    Pieces,
    Source,
    squeezed,
    unseen_problems,
    without_unseen,
)  # fmt: skip
from ccm.render.syntax_blocks import meant, trouble_of, unpaired
from ccm.render.syntax_words import open_words, plain_words, unclosed_words

_NAME = "_"
"""Stands where unreadable code stood."""
_MAX_UNREADABLE = 100
_ROUNDS = 4
"""Of blanking out: code inside of `raw` is read once the `raw` is gone."""
_ASSIGNED = re.compile(r"(?:set|for|macro|import|as|with)\s+([a-z_][a-z0-9_]*)")
_PARAMETERS = re.compile(r"[(,]\s*([a-z_][a-z0-9_]*)(?=[^)]*\))")
_CONDITION = re.compile(r"\{%[-+]?\s*(?:el)?if\b")
_DELIMITER = re.compile(r"\{[{%#]")
_STOP = re.compile(r"[<\n]")


class Unreadable(Exception):
    """Code that the lexer refuses: where its piece starts and where the trouble is, and why."""

    def __init__(self, start: int, offset: int, words: str) -> None:
        super().__init__(words)
        self.start, self.offset, self.words = start, offset, words


def parse(source: Source, environment: Environment, problems: list[Problem]) -> tuple[nodes.Template, Pieces] | None:
    """The template's syntax tree and pieces.

    Whatever is wrong is appended to `problems`. None where nothing more can be said about the file.
    """
    if len(source.text) > MAX_CHARACTERS:
        problems.append(source.problem(1, f"is larger than {MAX_CHARACTERS:,} characters"))
        return None
    if hidden := list(unseen_problems(source)):
        problems.extend(hidden)
        source = replace(source, text=without_unseen(source.text))
    assigned: set[str] = set()
    doubtful = False
    for _ in range(_ROUNDS):
        pieces = _readable(source, environment, problems)
        if pieces is None or not _nesting_fits(source, pieces, problems):
            return None
        source = replace(source, text=pieces.text)
        assigned, doubtful = assigned | pieces.assigned, doubtful or pieces.doubtful
        try:
            if all(piece.kind != "block" or piece.word in BLOCKS for piece in pieces.pieces):
                tree = environment.parse(source.text)
                pieces.assigned, pieces.doubtful = assigned, doubtful
                return tree, pieces
        except TemplateSyntaxError:
            pass
        if not _mend(source, pieces, environment, problems):
            return None
        source = replace(source, text=pieces.text)
        assigned, doubtful = assigned | pieces.assigned, doubtful or pieces.doubtful
    return None


def split(source: Source, environment: Environment) -> Pieces:
    """The template's pieces, with the place of every name. Raises `Unreadable`."""
    reader = _Reader(source.text)
    try:
        for _, kind, value in environment.lexer.tokeniter(source.text, None):
            reader.take(kind, value)
    except TemplateSyntaxError as error:
        found = re.search(r" at ([0-9]+)$", error.message or "")
        place = int(found[1]) if found else reader.offset
        words = plain_words(error.message or "", source.text[place : place + 1])
        raise Unreadable(reader.start, place, words) from None
    if reader.run:
        raise Unreadable(reader.start, reader.start, open_words(reader.run[0][1]))
    return reader.pieces


@dataclass(slots=True)
class _Reader:
    """Puts the lexer's tokens together to pieces."""

    text: str
    pieces: Pieces = field(init=False)
    lines: Lines = field(init=False)
    offset: int = 0
    start: int = 0
    run: list[tuple[str, str, int]] = field(default_factory=list)
    """Tokens of the piece of code that is being read: kind, text, offset."""

    def __post_init__(self) -> None:
        self.pieces, self.lines = Pieces(self.text), Lines(self.text)

    def take(self, kind: str, value: str) -> None:
        at = self.text.index(value, self.offset)
        self.offset = at + len(value)
        if kind == "data":
            self._add("data", value, at)
        elif kind in ("raw_begin", "raw_end"):
            self.pieces.pieces.append(self._piece("block", value, at, "raw" if kind == "raw_begin" else "endraw"))
        elif kind.endswith("_begin"):
            self.run, self.start = [(kind, value, at)], at
        elif not kind.endswith("_end"):
            self.run.append((kind, value, at))
        else:
            self.run.append((kind, value, at))
            self._close()
            self.run = []

    def _close(self) -> None:
        opener = self.run[0][0]
        if opener == "comment_begin":
            return
        names = [(value, at) for kind, value, at in self.run if kind == "name"]
        for name, at in names:
            self.pieces.places.setdefault(name, []).append(self.lines.at(at))
        text = self.text[self.start : self.offset]
        brackets = deepest = tokens = 0
        for kind, value, at in self.run:
            if kind == "operator":
                brackets += (value in "([{") - (value in ")]}")
                deepest = max(deepest, brackets)
            tokens += kind != "whitespace"
            if kind in ("integer", "float") and len(value) > MAX_DIGITS:
                raise Unreadable(self.start, at, f"a number has at most {MAX_DIGITS} digits")
        if deepest > MAX_NESTING:
            raise Unreadable(self.start, self.start, f"brackets are nested more than {MAX_NESTING} deep")
        if tokens > MAX_TOKENS:
            raise Unreadable(self.start, self.start, f"this expression has more than {MAX_TOKENS} parts")
        block = opener == "block_begin"
        self._add("block" if block else "expression", text, self.start, names[0][0] if block and names else "")

    def _add(self, kind: str, text: str, at: int, word: str = "") -> None:
        self.pieces.pieces.append(self._piece(kind, text, at, word))

    def _piece(self, kind: str, text: str, at: int, word: str = "") -> Piece:
        line, column = self.lines.at(at)
        if kind == "data":
            return Piece("data", text, line, column, start=at)
        inner = "".join(value for _, value, _ in self.run[1:-1]).strip()
        return Piece("block" if kind == "block" else "expression", text, line, column, inner, word, at)


def _readable(source: Source, environment: Environment, problems: list[Problem]) -> Pieces | None:
    """The pieces, with what the lexer refuses reported and blanked out."""
    doubtful = False
    assigned: set[str] = set()
    for _ in range(_MAX_UNREADABLE):
        try:
            pieces = split(source, environment)
        except Unreadable as trouble:
            end = _end_of(source.text, trouble.start)
            code = source.text[trouble.start : end]
            words, offset = trouble.words, trouble.offset
            if offset >= end:
                # The lexer ran on into what follows: a quote or the delimiter is missing here.
                words, offset = unclosed_words(code), trouble.start
            line, column = Lines(source.text).at(offset)
            problems.append(source.problem(line, f"{words} (in {squeezed(code)})", column))
            doubtful |= _CONDITION.match(code) is not None
            assigned.update(_ASSIGNED.findall(code))
            assigned.add(_NAME)
            source = replace(source, text=_blanked(source.text, trouble.start, end, code))
            continue
        pieces.doubtful, pieces.assigned = doubtful, assigned
        return pieces
    return None


def _end_of(text: str, start: int) -> int:
    """Where code that starts at `start` was meant to end: at its delimiter, or before the next tag or code."""
    closer = {"{{": "}}", "{%": "%}", "{#": "#}"}[text[start : start + 2]]
    following = _DELIMITER.search(text, start + 2)
    limit = following.start() if following else len(text)
    end = text.find(closer, start, limit)
    if end >= 0:
        return end + 2
    stop = _STOP.search(text, start, limit)
    return stop.start() if stop else limit


def _blanked(text: str, start: int, end: int, code: str) -> str:
    """The text with `code`, which stands or was meant there, replaced by something of its length that reads."""
    old = text[start:end]
    blank = re.sub(r"[^\n]", " ", old)
    if code.startswith("{{") and code.endswith("}}") and "\n" not in code and len(code) > 4:
        blank = "{{" + _NAME + " " * (len(code) - 5) + "}}"
    elif found := re.match(r"\{%-?\s*(if|elif|for|else|endif|endfor)\b", code):
        target = re.match(r"\s*([a-z][a-z0-9_]*)\s+in\b", code[found.end() :])
        item = target[1] if target else _NAME
        heads = {"if": f"if {_NAME}", "elif": f"elif {_NAME}", "for": f"for {item} in {_NAME}"}
        head = "{%" + heads.get(found[1], found[1])
        blank = head + " " * (len(old) - len(head) - 2) + "%}" + "\n" * old.count("\n")
    return text[:start] + blank + text[end:]


def _nesting_fits(source: Source, pieces: Pieces, problems: list[Problem]) -> bool:
    depth = 0
    for piece in pieces.pieces:
        depth += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(piece.word, 0)
        if depth > MAX_NESTING:
            message = f"'if' and 'for' are nested more than {MAX_NESTING} deep"
            problems.append(source.problem(piece.line, message, piece.column))
            return False
    return True


def _mend(source: Source, pieces: Pieces, environment: Environment, problems: list[Problem]) -> bool:
    """Reports what the parser refuses and blanks it out in `pieces`; False where blocks do not pair up."""
    refused = {piece.word for piece in pieces.pieces if piece.kind == "block"} - BLOCKS
    blocks: list[Piece] = []
    for piece in reversed(pieces.pieces):
        trouble = trouble_of(piece, environment)
        if trouble:
            if not (piece.word.startswith("end") and piece.word[3:] in refused):
                problems.append(source.problem(piece.line, f"{trouble} (in {squeezed(piece.text)})", piece.column))
            pieces.assigned |= {_NAME, *_ASSIGNED.findall(piece.text), *_PARAMETERS.findall(piece.text)}
            pieces.doubtful |= _CONDITION.match(meant(piece).text) is not None
            end = piece.start + len(piece.text.rstrip())
            blocks.append(meant(piece))
            pieces.text = _blanked(pieces.text, piece.start, end, blocks[-1].text)
        else:
            blocks.append(piece)
    alone = list(unpaired(source, blocks[::-1]))
    problems.extend(alone)
    return not alone
