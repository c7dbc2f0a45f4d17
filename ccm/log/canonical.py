"""One value, one sequence of bytes: the part of RFC 8785 (JSON Canonicalization Scheme) that leaves use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from ccm.errors import InputError

MAX_ENTRY = 65_535
"""Bytes of one entry; an entry bundle gives its length in two bytes (C2SP tlog-tiles, "Log entries")."""

_STRICT = orjson.OPT_STRICT_INTEGER  # integers stay within 53 bits, as RFC 8785 asks
_SORTED = _STRICT | orjson.OPT_SORT_KEYS
_PLAIN = frozenset({str, int, bool, type(None)})


def canonical(fields: Mapping[str, Any]) -> bytes:
    """`fields` as canonical JSON in UTF-8: keys sorted, no white space.

    Values are str, int (below 2**53), bool, None, lists and dicts of these. Floats are refused, as their text form
    differs between languages, and so is every other type. Keys are ASCII: RFC 8785 sorts UTF-16 code units, orjson
    sorts UTF-8 bytes, and these agree there. Raises `InputError` naming the field, never its value.
    """
    option = _STRICT if _in_order(tuple(fields)) else _SORTED
    if not _PLAIN.issuperset(map(type, fields.values())):
        option = _SORTED  # a dict may be inside
        for key, value in fields.items():
            _check(key, value)
    try:
        entry = orjson.dumps(fields, option=option)
    except orjson.JSONEncodeError as error:  # an integer over 53 bits, half a surrogate pair, too deep
        raise InputError(f"log entry with fields {', '.join(sorted(fields))}: {error}") from error
    if len(entry) > MAX_ENTRY:
        raise InputError(f"log entry with fields {', '.join(sorted(fields))}: {len(entry)} bytes, over {MAX_ENTRY}")
    return entry


@lru_cache(maxsize=256)  # a leaf of one kind has the same names as the one before
def _in_order(names: tuple[Any, ...]) -> bool:
    """Whether they are sorted already; raises `InputError` where they are not names at all."""
    for key in names:
        if type(key) is not str or not key.isascii():
            raise InputError(f"a log entry's field names are ASCII text, and {key!a} is not")
    return list(names) == sorted(names)


def _check(path: str, value: Any) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if kind is list:
        for number, item in enumerate(value):
            _check(f"{path}[{number}]", item)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise InputError(f"log entry field {path}: {key!a} is no ASCII text")
            _check(f"{path}.{key}", item)
    else:
        raise InputError(f"log entry field {path}: {kind.__name__} is none of str, int, bool, None, list, dict")
