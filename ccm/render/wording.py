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
from ccm.workspace.wording_text import PLACEHOLDER

_PRINTED: Mapping[str, Callable[[Formats, Any], str]] = {
    "money": Formats.money, "integer": Formats.number, "decimal": Formats.number, "percent": Formats.percent,
    "date": Formats.date, "datetime": Formats.datetime,
}  # fmt: skip


def wording_problems(wording: Wording, names: Mapping[str, Type]) -> Iterator[Problem]:
    """A problem for each placeholder that does not exist in a communication, or has another type than declared."""
    line = wording.lines.get("placeholders", 0)
    for name in sorted(_placeholders(wording)):
        kind, declared = _type_at(name, names), wording.placeholders[name]
        if kind is None or kind.kind in ("object", "list", "wording"):
            yield Problem(wording.path, line, f"placeholder {{{name}}}: no such field in this communication")
        elif kind.kind != declared:
            message = f"placeholder {{{name}}} is declared {declared}, and the field is {kind.kind}"
            yield Problem(wording.path, line, message)


def wording_uses(wording: Wording) -> set[str]:
    """The names that a wording's placeholders read, in the form of `Checker.uses`."""
    found = set()
    for name in _placeholders(wording):
        parts = name.split(".")
        found |= {parts[0], ".".join(parts[:2])}
    return found


def _placeholders(wording: Wording) -> set[str]:
    return {name for text in (wording.text, *wording.texts.values()) for name in PLACEHOLDER.findall(text)}


def fill(wording: Wording, values: Mapping[str, Any], channel: str) -> WordingUse:
    """The wording as plain text for one message, in the channel's own words where it has some.

    Raises `RenderError` ``missing_data`` for a placeholder without a value.
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

    filled = PLACEHOLDER.sub(value_of, plain_text(wording, channel))
    return WordingUse(
        wording.id, wording.version, wording.digest, filled, wording.occurs, wording.position, wording.beside,
        wording.minimum_points,
    )  # fmt: skip


def plain_text(wording: Wording, channel: str) -> str:
    """The wording's text for a channel, line by line, its placeholders still in it."""
    return "\n".join(line.strip() for line in wording.said_on(channel).strip().split("\n"))


def as_html(use: WordingUse, link: str = "", shown: str = "") -> Markup:
    """The wording as a marked region; its lines are kept.

    `link` in it leads where it says and reads `shown`: the link of one message is longer than a phone's screen is wide.
    """
    lines = Markup("<br>").join(escape(line) for line in use.text.split("\n"))
    if link and link in use.text:
        lines = lines.replace(escape(link), Markup('<a href="{}" style="color:inherit">{}</a>').format(link, shown))
    return Markup('<span data-wording="{}@{}">{}</span>').format(use.id, use.version, lines)


def is_constant(wording: Wording) -> bool:
    """Whether the wording reads the same in every message of its language, but for the message's own link."""
    return all(name.partition(".")[0] == "organisation" for name in wording.placeholders)


def _type_at(name: str, names: Mapping[str, Type]) -> Type | None:
    first, *rest = name.split(".")
    kind = names.get(first)
    for part in rest:
        kind = kind.fields.get(part) if kind is not None else None
    return kind
