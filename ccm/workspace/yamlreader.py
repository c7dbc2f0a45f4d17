"""One YAML document as plain data, with the line that each part starts on.

Only plain data is read: no tags, anchors or aliases (an alias can blow up a small file), no duplicate keys. Words are
read as in the core schema of YAML 1.2.2, section 10.3.2, so `no` and `1:30` are text; underscores in numbers are
possible. Times stay text, so that an offset is never lost on the way to the model.

libyaml takes the text apart; it is some twenty times faster than a parser in Python, which took half the time of a
start. What it gives is taken event by event, so that nothing is built of what will be refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from typing import Any

import yaml
from yaml.reader import ReaderError

from ccm.errors import Problem
from ccm.workspace import plainwords

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 40
_MOST_TO_EXPLAIN = 100_000
_TAG = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT, _STR = (_TAG + name for name in ("null", "bool", "int", "float", "str"))


def _finite(word: str) -> float:
    number = float(word)
    if not isfinite(number):
        raise ValueError(word)
    return number


_SCALARS: dict[str, Callable[[str], Any]] = {
    _NULL: lambda value: None,
    _BOOL: lambda value: value.lower() == "true",
    _INT: lambda value: int(value.replace("_", ""), 0),
    _FLOAT: _finite,
    _STR: str,
    _TAG + "timestamp": str,
}
_NUMBER_FIRST = frozenset("+-.0123456789")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), _NULL),
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), _BOOL),
}
_WHOLE = re.compile(r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)", re.ASCII)
_FRACTION = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9_]+(?:[eE][-+]?[0-9]+)?"
    r"|\.(?:inf|Inf|INF|nan|NaN|NAN))",
    re.ASCII,
)
Loc = tuple[str | int, ...]


class Refused(Exception):
    """Holds the `Problem` for which a file was refused."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and the line each part starts on."""

    path: str
    data: Any
    lines: Mapping[Loc, int]

    def line(self, loc: Loc) -> int:
        """The line of the innermost part of `loc` that stands in the file."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.lines:
                return self.lines[loc[:end]]
        return 1


@lru_cache(maxsize=4096)
def parse_yaml(text: str, path: str, first_line: int = 1) -> Document:
    """Reads one YAML document; the same text is read once a process.

    Raises `Refused` with file and line for malformed YAML and for everything that is not plain data.
    """
    if len(text) > MAX_CHARACTERS:
        raise Refused(Problem(path, 0, f"is larger than {MAX_CHARACTERS:,} characters"))
    reader = _Reader(path, first_line, yaml.parse(text, Loader=yaml.CSafeLoader))
    try:
        return Document(path, reader.document(), reader.lines)
    except yaml.MarkedYAMLError as quick:
        error = _in_better_words(text) or quick
        # What is never closed is looked for where it was opened, not at the end of the file.
        never_closed = error.context_mark if error.problem == "found unexpected end of stream" else None
        mark = never_closed or error.problem_mark or error.context_mark
        words = f"{error.context or ''} {error.problem}" if str(error.problem).startswith("but") else error.problem
        words = str(words or error.context)
        raise reader.refused(mark, f"is no valid YAML: {plainwords.YAML.get(words, words)}") from quick
    except ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + first_line
        message = f"is no valid YAML: the character U+{error.character:04X} is not possible"
        raise Refused(Problem(path, line, message)) from error


def _in_better_words(text: str) -> yaml.MarkedYAMLError | None:
    """What the parser in Python says of the same mistake, which is clearer, and at the line where it was made."""
    if len(text) > _MOST_TO_EXPLAIN:
        return None
    try:
        for _ in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        return error
    return None


@dataclass
class _Reader:
    path: str
    first_line: int
    events: Iterator[yaml.Event]
    lines: dict[Loc, int] = field(default_factory=dict)

    def document(self) -> Any:
        next(self.events)  # the stream's start
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        # YAML 1.1 reads other things from the same text: 1:30 is 90, and yes is true.
        if getattr(event, "version", None) not in (None, (1, 2)):
            raise self.refused(event.start_mark, "is not YAML 1.2")
        data = self.value(next(self.events), (), 0)
        next(self.events)  # the document's end
        further = next(self.events)
        if not isinstance(further, yaml.StreamEndEvent):
            raise self.refused(further.start_mark, "is no valid YAML: a second document begins; a file holds one")
        return data

    def value(self, event: yaml.Event, loc: Loc, depth: int) -> Any:
        self.lines.setdefault(loc, self.line(event))
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self.refused(event.start_mark, "anchors and aliases (& and *) are not possible here")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        if depth >= MAX_DEPTH:
            raise self.refused(event.start_mark, "is nested too deeply")
        tag = getattr(event, "tag", None)
        if tag not in (None, _TAG + ("map" if isinstance(event, yaml.MappingStartEvent) else "seq")):
            raise self.refused(event.start_mark, f"tag '{tag}' is not possible here: plain values only")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(loc, depth)
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.value(event, (*loc, len(items)), depth + 1))
        return items

    def mapping(self, loc: Loc, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise self.refused(event.start_mark, "anchors and aliases (& and *) are not possible here")
            if not isinstance(event, yaml.ScalarEvent):
                raise self.refused(event.start_mark, "a key must be one word, not a list or mapping")
            key = str(event.value)
            if key in result:
                raise self.refused(event.start_mark, f"key '{key}' stands twice")
            self.lines[(*loc, key)] = self.line(event)
            result[key] = self.value(next(self.events), (*loc, key), depth + 1)
        return result

    def scalar(self, event: yaml.ScalarEvent) -> Any:
        tag = str(event.tag) if event.tag is not None else _meant(event.value) if event.implicit[0] else _STR
        if tag not in _SCALARS:
            raise self.refused(event.start_mark, f"tag '{tag}' is not possible here: plain values only")
        try:
            return _SCALARS[tag](event.value)
        except ValueError as error:
            message = f"is no valid YAML: '{str(event.value)[:60]}' is no number; text stands in quotes"
            raise self.refused(event.start_mark, message) from error

    def line(self, event: yaml.Event) -> int:
        return (event.start_mark.line if event.start_mark else 0) + self.first_line

    def refused(self, mark: Any, message: str) -> Refused:
        return Refused(Problem(self.path, mark.line + self.first_line if mark else 0, message))


def _meant(word: str) -> str:
    """The tag of a word that stands without quotes."""
    if tag := _WORDS.get(word):
        return tag
    if word[0] in _NUMBER_FIRST:
        if _WHOLE.fullmatch(word):
            return _INT
        if _FRACTION.fullmatch(word):
            return _FLOAT
    return _STR
