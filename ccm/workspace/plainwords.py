"""What a mistake in a file of the workspace is called, in words for people who write no programs.

Keyed by the words of the YAML parser, by pydantic's types of errors and by the forms that settings take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

YAML = {
    "mapping values are not allowed here": (
        "': ' stands where none can; either the line is indented otherwise than its neighbours, or it is text, which "
        "then needs quotes"
    ),
    "could not find expected ':'": "a name has no ': ' behind it, a colon and a space, both half-width",
    "found character '\\t' that cannot start any token": "a line is indented with a tab; write spaces",
    "found unexpected end of stream": "a quotation mark is never closed",
    "expected <block end>, but found '<block mapping start>'": "a line is indented otherwise than its neighbours",
    "expected <block end>, but found '<block sequence start>'": "a line is indented otherwise than its neighbours",
}
"""The parser's words to ours."""

FORMS = {
    r"^[a-z0-9][a-z0-9-]{0,63}$": "of a name: small letters, digits and hyphens, as in savings-offer",
    r"^[A-Z]{2}$": "of a country: its two letters of ISO 3166-1, as in GB",
    r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$": "of a language, as in en, ja, en-GB or zh-Hant",
    r"^[A-Z]{3}$": "of a currency: its three letters of ISO 4217, as in JPY",
    r"^[a-z][a-z0-9_]{0,40}$": "of a field's name: small letters, digits and underscores, as in due_on",
    r"^[a-z][a-z0-9]{0,15}$": "of a variant's name: small letters and digits, as in b",
}
"""Patterns of settings to what they mean."""

_LIST = "must be a list, as in [a, b]"
_MAPPING = "must be names with values, as in {name: value}"
_WHOLE = "must be a whole number, in half-width digits"
_NUMBER = "must be a number, in half-width digits"
_TEXT = "must be text; put it in quotes"
_TIME = "must be a time of day from 00:00 to 23:59, as in '08:30'"
_SWITCH = "must be true or false"

_TYPES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), lambda context: _LIST),
    **dict.fromkeys(("model_type", "dict_type", "model_attributes_type"), lambda context: _MAPPING),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), lambda context: _WHOLE),
    **dict.fromkeys(("float_parsing", "float_type", "decimal_parsing", "decimal_type"), lambda context: _NUMBER),
    **dict.fromkeys(("bool_parsing", "bool_type"), lambda context: _SWITCH),
    **dict.fromkeys(("time_parsing", "time_type"), lambda context: _TIME),
    "too_short": lambda context: f"needs at least {context['min_length']}",
    "too_long": lambda context: f"takes at most {context['max_length']:,}",
    "string_type": lambda context: _TEXT,
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "less_than_equal": lambda context: f"must be at most {context['le']:,}",
}


def complaint(kind: str, context: Mapping[str, Any]) -> str | None:
    """What is wrong with a value by pydantic's type of error and context; None where pydantic's own words must do."""
    words = _TYPES.get(kind)
    return None if words is None else words(context)
