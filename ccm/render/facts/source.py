"""One template file with the place and the label of every value that it prints."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path, PurePosixPath

from jinja2 import TemplateSyntaxError, nodes

from ccm.render.compile import PLAIN
from ccm.render.facts.base import Figure, Spot
from ccm.workspace.communication import TemplateFile
from ccm.workspace.yamlfile import read_text
from ccm.workspace.yamlreader import Refused

CODE, TAG = "\x02", "\x01"
"""What stands for code and for tags that do not part words from what they name."""
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>")
_JOINING = frozenset({"th", "td", "dt", "dd", "strong", "b", "em", "i", "span", "a", "u", "small", "bdi", "abbr"})
_ENTITY = re.compile(r"&(?:[a-zA-Z]+|#\d+|#x[0-9a-fA-F]+);")
_LABEL = re.compile('([^\x01\x02|\n.。、,，;；!！?？:："「」（）()【】\\[\\]]*)[ \t\n\u3000\x01|*_:：]*$')
_BEFORE = 200
"""Characters that are looked at for a label."""
_LEADING = re.compile(r"^(?:your|our|the|an?)\s+")
_TRAILING = re.compile(r"(?:^|\s+)(?:is|was|are|were|of|the|an?|your)$|[はがの年]$")
"""Words between a name and its value. ``from`` and ``to`` stay: they tell the ends of a period apart."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A file's words alone; every character keeps its place."""

    path: str
    words: str
    """Without code and tags."""
    links: str
    """Without code only."""
    first_line: int = 1

    def spot(self, offset: int) -> Spot:
        """The place of a character."""
        line = self.words.count("\n", 0, offset)
        column = offset - (self.words.rfind("\n", 0, offset) + 1) + 1
        return Spot(self.path, self.first_line + line, column, label_before(self.words, offset))


@dataclass(frozen=True, slots=True)
class FactSource:
    """A template file, read once."""

    tree: nodes.Template
    spots: Mapping[int, Spot]
    """By the id of the printed expression's node."""
    masked: Masked
    figures: tuple[Figure, ...]


def whole_text(file: TemplateFile, root: Path) -> tuple[str, int]:
    """The file with its front matter, and the number of its first line; the body alone where the disk has changed."""
    try:
        text = read_text(root / file.path, root)
    except Refused:
        text = ""
    return (text, 1) if text.endswith(file.body) and text else (file.body, file.body_line)


def parse_file(file: TemplateFile, root: Path) -> tuple[nodes.Template, Mapping[int, Spot], Masked] | None:
    """The syntax tree, the spot of each printed expression and the words; None for what Jinja does not read.

    That is a template whose quotes its JSON or YAML escapes: its parts compile, the file as a whole does not.
    """
    text, first_line = whole_text(file, root)
    try:
        spans = list(_code(text))
        tree = PLAIN.parse(text)
    except TemplateSyntaxError:
        return None
    masked = mask(file.path, text, spans, first_line)
    starts = [start for kind, start, _ in spans if kind == "variable"]
    printed = list(expressions(tree.body))
    if len(starts) != len(printed):
        return None
    spots = {id(node): masked.spot(start) for node, start in zip(printed, starts, strict=True)}
    return tree, spots, masked


def expressions(body: Iterable[nodes.Node]) -> Iterator[nodes.Expr]:
    """Every ``{{ … }}`` of a template, in the order of the file."""
    for node in body:
        match node:
            case nodes.Output():
                yield from (part for part in node.nodes if not isinstance(part, nodes.TemplateData))
            case nodes.If():
                yield from expressions([*node.body, *node.elif_, *node.else_])
            case nodes.For():
                yield from expressions([*node.body, *node.else_])


def _code(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind (``variable``, ``block``, ``comment``), start and end of each piece of code, as Jinja's lexer sees them."""
    at, start = 0, 0
    for _, kind, value in PLAIN.lexer.tokeniter(text, None):
        while not text.startswith(value, at) and at < len(text):
            at += 1  # white space that {%- takes away
        if kind.endswith("_begin"):
            start = at
        at += len(value)
        if kind.endswith("_end"):
            yield kind.removesuffix("_end"), start, start + len(text[start:at].rstrip("\n"))


def mask(path: str, text: str, spans: Iterable[tuple[str, int, int]], first_line: int = 1) -> Masked:
    """The file's words, with code, tags and entities out of the way."""
    for kind, start, end in spans:
        text = text[:start] + _filled(text[start:end], TAG if kind == "comment" else CODE) + text[end:]
    text = _ENTITY.sub(_character, text)
    if PurePosixPath(path).suffix in (".mjml", ".html", ".md"):
        words = _TAG.sub(lambda tag: _filled(tag[0], TAG if tag[1].lower() in _JOINING else CODE), text)
    else:
        words = text
    return Masked(path, words, text, first_line)


def _filled(text: str, mark: str) -> str:
    return "".join("\n" if letter == "\n" else mark for letter in text)


def _character(entity: re.Match[str]) -> str:
    letter = unescape(entity[0])
    return (TAG * (len(entity[0]) - 1) + letter) if len(letter) == 1 else entity[0]


def label_before(words: str, offset: int) -> str:
    """The words right before a place that say what stands there, in small letters and without little words."""
    found = _LABEL.search(words[max(0, offset - _BEFORE) : offset])
    label = " ".join(unicodedata.normalize("NFKC", found[1] if found else "").casefold().split())
    while (shorter := _TRAILING.sub("", _LEADING.sub("", label)).strip()) != label:
        label = shorter
    return label
