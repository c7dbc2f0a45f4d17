"""On which line each key of a TOML text stands; the library's reader does not say.

Only for text that `tomllib` accepted: what is wrong with TOML is told there.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

Loc = tuple[str | int, ...]

_STRING = r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_PART = re.compile(r'[ \t]*("(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+)[ \t]*')
_VALUE = re.compile(rf"{_STRING}|#[^\n]*|[^\"'#]", re.DOTALL)


def toml_lines(text: str) -> dict[Loc, int]:
    """The line of every table and key; items of an array of tables are counted from 0. Inline tables are one key."""
    return _Scanner(text).scan()


@dataclass
class _Scanner:
    text: str
    place: int = 0
    table: Loc = ()
    lines: dict[Loc, int] = field(default_factory=lambda: {(): 1})
    items: dict[Loc, int] = field(default_factory=dict)
    """Array of tables to the number of its last item."""
    _line: int = 1
    _counted: int = 0

    def scan(self) -> dict[Loc, int]:
        while self._skip(_SPACE) < len(self.text):
            line = self._line_here()
            if self.text[self.place] == "[":
                self._header(line)
            else:
                parts = self._key()
                for end in range(1, len(parts) + 1):
                    self.lines.setdefault((*self.table, *parts[:end]), line)
                self.place += 1  # the equals sign
                self._value()
        return self.lines

    def _skip(self, pattern: re.Pattern[str]) -> int:
        if found := pattern.match(self.text, self.place):
            self.place = found.end()
        return self.place

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.place)
        self._counted = self.place
        return self._line

    def _header(self, line: int) -> None:
        many = self.text.startswith("[[", self.place)
        self.place += 2 if many else 1
        parts = self._key()
        self.place += 2 if many else 1
        loc: Loc = ()
        for number, part in enumerate(parts, 1):
            loc = (*loc, part)
            self.lines.setdefault(loc, line)
            if many and number == len(parts):
                self.items[loc] = self.items.get(loc, -1) + 1
            if loc in self.items:
                loc = (*loc, self.items[loc])
                self.lines.setdefault(loc, line)
        self.table = loc

    def _key(self) -> tuple[str, ...]:
        parts = []
        while found := _PART.match(self.text, self.place):
            self.place = found.end()
            raw = found[1]
            parts.append(next(iter(tomllib.loads(f"{raw} = 0"))) if raw[0] in "\"'" else raw)
            if not self.text.startswith(".", self.place):
                break
            self.place += 1
        return tuple(parts)

    def _value(self) -> None:
        """Moves to the end of a value: a line end outside strings, comments and brackets."""
        depth = 0
        while self.place < len(self.text):
            found = _VALUE.match(self.text, self.place)
            if found is None:
                return
            piece = found[0]
            if piece == "\n" and not depth:
                return
            depth += (piece in "[{") - (piece in "]}")
            self.place = found.end()
