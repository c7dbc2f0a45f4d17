"""The declared filters and tests of the template language: what each takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ccm.render.formats import STYLES


@dataclass(frozen=True, slots=True)
class Argument:
    """The literal in a filter's brackets."""

    words: str
    fits: Callable[[Any], bool]
    expression: bool = False
    """Any text will do, such as ``t.separator``; else a literal is needed."""


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One filter: the types it takes, and the environment's function behind it."""

    takes: frozenset[str]
    function: str
    argument: Argument | None = None
    required: bool = False
    formats: bool = False
    """Whether the function needs the message's formats."""


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_STYLE = Argument("one of 'short', 'medium', 'long', 'full'", lambda value: value in STYLES)
_DIGITS = Argument("a number of decimals from 0 to 12", lambda value: _whole(value, 0, 12))
_LENGTH = Argument("a length from 1 to 1000", lambda value: _whole(value, 1, 1000))
_WORDS = Argument("a text", lambda value: isinstance(value, str), expression=True)
_TEXT = frozenset({"text"})
_SCALARS = frozenset({"text", "integer", "decimal", "money", "percent", "date", "datetime"})

FILTERS = {
    "date": FilterRule(frozenset({"date", "datetime"}), "_date", _STYLE, formats=True),
    "money": FilterRule(frozenset({"money"}), "_money", formats=True),
    "amount": FilterRule(frozenset({"money"}), "_amount", formats=True),
    "number": FilterRule(frozenset({"integer", "decimal", "money", "percent"}), "_number", _DIGITS, formats=True),
    "percent": FilterRule(frozenset({"percent", "decimal"}), "_percent", _DIGITS, formats=True),
    "t": FilterRule(_TEXT, "_t"),
    "upper": FilterRule(_TEXT, "_upper"),
    "lower": FilterRule(_TEXT, "_lower"),
    "trim": FilterRule(_TEXT, "_trim"),
    "default": FilterRule(_SCALARS, "_default", _WORDS, required=True),
    "length": FilterRule(frozenset({"text", "list"}), "_length"),
    "join": FilterRule(frozenset({"list"}), "_join", _WORDS, required=True),
    "mask": FilterRule(_TEXT, "_mask", formats=True),
    "truncate": FilterRule(_TEXT, "_truncate", _LENGTH, required=True, formats=True),
}

TESTS: dict[str, tuple[str, ...]] = {"defined": (), "none": (), "even": ("integer",), "odd": ("integer",)}
"""Test to the types it takes; empty: every type."""
