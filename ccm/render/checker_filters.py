"""The declared filters and tests of the template language: what each takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ccm.render import eras
from ccm.render.formats import STYLES


@dataclass(frozen=True, slots=True)
class Argument:
    """The literal in a filter's brackets."""

    words: str
    fits: Callable[[Any], bool]
    expression: bool = False
    """Any text will do, such as ``t.separator``; else a literal is needed."""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One filter: the types it takes, and the environment's function behind it."""

    takes: frozenset[str]
    function: str
    argument: Argument | None = None
    required: bool = False
    formats: bool = False
    """Whether the function needs the message's formats."""
    forms: bool = False
    """Takes the plural forms of the template's language instead of an argument."""
    rewrites: bool = False
    """Changes the characters themselves, which a customer's name must keep."""


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_STYLES = (*STYLES, *eras.STYLES)
_STYLE = Argument(
    "'short', 'medium', 'long' or 'full' (Japanese also 'era' or 'era_short')", lambda value: value in _STYLES,
    choices=_STYLES,
)  # fmt: skip
_DIGITS = Argument("a number of decimals from 0 to 12, without quotes", lambda value: _whole(value, 0, 12))
_LENGTH = Argument("a length from 1 to 1000, without quotes", lambda value: _whole(value, 1, 1000))
_WORDS = Argument("a text in quotes", lambda value: isinstance(value, str), expression=True)
_TEXT = frozenset({"text"})
_SCALARS = frozenset({"text", "integer", "decimal", "money", "percent", "date", "datetime"})

FILTERS = {
    "date": FilterRule(frozenset({"date", "datetime"}), "_date", _STYLE, formats=True),
    "money": FilterRule(frozenset({"money"}), "_money", formats=True),
    "amount": FilterRule(frozenset({"money"}), "_amount", formats=True),
    "number": FilterRule(frozenset({"integer", "decimal", "money", "percent"}), "_number", _DIGITS, formats=True),
    "percent": FilterRule(frozenset({"percent", "decimal"}), "_percent", _DIGITS, formats=True),
    "plural": FilterRule(frozenset({"integer"}), "_plural", formats=True, forms=True),
    "t": FilterRule(_TEXT, "_t"),
    "upper": FilterRule(_TEXT, "_upper"),
    "lower": FilterRule(_TEXT, "_lower"),
    "trim": FilterRule(_TEXT, "_trim"),
    "fullwidth": FilterRule(_TEXT, "_fullwidth", rewrites=True),
    "halfwidth": FilterRule(_TEXT, "_halfwidth", rewrites=True),
    "default": FilterRule(_SCALARS, "_default", _WORDS, required=True),
    "length": FilterRule(frozenset({"text", "list"}), "_length"),
    "join": FilterRule(frozenset({"list"}), "_join", _WORDS, required=True),
    "mask": FilterRule(_TEXT, "_mask", formats=True),
    "truncate": FilterRule(_TEXT, "_truncate", _LENGTH, required=True, formats=True),
}

TESTS: dict[str, tuple[str, ...]] = {"defined": (), "none": (), "even": ("integer",), "odd": ("integer",)}
"""Test to the types it takes; empty: every type."""
