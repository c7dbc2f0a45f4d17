"""The JSON that comes with a trigger on the command line. It is hostile until read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from ccm.errors import InputError

MAX_DATA = 1_000_000


def trigger_data(text: str | None) -> dict[str, Any] | None:
    """The object of ``--data JSON`` or ``--data @FILE``; decimal numbers stay the text they were written as.

    Raises `InputError` for what is no JSON object, is too long, or names a key twice.
    """
    if text is None:
        return None
    if text.startswith("@"):
        text = _file(Path(text[1:]))
    if len(text) > MAX_DATA:
        raise InputError(f"--data is longer than {MAX_DATA:,} characters")
    try:
        value = json.loads(
            text, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_names_once
        )  # fmt: skip
        if not text.isascii() or "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair can't be written anywhere
    except (ValueError, RecursionError) as error:
        raise InputError(f"--data is no valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError("--data must be a JSON object")
    return value


def _file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            return stream.read(MAX_DATA + 1)
    except OSError as error:
        raise InputError(f"--data @{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"--data @{path}: is not UTF-8") from error


def _names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of one document must not see two amounts."""
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"'{twice[:60]}' stands twice")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
