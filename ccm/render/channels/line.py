"""LINE: a text (``line.txt``), or messages of the Messaging API (``line.json``) whose texts are templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from ccm.errors import Problem, RenderError
from ccm.model.message import Rendered
from ccm.render.channels.base import Channel, Filling
from ccm.render.kit import Kit
from ccm.render.links import links_in
from ccm.render.renderer import Renderer
from ccm.render.structured import checked_text, fill, mapped, read_structure, texts_named, utf16_units
from ccm.workspace.yamlreader import Document, Loc

MAX_TEXT = 5_000
"""UTF-16 code units of a text message (LINE Messaging API, "Text message" and "Character counting in a text")."""
MAX_ALT_TEXT = 400
MAX_FLEX_BYTES = 30_000
"""Of a bubble as JSON (LINE Messaging API, "Flex Message": 30 KB)."""
MAX_MESSAGES = 5
"""In one push (LINE Messaging API, "Send push message")."""
_SHOWN = frozenset({"text", "label"})
_LINKS = frozenset({"uri"})
_LOADED = frozenset(
    {"url", "previewImageUrl", "originalContentUrl", "iconUrl", "baseUrl", "imageUrl", "backgroundImage"}
)
"""Addresses that the phone loads when it shows the message: they would tell who read it, and when."""
_ALWAYS_TEXT = frozenset({"text", "altText", "label", "uri"})


class Line(Channel):
    """One push of up to five messages, as the ``messages`` of the Messaging API."""

    name: ClassVar[str] = "line"
    personal_links: ClassVar[bool] = True

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        if kit.file.kind == "text":
            text = kit.only_text()
            return None if text is None else lambda: [{"type": "text", "text": text()}]
        document = read_structure(kit)
        if document is None:
            return None
        before = len(kit.problems)
        messages = document.data if isinstance(document.data, list) else [document.data]
        prefix: list[Loc] = [(place,) for place in range(len(messages))] if messages is document.data else [()]
        for loc, message in zip(prefix, messages, strict=True):
            self._message(kit, document, loc, message)
        if not 1 <= len(messages) <= MAX_MESSAGES:
            kit.problems.append(
                Problem(document.path, 1, f"holds 1 to {MAX_MESSAGES} messages, and not {len(messages)}")
            )
        if len(kit.problems) > before:
            return None
        trees = [self._tree(kit, document, loc, message) for loc, message in zip(prefix, messages, strict=True)]
        return None if len(kit.problems) > before else lambda: _compiled(kit, trees)

    def _message(self, kit: Kit, document: Document, loc: Loc, message: Any) -> None:
        kind = message.get("type") if isinstance(message, dict) else None
        if kind not in ("text", "flex"):
            text = f"a message has 'type: text' or 'type: flex', and not '{kind}'"
            kit.problems.append(Problem(document.path, document.line((*loc, "type")), text))
        elif kind == "flex" and not message.get("altText"):
            text = "a flex message needs 'altText': phones show it in the list, and read it aloud"
            kit.problems.append(Problem(document.path, document.line(loc), text))

    def _tree(self, kit: Kit, document: Document, loc: Loc, value: Any) -> Any:
        """The message with the checked pieces of every text in place of it."""
        name = str(loc[-1]) if loc else ""
        if name in _LOADED:
            text = f"'{name}' would be loaded by the phone and tell who read the message; use words and colours"
            kit.problems.append(Problem(document.path, document.line(loc), text))
            return value
        if isinstance(value, dict):
            return {key: self._tree(kit, document, (*loc, key), part) for key, part in value.items()}
        if isinstance(value, list):
            return [self._tree(kit, document, (*loc, place), part) for place, part in enumerate(value)]
        if isinstance(value, str) and (name in _ALWAYS_TEXT or "{{" in value or "{%" in value):
            if name not in _ALWAYS_TEXT:
                text = f"'{name}' is part of the layout; values can stand in {', '.join(sorted(_ALWAYS_TEXT))}"
                kit.problems.append(Problem(document.path, document.line(loc), text))
                return value
            return _Text(checked_text(kit, document, loc, link=name in _LINKS))
        return value

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        """Raises `RenderError` ``too_long`` where LINE would refuse it, ``missing_data`` for an empty text."""
        messages: list[dict[str, Any]] = fill(filling.template, filling.plain)
        for message in messages:
            _check_size(message)
        text = "\n".join(texts_named(messages, _SHOWN))
        links = dict.fromkeys((*links_in(text), *texts_named(messages, _LINKS)))
        if filling.mark:
            name = "text" if messages[0]["type"] == "text" else "altText"
            messages[0][name] = filling.mark + messages[0][name]
        body = json.dumps({"messages": messages}, ensure_ascii=False).encode()
        return Rendered("line", "application/json", body, text, links=tuple(links), wording=filling.words.in_text(text))


class _Text:
    def __init__(self, pieces: Any) -> None:
        self.pieces = pieces


def _compiled(kit: Kit, tree: Any) -> Any:
    return mapped(tree, lambda part: kit.text(part.pieces) if isinstance(part, _Text) else part)


def _check_size(message: dict[str, Any]) -> None:
    name, longest = ("text", MAX_TEXT) if message["type"] == "text" else ("altText", MAX_ALT_TEXT)
    if not message[name]:
        raise RenderError("missing_data", f"the LINE message has an empty '{name}'")
    if (units := utf16_units(message[name])) > longest:
        raise RenderError("too_long", f"'{name}' of the LINE message has {units:,} units, more than {longest:,}")
    size = len(json.dumps(message, ensure_ascii=False).encode())
    if message["type"] == "flex" and size > MAX_FLEX_BYTES:
        raise RenderError("too_long", f"the LINE message has {size:,} bytes, more than {MAX_FLEX_BYTES:,}")


CHANNEL = Line
