"""Approved wording on its way into a message: placeholders filled, escaped for the channel, marked as a region."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from markupsafe import Markup, escape

from ccm.errors import Problem, RenderError
from ccm.model.message import WordingUse
from ccm.render.formats import Formats
from ccm.render.schema import Type
from ccm.workspace.wording import Wording

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\}")
_PRINTED: Mapping[str, Callable[[Formats, Any], str]] = {
    "money": Formats.money, "integer": Formats.number, "decimal": Formats.number, "percent": Formats.percent,
    "date": Formats.date, "datetime": Formats.datetime,
}  # fmt: skip


def wording_problems(wording: Wording, names: Mapping[str, Type]) -> Iterator[Problem]:
    """A problem for each placeholder that is not declared, does not exist, or has another type than declared."""
    used = {name for text in (wording.text, wording.short_text) for name in PLACEHOLDER.findall(text)}
    for name in sorted(used):
        kind = _type_at(name, names)
        declared = wording.placeholders.get(name)
        if declared is None:
            yield Problem(wording.path, 0, f"placeholder {{{name}}} is not declared in 'placeholders'")
        elif kind is None or kind.kind in ("object", "list", "wording"):
            yield Problem(wording.path, 0, f"placeholder {{{name}}}: no such field in this communication")
        elif kind.kind != declared:
            message = f"placeholder {{{name}}} is declared {declared}, and the field is {kind.kind}"
            yield Problem(wording.path, 0, message)


def wording_uses(wording: Wording) -> set[str]:
    """The names that a wording's placeholders read, in the form of `Checker.uses`."""
    found = set()
    for text in (wording.text, wording.short_text):
        for name in PLACEHOLDER.findall(text):
            parts = name.split(".")
            found |= {parts[0], ".".join(parts[:2])}
    return found


def fill(wording: Wording, values: Mapping[str, Any], *, short: bool) -> WordingUse:
    """The wording as plain text for one message.

    `short` takes the short text where there is one (SMS). Raises `RenderError` ``missing_data`` for a
    placeholder without a value.
    """

    def value_of(found: re.Match[str]) -> str:
        declared = wording.placeholders.get(found[1])
        value: Any = values
        for part in found[1].split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None or declared is None:
            raise RenderError("missing_data", f"wording '{wording.id}' needs '{found[1]}'")
        printed = _PRINTED.get(declared)
        return str(value) if printed is None else printed(values["_f"], value)

    filled = PLACEHOLDER.sub(value_of, plain_text(wording, short=short))
    return WordingUse(wording.id, wording.version, wording.digest, filled)


def plain_text(wording: Wording, *, short: bool) -> str:
    """The wording's text, line by line, its placeholders still in it."""
    text = (wording.short_text if short else "") or wording.text
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def as_html(use: WordingUse) -> Markup:
    """The wording as a marked region; its lines are kept."""
    lines = Markup("<br>").join(escape(line) for line in use.text.split("\n"))
    return Markup('<span data-wording="{}@{}">{}</span>').format(use.id, use.version, lines)


def is_constant(wording: Wording) -> bool:
    """Whether the wording reads the same in every message of its language."""
    return all(name.partition(".")[0] == "organisation" for name in wording.placeholders)


def _type_at(name: str, names: Mapping[str, Type]) -> Type | None:
    first, *rest = name.split(".")
    kind = names.get(first)
    for part in rest:
        kind = kind.fields.get(part) if kind is not None else None
    return kind
